"""CLIP's text encoder behind the `TextEncoder` protocol.

A folder as the model hub has them: `model.safetensors`, `vocab.json`,
`merges.txt` and, where the usual sizes do not hold, `config.json`.
"""

import functools
import importlib
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.language import (
  clip_tokens,
  clip_transformer,
  hashed_words,
  safetensors,
)

WEIGHTS = 'model.safetensors'
FILES = (WEIGHTS, 'config.json', 'vocab.json', 'merges.txt')
_HEAD = 64  # width of an attention head in every published CLIP
_PREFIXES = ('text_model.embeddings.', 'text_model.encoder.', 'text_model.')


class ClipEncoder:
  """A `TextEncoder`: the projected embedding of CLIP, at unit length.

  Sentences are embedded one by one, so that a sentence's vector does not
  depend on its company.
  """

  def __init__(
    self,
    name: str,
    tokenizer: clip_tokens.Tokenizer,
    sizes: clip_transformer.Sizes,
    params: Mapping[str, Any],
  ):
    self.name, self.dimension = name, sizes.dimension
    self._tokenizer, self._sizes = tokenizer, sizes
    model = clip_transformer.TextTransformer(sizes)
    self._apply = jax.jit(functools.partial(model.apply, {'params': params}))

  def encode(self, sentences: Sequence[str]) -> Float[np.ndarray, 'N E']:
    rows = [self.project(sentence) for sentence in sentences]
    table = np.array(rows, np.float32).reshape(len(rows), self.dimension)
    return table / np.linalg.norm(table, axis=1, keepdims=True)

  def project(self, sentence: str) -> Float[np.ndarray, ' E']:
    """What CLIP itself gives for a sentence: not of unit length.

    Raises:
      SddError: the sentence has no word, or too many.
    """
    hashed_words.require_words(sentence)
    tokens, most = self._tokenizer(sentence), self._sizes.length
    if len(tokens) > most:
      raise errors.SddError(
        f'The instruction {sentence!r} has {len(tokens) - 2} tokens; CLIP '
        f'takes {most - 2}. Say it in fewer words.'
      )
    padded = tokens + [self._tokenizer.end] * (most - len(tokens))
    end = jnp.array([len(tokens) - 1])
    return np.asarray(self._apply(jnp.array([padded]), end)[0])


def load(name: str) -> ClipEncoder:
  """The encoder `clip:` and a folder, its weights, or a name on the hub.

  A hub name needs the package `huggingface_hub`, which keeps what it once
  downloaded.

  Raises:
    SddError: nothing is there, or it is no CLIP text transformer.
  """
  place = name.partition(':')[2]
  path = pathlib.Path(place).expanduser()
  if path.is_dir():
    path = path / WEIGHTS
  elif not path.is_file():
    path = _download(place) / WEIGHTS
  if not path.is_file():
    raise errors.SddError(
      f'{path.parent} holds no {WEIGHTS}; weights in another form must be '
      'converted first.'
    )
  tensors = safetensors.read(path, _is_text)
  tokenizer = clip_tokens.read(path.parent)
  tree = _tree(tensors)
  sizes = _sizes(tree, _settings(path.parent / 'config.json'), path)
  if tokenizer.size > sizes.vocabulary:
    raise errors.SddError(
      f'{path} embeds {sizes.vocabulary} tokens and the vocabulary beside it '
      f'has {tokenizer.size}: they do not belong together.'
    )
  _require_fit(tree, sizes, path)
  return ClipEncoder(name, tokenizer, sizes, _nested(tree))


def _download(place: str) -> pathlib.Path:
  missing = (
    f'There is no CLIP at {place!r}: no such folder or file, '
    'and {}. Name a folder with ' + ', '.join(FILES) + '.'
  )
  try:
    hub = importlib.import_module('huggingface_hub')
  except ImportError as error:
    raise errors.SddError(
      missing.format(
        'to look on the model hub the extra `clip` must be installed'
      )
    ) from error
  try:
    return pathlib.Path(hub.snapshot_download(place, allow_patterns=FILES))
  except (OSError, ValueError) as error:  # no such name, or no connection
    told = ' '.join(str(error).split())[:300]
    raise errors.SddError(
      missing.format(f'the model hub gave none ({told})')
    ) from error


