"""`Camera`: a pinhole by MuJoCo's conventions, usable without OpenGL.

The camera frame is x right, y up, looking along -z. Pixels are (u, v), u to
the right and v down, integers at pixel centres, (0, 0) top left. Depth is
measured along the optical axis, not along the ray.
"""

from typing import Any

import flax.struct
import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors

_VERTICAL = np.array([0.0, 0.0, 1.0])


@flax.struct.dataclass
class Camera:
  """Where a camera is, where it looks and how many pixels it has.

  A pytree whose pose and field of view are leaves, so that cameras can be
  stacked, vmapped and randomised. `*b` are batch axes.

  Attributes:
    name: what observations from this camera are called.
    position: (*b, 3) world frame, metres.
    rotation: (*b, 3, 3) camera to world; its columns are right, up, back.
    fovy: (*b,) vertical field of view in degrees.
    width: pixels.
    height: pixels.
  """

  name: str = flax.struct.field(pytree_node=False)
  position: Any
  rotation: Any
  fovy: Any
  width: int = flax.struct.field(pytree_node=False)
  height: int = flax.struct.field(pytree_node=False)

  @property
  def batch(self) -> tuple[int, ...]:
    """The batch axes of pose and field of view together."""
    return np.broadcast_shapes(
      np.shape(self.position)[:-1],
      np.shape(self.rotation)[:-2],
      np.shape(self.fovy),
    )

  @property
  def focal(self) -> Any:
    """Focal length in pixels, (*b,), the same in both directions."""
    return self.height / 2 / np.tan(np.deg2rad(self.fovy) / 2)

  def intrinsics(self) -> Float[np.ndarray, '*b 3 3']:
    """The OpenCV matrix K: x right, y down, z forward, in pixels."""
    focal = np.asarray(self.focal)
    matrix = np.zeros((*focal.shape, 3, 3))
    matrix[..., 0, 0] = matrix[..., 1, 1] = focal
    matrix[..., 0, 2] = (self.width - 1) / 2
    matrix[..., 1, 2] = (self.height - 1) / 2
    matrix[..., 2, 2] = 1
    return matrix

  def extrinsics(self) -> Float[np.ndarray, '*b 4 4']:
    """World to camera, in OpenCV's axes, as `intrinsics` takes them.

    `K @ (extrinsics @ [x, y, z, 1])[:3]` is (u, v, 1) times the depth.
    """
    position, rotation = np.asarray(self.position), np.asarray(self.rotation)
    flip = np.array([[1.0], [-1.0], [-1.0]])  # y and z turn round
    turned = flip * np.swapaxes(rotation, -1, -2)
    shift = -(turned @ position[..., None])
    matrix = np.zeros((*shift.shape[:-2], 4, 4))
    matrix[..., :3, :3], matrix[..., :3, 3:] = turned, shift
    matrix[..., 3, 3] = 1
    return matrix

  def rays(self) -> Float[np.ndarray, '*b height width 3']:
    """World-frame direction through every pixel's centre.

    Not of unit length: each advances one metre along the optical axis, so
    that `position + depth * ray` is the point at that depth.
    """
    u, v = np.meshgrid(np.arange(self.width), np.arange(self.height))
    focal = np.asarray(self.focal)[..., None, None]
    right = (u - (self.width - 1) / 2) / focal
    up = ((self.height - 1) / 2 - v) / focal
    local = np.stack([right, up, -np.ones_like(right)], axis=-1)
    turn = np.swapaxes(np.asarray(self.rotation), -1, -2)
    return local @ turn[..., None, :, :]

  def project(
    self, points: Float[np.ndarray, '*n 3']
  ) -> Float[np.ndarray, '*n 2']:
    """Pixels of world points; NaN for points that are not in front.

    Of one camera: pose and field of view without batch axes.
    """
    local = (np.asarray(points) - self.position) @ np.asarray(self.rotation)
    depth = -local[..., 2]
    depth = np.where(depth > 1e-9, depth, np.nan)
    u = (self.width - 1) / 2 + self.focal * local[..., 0] / depth
    v = (self.height - 1) / 2 - self.focal * local[..., 1] / depth
    return np.stack([u, v], axis=-1)


def look_at(
  name: str,
  eye: Any,
  target: Any,
  *,
  fovy: float = 45.0,
  width: int = 240,
  height: int = 160,
) -> Camera:
  """A camera at `eye` that looks at `target`, the world's z upwards.

  Looking straight up or down, the top of the picture is the world's +x:
  away from a robot that stands at the origin and faces +x.

  Raises:
    errors.SddError: eye and target coincide, or bad fovy, width or height.
  """
  eye, target = np.asarray(eye, np.float64), np.asarray(target, np.float64)
  distance = np.linalg.norm(eye - target)
  if not distance > 1e-9:
    raise errors.SddError(
      f'Camera {name!r} cannot look at {target.tolist()} from the same point.'
    )
  back = (eye - target) / distance
  right = np.cross(_VERTICAL, back)
  if np.linalg.norm(right) < 1e-6:
    right = np.cross([1.0, 0.0, 0.0], back)
  right /= np.linalg.norm(right)
  rotation = np.stack([right, np.cross(back, right), back], axis=-1)
  return checked(name, eye, rotation, fovy, width=width, height=height)


def from_model(
  model: mujoco.MjModel,
  data: mujoco.MjData,
  name: str,
  *,
  width: int = 240,
  height: int = 160,
) -> Camera:
  """The MJCF camera `name`, where `data` has it now.

  Needs `mujoco.mj_kinematics` and `mj_camlight` (or `mj_forward`) first. A
  principal point off the centre is ignored.

  Raises:
    errors.UnknownNameError: the model has no such camera.
    errors.SddError: it is orthographic, or bad width or height.
  """
  number = index(model, name)
  rotation = data.cam_xmat[number].reshape(3, 3).copy()
  position, fovy = data.cam_xpos[number].copy(), float(model.cam_fovy[number])
  return checked(name, position, rotation, fovy, width=width, height=height)


def index(model: mujoco.MjModel, name: str) -> int:
  """Which of the model's cameras is called `name`.

  Raises:
    errors.UnknownNameError: the model has no such camera.
    errors.SddError: it is orthographic.
  """
  number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, name)
  if number < 0:
    names = [model.camera(i).name for i in range(model.ncam)]
    raise errors.UnknownNameError('camera', name, names)
  if model.cam_projection[number] != mujoco.mjtProjection.mjPROJ_PERSPECTIVE:
    raise errors.SddError(
      f'Camera {name!r} is orthographic; expected a perspective camera.'
    )
  return number


def checked(
  name: str,
  position: Any,
  rotation: Any,
  fovy: Any,
  *,
  width: int,
  height: int,
) -> Camera:
  """A `Camera` that can be drawn from.

  Raises:
    errors.SddError: bad fovy, width or height.
  """
  if not (np.all(np.greater(fovy, 0)) and np.all(np.less(fovy, 180))):
    raise errors.SddError(
      f'Camera {name!r} has fovy {fovy}; expected degrees between 0 and 180.'
    )
  for what, pixels in (('width', width), ('height', height)):
    if not (isinstance(pixels, (int, np.integer)) and pixels > 0):
      raise errors.SddError(
        f'Camera {name!r} has {what} {pixels!r}; expected pixels, 1 or more.'
      )
  return Camera(name, position, rotation, fovy, int(width), int(height))
