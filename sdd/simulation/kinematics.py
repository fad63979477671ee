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

from sdd.scenes import scene as scene_lib

_DAMPING = 1e-4
_LARGEST_STEP = 0.4  # radians a joint may move in one iteration
# For arms of more than six joints: the share of the way to the rest posture
# that an iteration takes, the step (radians) below which the arm has leant
# enough, and how many iterations are kept for the pose alone.
_LEAN, _LEANT, _SETTLING = 0.5, 1e-3, 3
_EYE, _FIRST = np.eye(6), np.array([1.0, 0.0, 0.0])
# As matrices, because products are cheaper than NumPy's `cross` and `stack`:
# a -> [a]x, (3, 9), and rotation, (9,) -> half its antisymmetric part, (3,).
_LEVI_CIVITA = np.array(
  [
    [0, 0, 0, 0, 0, -1, 0, 1, 0],
    [0, 0, 1, 0, 0, 0, -1, 0, 0],
    [0, -1, 0, 1, 0, 0, 0, 0, 0],
  ],
  float,
)
_AXIS = _LEVI_CIVITA.T / 2


@dataclasses.dataclass(frozen=True, eq=False)
class Chain:
  """A serial chain of hinges from the world to a tool frame.

  Frame i in frame i - 1, a homogeneous transformation in metres, is
  `constant[i] + sin(q) sine[i] + cos(q) cosine[i]` (Rodrigues, with the fixed
  rotation from the joint before multiplied in).

  Attributes:
    constant: (n, 4, 4).
    sine: (n, 4, 4).
    cosine: (n, 4, 4).
    axis: (n, 3, 1) joint axes in their own frames.
    tool: (4, 4) tool frame in the last frame.
    lower: (n,) joint limits, radians.
    upper: (n,).
    rest: (n,) posture that an arm of more than six joints leans to.
  """

  constant: Float[np.ndarray, 'n 4 4']
  sine: Float[np.ndarray, 'n 4 4']
  cosine: Float[np.ndarray, 'n 4 4']
  axis: Float[np.ndarray, 'n 3 1']
  tool: Float[np.ndarray, '4 4']
  lower: Float[np.ndarray, ' n']
  upper: Float[np.ndarray, ' n']
  rest: Float[np.ndarray, ' n']

  @property
  def redundant(self) -> bool:
    """Whether a tool pose leaves the joints a choice."""
    return len(self.lower) > 6


def chain(
  model: mujoco.MjModel,
  joints: tuple[str, ...],
  site: str,
  *,
  rest: tuple[float, ...],
) -> Chain:
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
  tool = frame_r.T @ place.xmat.reshape(3, 3)
  return Chain(
    constant=_frame(fixed @ (np.eye(3) + skew @ skew), np.stack(offsets), 1),
    sine=_frame(fixed @ skew, np.zeros(3), 0),
    cosine=_frame(-fixed @ skew @ skew, np.zeros(3), 0),
    axis=axis[:, :, None].copy(),
    tool=_frame(tool, frame_r.T @ (place.xpos - frame_p), 1),
    lower=limits[:, 0].copy(),
    upper=limits[:, 1].copy(),
    rest=np.array(rest),
  )


def of_robot(scene: scene_lib.Scene) -> Chain:
  """The chain of a scene's robot, from its base to its tool."""
  arm = scene.robot.arm
  return chain(scene.model, arm.joints, arm.tool, rest=arm.home)


def _frame(
  rotation: Float[np.ndarray, '*b 3 3'],
  position: Float[np.ndarray, '*#b 3'],
  scale: float,
) -> Float[np.ndarray, '*b 4 4']:
  """A homogeneous matrix of its parts."""
  whole = np.zeros((*rotation.shape[:-2], 4, 4))
  whole[..., :3, :3], whole[..., :3, 3], whole[..., 3, 3] = (
    rotation,
    position,
    scale,
  )
  return whole


def forward(
  xp: Any, arm: Chain, q: Float[Any, '*b n']
) -> tuple[Float[Any, '*b 3'], Float[Any, '*b 3 3']]:
  """Tool position and rotation at joint angles `q`."""
  tool = _frames(xp, arm, q)[-1] @ arm.tool
  return tool[..., :3, 3], tool[..., :3, :3]


