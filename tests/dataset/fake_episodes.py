"""Random episodes of two tasks, for the tests of the dataset chapter."""

import hashlib
from typing import Any

import numpy as np

from sdd.collection import episode as episodes
from sdd.dataset import view
from sdd.simulation import action

MJCF = '<mujoco><worldbody/></mujoco>'
SHA256 = hashlib.sha256(MJCF.encode()).hexdigest()
SCENES = {SHA256: MJCF}
STATE_NAMES = (*(f'crayon box/{axis}' for axis in 'xyz'), 'lid/position')
SPEC = action.ActionSpec()
TASKS = ('put the crayon box in the drawer', 'ouvre le tiroir — doucement')
WRITER: dict[str, Any] = {
  'name': 'drawer', 'state_names': STATE_NAMES, 'action_spec': SPEC,
  'scenes': SCENES,
}  # fmt: skip


def make(
  index: int,
  *,
  success: bool = True,
  steps: int | None = None,
  state_size: int = len(STATE_NAMES),
  nodes: int = 3,
  nq: int = 7,
  ended: str | None = None,
) -> episodes.Episode:
  """An episode that depends on nothing but the arguments."""
  rng = np.random.default_rng(index)
  length = steps or int(rng.integers(2, 12))

  def real(*shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype(np.float32)

  names = tuple(f'node {number}' for number in range(nodes))
  metadata = episodes.EpisodeMetadata(
    index=index,
    seed=2**40,
    scene='drawer',
    task=TASKS[index % 2],
    success=success,
    ground_truth=index % 3 != 0,
    ended=ended or ('success' if success else 'time'),
    error='',
    task_tree='{"instruction": "é"}',
    nodes=names,
    completions=('c0',) if index % 2 else (),
    retries=tuple(int(n) for n in rng.integers(0, 3, nodes)),
    trials=tuple((0, 1, 1, k, 0) for k in range(index % 4)),
    scene_sha256=SHA256,
    versions={'mujoco': '3.17.0', 'jax': '0.10'},
    duration=length / 3,
    initial={
      'qpos': rng.normal(size=nq), 'qvel': rng.normal(size=nq - 1),
      'mocap_pos': rng.normal(size=(2, 3)),
      'mocap_quat': rng.normal(size=(2, 4)),
      'arm_target': rng.normal(size=6),
      'gripper_target': np.array(1 / 3), 'time': np.array(0.1),
      'shape': np.array(float(index % 3)), 'mass': np.array(1.25),
      'friction': np.array(0.75), 'damping': np.array(1.5),
      'gain': np.array(0.9), 'offset': rng.normal(size=6),
      'latency': np.array(float(index % 2)),
      'earlier': rng.normal(size=7 * (index % 2)),
      'push': np.array(0.03 * (index % 2)),
      'push_seed': np.array(float(index)),
    },
    robustness=[-1.0, 0.0, 1 / 3][index % 3],
    appearance=[{}, {"renderer": "gl", "size": [96, 96]}][index % 2],
    robustness_copies=index % 3 * 15,
  )  # fmt: skip
  return episodes.Episode(
    proprioception=real(length, 10),
    state=real(length, state_size),
    action=real(length, 10),
    world=real(length, nq),
    sub_task=tuple(names[0] for _ in range(length))
    if nodes
    else ('',) * length,
    skill=('grasp(crayon box)',) * (length - 1) + ('',),
    verdict=rng.integers(-1, 2, (length, nodes)).astype(np.int8),
    metadata=metadata,
  )


def require_equal(left: episodes.Episode, right: episodes.Episode) -> None:
  """Raises AssertionError unless two episodes agree exactly."""
  for name in ('proprioception', 'state', 'action', 'world', 'verdict'):
    one, other = getattr(left, name), getattr(right, name)
    np.testing.assert_array_equal(one, other)
    assert (one.dtype, one.shape) == (other.dtype, other.shape), name
  assert tuple(left.sub_task) == tuple(right.sub_task)
  assert tuple(left.skill) == tuple(right.skill)
  one, other = vars(left.metadata).copy(), vars(right.metadata).copy()
  before, after = one.pop('initial'), other.pop('initial')
  assert one == other
  assert before.keys() == after.keys()
  for name in before:
    np.testing.assert_array_equal(before[name], after[name])
    assert np.shape(before[name]) == np.shape(after[name])
    assert np.asarray(after[name]).dtype == np.float64


def view_of(images, number=0):
  """What a camera may have seen; `number` makes its place its own."""
  steps = len(images)
  poses = np.tile(np.eye(4), (steps, 1, 1))
  poses[:, 0, 3] = number + np.arange(steps) / 4
  return view.View(
    images=images,
    intrinsics=np.tile(np.diag([90.0, 90.0, 1.0]), (steps, 1, 1)),
    extrinsics=poses,
  )
