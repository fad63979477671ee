"""The solver of constraints: at its minimum, and each world for itself."""

import functools

import jax
import numpy as np
import pytest

from sdd.simulation import mjx_solver

ROWS = mjx_solver.Rows(single=5, contacts=4, slides=3)
EFFORT = mjx_solver.Effort(iterations=20, searches=12, together=2)
EDGES = ROWS.single + 2 * ROWS.slides * ROWS.contacts
AXES = ROWS.single + (1 + ROWS.slides) * ROWS.contacts
WIDTH = 7


def problems(size, seed=0):
  """Random ones: an equality, two rows of dry friction, two limits, contacts.

  The second contact of each does not touch.
  """
  rng = np.random.default_rng(seed)
  root = rng.normal(size=(size, WIDTH, WIDTH))
  axes = rng.normal(size=(size, AXES, WIDTH))
  target = rng.normal(size=(size, EDGES))
  low = np.full((size, EDGES), -np.inf)
  high = np.zeros((size, EDGES))
  high[:, 0], low[:, 1:3], high[:, 1:3] = np.inf, -0.4, 0.4
  axes[:, ROWS.single + 1 :: ROWS.contacts] = 0
  target[:, ROWS.single + 1 :: ROWS.contacts] = 0
  found = mjx_solver.Problem(
    mass=root @ root.transpose(0, 2, 1) + np.eye(WIDTH),
    force=3 * rng.normal(size=(size, WIDTH)),
    axes=axes,
    target=target,
    stiffness=np.exp(rng.uniform(-1, 4, (size, EDGES))),
    low=low,
    high=high,
  )
  return jax.tree.map(np.float32, found)


@functools.cache
def solver():
  return jax.jit(functools.partial(mjx_solver.solve, rows=ROWS, effort=EFFORT))


def uphill(problem, x):
  """Derivative of what is to be least, in 64 bits, and its second one."""
  one = jax.tree.map(np.float64, problem)
  edges = np.stack(
    [np.asarray(ROWS.spread(column)) for column in np.moveaxis(one.axes, 2, 0)],
    axis=2,
  )
  pull = one.stiffness * (np.einsum('brv,bv->br', edges, x) - one.target)
  slope = np.clip(pull, one.low, one.high)
  first = np.einsum('bvw,bw->bv', one.mass, x) - one.force
  curvature = one.stiffness * ((one.low < pull) & (pull < one.high))
  second = np.einsum('brv,br,brw->bvw', edges, curvature, edges)
  return first + np.einsum('brv,br->bv', edges, slope), one.mass + second


def test_nothing_is_left_to_gain():
  problem = problems(9)
  for start in (0.0, 5.0):
    x = solver()(problem, np.full((9, WIDTH), start, np.float32))
    first, second = uphill(problem, np.asarray(x, float))
    away = np.linalg.solve(second, first[..., None])[..., 0]
    np.testing.assert_allclose(away, 0, atol=1e-4)


def test_forces_on_edges_and_axes_do_the_same_work():
  rng = np.random.default_rng(1)
  on, along = rng.normal(size=(3, EDGES)), rng.normal(size=(3, AXES))
  work = np.sum(on * ROWS.spread(along), axis=1)
  np.testing.assert_allclose(
    np.sum(ROWS.gather(on) * along, axis=1), work, rtol=1e-5
  )


def test_axes_feel_the_curvature_along_the_edges():
  problem = problems(3)
  curvature = np.abs(problem.target)
  bent = ROWS.bent(problem.axes, curvature)
  speed = np.random.default_rng(2).normal(size=(3, WIDTH))
  along = np.einsum('bmv,bv->bm', problem.axes, speed)
  np.testing.assert_allclose(
    np.einsum('bmv,bv->bm', bent, speed),
    ROWS.gather(curvature * ROWS.spread(along)),
    atol=1e-4,
  )


def test_a_world_does_not_notice_the_others():
  problem, start = problems(9), np.zeros((9, WIDTH), np.float32)
  together = np.asarray(solver()(problem, start))
  order = np.random.default_rng(3).permutation(9)
  other = jax.tree.map(lambda x: x[order], problem)
  # One of them has blown up.
  spoilt = np.flatnonzero(order == 4)
  other.mass[spoilt] = np.nan
  found = np.asarray(solver()(other, start))
  assert not np.isfinite(found[spoilt]).any()
  rest = order != 4
  np.testing.assert_array_equal(found[rest], together[order][rest])


@pytest.mark.parametrize('together', [1, 9])
def test_how_many_take_a_step_together_changes_little(together):
  problem, start = problems(9), np.zeros((9, WIDTH), np.float32)
  effort = mjx_solver.Effort(20, 12, together)
  found = jax.jit(
    functools.partial(mjx_solver.solve, rows=ROWS, effort=effort)
  )(problem, start)
  np.testing.assert_allclose(found, solver()(problem, start), atol=1e-4)
