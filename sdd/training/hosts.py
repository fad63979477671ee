"""Several processes that train as one: joining, comparing, waiting.

One process writes to disk, the first. The others get from it what it read.
All functions but `join` must be called by every process, in the same order;
where there is one process they are free.
"""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from sdd import errors

_LOOPBACK = ('localhost', '127.0.0.1')
T = TypeVar('T')


def join(
  coordinator: str | None = None,
  *,
  processes: int | None = None,
  process: int | None = None,
) -> None:
  """Makes this process one of several; call it before any other use of JAX.

  Without arguments JAX asks the environment, as TPU pods, Slurm and Open MPI
  set it up.

  Args:
    coordinator: `HOST:PORT` of the first process.
    processes: how many there are.
    process: which of them this is, from 0.

  Raises:
    SddError: if the numbers are impossible, or no environment is recognised.
  """
  if coordinator is None and processes is None and process is None:
    _initialize()
    return
  if coordinator is None or processes is None or process is None:
    raise errors.SddError(
      f'Several processes need all three of coordinator, processes and '
      f'process; got {coordinator!r}, {processes!r}, {process!r}.'
    )
  host, _, port = coordinator.rpartition(':')
  if not host or not port.isdigit():
    raise errors.SddError(
      f'coordinator is {coordinator!r}; it must be HOST:PORT of process 0.'
    )
  if not 0 <= process < processes:
    raise errors.SddError(
      f'process is {process}; it must lie between 0 and processes - 1 = '
      f'{processes - 1}.'
    )
  _initialize(
    coordinator_address=coordinator,
    num_processes=processes,
    process_id=process,
    # What only this machine talks to should not listen to others.
    coordinator_bind_address=coordinator if host in _LOOPBACK else None,
    cluster_detection_method='deactivate',
  )


def _initialize(**arguments: Any) -> None:
  # Its handler of SIGTERM would take the place of the training loop's.
  jax.config.update('jax_enable_preemption_service', False)
  try:
    jax.distributed.initialize(**arguments)
  except ValueError as error:
    raise errors.SddError(
      f'JAX recognises no cluster here ({error}). Give coordinator, processes '
      'and process yourself.'
    ) from error
  _meet()


def _meet() -> None:
  """Connects all devices while the processes are still in step.

  Devices connect when they first compute together, and on CPUs they wait 30
  seconds for each other. Once connected they wait for half an hour (XLA's
  `xla_cpu_collective_timeout_seconds`), so a process may read or compile for
  minutes longer than another.
  """
  wait('all have joined')
  ones = np.ones(jax.local_device_count(), np.int32)
  jax.block_until_ready(
    jax.pmap(lambda one: jax.lax.psum(one, 'all'), 'all')(ones)
  )


def is_first() -> bool:
  """Whether this process is the one that writes."""
  return jax.process_index() == 0


def on_first(action: Callable[[], T]) -> T | None:
  """Has the first process do something; the others wait, and get None.

  Raises:
    SddError: in all processes, if `action` raises one in the first.
  """
  if jax.process_count() == 1:
    return action()
  done, problem = None, None
  if is_first():
    try:
      done = action()
    except errors.SddError as error:
      problem = error
  failed = multihost_utils.broadcast_one_to_all(np.int32(problem is not None))
  if problem is not None:
    raise problem
  if failed:
    raise errors.SddError('The first process refused; it says why.')
  return done


def require_same(text: str, what: str) -> None:
  """Checks that all processes hold the same text.

  Raises:
    SddError: naming `what` and the processes that differ from the first.
  """
  if jax.process_count() == 1:
    return
  digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
  mine = np.frombuffer(digest, np.uint32)
  everyone = np.asarray(multihost_utils.process_allgather(mine))
  other = np.flatnonzero((everyone != everyone[0]).any(axis=1)).tolist()
  if other:
    raise errors.SddError(
      f'{what} must be the same in all processes; it differs from process 0 '
      f'in {other}.'
    )


def broadcast(tree: Any) -> Any:
  """The first process's numbers, bit for bit, in all processes."""
  if jax.process_count() == 1:
    return tree
  # It is done by adding zeros, which would lose the sign of a zero: as
  # integers nothing is lost.
  leaves, structure = jax.tree.flatten(tree)
  given = [np.asarray(leaf) for leaf in leaves]
  sent = multihost_utils.broadcast_one_to_all(
    [np.atleast_1d(leaf).view(np.uint32) for leaf in given]
  )
  received = [
    np.array(bits).view(leaf.dtype).reshape(leaf.shape)
    for bits, leaf in zip(sent, given, strict=True)
  ]
  return jax.tree.unflatten(structure, received)


def wait(name: str) -> None:
  """Returns when all processes have called it under this name."""
  if jax.process_count() > 1:
    multihost_utils.sync_global_devices(name)
