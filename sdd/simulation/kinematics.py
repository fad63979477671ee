"""Forward and inverse kinematics of a serial arm, for NumPy and JAX alike.

One implementation serves the controller of both simulators and the planners'
goal search, so that the pose a planner means is the pose that is driven to.
Functions take the array module `xp` (`numpy` or `jax.numpy`) and any leading
batch axes.
"""

import dataclasses
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

_DAMPING = 1e-4
_LARGEST_STEP = 0.4  # radians a joint may move in one iteration


@dataclasses.dataclass(frozen=True, eq=False)
class Chain:
  """A serial chain of hinges from the world to a tool frame.

  The rotation of joint i about its axis is written as
  `constant[i] + sin(q) sine[i] + cos(q) cosine[i]` (Rodrigues, with the fixed
  rotation from the joint before multiplied in).

  Attributes:
    offset: (n, 3) origin of joint i in the frame of joint i - 1, metres.
    constant: (n, 3, 3).
    sine: (n, 3, 3).
    cosine: (n, 3, 3).
    axis: (n, 3) joint axes in their own frames.
    tool_position: (3,) tool origin in the last frame.
    tool_rotation: (3, 3).
    lower: (n,) joint limits, radians.
    upper: (n,).
  """

  offset: Float[np.ndarray, 'n 3']
  constant: Float[np.ndarray, 'n 3 3']
  sine: Float[np.ndarray, 'n 3 3']
  cosine: Float[np.ndarray, 'n 3 3']
  axis: Float[np.ndarray, 'n 3']
  tool_position: Float[np.ndarray, ' 3']
  tool_rotation: Float[np.ndarray, '3 3']
  lower: Float[np.ndarray, ' n']
  upper: Float[np.ndarray, ' n']


def chain(model: mujoco.MjModel, joints: tuple[str, ...], site: str) -> Chain:
  """Reads the chain through `joints` to `site` out of a model.

  The joints must follow each other from the base on, with only fixed bodies
  between them.
  """
  data = mujoco.MjData(model)
  ids = [model.joint(name).id for name in joints]
  data.qpos[[model.jnt_qposadr[i] for i in ids]] = 0
  mujoco.mj_kinematics(model, data)
  frame_r, frame_p = np.eye(3), np.zeros(3)
  offsets, fixed = [], []
  for i in ids:
    rotation = data.xmat[model.jnt_bodyid[i]].reshape(3, 3)
    offsets.append(frame_r.T @ (data.xanchor[i] - frame_p))
    fixed.append(frame_r.T @ rotation)
    frame_r, frame_p = rotation.copy(), data.xanchor[i].copy()
  axis = model.jnt_axis[ids]
  skew = np.stack([_skew(a) for a in axis])
  fixed = np.stack(fixed)
  place = data.site(site)
  limits = model.jnt_range[ids]
  return Chain(
    offset=np.stack(offsets),
    constant=fixed @ (np.eye(3) + skew @ skew),
    sine=fixed @ skew,
    cosine=-fixed @ skew @ skew,
    axis=axis.copy(),
    tool_position=frame_r.T @ (place.xpos - frame_p),
    tool_rotation=frame_r.T @ place.xmat.reshape(3, 3),
    lower=limits[:, 0].copy(),
    upper=limits[:, 1].copy(),
  )


def forward(
  xp: Any, arm: Chain, q: Float[Any, '*b n']
) -> tuple[Float[Any, '*b 3'], Float[Any, '*b 3 3']]:
  """Tool position and rotation at joint angles `q`."""
  position, rotation, _, _ = _frames(xp, arm, q)
  return position, rotation


def jacobian(
  xp: Any, arm: Chain, q: Float[Any, '*b n']
) -> tuple[Float[Any, '*b 3'], Float[Any, '*b 3 3'], Float[Any, '*b 6 n']]:
  """Tool pose and its geometric Jacobian, linear above angular."""
  position, rotation, origins, axes = _frames(xp, arm, q)
  linear = xp.cross(axes, position[..., None, :] - origins)
  stacked = xp.concatenate([linear, axes], axis=-1)
  return position, rotation, xp.swapaxes(stacked, -1, -2)


