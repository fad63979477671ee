"""Who scores the success code of the benchmark's tasks, and on what states."""

from __future__ import annotations

import contextlib
import os
import pathlib

from absl import flags
from etils import epy

from experiments import program

with epy.lazy_imports():
  from sdd.collection import audit_states, session
  from sdd.evaluation import judged_states, success_check
  from sdd.language import conversation
  from sdd.language import registry as providers
  from sdd.planning import pool
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import simulator

_SEED = flags.DEFINE_integer(
  'seed', 0, "of the success code's states", lower_bound=0
)
_STATES = flags.DEFINE_integer(
  'states', 300, 'for success code, of each of five kinds',
  lower_bound=1,
)  # fmt: skip
_ATTEMPTS = flags.DEFINE_integer(
  'attempts', 24,
  'at the tasks of a scene, and half as many again at near misses; at least '
  'one at each',
  lower_bound=1,
)  # fmt: skip
_WORKERS = flags.DEFINE_integer(
  'workers', None, 'subprocesses; by default one a core; 0 for none',
  lower_bound=0,
)  # fmt: skip
_WORLDS = 16  # at once, while states are gathered


def settings() -> dict[str, int]:
  """What decides which states there are."""
  return {
    'seed': _SEED.value,
    'states': _STATES.value,
    'attempts': _ATTEMPTS.value,
  }


def workers() -> int:
  """How many subprocesses may run."""
  return os.cpu_count() or 1 if _WORKERS.value is None else _WORKERS.value


class Examiners:
  """Who scores the success code of each task, made when first needed."""

  def __init__(self, folder: pathlib.Path):
    """`folder` is where states are kept."""
    self._folder = folder
    self._trusted = providers.make_provider('recorded')
    self._states: dict[str, judged_states.JudgedStates] = {}
    self._made: dict[tuple[str, str], success_check.Examiner] = {}

  def __call__(
    self, scene: scene_lib.Scene, task: str
  ) -> success_check.Examiner:
    key = (scene.name, task)
    if key not in self._made:
      if scene.name not in self._states:
        self._states[scene.name] = _states(scene, self._trusted, self._folder)
      states = self._states[scene.name]
      self._made[key] = success_check.Examiner(states, task)
    return self._made[key]


def _states(
  scene: scene_lib.Scene,
  trusted: conversation.Conversation,
  folder: pathlib.Path,
) -> judged_states.JudgedStates:
  """The scene's states, gathered if they are not there."""
  size = judged_states.Size(
    _STATES.value, _ATTEMPTS.value, _ATTEMPTS.value * 3 // 2
  )
  trees = session.trees(scene, trusted)
  source = judged_states.Source(scene, trees, _SEED.value, size)
  ready = judged_states.complete(source, folder)
  with contextlib.ExitStack() as stack:
    planner = pool.make(0 if ready else workers(), scene.name)
    stack.callback(planner.close)
    seen = _unseen
    if not ready:
      doing = f'Gathering states, {scene.name}'
      seen = stack.enter_context(program.progress(doing, None)).advance
    sim = simulator.make('mujoco', scene, size=_WORLDS)
    gathering = audit_states.Gathering(sim, _SEED.value, _STATES.value, seen)
    return judged_states.load(source, folder, gathering, planner)


def _unseen(count: float = 1, status: str | None = None) -> None:
  """Nothing is gathered, so nobody is told."""
  del count, status
