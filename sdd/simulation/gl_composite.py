"""What OpenGL leaves to us: depth in metres, background and haze, in NumPy."""

from typing import Any

import numpy as np
from jaxtyping import Float, UInt8


def metres(
  depth: Float[np.ndarray, 'h w'], near: float, far: float
) -> Float[np.ndarray, 'h w']:
  """From OpenGL's numbers, 1 at `near` and 0 at `far`; infinite at 0."""
  hit = depth > 0
  scaled = np.where(hit, depth, 1).astype(np.float64)
  found = near * far / (scaled * (far - near) + near)
  return np.where(hit, found, np.inf).astype(np.float32)


def backed(
  rgb: UInt8[np.ndarray, 'h w 3'], depth: Float[np.ndarray, 'h w'], frame: Any
) -> UInt8[np.ndarray, 'h w 3']:
  """The picture before the sky of `frame.look`."""
  nothing = np.isinf(depth)
  shown = np.array(rgb)
  if nothing.any():
    rays = frame.camera.rays()[nothing]
    up = rays[:, 2] / np.linalg.norm(rays, axis=-1)
    height = np.clip(up, 0, 1)[:, None] ** 0.6
    horizon, zenith = frame.look.horizon, frame.look.zenith
    sky = horizon + height * (zenith - horizon)
    shown[nothing] = np.round(255 * np.clip(sky, 0, 1))
  return shown