def solve(
  xp: Any,
  arm: Chain,
  start: Float[Any, '*b n'],
  position: Float[Any, '*b 3'],
  rotation: Float[Any, '*b 3 3'],
  *,
  iterations: int,
  tolerance: float = 1e-5,
) -> tuple[Float[Any, '*b n'], Float[Any, '*b']]:
  """Damped least squares from `start` towards a tool pose.

  A pose out of reach gives the nearest the arm gets to. With NumPy it stops
  once every batch entry is within `tolerance`; with JAX it runs them all.

  Returns:
    Joint angles within the limits, and the remaining error (metres and
    radians, Euclidean).
  """

  def error_at(q: Any) -> tuple[Any, Any]:
    here, turned, jac = jacobian(xp, arm, q)
    return _error(xp, here, turned, position, rotation), jac

  if xp is np:
    q = start
    for _ in range(iterations):
      error, jac = error_at(q)
      if np.max(np.abs(error)) < tolerance:
        break
      q = _improved(xp, arm, q, error, jac)
  else:
    from jax import lax  # planners, which use NumPy, start without JAX

    q = lax.fori_loop(
      0, iterations, lambda _, q: _improved(xp, arm, q, *error_at(q)),
      start + xp.zeros(arm.lower.shape),
    )  # fmt: skip
  here, turned = forward(xp, arm, q)
  error = _error(xp, here, turned, position, rotation)
  return q, xp.linalg.norm(error, axis=-1)


def _improved(xp: Any, arm: Chain, q: Any, error: Any, jac: Any) -> Any:
  """One step of damped least squares against the error."""
  square = jac @ xp.swapaxes(jac, -1, -2) + _DAMPING * xp.eye(6)
  weight = xp.linalg.solve(square, error[..., None])
  step = (xp.swapaxes(jac, -1, -2) @ weight)[..., 0]
  largest = xp.max(xp.abs(step), axis=-1, keepdims=True)
  step = step * xp.minimum(1.0, _LARGEST_STEP / (largest + 1e-9))
  return xp.clip(q + step, arm.lower, arm.upper)


def _frames(xp: Any, arm: Chain, q: Any) -> tuple[Any, Any, Any, Any]:
  sin, cos = xp.sin(q), xp.cos(q)
  turns = (
    arm.constant
    + sin[..., None, None] * arm.sine
    + cos[..., None, None] * arm.cosine
  )
  batch = q.shape[:-1]
  rotation = xp.broadcast_to(xp.eye(3), (*batch, 3, 3))
  position = xp.zeros((*batch, 3))
  origins, axes = [], []
  for i in range(arm.offset.shape[0]):
    position = position + rotation @ arm.offset[i]
    rotation = rotation @ turns[..., i, :, :]
    origins.append(position)
    axes.append(rotation @ arm.axis[i])
  position = position + rotation @ arm.tool_position
  rotation = rotation @ arm.tool_rotation
  return position, rotation, xp.stack(origins, -2), xp.stack(axes, -2)


def _error(
  xp: Any, here: Any, turned: Any, position: Any, rotation: Any
) -> Any:
  """Twist (*b, 6) that carries the tool to its goal, in the world frame."""
  relative = rotation @ xp.swapaxes(turned, -1, -2)
  vector = 0.5 * xp.stack(
    [
      relative[..., 2, 1] - relative[..., 1, 2],
      relative[..., 0, 2] - relative[..., 2, 0],
      relative[..., 1, 0] - relative[..., 0, 1],
    ],
    axis=-1,
  )
  sine = xp.linalg.norm(vector, axis=-1, keepdims=True)
  trace = relative[..., 0, 0] + relative[..., 1, 1] + relative[..., 2, 2]
  angle = xp.arctan2(sine[..., 0], 0.5 * (trace - 1))[..., None]
  turn = vector * (angle / xp.maximum(sine, 1e-9))
  # Half a turn has no axis to tell: begin about any, the next step sees one.
  half = angle * xp.asarray([1.0, 0.0, 0.0])
  turn = xp.where(sine > 1e-9, turn, xp.where(angle > 1.0, half, vector))
  return xp.concatenate([position - here, turn], axis=-1)


def _skew(v: Float[np.ndarray, ' 3']) -> Float[np.ndarray, '3 3']:
  return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
