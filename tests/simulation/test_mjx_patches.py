"""What is changed in MJX, and that it is left alone where it is not known."""

import collections
import importlib.metadata
import types

import jax
import mujoco
import numpy as np
import pytest
import record_replay
from jax import numpy as jnp

from sdd.scenes import registry
from sdd.simulation import mjx_barrier, mjx_broad_phase, simulator

mjx = mjx_barrier.mjx


def chain():
  """Six links, hinged and sliding, as MJCF."""
  body = '<geom size=".02"/>'
  for k in range(6):
    kind = ('hinge', 'slide')[k % 2]
    body = (
      f'<body pos=".1 .02 .05" euler="{10 * k} 20 0"><joint type="{kind}" '
      f'axis="{k % 3} 1 0"/><geom size=".02"/>{body}</body>'
    )
  return f'<mujoco><worldbody>{body}</worldbody></mujoco>'


def test_with_the_barrier_mjx_computes_the_same_poses():
  assert mjx_barrier.install()
  model = mujoco.MjModel.from_xml_string(chain())
  data = mujoco.MjData(model)
  data.qpos[:] = np.linspace(-0.5, 0.7, model.nq)
  mujoco.mj_kinematics(model, data)
  device = mjx.put_model(model)

  def poses(qpos):
    found = mjx.kinematics(device, mjx.make_data(device).replace(qpos=qpos))
    return found.xpos, found.xquat

  program = jax.jit(jax.vmap(poses)).lower(jnp.zeros((2, model.nq)))
  assert 'optimization_barrier' in program.as_text()
  qpos = jnp.stack([data.qpos, np.zeros(model.nq)])
  position, quaternion = program.compile()(qpos)
  np.testing.assert_allclose(position[0], data.xpos, atol=1e-6)
  np.testing.assert_allclose(quaternion[0], data.xquat, atol=1e-6)


def test_it_is_put_in_once():
  from mujoco.mjx._src import collision_driver, scan

  assert mjx_barrier.install()
  assert mjx_broad_phase.install()
  changed = scan.body_tree, collision_driver._contact_groups
  mjx_barrier.install()
  mjx_broad_phase.install()
  assert (scan.body_tree, collision_driver._contact_groups) == changed
  assert not hasattr(scan.body_tree.__wrapped__, '__wrapped__')


def test_an_mjx_of_another_version_is_left_alone(monkeypatch):
  monkeypatch.setattr(importlib.metadata, 'version', lambda _: '9.1.0')
  with pytest.warns(RuntimeWarning, match=r'mujoco-mjx is 9\.1\.0; expected 3'):
    assert not mjx_barrier.is_known.__wrapped__()
  monkeypatch.setattr(mjx_barrier, 'is_known', lambda: False)
  assert not mjx_barrier.install.__wrapped__()
  assert not mjx_broad_phase.install.__wrapped__()


def test_all_that_touches_in_an_episode_is_looked_at():
  scene, recorded = registry.load('drawer'), record_replay.load()
  rank, contacts = ranks_of_contacts(scene, recorded)
  assert contacts <= scene.model.numeric('max_contact_points').data[0]
  assert max(rank.values()) < scene.model.numeric('max_geom_pairs').data[0]


def ranks_of_contacts(scene, recorded):
  """By kind of pair, how many pairs at most are nearer than one that touches;
  and how many contacts there are at most."""
  from mujoco.mjx._src import collision_driver

  model = scene.model
  groups = {
    key: np.array(found)[:, :2]
    for key, found in collision_driver._geom_groups(model).items()
    if not mjx_broad_phase._UNBOUNDED & {int(kind) for kind in key.types}
  }
  sim, data = simulator.make('mujoco', scene), mujoco.MjData(model)
  sim.reset(0, recorded.initial)
  rank, contacts = collections.Counter(), 0
  for k, action in enumerate(recorded.action[:-1]):
    sim.step(action[None], np.ones(1, bool))
    if k % 4:
      continue
    world = sim.world(0)
    data.qpos[:] = world.qpos
    data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
    mujoco.mj_forward(model, data)
    contacts = max(contacts, data.ncon)
    pairs = {tuple(sorted(pair)) for pair in data.contact.geom.tolist()}
    placed = types.SimpleNamespace(
      geom_xpos=data.geom_xpos, geom_xmat=data.geom_xmat.reshape(-1, 3, 3)
    )
    for key, found in groups.items():
      gap = np.asarray(mjx_broad_phase._gaps(model, placed, found))
      touches = [tuple(sorted(pair)) in pairs for pair in found.tolist()]
      assert np.all(gap[touches] <= 1e-6)
      rank[key] = max(rank[key], *np.argsort(np.argsort(gap))[touches], 0)
  return rank, contacts
