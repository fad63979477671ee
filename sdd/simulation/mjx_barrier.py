"""Makes MJX fast on a CPU: stops XLA from computing poses again and again.

MJX walks the body tree level by level. XLA on a CPU fuses whatever uses a
level's results with everything they were computed from, up to the root, so
that the chain is computed anew for every use of every link: on the drawer
scene 4600 us a world instead of 27 us. An optimisation barrier around each
level's results ends that.
"""

import contextlib
import functools
import importlib.metadata
import io
import warnings
from typing import Any

import jax

with contextlib.redirect_stdout(io.StringIO()):  # it misses Warp, aloud
  from mujoco import mjx as mjx

VERSION = '3.17.'  # releases whose insides are known here


@functools.cache
def is_known() -> bool:
  """Whether this is an MJX that can be changed; if not, a warning says so."""
  version = importlib.metadata.version('mujoco-mjx')
  known = version.startswith(VERSION)
  if not known:
    warnings.warn(
      f'mujoco-mjx is {version}; expected {VERSION}*. It is left as it is: '
      'slow on a CPU, and contacts may be missed where many geoms are near.',
      RuntimeWarning,
      stacklevel=2,
    )
  return known


@functools.cache
def install() -> bool:
  """Puts the barrier into MJX; once a process, however often it is called.

  Returns:
    whether it is in place: not with an MJX that is not known here.
  """
  if not is_known():
    return False
  from mujoco.mjx._src import scan

  scan.body_tree = _fenced(scan.body_tree)
  return True


@functools.cache
def compiler_options() -> dict[str, str]:
  """What to tell XLA, for `jax.jit`; nothing unless on a CPU.

  Else it hands sums over three coordinates and products of 3 x 3 matrices to
  a library that is made for large ones; a step costs half as much again.
  """
  options = {'xla_cpu_experimental_ynn_fusion_type': ''}
  if jax.default_backend() != 'cpu':
    return {}
  try:
    jax.jit(lambda: 0, compiler_options=options)()
  except jax.errors.JaxRuntimeError:  # an XLA that does not have it
    return {}
  return options


def _fenced(walk: Any) -> Any:
  @functools.wraps(walk)
  def body_tree(model: Any, visit: Any, *rest: Any, **options: Any) -> Any:
    def fenced(*inputs: Any) -> Any:
      return jax.lax.optimization_barrier(visit(*inputs))

    return walk(model, fenced, *rest, **options)

  return body_tree
