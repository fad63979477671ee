"""A trained policy on a robot that has NumPy and nothing else.

    policy = NumpyPolicy.load('policy.npz')
    policy.reset(seed=0)
    chunk = policy.infer({'proprioception': ..., 'state': ...,
                          'instruction': 'open the drawer'})

It computes what the JAX policy computes, to rounding, from the same noise, and
imports nothing but NumPy, the standard library and `numpy_network` beside it.
So it needs none of the package's dependencies:

    pip install numpy && pip install --no-deps sdd
"""

import collections
import difflib
import json
import os
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

if 'numpy' not in sys.modules:
  # Small products on several threads of a busy machine wait for each other.
  os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
import numpy as np

from sdd.deployment.numpy_network import (
  encoder,
  eyes,
  finder,
  layers,
  mlp,
  resizing,
  unet,
)

FORMAT = 'sdd numpy policy'
VERSION = 4
_ENTRIES = tuple('x y z r00 r01 r02 r10 r11 r12 position'.split())
# Differences of actions that weigh the same.
_ALIKE = np.array([0.03] * 3 + [0.3] * 6 + [0.03])
Array = np.ndarray
# Observations (To, F), number of the instruction, noise (count, Ta, 10) and
# pictures (cameras, h, w, 3) or None to normalised chunks (count, Ta, 10).
Samples = Callable[[Array, int, Array, Array | None], Array]


