"""Which sentence each training window comes with."""

import numpy as np
from jaxtyping import Int

from sdd import errors
from sdd.dataset import windows

_STREAM = 11  # of random numbers, apart from those of the order of windows


def known(data: windows.Windows) -> tuple[str, ...]:
  """Every sentence of the data: the tasks, then what else sub-tasks say."""
  tasks = tuple(data.instructions)
  return tasks + tuple(s for s in data.sub_tasks if s not in tasks)


def said(
  data: windows.Windows,
  chosen: Int[np.ndarray, ' B'],
  *,
  conditioning: str,
  seed: int,
  step: int,
) -> Int[np.ndarray, ' B']:
  """Of each window of a step's global batch, its sentence's place in `known`.

  Args:
    data: the windows, loaded with their sub-tasks unless `task` is asked for.
    chosen: the numbers of the batch's windows.
    conditioning: `task`, `sub_task`, or `both`: seed, step and place in the
      batch decide, at even odds.
    seed: of the training run.
    step: number of the gradient step.

  Raises:
    SddError: the windows came without sub-tasks.
  """
  task = data.instruction[chosen]
  if conditioning == 'task':
    return task
  if data.sub_task is None:
    raise errors.SddError(
      f'The windows were loaded without sub-tasks, and conditioning is '
      f'{conditioning!r}; load them with sub_tasks=True.'
    )
  sentences = known(data)
  place = np.array([sentences.index(s) for s in data.sub_tasks], np.int32)
  sub_task = place[data.sub_task[chosen]]
  if conditioning == 'sub_task':
    return sub_task
  rng = np.random.default_rng([seed, step, _STREAM])
  return np.where(rng.integers(2, size=len(chosen)), sub_task, task)
