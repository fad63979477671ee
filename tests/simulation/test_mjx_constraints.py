"""Constraint rows and accelerations of a small world, against C MuJoCo."""

import functools

import jax
import mujoco
import numpy as np
import pytest
from jax import numpy as jnp

from sdd import errors
from sdd.simulation import mjx_barrier, mjx_constraints, mjx_solver

mjx = mjx_barrier.mjx


def world(condim=4, cone='pyramidal'):
  """A hinged arm at its limit that pushes one ball into another and the floor.

  Its joints are coupled and rub; a third ball touches nothing.
  """
  return mujoco.MjModel.from_xml_string(f"""
    <mujoco>
      <option cone="{cone}" impratio="10" timestep="0.005" jacobian="dense"/>
      <default><geom condim="{condim}" friction=".8 .02 .01" solref=".02 1"/>
      </default>
      <worldbody>
        <geom type="plane" size="1 1 .1"/>
        <body pos="0 0 .3">
          <joint name="one" axis="0 1 0" range="-1 .1" limited="true"
            frictionloss=".3" damping=".1"/>
          <geom size=".03" pos=".1 0 0"/>
          <body pos=".2 0 0">
            <joint name="two" axis="0 1 0" frictionloss=".1"/>
            <geom size=".05" pos=".1 0 0"/>
          </body>
        </body>
        <body pos=".29 .01 .2"><freejoint/><geom size=".05"/></body>
        <body pos=".30 .03 .105"><freejoint/><geom size=".06"/></body>
        <body pos="-.5 0 .5"><freejoint/><geom size=".05"/></body>
      </worldbody>
      <equality><joint joint1="two" joint2="one" polycoef="0 .5 0 0 0"/>
      </equality>
    </mujoco>""")


def state(model):
  data = mujoco.MjData(model)
  data.qpos[:2] = 0.15, 0.1
  data.qvel[:] = np.random.default_rng(0).normal(size=model.nv) / 3
  data.qpos[model.joint(3).qposadr[0] + 2] = 0.057
  data.qpos[model.joint(2).qposadr[0] + 2] = 0.160
  mujoco.mj_forward(model, data)
  return data


@functools.cache
def problem(condim):
  """A model, its state, constraints, and the problem by MJX, twice."""
  model = world(condim)
  data = state(model)
  constraints, device = mjx_constraints.Constraints(model), mjx.put_model(model)

  def make(qpos, qvel):
    found = mjx.make_data(device).replace(qpos=qpos, qvel=qvel)
    found = mjx.fwd_velocity(device, mjx.fwd_position(device, found))
    force = found.qfrc_passive - found.qfrc_bias
    return constraints.problem(device, found.replace(qfrc_smooth=force))

  twice = (jnp.stack([each] * 2) for each in (data.qpos, data.qvel))
  return model, data, constraints, jax.jit(jax.vmap(make))(*twice)


@pytest.mark.parametrize('condim', [4, 6])
def test_accelerations_are_those_of_c(condim):
  model, data, constraints, both = problem(condim)
  assert data.ncon >= 3
  assert data.ne == 1
  assert data.nf == 2
  assert data.nl == 1
  effort = mjx_solver.Effort(iterations=50, searches=20, together=2)
  start = np.zeros((2, model.nv), np.float32)
  found = mjx_solver.solve(both, start, constraints.rows, effort)
  for acceleration in found:
    np.testing.assert_allclose(acceleration, data.qacc, rtol=2e-3, atol=5e-3)


def test_rows_are_those_of_c():
  _, data, constraints, both = problem(4)
  rows = constraints.rows
  edges = np.stack(
    [rows.spread(column)[0] for column in np.moveaxis(both.axes, 2, 0)], axis=1
  )
  here = np.concatenate(
    [edges, both.target[0][:, None], both.stiffness[0][:, None]], axis=1
  )
  there = np.concatenate(
    [
      data.efc_J.reshape(data.nefc, -1),
      data.efc_aref[:, None],
      data.efc_D[:, None],
    ],
    axis=1,
  )
  used = np.abs(edges).sum(axis=1) > 0
  assert used.sum() == len(there)
  for row in there:  # MJX sorts its contacts
    off = np.abs(here[used] - row) / np.maximum(np.abs(row), 1)
    assert off.max(axis=1).min() < 2e-3


def test_other_cones_and_mixed_dimensions_are_refused():
  with pytest.raises(errors.SddError, match='pyramidal'):
    mjx_constraints.Constraints(world(cone='elliptic'))
  mixed = world()
  mixed.geom_condim[-2:] = 6
  with pytest.raises(errors.SddError, match=r'condim \[4, 6\]'):
    mjx_constraints.Constraints(mixed)
