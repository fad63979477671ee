"""Crops and colours: what is drawn, what comes out, what acting sees."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sdd.policy.vision import augmentation, config

KEY = jnp.array([3, 4], jnp.uint32)
PLAIN = config.VisionConfig(
  cameras=('front', 'wrist'),
  size=(20, 30),
  crop=0.8,
  brightness=0.0,
  contrast=0.0,
  saturation=0.0,
)


def pictures(examples=6):
  shape = (examples, 2, *PLAIN.size, 3)
  return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def bytes_again(seen):
  return np.round((np.asarray(seen.pictures) + 1) * 127.5).astype(int)


def test_the_centre_is_seen_when_acting():
  given = pictures()
  seen = augmentation.centre(given, PLAIN)
  np.testing.assert_array_equal(
    bytes_again(seen), given[:, :, 2:18, 3:27].astype(int)
  )
  np.testing.assert_array_equal(seen.shift, np.zeros((6, 2, 2)))
  assert np.abs(seen.pictures).max() <= 1


def test_a_crop_is_a_part_of_the_picture_and_knows_where():
  given = pictures()
  seen = augmentation.augment(given, jnp.arange(6), key=KEY, config=PLAIN)
  found = bytes_again(seen)
  # Halves of the crop's sides from centre to centre, as (x, y).
  left, top = np.moveaxis(
    np.round(np.asarray(seen.shift) * [12, 8] + [3, 2]).astype(int), -1, 0
  )
  assert len({*left.ravel()}) > 2
  assert len({*top.ravel()}) > 2
  for example in range(6):
    for camera in range(2):
      row, column = top[example, camera], left[example, camera]
      assert 0 <= row <= 4
      assert 0 <= column <= 6
      np.testing.assert_array_equal(
        found[example, camera],
        given[example, camera, row : row + 16, column : column + 24],
      )


@pytest.mark.parametrize('rotation', [0.0, 10.0])
def test_any_share_of_the_batch_sees_the_same(rotation):
  strong = dataclasses.replace(
    PLAIN, rotation=rotation, brightness=0.3, contrast=0.5, saturation=0.5
  )
  look = jax.jit(
    lambda given, place: augmentation.augment(
      given, place, key=KEY, config=strong
    )
  )
  given, place = pictures(), jnp.arange(6)
  whole = look(given, place)
  for share in (slice(0, 3), slice(3, 6)):
    part = look(given[share], place[share])
    np.testing.assert_allclose(whole.pictures[share], part.pictures, atol=1e-6)
    np.testing.assert_array_equal(whole.shift[share], part.shift)
  assert np.abs(whole.pictures).max() <= 1
  other = augmentation.draw(KEY + 1, place, cameras=2)
  assert not np.allclose(other, augmentation.draw(KEY, place, cameras=2))


def test_what_is_drawn_is_uniform():
  numbers = np.asarray(augmentation.draw(KEY, jnp.arange(4000), cameras=2))
  assert numbers.min() >= 0
  assert numbers.max() < 1
  np.testing.assert_allclose(numbers.mean(0), 0.5, atol=0.03)
  np.testing.assert_allclose(numbers.var(0), 1 / 12, atol=0.01)
  flat = np.corrcoef(numbers.reshape(4000, -1).T)
  assert np.abs(flat - np.eye(12)).max() < 0.08  # all apart


def test_turning_by_nothing_is_cropping():
  given = pictures(2)
  corner = jnp.array([[[0, 0], [4, 6]], [[1, 2], [3, 3]]])
  turned = augmentation._turned(given, corner, jnp.zeros((2, 2)), (16, 24))
  cropped = augmentation._cropped(given, corner, (16, 24))
  np.testing.assert_allclose(turned, cropped, atol=1e-6)


def test_a_quarter_turn_turns():
  square = np.zeros((1, 1, 5, 5, 3), np.uint8)
  square[0, 0, 0, 1] = 255
  corner = jnp.zeros((1, 1, 2), int)
  turned = augmentation._turned(
    square, corner, jnp.full((1, 1), np.pi / 2), (5, 5)
  )
  there = np.argwhere(np.asarray(turned)[0, 0, :, :, 0] > 0.5)
  np.testing.assert_array_equal(there, [[1, 4]])  # clockwise


def test_colours_by_hand():
  setting = dataclasses.replace(
    PLAIN, brightness=0.5, contrast=0.5, saturation=0.5
  )
  grey = jnp.full((1, 1, 4, 4, 3), 0.4)
  # A uniform picture has no contrast and a grey one no colour.
  brighter = augmentation._recoloured(
    grey, jnp.array([[[1.0, 1.0, 1.0]]]), setting
  )
  np.testing.assert_allclose(brighter, 0.6, atol=1e-6)
  red = grey * jnp.array([1.0, 0.5, 0.5])
  duller = augmentation._recoloured(
    red, jnp.array([[[0.5, 0.5, 0.0]]]), setting
  )
  level = 0.4 * (0.299 + 0.5 * 0.701)
  np.testing.assert_allclose(
    duller[0, 0, 0, 0], level + 0.5 * (red[0, 0, 0, 0] - level), atol=1e-6
  )
