"""An episode in RLDS form, and the TFDS features that describe it.

Follows RLDS (`steps` with `is_first`, `is_last`, `is_terminal`, `reward`,
`discount`) and the Open X-Embodiment habit of a `language_instruction` and a
`language_embedding` in every step. Unlike the letter of RLDS, the action of
the last step is valid: it repeats the one before.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd.collection import episode as episodes
from sdd.dataset import spec, view
from sdd.scenes import world_state
from sdd.simulation import action

# Name of each field of EpisodeMetadata: its kind and what it means.
METADATA: dict[str, tuple[str, str]] = {
  'index': ('integer', 'Number of the episode within its run; unique.'),
  'seed': ('integer', 'Seed of the run; (seed, index) fixes every draw.'),
  'scene': ('text', 'Name of the scene.'),
  'task': ('text', 'The task sentence.'),
  'success': ('flag', 'Inferred success of the root; decides the split.'),
  'ground_truth': ('flag', 'The hand-written rule held; never filters.'),
  'ended': ('text', 'One of success, time, floor, foul, stuck, undone, error.'),
  'error': ('text', 'The message if it ended in error or stuck.'),
  'task_tree': ('text', 'JSON of the task tree, success code included.'),
  'nodes': ('texts', 'Instruction of each node, pre-order.'),
  'completions': ('texts', 'Identifiers of the completions used.'),
  'retries': ('integers', 'How often each node was retried, pre-order.'),
  'trials': (
    'table',
    'Each skill: node, planned, completed, verdict, achieved.',
  ),
  'scene_sha256': ('text', 'The MJCF is in scenes/<sha256>.xml.'),
  'versions': ('json', 'JSON object: package name to version.'),
  'duration': ('real', 'Simulated seconds.'),
  'initial': ('world', 'World before the first step; replays the actions.'),
  'robustness': (
    'real',
    'Share of perturbed copies of the world in which the same actions '
    'succeed; -1 where nobody measured it.',
  ),
  'robustness_copies': ('integer', 'How many copies it was measured on.'),
  'judged': ('flag', 'There is a hand-written rule: ground_truth counts.'),
  'appearance': ('json', 'How images of it were made; empty without any.'),
}

# Shape of each array of the initial world, and what it means.
INITIAL: dict[str, tuple[tuple[int | None, ...], str]] = {
  'qpos': ((None,), "Generalised positions, MuJoCo's order."),
  'qvel': ((None,), 'Generalised velocities.'),
  'mocap_pos': ((None, 3), 'Positions of the furniture, metres, world.'),
  'mocap_quat': ((None, 4), 'Orientations of the furniture, wxyz.'),
  'arm_target': ((None,), 'Joint angles sent to the arm servos, radians.'),
  'gripper_target': ((), 'Commanded opening of the gripper, metres.'),
  'time': ((), 'Simulated seconds since the episode began.'),
  'shape': ((), "Which of the scene's shapes things have."),
  'mass': ((), 'Factor on the mass of all that can be moved about.'),
  'friction': ((), 'Factor on the friction of all contacts.'),
  'damping': ((), "Factor on damping and friction loss of the world's joints."),
  'gain': ((), "Factor on the stiffness of the arm's servos."),
  'offset': (
    (None,),
    'Radians by which the joints of the arm stand beside what they are sent, '
    'and beside what their encoders say; or one number for all.',
  ),
  'latency': ((), 'Control periods before a command has effect.'),
  'earlier': (
    (None,),
    'Arm target and opening commanded before the last, where they matter.',
  ),
  'push': ((), 'Metres by which the tool is pushed off its way, at most.'),
  'push_seed': ((), 'Decides when it is pushed, and where to.'),
}
# What datasets that lack these fields mean; they were written before them.
_BEFORE = {
  'robustness': episodes.UNMEASURED, 'robustness_copies': 0, 'judged': True,
  'appearance': '{}',
}  # fmt: skip
_INITIAL_BEFORE = {
  **dict.fromkeys(world_state.FACTORS, 1.0),
  'offset': 0.0, 'latency': 0.0, 'earlier': (), 'push': 0.0, 'push_seed': 0.0,
}  # fmt: skip


def features(
  *, state_size: int, cameras: Sequence[str] = (), embedding_size: int = 0
) -> Any:
  """The TFDS FeaturesDict of a dataset.

  Args:
    state_size: length S of an episode's `state`, at least 1.
    cameras: each gives an encoded image `<camera>_image` per observation,
      and where it was taken from.
    embedding_size: length E of the `language_embedding`; 0 for none.
  """
  from tensorflow_datasets import features as feature

  observation = {
    'proprioception': _real(
      'End-effector position (3, metres), first two rows of its rotation '
      'matrix (6), measured opening (1, metres); robot base frame.',
      10,
    ),
    'state': _real(
      'Object poses and joint positions; `state_names` in sdd.json.',
      state_size,
    ),
  }
  for camera in cameras:
    observation[f'{camera}_image'] = feature.Image(
      shape=(None, None, 3), doc=f'RGB of camera {camera}; PNG or JPEG.'
    )
    observation[f'{camera}_intrinsics'] = _real(
      f"OpenCV's matrix K of camera {camera}, pixels.", 3, 3
    )
    observation[f'{camera}_extrinsics'] = _real(
      f'World to camera {camera}, x right, y down, z forward; metres.', 4, 4
    )
  steps = {'observation': feature.FeaturesDict(observation), **_step_features()}
  if embedding_size:
    steps['language_embedding'] = _real(
      'The task sentence by the `language_encoder` in sdd.json.', embedding_size
    )
  metadata = {name: _feature(*entry) for name, entry in METADATA.items()}
  return feature.FeaturesDict(
    {
      'steps': feature.Dataset(steps, doc='One per control period.'),
      'episode_metadata': feature.FeaturesDict(metadata),
    }
  )


def _step_features() -> dict[str, Any]:
  from tensorflow_datasets import features as feature

  language = {
    'task': feature.Text(doc='The task sentence.'),
    'sub_task': feature.Text(doc='The active node below the root.'),
    'skill': feature.Text(doc='The active skill; empty while waiting.'),
  }
  return {
    'action': _real(
      'Absolute: end-effector position (3, metres), first two rows of its '
      'rotation matrix (6), opening (1, metres); robot base frame. Reached '
      'by the end of one control period. The last repeats the one before.',
      action.DIMENSION,
    ),
    'language': feature.FeaturesDict(language),
    'language_instruction': feature.Text(doc='The task sentence.'),
    'verdict': _raw(
      'Success predicate of each node of the task tree, pre-order: 1 true, '
      '0 false, -1 unknown.',
      np.int8,
      (None,),
    ),
    'world_qpos': _raw(
      "All generalised positions, MuJoCo's order; for rendering.",
      np.float32,
      (None,),
    ),
    'is_first': _feature('flag', 'First step of the episode.'),
    'is_last': _feature('flag', 'Last step; holds the final observation.'),
    'is_terminal': _feature('flag', 'Last step, unless time ran out.'),
    'reward': _real('1 on the last step of a success, else 0.'),
    'discount': _real('0 if terminal, else 1.'),
  }


def _feature(kind: str, doc: str) -> Any:
  """The feature of a field of the metadata; kinds as in METADATA."""
  from tensorflow_datasets import features as feature

  match kind:
    case 'integer':
      return feature.Scalar(np.int64, doc=doc)
    case 'flag':
      return feature.Scalar(np.bool_, doc=doc)
    case 'texts':
      return feature.Sequence(feature.Text(), doc=doc)
    case 'integers':
      return feature.Sequence(np.int32, doc=doc)
    case 'table':
      return _raw(doc, np.int32, (None, len(episodes.TRIAL)))
    case 'real':
      return _raw(doc, np.float64, ())
    case 'world':
      arrays = {
        name: _raw(about, np.float64, shape)
        for name, (shape, about) in INITIAL.items()
      }
      return feature.FeaturesDict(arrays, doc=doc)
    case _:
      return feature.Text(doc=doc)


def _real(doc: str, *shape: int) -> Any:
  from tensorflow_datasets import features as feature

  return feature.Tensor(shape=shape, dtype=np.float32, doc=doc)


def _raw(doc: str, dtype: Any, shape: tuple[int | None, ...]) -> Any:
  from tensorflow_datasets import features as feature

  # As bytes: exact for float64, and the only form in which TFDS reads back
  # steps with an axis of unknown length.
  return feature.Tensor(shape=shape, dtype=dtype, encoding='bytes', doc=doc)


def to_example(
  episode: episodes.Episode,
  *,
  views: Mapping[str, view.View] | None = None,
  embedding: Float[np.ndarray, ' E'] | None = None,
) -> dict[str, Any]:
  """An episode as TFDS takes it, `steps` as a dict of columns.

  Args:
    episode: the episode; arrays are stored as float32.
    views: camera name to what it saw.
    embedding: of the task sentence.
  """
  about, length = episode.metadata, len(episode.action)
  last = np.arange(length) == length - 1
  terminal = last & (about.ended != 'time')
  observation: dict[str, Any] = {
    'proprioception': np.asarray(episode.proprioception, np.float32),
    'state': np.asarray(episode.state, np.float32),
  }
  for camera, seen in (views or {}).items():
    observation[f'{camera}_image'] = list(seen.images)
    observation[f'{camera}_intrinsics'] = np.float32(seen.intrinsics)
    observation[f'{camera}_extrinsics'] = np.float32(seen.extrinsics)
  steps = {
    'observation': observation,
    'action': np.asarray(episode.action, np.float32),
    'language': {
      'task': [about.task] * length,
      'sub_task': list(episode.sub_task),
      'skill': list(episode.skill),
    },
    'language_instruction': [about.task] * length,
    'verdict': np.asarray(episode.verdict, np.int8),
    'world_qpos': np.asarray(episode.world, np.float32),
    'is_first': np.arange(length) == 0,
    'is_last': last,
    'is_terminal': terminal,
    'reward': np.asarray(last & about.success, np.float32),
    'discount': np.asarray(~terminal, np.float32),
  }
  if embedding is not None:
    steps['language_embedding'] = np.tile(np.float32(embedding), (length, 1))
  metadata = {
    name: _TO[kind](getattr(about, name))
    for name, (kind, _) in METADATA.items()
  }
  return {'steps': steps, 'episode_metadata': metadata}


def from_example(example: Mapping[str, Any]) -> episodes.Episode:
  """The inverse of `to_example`; also takes an example as TFDS reads it.

  Images and embeddings are not part of an Episode and are left out.

  Raises:
    DatasetError: if a field is missing.
  """
  with _complete():
    return _from_example(example)


@contextlib.contextmanager
def _complete() -> Iterator[None]:
  """A field that is missing in here is a dataset of another version."""
  try:
    yield
  except KeyError as error:
    raise spec.DatasetError(
      f'An episode lacks the field {error}. It was not written by this '
      'version of sdd; collect the dataset again.'
    ) from error


def _from_example(example: Mapping[str, Any]) -> episodes.Episode:
  steps = example['steps']
  if not isinstance(steps, Mapping):
    steps = _columns(steps)
  observation, language = steps['observation'], steps['language']
  length = len(steps['is_first'])

  def matrix(values: Any, dtype: Any = np.float32) -> np.ndarray:
    values = np.asarray(values, dtype)
    return values.reshape(length, values.size // length)

  return episodes.Episode(
    proprioception=matrix(observation['proprioception']),
    state=matrix(observation['state']),
    action=matrix(steps['action']),
    world=matrix(steps['world_qpos']),
    sub_task=_texts(language['sub_task']),
    skill=_texts(language['skill']),
    verdict=matrix(steps['verdict'], np.int8),
    metadata=metadata(example['episode_metadata']),
  )


def metadata(fields: Mapping[str, Any]) -> episodes.EpisodeMetadata:
  """The `episode_metadata` of an example as the collector knows it.

  Raises:
    DatasetError: if a field is missing.
  """
  fields = _BEFORE | dict(fields)
  with _complete():
    values = {
      name: _FROM[kind](fields[name]) for name, (kind, _) in METADATA.items()
    }
  return episodes.EpisodeMetadata(**values)


def _columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
  """A sequence of nested dicts as one nested dict of lists."""
  rows = list(rows)
  return {
    key: _columns([row[key] for row in rows])
    if isinstance(rows[0][key], Mapping)
    else [row[key] for row in rows]
    for key in rows[0]
    if not key.endswith('_image')
  }


def _text(value: str | bytes) -> str:
  return value.decode() if isinstance(value, bytes) else str(value)


def _texts(values: Iterable[str | bytes]) -> tuple[str, ...]:
  return tuple(_text(value) for value in values)


def _world(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
  arrays = _INITIAL_BEFORE | dict(arrays)
  return {
    name: np.array(arrays[name], np.float64).reshape(
      [-1 if size is None else size for size in shape]
    )
    for name, (shape, _) in INITIAL.items()
  }


_TO: dict[str, Any] = {
  'integer': np.int64,
  'text': str,
  'flag': bool,
  'texts': list,
  'integers': lambda values: np.asarray(values, np.int32),
  'json': lambda value: json.dumps(dict(value), sort_keys=True),
  'real': np.float64,
  'table': lambda rows: np.array(rows, np.int32).reshape(
    -1, len(episodes.TRIAL)
  ),
  'world': _world,
}
_FROM: dict[str, Any] = {
  'integer': int,
  'text': _text,
  'flag': bool,
  'texts': _texts,
  'integers': lambda values: tuple(int(value) for value in values),
  'json': lambda value: json.loads(_text(value)),
  'real': float,
  'table': lambda rows: tuple(
    tuple(int(x) for x in row)
    for row in np.reshape(rows, (-1, len(episodes.TRIAL)))
  ),
  'world': _world,
}
