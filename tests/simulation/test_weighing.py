"""Worlds with other masses and other friction than the scene's own."""

import mujoco
import numpy as np
import pytest
import throws

from sdd import errors
from sdd.scenes import registry
from sdd.simulation import simulator, weighing

SCENES = ('balance', 'catapult', 'transport', 'mailbox', 'drawer')


@pytest.fixture(scope='module')
def scene():
  return registry.load('drawer')


@pytest.mark.parametrize('name', SCENES)
def test_the_fields_are_what_mujoco_itself_would_compile(name):
  model = registry.load(name).fresh_model()
  found = weighing.Weighing(model).fields(
    lambda field: getattr(model, field).copy(), mass=1.7, friction=0.6
  )
  bodies = np.isin(
    np.arange(model.nbody),
    model.jnt_bodyid[model.jnt_type == mujoco.mjtJoint.mjJNT_FREE],
  )
  assert bodies.any()
  model.body_mass[bodies] *= 1.7
  model.body_inertia[bodies] *= 1.7
  model.geom_friction[:, :2] *= 0.6
  mujoco.mj_setConst(model, mujoco.MjData(model))
  assert set(found) == set(weighing.FIELDS)
  for field, value in found.items():
    np.testing.assert_allclose(
      value, getattr(model, field), rtol=1e-9, atol=1e-12, err_msg=field
    )


@pytest.mark.parametrize('name', SCENES)
def test_factors_of_one_change_no_bit(name):
  model = registry.load(name).model
  found = weighing.Weighing(model).fields(
    lambda field: getattr(model, field), mass=1.0, friction=1.0
  )
  for field, value in found.items():
    np.testing.assert_array_equal(value, getattr(model, field), field)


def test_half_the_friction_slides_twice_as_far(scene):
  sim = simulator.make('mujoco', scene, size=3)
  worlds = [
    throws.sliding(scene, **factors)
    for factors in ({}, {'friction': 0.5}, {'mass': 2.0})
  ]
  rough, smooth, heavy = throws.travel(scene, sim, worlds)[:, 0]
  assert rough == pytest.approx(0.9**2 / 2 / 9.81, rel=0.1)
  assert smooth == pytest.approx(2 * rough, rel=0.1)
  assert heavy == pytest.approx(rough, rel=1e-3)


def test_twice_the_mass_pushes_farther(scene):
  sim = simulator.make('mujoco', scene, size=2)
  worlds = [throws.flying(scene), throws.flying(scene, mass=2.0)]
  light, heavy = throws.travel(scene, sim, worlds)[:, 1]
  assert light > 0.005
  assert heavy > 2 * light


def test_worlds_side_by_side_do_not_weigh_on_each_other(scene):
  """Also not when a world is put back with other factors."""
  chosen = [{}, {'mass': 2.0, 'friction': 0.7}, {'mass': 0.5}, {}]
  worlds = [throws.flying(scene, **factors) for factors in chosen]
  sim = simulator.make('mujoco', scene, size=4)
  throws.travel(scene, sim, worlds[::-1])
  together = throws.travel(scene, sim, worlds)
  for k, world in enumerate(worlds):
    left = sim.world(k)
    assert (left.mass, left.friction) == (world.mass, world.friction)
    alone = simulator.make('mujoco', scene)
    np.testing.assert_array_equal(
      throws.travel(scene, alone, [world])[0], together[k]
    )
    np.testing.assert_array_equal(alone.world(0).qpos, left.qpos)


@pytest.mark.parametrize('name', ['mass', 'friction'])
@pytest.mark.parametrize('factor', [0.0, -1.0, np.nan, np.inf])
def test_factors_are_positive(scene, name, factor):
  sim = simulator.make('mujoco', scene)
  with pytest.raises(errors.SddError, match=f'the {name} {factor}'):
    sim.reset(0, throws.sliding(scene, **{name: factor}))
