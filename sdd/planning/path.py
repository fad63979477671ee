"""Collision-free joint-space paths: straight, or RRT-Connect by OMPL.

Everything is bounded by counts, never by the clock, so that a seed gives the
same path on any machine.
"""

import itertools
from typing import Any

import numpy as np
from jaxtyping import Float
from ompl import base as ompl_base
from ompl import geometric as ompl_geometric
from ompl import util as ompl_util

from sdd.planning import collision, motion

_ITERATIONS = 1500
_SHORTCUTS = 25
_RANGE = 0.6  # radians a tree grows at once

Path = list[Float[np.ndarray, ' n']]

# OMPL reports every solve, and warns that re-seeding is in vain; it is not.
ompl_util.setLogLevel(ompl_util.LOG_NONE)


def nearest_turn(
  world: collision.PlanningWorld,
  goal: Float[np.ndarray, ' n'],
  start: Float[np.ndarray, ' n'],
) -> Float[np.ndarray, ' n']:
  """The same configuration, each joint by whole turns nearest to `start`."""
  turns = np.round((start - goal) / (2 * np.pi)) * 2 * np.pi
  near = goal + turns
  fits = (near >= world.arm.lower) & (near <= world.arm.upper)
  return np.where(fits, near, goal)


def connect(
  world: collision.PlanningWorld,
  start: Float[np.ndarray, ' n'],
  goal: Float[np.ndarray, ' n'],
  rng: np.random.Generator,
) -> Path:
  """A collision-free path from start to goal, both included.

  Raises:
    motion.Infeasible: an end is in collision, or none was found.
  """
  if not world.free(goal):
    raise motion.Infeasible('the goal of a motion is in collision')
  if world.free_edge(start, goal):
    return [start, goal]
  if not world.free(start):
    raise motion.Infeasible('the start of a motion is in collision')
  found = _rrt_connect(world, start, goal, int(rng.integers(1, 2**31)))
  return shorten(world, found, rng)


def shorten(
  world: collision.PlanningWorld, path: Path, rng: np.random.Generator
) -> Path:
  """Replaces stretches between random points of the path by straight ones."""
  for _ in range(_SHORTCUTS):
    if len(path) < 3:
      break
    length = np.cumsum(
      [0.0] + [_distance(a, b) for a, b in itertools.pairwise(path)]
    )
    low, high = np.sort(rng.uniform(0, length[-1], 2))
    i = int(np.searchsorted(length, low, 'right')) - 1
    j = int(np.searchsorted(length, high, 'right')) - 1
    if i == j:
      continue
    first, last = _at(path, length, i, low), _at(path, length, j, high)
    if world.free_edge(first, last):
      path = [*path[: i + 1], first, last, *path[j + 1 :]]
  return _drop_doubles(path)


def _rrt_connect(
  world: collision.PlanningWorld, start: np.ndarray, goal: np.ndarray, seed: int
) -> Path:
  ompl_util.RNG.setSeed(seed)
  info = _space_information(world, start, goal)
  problem = ompl_base.ProblemDefinition(info)
  problem.setStartAndGoalStates(_state(info, start), _state(info, goal))
  planner = ompl_geometric.RRTConnect(info)
  planner.setRange(_RANGE)
  planner.setProblemDefinition(problem)
  planner.setup()
  rounds = iter(range(_ITERATIONS))
  stop = ompl_base.PlannerTerminationCondition(
    lambda: next(rounds, None) is None
  )
  planner.solve(stop)
  if not problem.hasExactSolution():
    raise motion.Infeasible('no collision-free path found')
  found: Any = problem.getSolutionPath()
  path = [
    np.array([found.getState(k)[i] for i in range(len(start))])
    for k in range(found.getStateCount())
  ]
  return _verified(world, [start, *path[1:-1], goal])


def _space_information(
  world: collision.PlanningWorld, start: np.ndarray, goal: np.ndarray
) -> ompl_base.SpaceInformation:
  """The joint space between two configurations, and what is free in it."""
  count = len(start)
  # A joint need not leave the span of start and goal by more than half a turn.
  lower = np.maximum(np.minimum(start, goal) - np.pi, world.arm.lower)
  upper = np.minimum(np.maximum(start, goal) + np.pi, world.arm.upper)
  bounds = ompl_base.RealVectorBounds(count)
  for i in range(count):
    bounds.setLow(i, float(lower[i]) - 1e-6)
    bounds.setHigh(i, float(upper[i]) + 1e-6)
  space = ompl_base.RealVectorStateSpace(count)
  space.setBounds(bounds)

  def free(state: Any) -> bool:
    return world.free(np.array([state[i] for i in range(count)]))

  info = ompl_base.SpaceInformation(space)
  info.setStateValidityChecker(free)
  info.setStateValidityCheckingResolution(0.04 / space.getMaximumExtent())
  info.setup()
  return info


def _state(info: Any, q: np.ndarray) -> Any:
  state = info.getStateSpace().allocState()
  for i, angle in enumerate(q):
    state[i] = float(angle)
  return state


def _verified(world: collision.PlanningWorld, path: Path) -> Path:
  """Checks every edge again, finely: "exact" is not always so."""
  for a, b in itertools.pairwise(path):
    if not world.free_edge(a, b):
      raise motion.Infeasible('a planned path failed its second check')
  return path


def _at(path: Path, length: np.ndarray, i: int, s: float) -> np.ndarray:
  if i >= len(path) - 1:
    return path[-1]
  part = (s - length[i]) / max(length[i + 1] - length[i], 1e-9)
  return path[i] + part * (path[i + 1] - path[i])


def _distance(a: np.ndarray, b: np.ndarray) -> float:
  return float(np.max(np.abs(b - a)))


def _drop_doubles(path: Path) -> Path:
  kept = [path[0]]
  for q in path[1:]:
    if _distance(kept[-1], q) > 1e-6:
      kept.append(q)
  return kept if len(kept) > 1 else [path[0], path[-1]]
