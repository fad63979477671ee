"""The session all tests run in; set before JAX is imported."""

import os

from experiments import program

os.environ.setdefault('JAX_PLATFORMS', 'cpu')
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
program.cache_compilations()  # one cache for all checkouts, as for programs
# Small programs, too: hundreds of processes compile the same ones.
os.environ.setdefault('JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS', '0.1')
# Two devices, so that what works on one only is found here.
if 'host_platform_device_count' not in os.environ.get('XLA_FLAGS', ''):
  os.environ['XLA_FLAGS'] = ' '.join(
    [
      os.environ.get('XLA_FLAGS', ''),
      '--xla_force_host_platform_device_count=2',
    ]
  ).strip()

import hypothesis  # noqa: E402

# The same examples every time, however slow the machine is today.
hypothesis.settings.register_profile(
  'sdd', deadline=None, derandomize=True, database=None
)
hypothesis.settings.load_profile('sdd')