def _is_text(name: str) -> bool:
  return name.startswith(('text_model.', 'text_projection.')) and (
    not name.endswith('position_ids')
  )


def _tree(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
  """Tensors as Flax has them, by path: layers_0/mlp/fc1/kernel."""
  tree = {}
  for name, value in tensors.items():
    prefix = next((p for p in _PREFIXES if name.startswith(p)), '')
    path = name.removeprefix(prefix).replace('layers.', 'layers_')
    *parents, last = path.split('.')
    value = np.asarray(value, np.float32)
    if parents and parents[-1].endswith('_embedding'):
      last = 'embedding'
    elif last == 'weight':
      last = 'scale' if value.ndim == 1 else 'kernel'
      value = value.T
    tree['/'.join([*parents, last])] = value
  return tree


def _settings(path: pathlib.Path) -> Mapping[str, Any]:
  if not path.is_file():
    return {}
  try:
    fields = json.loads(path.read_text(encoding='utf-8'))
    return fields.get('text_config') or fields
  except (OSError, ValueError, AttributeError) as error:
    raise errors.SddError(f'{path} is not the JSON of a CLIP: {error}.') from (
      error
    )


def _sizes(
  tree: Mapping[str, np.ndarray],
  settings: Mapping[str, Any],
  path: pathlib.Path,
) -> clip_transformer.Sizes:
  try:
    vocabulary, width = tree['token_embedding/embedding'].shape
    heads = int(settings.get('num_attention_heads') or max(1, width // _HEAD))
    sizes = clip_transformer.Sizes(
      vocabulary=vocabulary,
      length=len(tree['position_embedding/embedding']),
      width=width,
      hidden=tree['layers_0/mlp/fc1/bias'].size,
      layers=len({name.split('/')[0] for name in tree if 'layers_' in name}),
      heads=heads,
      dimension=tree['text_projection/kernel'].shape[1],
      activation=settings.get('hidden_act', 'quick_gelu'),
      epsilon=float(settings.get('layer_norm_eps', 1e-5)),
    )
  except KeyError as error:
    raise errors.SddError(
      f"{path} holds no text transformer of CLIP's: it lacks {error}. Expected "
      'the weights of a CLIP, or of its text model with projection.'
    ) from error
  if sizes.activation not in clip_transformer.ACTIVATIONS:
    raise errors.UnknownNameError(
      f'activation of {path.parent / "config.json"}',
      sizes.activation,
      clip_transformer.ACTIVATIONS,
    )
  if width % heads:
    raise errors.SddError(
      f'{path} is {width} wide, which {heads} heads do not divide; the '
      'config.json beside it belongs to another model.'
    )
  return sizes


def _require_fit(
  tree: Mapping[str, np.ndarray],
  sizes: clip_transformer.Sizes,
  path: pathlib.Path,
) -> None:
  """Raises SddError naming the first tensors that are not as they should."""
  model = clip_transformer.TextTransformer(sizes)
  zeros = jnp.zeros((1, sizes.length), jnp.int32), jnp.zeros(1, jnp.int32)
  shapes = jax.eval_shape(model.init, jax.random.PRNGKey(0), *zeros)['params']
  wanted = {
    '/'.join(entry.key for entry in place): leaf.shape
    for place, leaf in jax.tree_util.tree_leaves_with_path(shapes)
  }
  found = {name: value.shape for name, value in tree.items()}
  wrong = [
    f'{name} is {found.get(name, "missing")} instead of '
    f'{wanted.get(name, "absent")}'
    for name in sorted(wanted.keys() | found.keys())
    if wanted.get(name) != found.get(name)
  ]
  if wrong:
    raise errors.SddError(
      f"{path} is not a text transformer of CLIP's: {'; '.join(wrong[:3])}"
      f'{"..." if wrong[3:] else ""}.'
    )


def _nested(flat: Mapping[str, np.ndarray]) -> dict[str, Any]:
  tree: dict[str, Any] = {}
  for path, value in flat.items():
    *parents, name = path.split('/')
    branch = tree
    for parent in parents:
      branch = branch.setdefault(parent, {})
    branch[name] = jnp.asarray(value)
  return tree
