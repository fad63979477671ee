"""A trained policy on a robot that has NumPy and nothing else.

    policy = NumpyPolicy.load('policy.npz')
    policy.reset(seed=0)
    chunk = policy.infer({'proprioception': ..., 'state': ...,
                          'instruction': 'open the drawer'})

This file imports nothing but NumPy and the standard library, and no other
file of its package: it may be copied to the robot alone. It computes what the
JAX policy computes, to rounding, from the same noise.
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

FORMAT = 'sdd numpy policy'
VERSION = 2
EPSILON = 1e-5  # of group and layer normalisation
_ENTRIES = tuple('x y z r00 r01 r02 r10 r11 r12 position'.split())
BLANK = np.array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0], np.float32)  # no object
Array = np.ndarray
# Observations (To, F), number of the instruction and noise
# (count, Ta, 10) to normalised chunks (count, Ta, 10).
Samples = Callable[[Array, int, Array], Array]


class NumpyPolicy:
  """An exported policy: `infer` a chunk, `observe` in between, `reset`.

  Attributes:
    execution_horizon: actions to execute before the next `infer`.
    instructions: the sentences it knows.
    action_spec: the meaning of an action, as JSON values.
    scene: number of the scene it acts in, among those it knows.
    state_names: name of each entry of the observed `state`.
  """

  def __init__(
    self, arrays: Mapping[str, Array], state_names: Sequence[str] | None = None
  ):
    meta = _meta(arrays)
    self.execution_horizon: int = meta['execution_horizon']
    self.instructions = tuple(meta['instructions'])
    self.action_spec: dict[str, Any] = meta['action_spec']
    self.scene, self.state_names = _scene(meta['scenes'], state_names)
    self._columns = _columns(self.state_names)
    self._relative: bool = meta['relative_position']
    self._scale: float = meta['position_scale']
    self._shape = meta['action_horizon'], len(self.action_spec['layout'])
    self._horizon: int = meta['observation_horizon']
    self._arrays = {name: arrays[name] for name in arrays if name != 'meta'}
    count = len(self._columns)
    self._encode = _Encoder(arrays, meta, arrays['names'][self.scene][:count])
    if meta['denoiser'] == 'mlp':
      self._denoiser = _MLP(arrays, meta)
    else:
      self._denoiser = _UNet(arrays, meta, length=self._shape[0])
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

    `sample` may do the work elsewhere, all at once; else it is done here,
    one after the other. Raises as `infer` does.
    """
    if not self._fresh and self.execution_horizon > 1:
      self._history.clear()  # what is there is a whole chunk old
    self._history.append(self._vector(observation))
    while len(self._history) < self._horizon:
      self._history.appendleft(self._history[0])
    noise = draw_noise(self._seed, self._call, (count, *self._shape))
    self._call, self._fresh = self._call + 1, False
    history = np.stack(self._history)
    instruction = str(observation['instruction'])
    if sample is not None:
      chunks = sample(history, self._find(instruction), noise)
    else:
      chunks = np.stack([self.sample(history, instruction, n) for n in noise])
    chunks = chunks * self._arrays['action_half']
    chunks += self._arrays['action_centre']
    if self._relative:
      if self._scale:  # positions are logarithms of what is far
        chunks[..., :3] = self._scale * np.sinh(chunks[..., :3] / self._scale)
      chunks[..., :3] += history[-1, :3]
    return chunks

  def sample(self, history: Array, instruction: str, noise: Array) -> Array:
    """The sampling loop on raw observations; the chunk is normalised."""
    condition = self._encode(history, self._find(instruction))
    noise = self._arrays.get('start', noise)  # a regression head needs none
    return self._denoiser.sample(condition, noise, self._arrays['ddim'])

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
      rows = np.where(self._columns < 0, BLANK, state[self._columns])
      parts.append(rows.ravel())
    return np.concatenate(parts)


def draw_noise(seed: int, call: int, shape: tuple[int, ...]) -> Array:
  """The noise that the `call`-th decision since `reset(seed)` starts from.

  Of several chunks, the first is the one that is drawn alone.
  """
  key = np.array([seed % 2**64, call], np.uint64)
  generator = np.random.Generator(np.random.Philox(key=key))
  return generator.standard_normal(shape, dtype=np.float32)


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


def mish(x: Array, *, out: Array | None = None) -> Array:
  """`x * tanh(log(1 + exp(x)))` with one exponential."""
  n = np.minimum(x, 20.0)  # beyond it mish(x) = x, and exp would overflow
  np.exp(n, out=n)
  n *= n + 2
  result = np.multiply(x, n, out=out)
  n += 2
  result /= n
  return result


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


