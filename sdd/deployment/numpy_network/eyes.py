"""From the pictures of all cameras to one vector."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sdd.deployment.numpy_network import convolution, layers

_PATCH = 4  # pixels on a side of what the light trunk takes as one


class Eyes:
  """An encoder for each camera with weights of its own, and a projection."""

  def __init__(
    self, arrays: Mapping[str, np.ndarray], vision: Mapping[str, Any]
  ):
    scratch = convolution.Scratch()
    height, width = (round(side * vision['crop']) for side in vision['size'])
    self._size = height, width
    self._cameras = [
      _Camera(arrays, f'eyes/camera_{name}', vision, self._size, scratch)
      for name in vision['cameras']
    ]
    self._output = layers.Dense(arrays, 'eyes/output')

  def __call__(self, pictures: np.ndarray) -> np.ndarray:
    """Encodes bytes (cameras, height, width, 3), resized already."""
    height, width = self._size
    corner = np.array(
      [(pictures.shape[1] - height) // 2, (pictures.shape[2] - width) // 2]
    )
    top, left = corner
    inside = pictures[:, top : top + height, left : left + width]
    inside = inside.astype(np.float32)
    inside /= 127.5
    inside -= 1
    middle = (np.array(pictures.shape[1:3]) - self._size) / 2
    half = np.array(self._size) / 2
    shift = ((corner - middle) / half)[::-1].astype(np.float32)
    told = [
      camera(picture, shift)
      for camera, picture in zip(self._cameras, inside, strict=True)
    ]
    return self._output(np.concatenate(told))


class _Camera:
  """Trunk, pooling, projection."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    vision: Mapping[str, Any],
    size: convolution.Size,
    scratch: convolution.Scratch,
  ):
    trunk = _Light if vision['encoder'] == 'light' else _ResNet
    self._trunk = trunk(
      arrays,
      f'{name}/trunk',
      size,
      group=vision['groups'],
      scratch=scratch,
    )
    self._keypoints = None
    if vision['pooling'] != 'average':
      self._keypoints = layers.Dense(arrays, f'{name}/keypoints')
    self._output = layers.Dense(arrays, f'{name}/output')

  def __call__(self, picture: np.ndarray, shift: np.ndarray) -> np.ndarray:
    maps = self._trunk(picture)
    if self._keypoints is None:
      return self._output(maps.mean(axis=(0, 1)))
    places = _expected_place(self._keypoints(maps)) + shift
    return self._output(places.ravel())


def _expected_place(maps: np.ndarray) -> np.ndarray:
  """Mean place (K, 2) of each map's soft-max: x right, y down, -1 to 1."""
  height, width, count = maps.shape
  flat = maps.reshape(-1, count)
  weight = np.exp(flat - flat.max(axis=0))
  weight /= weight.sum(axis=0)
  weight = weight.reshape(maps.shape)
  x = _places(width) @ weight.sum(axis=0)
  y = _places(height) @ weight.sum(axis=1)
  return np.stack([x, y], axis=1)


def _places(size: int) -> np.ndarray:
  places = np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
  return places.astype(np.float32)


class _Light:
  """The trunk made for CPUs: patches, then two residual blocks."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    size: convolution.Size,
    *,
    group: int,
    scratch: convolution.Scratch,
  ):
    self._stem = arrays[f'{name}/stem/kernel']
    self._scale = arrays[f'{name}/stem_norm/scale'].reshape(-1, group)
    self._bias = arrays[f'{name}/stem_norm/bias'].reshape(-1, group)
    inside = size[0] // _PATCH, size[1] // _PATCH
    self._blocks = _blocks(arrays, name, inside, group, scratch)

  def __call__(self, picture: np.ndarray) -> np.ndarray:
    height, width, colours = picture.shape
    rows, columns = height // _PATCH, width // _PATCH
    top, left = height % _PATCH // 2, width % _PATCH // 2
    x = picture[top : top + rows * _PATCH, left : left + columns * _PATCH]
    x = x.reshape(rows, _PATCH, columns, _PATCH, colours)
    x = x.transpose(0, 2, 1, 3, 4).reshape(rows * columns, -1) @ self._stem
    layers.group_normalise(x, self._scale, self._bias)
    x = np.maximum(x, 0, out=x).reshape(rows, columns, -1)
    for block in self._blocks:
      x = block(x)
    return x


class _ResNet:
  """The paper's trunk: ResNet-18 with group normalisation."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    size: convolution.Size,
    *,
    group: int,
    scratch: convolution.Scratch,
  ):
    self._stem = convolution.Convolution(
      arrays, f'{name}/stem', size, norm=f'{name}/stem_norm',
      group=group, scratch=scratch, stride=2,
    )  # fmt: skip
    height, width, _ = self._stem.shape
    inside = (height + 1) // 2, (width + 1) // 2
    self._blocks = _blocks(arrays, name, inside, group, scratch)

  def __call__(self, picture: np.ndarray) -> np.ndarray:
    x = convolution.halved(self._stem(picture, relu=True))
    for block in self._blocks:
      x = block(x)
    return x


def _blocks(
  arrays: Mapping[str, np.ndarray],
  name: str,
  size: convolution.Size,
  group: int,
  scratch: convolution.Scratch,
) -> Sequence[Callable[[np.ndarray], np.ndarray]]:
  """The residual blocks of a trunk, in order; stages after the first halve."""
  prefix = f'{name}/stage_'
  names = sorted(
    {n[len(prefix) :].split('/')[0] for n in arrays if n.startswith(prefix)}
  )
  blocks = []
  for stage in names:  # 0, 1 or 0a, 0b, 1a and so on
    stride = 2 if stage[0] != '0' and not stage.endswith('b') else 1
    block = convolution.ResidualBlock(
      arrays, prefix + stage, size, group=group, scratch=scratch, stride=stride
    )
    blocks.append(block)
    size = block.shape[:2]
  return blocks
