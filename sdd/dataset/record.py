"""One episode as the bytes of a `tf.train.Example`, and back.

The same bytes that TFDS's own (de)serialiser means, without its cost per
step: TFDS takes tens of milliseconds for an episode of a hundred steps.
Always the same bytes for the same episode.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int8

from sdd.collection import episode as episodes
from sdd.dataset import schema, view

_VERDICT = 'steps/verdict'
# Stored as raw bytes; must agree with `schema.features`.
_RAW: dict[str, Any] = {
  _VERDICT: np.int8,
  'steps/world_qpos': np.float32,
  'episode_metadata/duration': np.float64,
  'episode_metadata/robustness': np.float64,
  'episode_metadata/trials': np.int32,
  **{f'episode_metadata/initial/{k}': np.float64 for k in schema.INITIAL},
}


def encode(
  episode: episodes.Episode,
  *,
  views: Mapping[str, view.View] | None = None,
  embedding: Float[np.ndarray, ' E'] | None = None,
) -> bytes:
  """Serialises an episode; arguments as of `schema.to_example`."""
  example = schema.to_example(episode, views=views, embedding=embedding)
  message = _message()()
  table = message.features.feature
  for key, value in _flatten(example):
    feature = table[key]
    if key in _RAW:
      rows = value if key.startswith('steps/') else [value]
      feature.bytes_list.value.extend(row.tobytes() for row in rows)
    elif isinstance(value, (str, list)):
      texts = [value] if isinstance(value, str) else value
      feature.bytes_list.value.extend(map(_as_bytes, texts))
    elif np.asarray(value).dtype.kind == 'f':
      feature.float_list.value.extend(np.ravel(value).tolist())
    else:
      numbers = np.ravel(value).astype(np.int64).tolist()
      feature.int64_list.value.extend(numbers)
  # Maps of a protobuf have no order unless one asks for it.
  return message.SerializeToString(deterministic=True)


def decode(record: bytes) -> episodes.Episode:
  """The inverse of `encode`."""
  return schema.from_example(_nest(columns(record)))


def metadata(record: bytes) -> episodes.EpisodeMetadata:
  """Only the metadata, without decoding any step."""
  fields = _nest(columns(record, only=('episode_metadata/',)))
  return schema.metadata(fields['episode_metadata'])


def labels(
  record: bytes,
) -> tuple[episodes.EpisodeMetadata, Int8[np.ndarray, 'T N']]:
  """The metadata and the verdicts, without decoding anything else."""
  fields = columns(record, only=('episode_metadata/', _VERDICT))
  verdict = fields.pop(_VERDICT, np.zeros(0, np.int8))
  about = schema.metadata(_nest(fields)['episode_metadata'])
  return about, verdict.reshape(-1, max(1, len(about.nodes)))


def index(record: bytes) -> int:
  """Only the number of the episode within its run."""
  key = 'episode_metadata/index'
  return int(columns(record, only=(key,))[key])


def columns(record: bytes, *, only: tuple[str, ...] = ('',)) -> dict[str, Any]:
  """The fields of a record by path, e.g. `steps/action`, as flat arrays.

  Args:
    record: what `encode` returned.
    only: beginnings of the wanted paths.

  Returns:
    Flat arrays of numbers; lists of bytes for text; scalars for metadata.
  """
  table = _message().FromString(record).features.feature
  return {key: _value(key, table[key]) for key in table if key.startswith(only)}


def _value(key: str, feature: Any) -> Any:
  kind = feature.WhichOneof('kind')
  values = getattr(feature, kind).value if kind else ()
  if key in _RAW:
    result: Any = np.frombuffer(b''.join(values), _RAW[key])
  elif kind == 'bytes_list':
    result = list(values)
  else:
    dtype = np.float32 if kind == 'float_list' else np.int64
    result = np.array(values, dtype)
  return result[0] if _is_scalar(key) else result


def _is_scalar(key: str) -> bool:
  place, _, name = key.partition('/')
  kind = schema.METADATA.get(name, ('',))[0]
  return place == 'episode_metadata' and kind in (
    'integer', 'text', 'flag', 'json', 'real',
  )  # fmt: skip


@functools.cache
def _message() -> Any:
  # Importing TFDS takes two seconds, so not before it is needed.
  from tensorflow_datasets.proto import tf_example_pb2

  return vars(tf_example_pb2)['Example']


def _flatten(tree: Mapping[str, Any], prefix: str = '') -> Iterator[Any]:
  for key, value in tree.items():
    if isinstance(value, Mapping):
      yield from _flatten(value, f'{prefix}{key}/')
    else:
      yield prefix + key, value


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
  tree: dict[str, Any] = {}
  for path, value in flat.items():
    *parents, name = path.split('/')
    branch = tree
    for parent in parents:
      branch = branch.setdefault(parent, {})
    branch[name] = value
  return tree


def _as_bytes(value: str | bytes) -> bytes:
  return value.encode() if isinstance(value, str) else value
