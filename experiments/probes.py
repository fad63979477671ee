"""What this machine can do, one question at a time.

A probe is a function without arguments that returns a `Finding`. Those here
only look; what loads native libraries is in `native_probes` and asked by
`apart`, in a process of its own.
"""

import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from typing import Any, Literal

ROOT = pathlib.Path(__file__).parents[1]
TESTED = ('3.11', '3.12')
_LEAST_MEMORY, _LEAST_DISK = 2.0, 2.0  # GiB: the demo's, with room to spare
_SHOWN = 4  # packages named in a line
_GIB = 2**30
Status = Literal['ok', 'missing', 'problem']


@dataclasses.dataclass(frozen=True)
class Finding:
  """The answer of a probe.

  Attributes:
    status: `ok`; `missing`, something optional is not there; or `problem`.
    found: what was found, in words.
    advice: what to do about it, or nothing.
  """

  status: Status
  found: str
  advice: str = ''


def apart(call: Callable[[], Finding], time_limit: float) -> Finding:
  """Asks in a process of its own: it may crash or hang, and all goes on.

  Args:
    call: a probe, at the top of a module.
    time_limit: seconds.
  """
  code = (
    'import dataclasses, importlib, json, sys; '
    'probe = getattr(importlib.import_module(sys.argv[1]), sys.argv[2]); '
    'print(json.dumps(dataclasses.asdict(probe())))'
  )
  try:
    ran = subprocess.run(
      [sys.executable, '-c', code, call.__module__, call.__name__],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
      timeout=time_limit,
    )
  except subprocess.TimeoutExpired:
    return Finding('problem', f'no answer within {time_limit:g} s')
  if ran.returncode < 0:
    name = signal.Signals(-ran.returncode).name
    return Finding('problem', f'its process was killed by {name}')
  told = (ran.stderr if ran.returncode else ran.stdout).strip().splitlines()
  last = told[-1] if told else f'exit status {ran.returncode}'
  if ran.returncode:
    return Finding('problem', last)
  return Finding(**json.loads(last))


def python() -> Finding:
  """The interpreter."""
  version, where = platform.python_version(), sys.prefix
  found = f'{platform.python_implementation()} {version} in {where}'
  if version.rpartition('.')[0] in TESTED:
    return Finding('ok', found)
  return Finding('ok', f'{found}; tested with {" and ".join(TESTED)}')


def packages() -> Finding:
  """What sdd needs, in the versions that were tested."""
  wanted = [_name(text) for text in _project()['dependencies']]
  missing = [name for name in wanted if _version(name) is None]
  if missing:
    return Finding('problem', f'not installed: {_some(missing)}', install())
  if _version('mujoco') != _version('mujoco-mjx'):
    told = f'mujoco {_version("mujoco")}, mujoco-mjx {_version("mujoco-mjx")}'
    return Finding('problem', f'{told}: expected one release', install())
  tested = _tested()
  other = [
    f'{name} {_version(name)} ({tested[key]})'
    for name in wanted
    if (key := _key(name)) in tested and _version(name) != tested[key]
  ]
  if not tested:
    return Finding('ok', f'{len(wanted)}; untested with this Python')
  if not other:
    return Finding('ok', f'{len(wanted)}, all as tested')
  return Finding('ok', f'other versions than tested: {_some(other)}', install())


def extras() -> dict[str, Callable[[], Finding]]:
  """A probe for each extra that pyproject.toml offers."""

  def look(extra: str, wanted: Sequence[str]) -> Finding:
    versions = {name: _version(name) for name in map(_name, wanted)}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
      return Finding('missing', f'without {_some(missing)}', install(extra))
    return Finding('ok', ', '.join(f'{n} {v}' for n, v in versions.items()))

  offered = _project()['optional-dependencies']
  return {name: lambda name=name: look(name, offered[name]) for name in offered}


def processor() -> Finding:
  """Cores that may be used, and memory."""
  cores = len(os.sched_getaffinity(0)) if _linux() else os.cpu_count() or 1
  found = f'{cores} cores'
  if (share := _share()) is not None and share < cores:
    found += f', limited to {share:g}'
  memory = _memory()
  if memory is None:
    return Finding('ok', found)
  found += f'; {memory:.1f} GiB of memory free'
  if memory < _LEAST_MEMORY:
    return Finding(
      'problem', found, 'Close other programs, or collect with --workers=1.'
    )
  return Finding('ok', found)