class NumpyPolicy:
  """An exported policy: `infer` a chunk, `observe` in between, `reset`.

  Attributes:
    execution_horizon: actions to execute before the next `infer`.
    action_horizon: actions in a chunk, `Ta`.
    candidates: chunks among which each `infer` chooses the most central.
    instructions: the sentences it knows.
    action_spec: the meaning of an action, as JSON values.
    scene: number of the scene it acts in, among those it knows.
    state_names: name of each entry of the observed `state`; none for a policy
      that finds the objects itself.
    pictures: what cameras have to deliver whenever it infers, as JSON values:
      `cameras`, of which the observation holds bytes (h, w, 3) each as
      `<camera>_image`, and `sizes`, the [h, w] of each.
  """

  def __init__(
    self, arrays: Mapping[str, Array], state_names: Sequence[str] | None = None
  ):
    meta = _meta(arrays)
    config = meta['config']
    self.execution_horizon: int = config['execution_horizon']
    self.action_horizon: int = config['action_horizon']
    self.candidates: int = config['candidates']
    self.instructions = tuple(meta['instructions'])
    self.action_spec: dict[str, Any] = meta['action_spec']
    self.scene, named = _scene(meta['scenes'], state_names)
    self.state_names = named if config['use_state'] else ()
    self._columns = _columns(named)
    self._relative: bool = config['relative_position']
    self._scale: float = config['position_scale']
    self._shape = self.action_horizon, len(self.action_spec['layout'])
    self._horizon: int = config['observation_horizon']
    self._arrays = {name: arrays[name] for name in arrays if name != 'meta'}
    count = len(self._columns)
    names = arrays['names'][self.scene][:count]
    self._encode = encoder.Encoder(arrays, config, names)
    self.pictures: dict[str, Any] = meta['pictures']
    self._eyes, self._finder = None, None
    if self.pictures['cameras']:
      self._eyes = eyes.Eyes(arrays, config['vision'])
      self._seen_size = tuple(config['vision']['size'])
      if config['vision']['finding'] > 0:
        self._finder = finder.Finder(arrays, config, names)
    if config['denoiser'] == 'mlp':
      self._denoiser = mlp.MLP(arrays, config)
    else:
      self._denoiser = unet.UNet(arrays, config, length=self._shape[0])
    self.reset()

  @classmethod
  def load(
    cls, path: Any, state_names: Sequence[str] | None = None
  ) -> 'NumpyPolicy':
    """Reads a `policy.npz`.

    Args:
      path: the file.
      state_names: of each entry of the states to come; may be left out for a
        policy of one scene.

    Raises:
      ValueError: it is none, or none for such states.
    """
    try:
      with open(path, 'rb') as stream:
        file: Any = np.load(stream, allow_pickle=False)
        if isinstance(file, Array):
          raise ValueError('it holds a single array')
        arrays = {name: file[name] for name in file.files}
      _meta(arrays)
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
      raise ValueError(f'{path} is not an exported policy: {error}') from error
    return cls(arrays, state_names)

  def reset(self, seed: int = 0) -> None:
    """Forgets the episode; the same seed gives the same noise."""
    self._seed, self._call, self._fresh = seed, 0, False
    self._history = collections.deque(maxlen=self._horizon)

  def observe(self, observation: Mapping[str, Any]) -> None:
    """Takes note of a step that needs no new chunk."""
    self._history.append(self._vector(observation))
    self._fresh = True

  def infer(self, observation: Mapping[str, Any]) -> Array:
    """Samples a chunk (Ta, 10) of absolute actions in raw units.

    Raises:
      ValueError: for an unknown instruction, or a missing, misshapen or
        non-finite entry of the observation.
    """
    return self.infer_many(observation, 1)[0]

  def infer_many(
    self,
    observation: Mapping[str, Any],
    count: int,
    sample: Samples | None = None,
  ) -> Array:
    """Samples chunks (count, Ta, 10); the first is what `infer` answers.

    `sample` may do the work elsewhere; else it is done here. Raises as `infer`
    does.
    """
    present, pictures = self._vector(observation), self._look(observation)
    said = self._find(str(observation['instruction']))
    if not self._fresh and self.execution_horizon > 1:
      self._history.clear()  # what is there is a whole chunk old
    self._history.append(present)
    while len(self._history) < self._horizon:
      self._history.appendleft(self._history[0])
    drawn = max(count, self.candidates)
    noise = draw_noise(self._seed, self._call, (drawn, *self._shape))
    self._call, self._fresh = self._call + 1, False
    history = np.stack(self._history)
    if sample is not None:
      chunks = sample(history, said, noise, pictures)
    else:
      chunks = self._sample(history, said, noise, pictures)
    chunks = self._raw(chunks, history[-1, :3])
    chosen = _central(chunks[: self.candidates])
    chunks[[0, chosen]] = chunks[[chosen, 0]]
    return chunks[:count]

  def sample(
    self,
    history: Array,
    instruction: str,
    noise: Array,
    pictures: Array | None = None,
  ) -> Array:
    """The sampling loop on raw observations; the chunk is normalised."""
    said = self._find(instruction)
    return self._sample(history, said, noise[None], pictures)[0]

  def _sample(
    self, history: Array, said: int, noise: Array, pictures: Array | None
  ) -> Array:
    """Normalised chunks, from as many noises (count, Ta, 10)."""
    seen = None
    if self._eyes is not None:
      seen = self._eyes(np.asarray(pictures))
      if self._finder is not None:
        history = self._finder(history, seen)
    condition = self._encode(history, said, seen)
    if 'start' in self._arrays:  # a regression head needs no noise
      noise = np.broadcast_to(self._arrays['start'], noise.shape)
    return self._denoiser.sample(condition, noise, self._arrays['ddim'])

  def _raw(self, chunks: Array, tool: Array) -> Array:
    """Absolute actions in raw units, from normalised ones."""
    chunks = chunks * self._arrays['action_half']
    chunks += self._arrays['action_centre']
    if self._relative:
      if self._scale:  # positions are logarithms of what is far
        chunks[..., :3] = self._scale * np.sinh(chunks[..., :3] / self._scale)
      chunks[..., :3] += tool
    return chunks

  def _find(self, instruction: str) -> int:
    if instruction in self.instructions:
      return self.instructions.index(instruction)
    near = difflib.get_close_matches(instruction, self.instructions, 1, 0.5)
    guess = f' Did you mean {near[0]!r}?' if near else ''
    known = ', '.join(map(repr, self.instructions))
    raise ValueError(
      f'Unknown instruction {instruction!r}.{guess} Choices: {known}.'
    )

  def _vector(self, observation: Mapping[str, Any]) -> Array:
    sizes = {'proprioception': 10}
    if self.state_names:
      sizes['state'] = len(self.state_names)
    missing = {*sizes, 'instruction'} - set(observation)
    if missing:
      raise ValueError(f'The observation lacks {sorted(missing)}.')
    parts = []
    for name, size in sizes.items():
      part = np.asarray(observation[name], np.float32)
      if part.shape != (size,) or not np.isfinite(part).all():
        raise ValueError(
          f'The observation {name!r} must be ({size},) finite numbers; got '
          f'shape {part.shape}: {part}.'
        )
      parts.append(part)
    if self.state_names:
      state = parts.pop()
      rows = np.where(self._columns < 0, layers.BLANK, state[self._columns])
      parts.append(rows.ravel())
    return np.concatenate(parts)

  def _look(self, observation: Mapping[str, Any]) -> Array | None:
    """The pictures of all cameras, resized as for training."""
    names = [f'{camera}_image' for camera in self.pictures['cameras']]
    if missing := set(names) - set(observation):
      raise ValueError(f'The observation lacks {sorted(missing)}.')
    rows = []
    for name, size in zip(names, self.pictures['sizes'], strict=True):
      picture = np.asarray(observation[name])
      if picture.shape != (*size, 3) or picture.dtype != np.uint8:
        raise ValueError(
          f'The observation {name!r} must be {(*size, 3)} and uint8; got '
          f'{picture.shape} and {picture.dtype}.'
        )
      rows.append(resizing.resized(picture, self._seen_size))
    return np.stack(rows) if rows else None


