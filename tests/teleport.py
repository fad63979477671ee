"""Drawer states without any planning: things are put where they should be."""

import dataclasses
import functools

import numpy as np

from sdd.collection import session
from sdd.evaluation import judged_states
from sdd.language import registry as providers
from sdd.predicates import audit_group
from sdd.scenes import drawer, registry
from sdd.simulation import simulator

THING = 'crayon box'
TASK = f'move the {THING} into the top drawer'
_WORLDS, _PERIODS = 5, 2
# Which drawer the crayon box is in, and which drawer is open.
SITUATIONS = [
  (None, None),
  (None, 'top drawer'),
  (None, 'middle drawer'),
  ('top drawer', 'top drawer'),
  ('top drawer', None),
  ('middle drawer', None),
  ('middle drawer', 'top drawer'),
]


@functools.cache
def groups() -> list[audit_group.Group]:
  """Each situation in some worlds, after a moment's rest."""
  scene = registry.load('drawer')
  sim = simulator.make('mujoco', scene, size=1)
  found = []
  for inside, opened in SITUATIONS:
    runs = [_run(sim, scene, seed, inside, opened) for seed in range(_WORLDS)]
    found.append(
      audit_group.group(
        f'in {inside}, {opened} open',
        'motion',
        [run[1:] for run in runs],
        initial=[run[0] for run in runs],
      )
    )
  return found


def _run(sim, scene, seed, inside, opened):
  """The state at reset, and those of a world that was changed."""
  world = scene.initial(np.random.default_rng(seed))
  sim.reset(0, world)
  states = [sim.scene_state(0)]
  qpos = world.qpos.copy()
  if opened:
    joint = scene.vocabulary.joint_index(opened)
    qpos[scene.joint_qpos[joint]] = drawer.TRAVEL
  sim.reset(0, dataclasses.replace(world, qpos=qpos))
  if inside:
    place = sim.scene_state(0).link_position[scene.vocabulary.index(inside)]
    start = scene.free_qpos(THING)
    qpos[start : start + 3] = np.add(place, (0, 0, 0.06))
    sim.reset(0, dataclasses.replace(world, qpos=qpos))
  action = sim.proprioception(0)
  for period in range(4 + _PERIODS):
    sim.step(action[None].astype(np.float32), np.ones(1, bool))
    if period >= 4:
      states.append(sim.scene_state(0))
  return states


def states() -> judged_states.JudgedStates:
  return judged_states.JudgedStates(
    registry.load('drawer'), tuple(groups()), {}
  )


def keep(folder, size: judged_states.Size) -> None:
  """Keeps them where a program looks for states that it had gathered."""
  scene = registry.load('drawer')
  trees = session.trees(scene, providers.make_provider('recorded'))
  source = judged_states.Source(scene, trees, 0, size)
  first, *others = judged_states.STAGES
  judged_states.keep(source, folder, first, groups(), {})
  for stage in others:
    judged_states.keep(source, folder, stage, [], {})
