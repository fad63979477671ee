"""The text encoder: same everywhere, and it tells sentences apart."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sdd import errors
from sdd.policy import text

SENTENCES = (
  'move the crayon box into the top drawer',
  'move the crayon box into the bottom drawer',
  'open the drawer',
  'close the drawer',
  'put the toy in the bin',
  'ouvre le tiroir — doucement',
)


def test_a_sentence_has_unit_length():
  lengths = np.linalg.norm(text.encode_all(SENTENCES), axis=1)
  np.testing.assert_allclose(lengths, 1, rtol=1e-5)


def test_sentences_are_told_apart():
  cosine = text.encode_all(SENTENCES) @ text.encode_all(SENTENCES).T
  assert (cosine - np.eye(len(SENTENCES)) < 0.9).all()


def test_top_is_not_bottom():
  assert abs(text.encode('top') @ text.encode('bottom')) < 0.5


def test_forms_of_a_word_are_near():
  assert text.encode('drawer') @ text.encode('drawers') > 0.4


def test_case_and_punctuation_do_not_matter_but_order_does():
  plain = text.encode('open the drawer')
  np.testing.assert_array_equal(plain, text.encode(' Open the  DRAWER! '))
  swapped = text.encode('put box on lid') @ text.encode('put lid on box')
  assert swapped < 0.99


@pytest.mark.parametrize('dimension', [5, 64, 1000])
def test_any_dimension(dimension):
  assert text.encode('open', dimension).shape == (dimension,)


@pytest.mark.parametrize('sentence', ['', ' ?! '])
def test_a_sentence_needs_a_word(sentence):
  with pytest.raises(errors.SddError, match='no word'):
    text.encode(sentence)


def test_other_processes_agree():
  code = (
    'from sdd.policy import text; '
    f'print(text.encode({SENTENCES[0]!r}).tobytes().hex())'
  )
  ran = subprocess.run(
    [sys.executable, '-c', code],
    env={**os.environ, 'PYTHONHASHSEED': '7'},
    capture_output=True,
    text=True,
    check=True,
  )
  assert bytes.fromhex(ran.stdout) == text.encode(SENTENCES[0]).tobytes()
