"""Environment steps with a check after each: C MuJoCo on all cores, and MJX.

In every world of the drawer scene the arm holds still above the table on
which the objects lie. An environment step is a control period.
"""

import os
import time
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
from mujoco import rollout

from experiments.benchmarks import ordinary, predicate_tables, timing
from sdd.collection import replay
from sdd.predicates import predicate
from sdd.scenes import registry, world_state
from sdd.scenes import scene as scene_lib
from sdd.simulation import (
  controller,
  extraction,
  mjx_simulator,
  scene_state,
  simulator,
)

_CODE = ordinary.PROGRAMS[0]
_FULL = mujoco.mjtState.mjSTATE_FULLPHYSICS
_GIVEN = (
  mujoco.mjtState.mjSTATE_CTRL
  | mujoco.mjtState.mjSTATE_MOCAP_POS
  | mujoco.mjtState.mjSTATE_MOCAP_QUAT
)


def measure(size: int, periods: int) -> list[dict[str, Any]]:
  """Environment steps a second of both, for as many worlds."""
  scene = registry.load(_CODE.scene)
  code = predicate.compile_predicate(_CODE.source, scene.vocabulary)
  worlds = [scene.initial(np.random.default_rng(k)) for k in range(size)]
  rows = []
  for name, make in (
    (predicate_tables.C, _threaded),
    (predicate_tables.MJX, _batched),
  ):
    step = make(scene, worlds, code)
    began = time.perf_counter()
    step()
    first = time.perf_counter() - began
    found = timing.cost(step, repeats=periods, at_least=0.0)
    rows.append(_row(name, size, found))
  rows[1] |= {
    'compiling': first - found.wall,
    'ratio': rows[1]['value'] / rows[0]['value'],
    'wall_ratio': rows[1]['wall'] / rows[0]['wall'],
  }
  return rows


def _row(name: str, size: int, cost: timing.Cost) -> dict[str, Any]:
  return {
    'label': f'{name}, {size} worlds, checked after every step',
    'value': size / cost.cpu,
    'unit': 'environment steps/CPU-second',
    'wall': size / cost.wall,
    'on': name,
    'count': size,
    'detail': True,
  }


def _batched(
  scene: scene_lib.Scene,
  worlds: list[world_state.WorldState],
  code: predicate.Predicate,
) -> Callable[[], None]:
  """One environment step of MJX, and the verdict of every world."""
  sim = simulator.make('mjx', scene, size=len(worlds))
  assert isinstance(sim, mjx_simulator.MjxSimulator)
  for index, world in enumerate(worlds):
    sim.reset(index, world)
  hold = np.stack([sim.proprioception(k) for k in range(sim.size)])
  active = np.ones(sim.size, bool)
  initial = sim.scene_states

  def step() -> None:
    sim.step(hold, active)
    code.verdict(initial, sim.scene_states).block_until_ready()

  return step


def _threaded(
  scene: scene_lib.Scene,
  worlds: list[world_state.WorldState],
  code: predicate.Predicate,
) -> Callable[[], None]:
  """The same of C MuJoCo, with a thread for every core."""
  threaded = _Threaded(scene, worlds)
  initial = threaded.scene_states()

  def step() -> None:
    threaded.step()
    code.verdict(initial, threaded.scene_states(), xp=np)

  return step


class _Threaded:
  """Many worlds in `mujoco.rollout`; its servos are sent where they are."""

  def __init__(
    self, scene: scene_lib.Scene, worlds: list[world_state.WorldState]
  ):
    self._scene, self._model = scene, scene.model
    self._table = extraction.link_table(scene)
    self._opening = np.array([world.gripper_target for world in worlds])
    sim = simulator.make('mujoco', scene)
    self._steps = controller.make(scene, sim.spec).substeps
    cores = os.cpu_count() or 1
    self._threads = [mujoco.MjData(self._model) for _ in range(cores)]
    self._pool = rollout.Rollout(nthread=cores)
    self._state, self._given = (
      np.stack([self._vector(world, kind) for world in worlds])
      for kind in (_FULL, _GIVEN)
    )

  def _vector(
    self, world: world_state.WorldState, kind: mujoco.mjtState
  ) -> np.ndarray:
    model, data = self._model, self._threads[0]
    data.qpos[:], data.qvel[:] = world.qpos, world.qvel
    data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
    data.ctrl[:] = self._scene.ctrl(world.arm_target, world.gripper_target)
    vector = np.empty(mujoco.mj_stateSize(model, kind))
    mujoco.mj_getState(model, data, vector, kind)
    return vector

  def step(self) -> None:
    states, _ = self._pool.rollout(
      self._model,
      self._threads,
      self._state,
      self._given[:, None],
      control_spec=_GIVEN,
      nstep=self._steps,
    )
    self._state = states[:, -1]

  def scene_states(self) -> scene_state.SceneState:
    """What predicates see of all worlds."""
    model, data = self._model, self._threads[0]
    seen = []
    for state, given in zip(self._state, self._given, strict=True):
      mujoco.mj_setState(model, data, state, _FULL)
      mujoco.mj_setState(model, data, given, _GIVEN)
      seen.append(replay.look(model, data))
    physics = replay.stack(seen)
    return extraction.extract(np, self._table, physics, self._opening)
