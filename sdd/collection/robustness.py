"""How an episode's actions fare in worlds that differ a little from its own.

The actions are replayed, open loop, in perturbed copies of the episode's
world. The share that succeeds tells an episode that worked from one that
happened to work. Nobody corrects anything in a copy, so the share is lower
than that of a policy, or of the generator with its retries.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.collection import episode as episodes
from sdd.collection import events, judge, perturbation
from sdd.predicates import predicate as predicates
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import scene_state, simulator

_COPY = 2  # stream of random numbers of an episode, after world and plan


@dataclasses.dataclass(frozen=True)
class Outcome:
  """How the copies of one episode ended.

  Attributes:
    copies: how many there were.
    successes: in which the predicate held at the end, and which neither the
      floor nor a foul had ended.
    unknown: that were not ended so, but of which the predicate cannot say.
    floor: that ended because an object touched the floor.
    foul: that broke the rules of the scene.
  """

  copies: int
  successes: int
  unknown: int = 0
  floor: int = 0
  foul: int = 0

  @property
  def share(self) -> float:
    """Successes among all copies."""
    return self.successes / self.copies


def robustness(
  scene: scene_lib.Scene,
  predicate: predicates.Predicate,
  episode: episodes.Episode,
  sim: simulator.Simulator,
  *,
  copies: int,
  seed: int,
  noise: perturbation.Noise | None = None,
) -> Outcome:
  """Replays an episode's actions in perturbed copies of its world.

  What counts as success is what counts while collecting: the predicate holds
  at the end, judged from the copy's own beginning; an object on the floor or
  a foul fails a copy at once; after a `final` state the robot holds still
  until the scene's time to settle is over. Without noise, every copy of a
  success is one on the simulator that made it.

  The result depends on (seed, the episode's index, copies, noise), not on
  how many worlds the simulator has.

  Args:
    scene: the scene that the episode was collected in.
    predicate: success code of the whole task, the tree's root.
    episode: the episode.
    sim: worlds of the scene, of any number; `copies` are run in batches.
    copies: how many, at least 1.
    seed: fixes every draw.
    noise: how much the copies differ; by default `perturbation.Noise()`.

  Raises:
    errors.SddError: `copies` is not positive, or the episode is of another
      model than the scene's.
  """
  _require_same_model(scene, episode.metadata)
  if copies < 1:
    raise errors.SddError(f'{copies} copies were asked for; at least 1.')
  noise = perturbation.Noise() if noise is None else noise
  index, begin = episode.metadata.index, episode.metadata.initial_world
  worlds = [
    perturbation.perturbed(
      scene, begin, np.random.default_rng((seed, index, _COPY, copy)), noise
    )
    for copy in range(copies)
  ]
  found: list[_Copy] = []
  for start in range(0, copies, sim.size):
    batch = worlds[start : start + sim.size]
    found += _replayed(scene, sim, batch, episode.action[:-1])
  return _judged(predicate, found)


def settings(
  *,
  copies: int,
  seed: int,
  simulator: str,
  noise: perturbation.Noise | None = None,
) -> dict[str, Any]:
  """What a dataset notes of how robustness was measured; JSON values."""
  noise = perturbation.Noise() if noise is None else noise
  return {
    'copies': copies, 'seed': seed, 'simulator': simulator,
    'noise': dataclasses.asdict(noise),
  }  # fmt: skip


def labelled(episode: episodes.Episode, outcome: Outcome) -> episodes.Episode:
  """The episode with that outcome in its metadata."""
  about = dataclasses.replace(
    episode.metadata,
    robustness=outcome.share,
    robustness_copies=outcome.copies,
  )
  return dataclasses.replace(episode, metadata=about)


def measured(
  scene: scene_lib.Scene,
  predicate: predicates.Predicate,
  episode: episodes.Episode,
  sim: simulator.Simulator,
  *,
  copies: int,
  seed: int,
) -> episodes.Episode:
  """A success with its `robustness`, a failure as it is.

  Raises:
    errors.SddError: see `robustness`.
  """
  if not episode.metadata.success:
    return episode
  outcome = robustness(scene, predicate, episode, sim, copies=copies, seed=seed)
  return labelled(episode, outcome)


@dataclasses.dataclass
class _Copy:
  """One world on its way.

  Attributes:
    first: the state it began in.
    last: the latest one.
    left: periods to go.
    lost: why it has failed already, or empty.
    held: the action that is repeated once the robot has no further say.
  """

  first: scene_state.SceneState
  last: scene_state.SceneState
  left: int
  lost: str = ''
  held: Float[np.ndarray, ' 10'] | None = None

  @property
  def over(self) -> bool:
    return bool(self.lost) or self.left <= 0


def _replayed(
  scene: scene_lib.Scene,
  sim: simulator.Simulator,
  worlds: Iterable[world_state.WorldState],
  actions: Float[np.ndarray, 'T 10'],
) -> list[_Copy]:
  """Carries out the actions in the worlds, no more than the simulator has."""
  copies = []
  for k, world in enumerate(worlds):
    sim.reset(k, world)
    state = sim.scene_state(k)
    copies.append(_Copy(first=state, last=state, left=len(actions)))
  settling = round(scene.rules.settle * sim.spec.rate_hz)
  limit = round(scene.time_limit * sim.spec.rate_hz)
  commands = np.zeros((sim.size, *actions.shape[1:]), np.float32)
  step = 0
  while not all(copy.over for copy in copies):
    active = np.zeros(sim.size, bool)
    for k, copy in enumerate(copies):
      if not copy.over:
        active[k] = True
        commands[k] = actions[step] if copy.held is None else copy.held
    sim.step(commands, active)
    step += 1
    for k in np.flatnonzero(active):
      copy = copies[k]
      copy.last = sim.scene_state(int(k))
      copy.lost = events.lost(scene, copy.last)
      copy.left = min(copy.left - 1, limit - step)
      if copy.held is None and scene.rules.final(copy.last):
        copy.held, copy.left = commands[k].copy(), min(settling, limit - step)
  return copies


def _judged(predicate: predicates.Predicate, copies: list[_Copy]) -> Outcome:
  verdict = predicate.verdict(
    judge.stack([copy.first for copy in copies]),
    judge.stack([copy.last for copy in copies]),
    xp=np,
  )
  lost = np.array([copy.lost for copy in copies])
  return Outcome(
    copies=len(copies),
    successes=int(((verdict == episodes.TRUE) & (lost == '')).sum()),
    unknown=int(((verdict == episodes.UNKNOWN) & (lost == '')).sum()),
    floor=int((lost == 'floor').sum()),
    foul=int((lost == 'foul').sum()),
  )


def _require_same_model(
  scene: scene_lib.Scene, about: episodes.EpisodeMetadata
) -> None:
  today = scene.shaped(about.initial_world.shape).sha256
  if about.scene_sha256 != today:
    raise errors.SddError(
      f'Episode {about.index} was collected in the model '
      f'{about.scene_sha256[:12]}, and that of the scene {scene.name!r} is '
      f'{today[:12]} today. Its actions say nothing there: use the version '
      'of sdd that collected it.'
    )
