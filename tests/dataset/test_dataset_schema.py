"""The stored form of an episode means the same to TFDS and to us."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image
from tensorflow_datasets.proto import tf_example_pb2

from sdd.collection import episode as episodes
from sdd.dataset import record, schema, spec
from sdd.scenes import registry, world_state
from tests.dataset import fake_episodes

SHAPES = [
  {},
  {'steps': 1},
  {'success': False},
  {'nodes': 0, 'nq': 1, 'steps': 3},
  {'state_size': 1, 'nodes': 9},
]


def parse(data: bytes):
  return vars(tf_example_pb2)['Example'].FromString(data)


@pytest.mark.parametrize('options', SHAPES)
def test_every_way_round_gives_the_episode_back(options):
  episode = fake_episodes.make(7, **options)
  example = schema.to_example(episode)
  features = schema.features(state_size=episode.state.shape[1])
  data = record.encode(episode)
  fake_episodes.require_equal(schema.from_example(example), episode)
  fake_episodes.require_equal(record.decode(data), episode)
  assert parse(data) == parse(features.serialize_example(example))
  as_tfds_reads = features.deserialize_example_np(data)
  fake_episodes.require_equal(schema.from_example(as_tfds_reads), episode)


def test_an_embedding_is_there_at_every_step():
  episode, said = fake_episodes.make(5), np.array([0.6, -0.8, 0], np.float32)
  features = schema.features(
    state_size=len(fake_episodes.STATE_NAMES), embedding_size=3
  )
  data = record.encode(episode, embedding=said)
  example = schema.to_example(episode, embedding=said)
  assert parse(data) == parse(features.serialize_example(example))
  read = features.deserialize_example_np(data)
  for step in read['steps']:
    np.testing.assert_array_equal(step['language_embedding'], said)
    assert step['language_embedding'].dtype == np.float32
  fake_episodes.require_equal(record.decode(data), episode)


def test_same_episode_gives_same_bytes():
  one, other = (record.encode(fake_episodes.make(3)) for _ in range(2))
  assert one == other


def test_stored_as_float32():
  episode = fake_episodes.make(0)
  double = dataclasses.replace(
    episode, action=np.asarray(episode.action, np.float64)
  )
  fake_episodes.require_equal(record.decode(record.encode(double)), episode)


def test_metadata_alone_equals_metadata_of_the_whole():
  episode = fake_episodes.make(4)
  data = record.encode(episode)
  whole = vars(record.decode(data).metadata)
  alone = vars(record.metadata(data))
  assert record.index(data) == 4
  assert {k: v for k, v in alone.items() if k != 'initial'} == {
    k: v for k, v in whole.items() if k != 'initial'
  }


def test_fields_are_those_of_the_contracts():
  fields = {f.name for f in dataclasses.fields(episodes.EpisodeMetadata)}
  assert set(schema.METADATA) == fields
  world = {f.name for f in dataclasses.fields(world_state.WorldState)}
  assert set(schema.INITIAL) == world


@pytest.mark.parametrize(
  ('success', 'ended', 'terminal', 'reward'),
  [
    (True, 'success', True, 1),
    (False, 'time', False, 0),
    (False, 'floor', True, 0),
    (False, 'stuck', True, 0),
  ],
)
def test_flags_of_the_last_step(success, ended, terminal, reward):
  episode = fake_episodes.make(1, success=success, ended=ended, steps=4)
  steps = schema.to_example(episode)['steps']
  assert steps['is_first'].tolist() == [True, False, False, False]
  assert steps['is_last'].tolist() == [False, False, False, True]
  assert steps['is_terminal'].tolist() == [False, False, False, terminal]
  assert steps['reward'].tolist() == [0, 0, 0, reward]
  assert steps['discount'].tolist() == [1, 1, 1, 0 if terminal else 1]
  assert steps['language_instruction'] == [episode.metadata.task] * 4


def test_images_are_kept_as_encoded_and_read_by_tfds():
  episode = fake_episodes.make(2, steps=2)
  pixels = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
  pictures = []
  for frame in pixels:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, format='png')
    pictures.append(buffer.getvalue())
  data = record.encode(
    episode, views={'front': fake_episodes.view_of(pictures)}
  )
  features = schema.features(
    state_size=len(fake_episodes.STATE_NAMES), cameras=('front',)
  )
  example = schema.to_example(
    episode, views={'front': fake_episodes.view_of(pictures)}
  )
  assert parse(data) == parse(features.serialize_example(example))
  read = features.deserialize_example_np(data)
  seen = [step['observation']['front_image'] for step in read['steps']]
  np.testing.assert_array_equal(seen, pixels)
  poses = [s['observation']['front_extrinsics'] for s in read['steps']]
  np.testing.assert_allclose(
    poses, fake_episodes.view_of(pictures).extrinsics, atol=1e-6
  )
  fake_episodes.require_equal(schema.from_example(read), episode)
  fake_episodes.require_equal(record.decode(data), episode)


def test_missing_field_is_named():
  example = schema.to_example(fake_episodes.make(0))
  del example['steps']['verdict']
  with pytest.raises(spec.DatasetError, match='verdict'):
    schema.from_example(example)


def test_worlds_of_before_have_the_physics_of_the_scene():
  example = schema.to_example(fake_episodes.make(0))
  initial = example['episode_metadata']['initial']
  physics = (
    *world_state.FACTORS, 'offset', 'latency', 'earlier', 'push', 'push_seed',
  )  # fmt: skip
  for name in physics:
    del initial[name]
  found = schema.from_example(example).metadata
  for name in world_state.FACTORS:
    assert found.initial[name] == 1
    assert found.initial[name].shape == ()
  rest = registry.load('drawer').rest
  for name in physics:
    value = getattr(found.initial_world, name)
    np.testing.assert_array_equal(value, getattr(rest, name), name)


def test_episodes_of_before_have_no_robustness():
  example = schema.to_example(fake_episodes.make(1))
  for name in ('robustness', 'robustness_copies'):
    del example['episode_metadata'][name]
  about = schema.from_example(example).metadata
  assert about.robustness == episodes.UNMEASURED
  assert about.robustness_copies == 0


def test_features_say_what_they_mean():
  features = schema.features(state_size=3)
  steps = features['steps']
  assert 'last repeats' in steps['action'].doc.desc
  assert 'metres' in steps['observation']['proprioception'].doc.desc


def test_fields_of_another_version_are_a_dataset_error():
  example = schema.to_example(fake_episodes.make(0))
  fields = dict(example['episode_metadata'])
  del fields['trials']
  with pytest.raises(spec.DatasetError, match='trials'):
    schema.metadata(fields)
  with pytest.raises(spec.DatasetError, match='trials'):
    schema.from_example({**example, 'episode_metadata': fields})
