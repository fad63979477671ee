"""From what is observed and said to the vector that steers the denoiser."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sdd.deployment.numpy_network import layers


class Encoder:
  """Attention to the objects and an MLP; sentences are folded at load."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    names: np.ndarray,
  ):
    scale = names.shape[1] ** 0.5
    words, names = scale * arrays['embeddings'], scale * names
    self._feels: bool = config['use_proprioception']
    self._heads: int = config['heads']
    context = layers.Dense(arrays, 'encoder/context')
    self._context = context.kernel[:20]
    self._asked = words @ context.kernel[20:] + context.bias
    self._objects = len(names)
    if self._objects:
      attention = {
        part: layers.Dense(arrays, f'encoder/attention/{part}')
        for part in ('seen', 'said', 'known', 'question', 'key', 'value')
      }
      seen = attention.pop('seen')
      cut = len(seen.kernel) - names.shape[1]
      self._seen = seen.kernel[:cut]
      named = names @ seen.kernel[cut:] + seen.bias
      self._said = named + attention.pop('said')(words)[:, None]
      self._attention = attention
    count = sum(
      name.startswith('encoder/hidden_') and name.endswith('/bias')
      for name in arrays
    )
    self._hidden = [
      layers.Dense(arrays, f'encoder/hidden_{i}') for i in range(count)
    ]
    self._output = layers.Dense(arrays, 'encoder/output')

  def __call__(
    self,
    history: np.ndarray,
    instruction: int,
    seen: np.ndarray | None = None,
  ) -> np.ndarray:
    """Encodes observations (To, F) and what is seen in pictures, if any."""
    pose = history[:, :10]
    if not self._feels:
      pose = np.broadcast_to(layers.BLANK, pose.shape)
    scale = np.array([1] * 9 + [10], np.float32)
    now, before = pose[-1] * scale, pose[0] * scale
    felt = np.concatenate([now, 10 * (now - before)])
    x = layers.mish(felt @ self._context + self._asked[instruction])
    told = [x] if seen is None else [x, seen]
    if self._objects:
      rows = history[:, 10:].reshape(len(history), -1, 10)[:, : self._objects]
      known = _geometry(pose, rows) @ self._seen + self._said[instruction]
      told.append(self._read(x, known))
    x = np.concatenate(told)
    for layer in self._hidden:
      x = layers.mish(layer(x))
    return self._output(x).astype(np.float32)

  def _read(self, context: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """What each head finds in the objects."""
    parts, heads = self._attention, self._heads
    known = layers.mish(seen + parts['known'](layers.mish(seen)))
    question = parts['question'](context).reshape(heads, -1)
    key, value = (
      parts[name](known).reshape(len(known), heads, -1)
      for name in ('key', 'value')
    )
    weight = np.einsum('hd,nhd->hn', question, key) / key.shape[-1] ** 0.5
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    return np.einsum('hn,nhd->hd', weight, value).ravel()


def _at_scales(x: np.ndarray) -> np.ndarray:
  squashed = [x / np.sqrt(x * x + scale * scale) for scale in (0.03, 0.15)]
  return np.concatenate([2 * x, *squashed], axis=-1)


def rotation(rows: np.ndarray) -> np.ndarray:
  """Rotation matrices from their first two rows."""
  first, second = rows[..., :3], rows[..., 3:]
  return np.stack([first, second, np.cross(first, second)], axis=-2)


def _geometry(pose: np.ndarray, rows: np.ndarray) -> np.ndarray:
  """What the tool sees: of its pose (To, 10) and objects (To, N, 10)."""
  now, moved = rows[-1], 10.0 * (rows[-1] - rows[0])
  turn, own = rotation(pose[-1, 3:9]), rotation(now[:, 3:9])
  away = now[:, :3] - pose[-1, :3]
  return np.concatenate(
    [
      _at_scales(away),
      _at_scales(np.einsum('nij,ni->nj', own, -away)),
      _at_scales(away @ turn),
      _at_scales(now[:, 9:]),
      now[:, 3:9],
      np.einsum('nij,ik->njk', own, turn).reshape(len(now), 9),
      moved[:, :3],
      moved[:, 9:],
    ],
    axis=1,
  )