def disk() -> Finding:
  """Room for what programs write below the current folder."""
  free = shutil.disk_usage('.').free / _GIB
  found = f'{free:.1f} GiB free in {pathlib.Path.cwd()}'
  if not os.access('.', os.W_OK):
    return Finding('problem', f'{found}, not writable', 'Use another --out.')
  if free < _LEAST_DISK:
    return Finding('problem', found, 'Make room, or use another --out.')
  return Finding('ok', found)


def compilation_cache() -> Finding:
  """Where JAX keeps compiled programs between runs."""
  name = os.environ.get('JAX_COMPILATION_CACHE_DIR', '')
  if not name:
    return Finding(
      'problem', 'turned off: every program compiles again',
      'unset JAX_COMPILATION_CACHE_DIR',
    )  # fmt: skip
  try:
    pathlib.Path(name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=name):
      pass
  except OSError as problem:
    return Finding(
      'problem', f'{name} cannot be written: {problem.strerror}',
      'Set JAX_COMPILATION_CACHE_DIR to a folder that can.',
    )  # fmt: skip
  return Finding('ok', name)


def blas_threads() -> Finding:
  """How many threads a product of matrices takes."""
  advice = 'export OPENBLAS_NUM_THREADS=1'
  name = 'OPENBLAS_NUM_THREADS'
  match os.environ.get(name, ''):
    case '1':
      return Finding('ok', f'{name}=1')
    case '':
      return Finding(
        'ok', 'not set; workers and the exported policy take 1 by themselves',
        f'On a busy machine: {advice}',
      )  # fmt: skip
    case other:
      return Finding(
        'problem', f'{name}={other}: threads that wait for each other', advice
      )


def key(variables: Sequence[str]) -> Finding:
  """Whether a key is in the environment; never which."""
  for name in variables:
    if os.environ.get(name, '').strip():
      return Finding('ok', f'{name} is set')
  told = ' or '.join(variables)
  return Finding('missing', f'{told} is not set', f'export {variables[0]}=...')


def install(extra: str = '') -> str:
  """The command that installs sdd, or one of its extras."""
  what = f'.[{extra}]' if extra else '.'
  interpreter = sys.executable.removeprefix(f'{pathlib.Path.cwd()}{os.sep}')
  command = [interpreter, '-m', 'pip', 'install', '-e', what]
  if (constraints := _constraints()).exists():
    command += ['-c', str(constraints.relative_to(ROOT))]
  if _version('pip') is None:
    command[:4] = ['uv', 'pip', 'install', '--python', interpreter]
  return shlex.join(command)


def _project() -> dict[str, Any]:
  return tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']


def _constraints() -> pathlib.Path:
  major, minor = sys.version_info[:2]
  return ROOT / 'launch' / f'constraints-py{major}{minor}.txt'


def _tested() -> dict[str, str]:
  """Package to version, for this Python; empty where it was not tested."""
  if not _constraints().exists():
    return {}
  lines = _constraints().read_text().splitlines()
  pairs = [line.split('==') for line in lines if '==' in line]
  return {_key(name): version.split()[0] for name, version in pairs}


def _name(requirement: str) -> str:
  found = re.match(r'[\w.-]+', requirement)
  assert found, requirement
  return found[0]


def _key(name: str) -> str:
  """A name as installers compare it."""
  return re.sub(r'[-_.]+', '-', name).lower()


def _version(name: str) -> str | None:
  try:
    return importlib.metadata.version(name)
  except importlib.metadata.PackageNotFoundError:
    return None


def _some(names: Sequence[str]) -> str:
  more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
  return ', '.join(names[:_SHOWN]) + more


def _linux() -> bool:
  return hasattr(os, 'sched_getaffinity')


def _share() -> float | None:
  """Cores that a container's limit amounts to, if there is one."""
  limit = pathlib.Path('/sys/fs/cgroup/cpu.max')
  if not limit.exists():
    return None
  quota, period = limit.read_text().split()
  return None if quota == 'max' else int(quota) / int(period)


def _memory() -> float | None:
  """GiB that are free, on Linux."""
  told = pathlib.Path('/proc/meminfo')
  if not told.exists():
    return None
  found = re.search(r'^MemAvailable:\s+(\d+) kB', told.read_text(), re.M)
  return int(found[1]) * 1024 / _GIB if found else None