def _at_scales(x: Array) -> Array:
  squashed = [x / np.sqrt(x * x + scale * scale) for scale in (0.03, 0.15)]
  return np.concatenate([2 * x, *squashed], axis=-1)


def _rotation(rows: Array) -> Array:
  """Rotation matrices from their first two rows."""
  first, second = rows[..., :3], rows[..., 3:]
  return np.stack([first, second, np.cross(first, second)], axis=-2)


def _geometry(pose: Array, rows: Array) -> Array:
  """What the tool sees: of its pose (To, 10) and objects (To, N, 10)."""
  now, moved = rows[-1], 10.0 * (rows[-1] - rows[0])
  turn, own = _rotation(pose[-1, 3:9]), _rotation(now[:, 3:9])
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


class _Dense:
  """A layer of the file."""

  def __init__(self, arrays: Mapping[str, Array], name: str):
    self.kernel = arrays[f'{name}/kernel']
    none = np.zeros(self.kernel.shape[-1], np.float32)
    self.bias = arrays.get(f'{name}/bias', none)

  def __call__(self, x: Array) -> Array:
    return x @ self.kernel + self.bias


class _Encoder:
  """Attention to the objects and an MLP; sentences are folded at load."""

  def __init__(
    self, arrays: Mapping[str, Array], meta: Mapping[str, Any], names: Array
  ):
    scale = names.shape[1] ** 0.5
    words, names = scale * arrays['embeddings'], scale * names
    self._feels: bool = meta['use_proprioception']
    self._heads: int = meta['heads']
    context = _Dense(arrays, 'encoder/context')
    self._context = context.kernel[:20]
    self._asked = words @ context.kernel[20:] + context.bias
    self._objects = len(names)
    if self._objects:
      attention = {
        part: _Dense(arrays, f'encoder/attention/{part}')
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
    self._hidden = [_Dense(arrays, f'encoder/hidden_{i}') for i in range(count)]
    self._output = _Dense(arrays, 'encoder/output')

  def __call__(self, history: Array, instruction: int) -> Array:
    pose = history[:, :10]
    if not self._feels:
      pose = np.broadcast_to(BLANK, pose.shape)
    scale = np.array([1] * 9 + [10], np.float32)
    now, before = pose[-1] * scale, pose[0] * scale
    felt = np.concatenate([now, 10 * (now - before)])
    x = mish(felt @ self._context + self._asked[instruction])
    if self._objects:
      rows = history[:, 10:].reshape(len(history), -1, 10)[:, : self._objects]
      seen = _geometry(pose, rows) @ self._seen + self._said[instruction]
      x = np.concatenate([x, self._read(x, seen)])
    for layer in self._hidden:
      x = mish(layer(x))
    return self._output(x).astype(np.float32)

  def _read(self, context: Array, seen: Array) -> Array:
    """What each head finds in the objects."""
    layers, heads = self._attention, self._heads
    known = mish(seen + layers['known'](mish(seen)))
    question = layers['question'](context).reshape(heads, -1)
    key, value = (
      layers[name](known).reshape(len(known), heads, -1)
      for name in ('key', 'value')
    )
    weight = np.einsum('hd,nhd->hn', question, key) / key.shape[-1] ** 0.5
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    return np.einsum('hn,nhd->hd', weight, value).ravel()


class _Conv:
  """Convolution as one matrix product; write into `input`, then `run`.

  The bias is one more row of the matrix, and meets a column of ones.
  """

  def __init__(
    self,
    arrays: Mapping[str, Array],
    name: str,
    length: int,
    *,
    stride: int = 1,
    padding: int = 0,
  ):
    kernel, bias = arrays[f'{name}/kernel'], arrays[f'{name}/bias']
    taps, channels, features = kernel.shape
    padded = np.zeros((length + 2 * padding, channels), np.float32)
    self.input = padded[padding : padding + length]
    wide = np.lib.stride_tricks.as_strided(
      padded,
      shape=((len(padded) - taps) // stride + 1, taps * channels),
      strides=(stride * padded.strides[0], padded.strides[1]),
    )
    self._windows = wide
    self._columns = np.ones((len(wide), taps * channels + 1), np.float32)
    self._weight = np.concatenate([kernel.reshape(-1, features), bias[None]])
    self._out = np.empty((len(wide), features), np.float32)

  def run(self) -> Array:
    """The result, in a buffer that the next `run` writes again."""
    self._columns[:, :-1] = self._windows
    return np.matmul(self._columns, self._weight, out=self._out)


class _ConvBlock:
  """Convolution, group normalisation and Mish."""

  def __init__(
    self, arrays: Mapping[str, Array], name: str, length: int, *, groups: int
  ):
    taps = len(arrays[f'{name}/conv/kernel'])
    conv = _Conv(arrays, f'{name}/conv', length, padding=taps // 2)
    self.input, self._conv = conv.input, conv
    self._scale = arrays[f'{name}/norm/scale'].reshape(groups, -1)
    self._bias = arrays[f'{name}/norm/bias'].reshape(groups, -1)

  def run(self) -> Array:
    x = self._conv.run()
    grouped = self._scale.shape
    count = len(x) * grouped[1]
    mean = x.sum(axis=0).reshape(grouped).sum(axis=1, keepdims=True) / count
    square = np.einsum('tc,tc->c', x, x).reshape(grouped)
    square = square.sum(axis=1, keepdims=True) / count
    variance = np.maximum(square - mean * mean, 0)
    scale = self._scale / np.sqrt(variance + EPSILON)
    x *= scale.ravel()
    x += (self._bias - mean * scale).ravel()
    return mish(x, out=x)


class _Residual:
  """Two blocks around a skip connection, FiLM between them."""

  def __init__(
    self,
    arrays: Mapping[str, Array],
    name: str,
    length: int,
    *,
    groups: int,
    film: slice,
  ):
    self._first = _ConvBlock(arrays, f'{name}/first', length, groups=groups)
    self._second = _ConvBlock(arrays, f'{name}/second', length, groups=groups)
    self.input, self._film = self._first.input, film
    self._skip = None
    if f'{name}/skip/kernel' in arrays:
      self._skip = arrays[f'{name}/skip/kernel'][0]
      self._skip_bias = arrays[f'{name}/skip/bias']

  def run(self, film: Array, out: Array) -> None:
    scale, bias = film[self._film].reshape(2, -1)
    x = self._first.run()
    x *= scale
    np.add(x, bias, out=self._second.input)
    y = self._second.run()
    if self._skip is None:
      np.add(y, self.input, out=out)
    else:
      y += self._skip_bias
      np.add(y, self.input @ self._skip, out=out)


class _MLP:
  """The denoiser that takes the chunk as one vector."""

  def __init__(self, arrays: Mapping[str, Array], meta: Mapping[str, Any]):
    blocks = range(meta['levels'])
    mine = {
      name.removeprefix('mlp/'): value
      for name, value in arrays.items()
      if name.startswith('mlp/')
    }
    self._input, self._output = _Dense(mine, 'input'), _Dense(mine, 'output')
    self._layers = [
      (_Dense(mine, f'block_{i}_first'), _Dense(mine, f'block_{i}_second'))
      for i in blocks
    ]
    self._norms = [
      (mine[f'{name}/scale'], mine[f'{name}/bias'])
      for name in (*(f'block_{i}_norm' for i in blocks), 'final')
    ]
    steered = [
      _Dense(mine, n) for n in ('context', *(f'block_{i}_film' for i in blocks))
    ]
    step = _steps(mine, arrays['times'], meta['step_dimension'])
    cut, width = step.shape[1], len(self._norms[0][0])
    kernel = np.concatenate([layer.kernel for layer in steered], axis=1)
    bias = [np.zeros(width)]
    for layer in steered[1:]:
      bias += [1 + layer.bias[:width], layer.bias[width:]]
    time = step @ kernel[:cut] + np.concatenate(bias)
    self._time, self._width = time.astype(np.float32), width
    self._steer = np.ascontiguousarray(kernel[cut:])

  def sample(self, condition: Array, noise: Array, ddim: Array) -> Array:
    told = self._time + mish(condition) @ self._steer
    noisy = np.array(noise, np.float32)
    for row, (a, b, c, d) in zip(told, ddim, strict=True):
      answer = self._answer(noisy.ravel(), row.reshape(-1, self._width))
      clean = np.clip(a * noisy + b * answer.reshape(noisy.shape), -1, 1)
      noisy = c * noisy + d * clean
    return noisy

  def _answer(self, chunk: Array, told: Array) -> Array:
    x = self._input(chunk) + told[0]
    scales, biases = told[1::2], told[2::2]
    for norm, (first, second), scale, bias in zip(
      self._norms, self._layers, scales, biases, strict=False
    ):
      y = first(mish(_normalised(x, *norm)))
      x = x + second(mish(y * scale + bias))
    return self._output(mish(_normalised(x, *self._norms[-1])))


def _normalised(x: Array, scale: Array, bias: Array) -> Array:
  x = x - x.mean()
  return x / np.sqrt(np.mean(x * x) + EPSILON) * scale + bias


def _steps(arrays: Mapping[str, Array], times: Array, dimension: int) -> Array:
  """The encoded diffusion steps, ready for the layers that they steer."""
  half = dimension // 2
  phase = times[:, None] * 10_000.0 ** -(np.arange(half) / (half - 1))
  x = np.concatenate([np.sin(phase), np.cos(phase)], axis=1)
  x = mish(x @ arrays['step_in/kernel'] + arrays['step_in/bias'])
  return mish(x @ arrays['step_out/kernel'] + arrays['step_out/bias'])


class _UNet:
  """The U-Net unrolled for one chunk, buffers and FiLM tables made once."""

  def __init__(
    self, arrays: Mapping[str, Array], meta: Mapping[str, Any], *, length: int
  ):
    self._arrays = {
      name.removeprefix('unet/'): value
      for name, value in arrays.items()
      if name.startswith('unet/')
    }
    self._groups: int = meta['groups']
    self._films: list[str] = []
    self._width = 0
    self._steps: list[Callable[[Array], None]] = []
    self._build(meta['levels'], length)
    self._fold(arrays['times'], meta['step_dimension'])
    del self._arrays

  def sample(self, condition: Array, noise: Array, ddim: Array) -> Array:
    films = self._time + mish(condition) @ self._film
    noisy = np.array(noise, np.float32)
    for film, (a, b, c, d) in zip(films, ddim, strict=True):
      self._entry[...] = noisy
      for step in self._steps:
        step(film)
      clean = np.clip(a * noisy + b * self._output.run(), -1, 1)
      noisy = c * noisy + d * clean
    return noisy

  def _residual(self, name: str, length: int) -> _Residual:
    width = self._arrays[f'{name}/film/bias'].size
    film = slice(self._width, self._width + width)
    self._films.append(name)
    self._width += width
    return _Residual(self._arrays, name, length, groups=self._groups, film=film)

  def _build(self, levels: int, length: int) -> None:
    """Makes every layer, then the steps that hand one's output to the next."""
    arrays, last = self._arrays, levels - 1
    sizes = [length >> level for level in range(levels)]
    down = [
      [self._residual(f'down_{i}{part}', sizes[i]) for part in 'ab']
      for i in range(levels)
    ]
    middle = [self._residual(f'middle_{part}', sizes[-1]) for part in 'ab']
    up = {
      i: [self._residual(f'up_{i}{part}', sizes[i]) for part in 'ab']
      for i in reversed(range(last))
    }
    final = _ConvBlock(arrays, 'final', length, groups=self._groups)
    self._output = _Conv(arrays, 'output', length)
    self._entry = down[0][0].input
    for i in range(last):
      halve = _Conv(arrays, f'halve_{i}/conv', sizes[i], stride=2, padding=1)
      self._chain(down[i], halve.input)
      skip = up[i][0].input[:, -halve.input.shape[1] :]
      self._copy(lambda conv=halve: conv.input, skip)
      self._copy(halve.run, down[i + 1][0].input)
    self._chain(down[last], middle[0].input)
    source = middle
    for i in reversed(range(last)):
      double = _Conv(arrays, f'double_{i}/conv', sizes[i + 1], padding=1)
      self._chain(source, double.input)
      channels = double.input.shape[1]
      self._copy(
        lambda conv=double, c=channels: conv.run().reshape(-1, c)[1:-1],
        up[i][0].input[:, :channels],
      )
      source = up[i]
    self._chain(source, final.input)
    self._copy(final.run, self._output.input)

  def _chain(self, blocks: list[_Residual], out: Array) -> None:
    """Runs residual blocks one into the other, the last one into `out`."""
    targets = [block.input for block in blocks[1:]] + [out]
    for block, target in zip(blocks, targets, strict=True):
      self._steps.append(lambda film, b=block, t=target: b.run(film, t))

  def _copy(self, source: Callable[[], Array], out: Array) -> None:
    self._steps.append(lambda film: np.copyto(out, source()))

  def _fold(self, times: Array, dimension: int) -> None:
    """Does the diffusion steps' half of every FiLM layer once and for all."""
    arrays, x = self._arrays, _steps(self._arrays, times, dimension)
    names = [f'{name}/film' for name in self._films]
    kernel = np.concatenate([arrays[f'{n}/kernel'] for n in names], axis=1)
    biases = []
    for name in names:
      scale, bias = arrays[f'{name}/bias'].reshape(2, -1)
      biases += [1 + scale, bias]
    table = x @ kernel[:dimension] + np.concatenate(biases)
    self._time = table.astype(np.float32)
    self._film = np.ascontiguousarray(kernel[dimension:])
