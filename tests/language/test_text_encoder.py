"""Text encoders: the same everywhere, and they tell sentences apart."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sdd import errors
from sdd.language import hashed_words, text_encoder

ENCODER = hashed_words.HashedWords()
SENTENCES = (
  'move the crayon box into the top drawer',
  'move the crayon box into the bottom drawer',
  'open the drawer',
  'close the drawer',
  'put the toy in the bin',
  'ouvre le tiroir — doucement',
)


def encoded(sentence):
  return ENCODER.encode([sentence])[0]


def test_a_sentence_has_unit_length():
  lengths = np.linalg.norm(ENCODER.encode(SENTENCES), axis=1)
  np.testing.assert_allclose(lengths, 1, rtol=1e-5)


def test_sentences_are_told_apart():
  cosine = ENCODER.encode(SENTENCES) @ ENCODER.encode(SENTENCES).T
  assert (cosine - np.eye(len(SENTENCES)) < 0.9).all()


def test_top_is_not_bottom():
  assert abs(encoded('top') @ encoded('bottom')) < 0.5


def test_forms_of_a_word_are_near():
  assert encoded('drawer') @ encoded('drawers') > 0.4


def test_case_and_punctuation_do_not_matter_but_order_does():
  plain = encoded('open the drawer')
  np.testing.assert_array_equal(plain, encoded(' Open the  DRAWER! '))
  swapped = encoded('put box on lid') @ encoded('put lid on box')
  assert swapped < 0.99


@pytest.mark.parametrize('dimension', [5, 64, 1000])
def test_any_dimension(dimension):
  encoder = text_encoder.load('hash', dimension)
  assert isinstance(encoder, text_encoder.TextEncoder)
  assert (encoder.name, encoder.dimension) == ('hash', dimension)
  table = encoder.encode(['open', 'close'])
  assert table.shape == (2, dimension)
  assert table.dtype == np.float32
  assert encoder.encode([]).shape == (0, dimension)


def test_what_was_stored_keeps_its_meaning():
  """Datasets and checkpoints hold these vectors."""
  top, bottom = hashed_words.HashedWords(8).encode(
    ['open the top drawer', 'open the bottom drawer']
  )
  np.testing.assert_allclose(
    top,
    [0.208006, 0.182512, -0.216289, 0.657492, 0.192327, -0.576129, 0.159752,
     -0.223408],
    atol=1e-6,
  )  # fmt: skip
  np.testing.assert_allclose(
    bottom,
    [0.481047, -0.059099, -0.196114, 0.65948, -0.016835, -0.293455, -0.329232,
     -0.311343],
    atol=1e-6,
  )  # fmt: skip
  np.testing.assert_allclose(
    encoded(SENTENCES[0])[:4],
    [-0.254207, -0.02495, 0.189935, 0.044114],
    atol=1e-6,
  )


@pytest.mark.parametrize('sentence', ['', ' ?! '])
def test_a_sentence_needs_a_word(sentence):
  with pytest.raises(errors.SddError, match='no word'):
    encoded(sentence)


@pytest.mark.parametrize('name', ['hasch', 'clap:x', '', 'clip'])
def test_an_unknown_encoder_lists_the_known(name):
  with pytest.raises(errors.UnknownNameError, match=r"'hash', 'clip:FOLDER'"):
    text_encoder.load(name)


def test_clip_needs_a_place():
  with pytest.raises(errors.SddError, match='after the colon'):
    text_encoder.load('clip:')


def test_other_processes_agree():
  code = (
    'from sdd.language import hashed_words; '
    f'rows = hashed_words.HashedWords().encode([{SENTENCES[0]!r}]); '
    'print(rows.tobytes().hex())'
  )
  ran = subprocess.run(
    [sys.executable, '-c', code],
    env={**os.environ, 'PYTHONHASHSEED': '7'},
    capture_output=True,
    text=True,
    check=True,
  )
  assert bytes.fromhex(ran.stdout) == encoded(SENTENCES[0]).tobytes()
