"""What a stored episode looked like, rebuilt from positions alone.

Kinematics and collision detection of every step; nothing is simulated, so
neither velocities nor forces nor latches matter.

Rebuilt states differ from those judged while collecting in two ways. Stored
positions have 32 bits. And a contact that the simulator reports is one at the
beginning of its last physics step, while a rebuilt one belongs to the
positions themselves, a few milliseconds later.
"""

from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.collection import episode as episodes
from sdd.scenes import scene as scene_lib
from sdd.simulation import controller, extraction, scene_state


class Replay:
  """Rebuilds episodes of one scene in one of its shapes."""

  def __init__(self, scene: scene_lib.Scene):
    """Prepares a scene whose `mjcf` is the one that episodes ran in.

    Raises:
      errors.SddError: its vocabulary names what is not in its model.
    """
    try:
      self._table = extraction.link_table(scene)
      self._model = scene.fresh_model()
    except (KeyError, ValueError) as error:
      raise errors.SddError(
        f'The stored model of the scene {scene.name!r} does not fit the '
        f'scene of that name today: {_brief(error)} Use the version of sdd '
        'that collected the episodes.'
      ) from error
    self._data = mujoco.MjData(self._model)

  def states(self, episode: episodes.Episode) -> scene_state.SceneState:
    """What a predicate may see at every step; leading axis `T`, NumPy.

    A step at which the simulation had blown up is not finite here either.

    Raises:
      errors.SddError: the episode does not fit the model.
    """
    self._require_fitting(episode)
    data, initial = self._data, episode.metadata.initial
    mujoco.mj_resetData(self._model, data)
    data.mocap_pos[:] = initial['mocap_pos']
    data.mocap_quat[:] = initial['mocap_quat']
    rows = []
    for qpos in episode.world:
      data.qpos[:] = qpos
      rows.append(look(self._model, data))
    return extraction.extract(
      np,
      self._table,
      stack(rows),
      gripper_commands(episode, self._table.robot.stroke),
    )

  def _require_fitting(self, episode: episodes.Episode) -> None:
    initial, model = episode.metadata.initial, self._model
    found = np.shape(episode.world)[1:], np.shape(initial['mocap_pos'])
    expected = (model.nq,), (model.nmocap, 3)
    if found != expected:
      raise errors.SddError(
        f'Episode {episode.metadata.index} does not fit its model: shapes of '
        f'positions and furniture are {found}, expected {expected}.'
      )


def look(model: mujoco.MjModel, data: mujoco.MjData) -> extraction.Physics:
  """Copies of what belongs to the positions in `data`, found out anew."""
  mujoco.mj_kinematics(model, data)
  mujoco.mj_collision(model, data)
  contact = data.contact
  return extraction.Physics(
    qpos=data.qpos.copy(),
    xpos=data.xpos.copy(),
    xquat=data.xquat.copy(),
    geom_xpos=data.geom_xpos.copy(),
    geom_xmat=data.geom_xmat.reshape(-1, 3, 3).copy(),
    contact_geom=contact.geom.copy(),
    contact_distance=contact.dist.copy(),
    contact_normal=contact.frame[:, :3].copy(),
  )


def gripper_commands(
  episode: episodes.Episode, stroke: float
) -> Float[np.ndarray, ' T']:
  """Commanded opening in the state of every step, metres.

  The command of a state is that of the action before; of the first state,
  that of the initial world.
  """
  first = np.reshape(episode.metadata.initial['gripper_target'], 1)
  sent = np.asarray(episode.action[:-1], float)
  later = controller.gripper_goal(np, stroke, sent)
  return np.concatenate([first, later])


def _brief(error: Exception) -> str:
  """The first line; MuJoCo goes on to list every valid name."""
  return f'{error.args[0]}'.splitlines()[0].split('Valid names')[0].strip()


def stack(rows: list[extraction.Physics]) -> extraction.Physics:
  """One with a leading axis; contacts padded with pairs that do not touch."""
  most = max(len(row.contact_distance) for row in rows)

  def padded(field: str, fill: float) -> np.ndarray:
    values: list[Any] = [getattr(row, field) for row in rows]
    shape = (len(rows), most, *values[0].shape[1:])
    result = np.full(shape, fill, values[0].dtype)
    for place, value in zip(result, values, strict=True):
      place[: len(value)] = value
    return result

  def stacked(field: str) -> np.ndarray:
    return np.stack([getattr(row, field) for row in rows])

  return extraction.Physics(
    qpos=stacked('qpos'),
    xpos=stacked('xpos'),
    xquat=stacked('xquat'),
    geom_xpos=stacked('geom_xpos'),
    geom_xmat=stacked('geom_xmat'),
    contact_geom=padded('contact_geom', 0),
    contact_distance=padded('contact_distance', 1.0),
    contact_normal=padded('contact_normal', 0.0),
  )