def jacobian(
  xp: Any, arm: Chain, q: Float[Any, '*b n']
) -> tuple[Float[Any, '*b 3'], Float[Any, '*b 3 3'], Float[Any, '*b 6 n']]:
  """Tool pose and its geometric Jacobian, linear above angular."""
  each = _frames(xp, arm, q)
  tool = each[-1] @ arm.tool
  frames = xp.stack(each, axis=-3)
  axes = (frames[..., :3, :3] @ arm.axis)[..., 0]
  lever = tool[..., None, :3, 3] - frames[..., :3, 3]
  crossed = (axes @ _LEVI_CIVITA).reshape(*axes.shape, 3)
  linear = (crossed @ lever[..., None])[..., 0]
  stacked = xp.concatenate([linear, axes], axis=-1)
  turned = xp.swapaxes(stacked, -1, -2)
  return tool[..., :3, 3], tool[..., :3, :3], turned


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

  With more than six joints, the choice that the pose leaves is made by leaning
  towards the rest posture: what comes out depends on the pose, and hardly on
  `start`. The last iterations look at the pose alone.

  Returns:
    Joint angles within the limits, and the remaining error (metres and
    radians, Euclidean).
  """

  def error_at(q: Any) -> tuple[Any, Any]:
    here, turned, jac = jacobian(xp, arm, q)
    return _error(xp, here, turned, position, rotation), jac

  leaning = max(0, iterations - _SETTLING) if arm.redundant else 0
  if xp is np:
    q = start
    for _ in range(leaning):
      before, q = q, _leaned(xp, arm, q, *error_at(q))
      if np.max(np.abs(q - before)) < _LEANT:
        break
    for _ in range(iterations - leaning):
      error, jac = error_at(q)
      if np.max(np.abs(error)) < tolerance:
        break
      q = _improved(xp, arm, q, error, jac)
  else:
    from jax import lax  # planners, which use NumPy, start without JAX

    q = start + xp.zeros(arm.lower.shape)
    if leaning:
      q = lax.fori_loop(
        0, leaning, lambda _, q: _leaned(xp, arm, q, *error_at(q)), q
      )
    q = lax.fori_loop(
      0, iterations - leaning, lambda _, q: _improved(xp, arm, q, *error_at(q)),
      q,
    )  # fmt: skip
  here, turned = forward(xp, arm, q)
  error = _error(xp, here, turned, position, rotation)
  return q, xp.linalg.norm(error, axis=-1)


def _improved(
  xp: Any, arm: Chain, q: Any, error: Any, jac: Any, besides: Any = None
) -> Any:
  """One step of damped least squares against the error."""
  square = jac @ xp.swapaxes(jac, -1, -2) + _DAMPING * _EYE
  weight = xp.linalg.solve(square, error[..., None])
  step = (xp.swapaxes(jac, -1, -2) @ weight)[..., 0]
  if besides is not None:
    step = step + besides
  largest = xp.max(xp.abs(step), axis=-1, keepdims=True)
  step = step * xp.minimum(1.0, _LARGEST_STEP / (largest + 1e-9))
  return xp.clip(q + step, arm.lower, arm.upper)


def _leaned(xp: Any, arm: Chain, q: Any, error: Any, jac: Any) -> Any:
  """As `_improved`, and closer to rest as far as the pose leaves a choice.

  A step towards rest, and then what least squares has to add to it.
  """
  pull = _LEAN * (arm.rest - q)
  left = error - (jac @ pull[..., None])[..., 0]
  return _improved(xp, arm, q, left, jac, pull)


def _frames(xp: Any, arm: Chain, q: Any) -> list[Any]:
  """Every joint's frame in the world, (*b, 4, 4) each."""
  sin, cos = xp.sin(q)[..., None, None], xp.cos(q)[..., None, None]
  steps = arm.constant + sin * arm.sine + cos * arm.cosine
  frames = [steps[..., 0, :, :]]
  for i in range(1, arm.constant.shape[0]):
    frames.append(frames[-1] @ steps[..., i, :, :])
  return frames


def _error(
  xp: Any, here: Any, turned: Any, position: Any, rotation: Any
) -> Any:
  """Twist (*b, 6) that carries the tool to its goal, in the world frame."""
  relative = rotation @ xp.swapaxes(turned, -1, -2)
  # The antisymmetric part: axis times sine of the angle.
  flat = relative.reshape(*relative.shape[:-2], 9)
  vector = flat @ _AXIS
  sine = xp.sqrt((vector * vector).sum(axis=-1, keepdims=True))
  trace = relative[..., 0, 0] + relative[..., 1, 1] + relative[..., 2, 2]
  angle = xp.arctan2(sine[..., 0], 0.5 * (trace - 1))[..., None]
  turn = vector * (angle / xp.maximum(sine, 1e-9))
  # Half a turn has no axis to tell: begin about any, the next step sees one.
  half = angle * _FIRST
  turn = xp.where(sine > 1e-9, turn, xp.where(angle > 1.0, half, vector))
  return xp.concatenate([position - here, turn], axis=-1)


def _skew(v: Float[np.ndarray, ' 3']) -> Float[np.ndarray, '3 3']:
  return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