def draw_noise(seed: int, call: int, shape: tuple[int, ...]) -> Array:
  """The noise that the `call`-th decision since `reset(seed)` starts from.

  Of several chunks, the first is the one that is drawn alone.
  """
  key = np.array([seed % 2**64, call], np.uint64)
  generator = np.random.Generator(np.random.Philox(key=key))
  return generator.standard_normal(shape, dtype=np.float32)


def _central(chunks: Array) -> int:
  """Number of the chunk that is most like all others (sdd.policy.consensus)."""
  apart = (chunks[:, None] - chunks[None]) / _ALIKE
  weight = 0.8 ** np.arange(chunks.shape[1])
  return int(np.argmin(np.sqrt((apart * apart).sum(3) @ weight).sum(axis=1)))


def _meta(arrays: Mapping[str, Array]) -> dict[str, Any]:
  """The JSON that says what the arrays are; ValueError if it is not ours."""
  found = json.loads(str(arrays['meta'])) if 'meta' in arrays else {}
  if found.get('format') != FORMAT or found.get('version') != VERSION:
    raise ValueError(
      f'Not an exported policy of this version: format '
      f'{found.get("format")!r}, version {found.get("version")!r}; expected '
      f'{FORMAT!r}, version {VERSION}.'
    )
  return found


def _scene(
  scenes: Mapping[str, Sequence[str]], asked: Sequence[str] | None
) -> tuple[int, tuple[str, ...]]:
  """Number and state names of the scene to act in."""
  known = [tuple(names) for names in scenes.values()]
  if not any(known):
    return 0, ()
  if asked is None and len(set(known)) > 1:
    raise ValueError(
      f'The policy knows {len(known)} scenes, {", ".join(scenes)}; say by '
      'state_names in which it is to act.'
    )
  wanted = known[0] if asked is None else tuple(asked)
  if wanted not in known:
    raise ValueError(
      f'The policy was trained for {", ".join(scenes)}, not for a scene whose '
      f'state has {len(wanted)} entries beginning with {wanted[:3]}.'
    )
  return known.index(wanted), wanted


def _columns(state_names: Sequence[str]) -> Array:
  """Where the ten numbers of each object are in a state, -1 for nowhere."""
  rows: dict[str, list[int]] = {}
  for place, name in enumerate(state_names):
    owner, _, entry = name.rpartition('/')
    rows.setdefault(owner, [-1] * 10)[_ENTRIES.index(entry)] = place
  return np.array(list(rows.values()), int).reshape(-1, 10)
