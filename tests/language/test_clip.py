"""CLIP in JAX against its reference implementation; files that are not CLIP.

The reference's answers were recorded by record_clip.py.
"""

import json
import pathlib
import shutil
import struct

import numpy as np
import pytest

from sdd import errors
from sdd.language import (
  clip,
  clip_tokens,
  clip_transformer,
  safetensors,
  text_encoder,
)

FOLDER = pathlib.Path(__file__).parent / 'data' / 'clip'
REFERENCE = json.loads((FOLDER / 'reference.json').read_text())
SENTENCES = REFERENCE['sentences']


@pytest.fixture(scope='module')
def encoder():
  return clip.load(f'clip:{FOLDER}')


@pytest.fixture
def copy(tmp_path):
  return pathlib.Path(shutil.copytree(FOLDER, tmp_path / 'clip'))


@pytest.mark.parametrize('number', range(len(SENTENCES)))
def test_tokens_are_those_of_the_reference(number):
  tokenizer = clip_tokens.read(FOLDER)
  assert tokenizer(SENTENCES[number]) == REFERENCE['tokens'][number]


def test_tokens_spell_the_words():
  tokenizer = clip_tokens.read(FOLDER)
  token = {
    number: token
    for token, number in json.loads((FOLDER / 'vocab.json').read_text()).items()
  }
  for sentence in SENTENCES:
    start, *inner, end = (token[n] for n in tokenizer(sentence))
    assert (start, end) == (clip_tokens.START, clip_tokens.END)
    said = ''.join(inner).split('</w>')[:-1]
    spelt = [
      ''.join(clip_tokens.byte_letters()[byte] for byte in word.encode())
      for word in clip_tokens.words(sentence)
    ]
    assert said == spelt


def test_embeddings_are_those_of_the_reference(encoder):
  projected = [encoder.project(sentence) for sentence in SENTENCES]
  np.testing.assert_allclose(projected, REFERENCE['embeddings'], atol=1e-5)


def test_it_is_a_text_encoder(encoder):
  assert isinstance(encoder, text_encoder.TextEncoder)
  table = encoder.encode(SENTENCES)
  assert table.shape == (len(SENTENCES), encoder.dimension) == (10, 20)
  assert table.dtype == np.float32
  np.testing.assert_allclose(np.linalg.norm(table, axis=1), 1, rtol=1e-6)
  np.testing.assert_array_equal(encoder.encode(SENTENCES[3:4]), table[3:4])
  assert encoder.encode([]).shape == (0, 20)


def test_it_is_loaded_once_by_name_folder_or_file(encoder):
  name = f'clip:{FOLDER}'
  assert text_encoder.load(name) is text_encoder.load(name)
  assert text_encoder.load(name).name == name
  file = clip.load(f'clip:{FOLDER / "model.safetensors"}')
  np.testing.assert_array_equal(
    file.encode(SENTENCES), encoder.encode(SENTENCES)
  )


def test_the_weights_of_a_whole_clip_will_do(copy, encoder):
  """Those have a vision transformer and name the sizes one level down."""
  tensors = safetensors.read(copy / 'model.safetensors')
  tensors['text_model.embeddings.position_ids'] = np.arange(80)[None]
  tensors['vision_model.post_layernorm.weight'] = np.ones(3, np.float32)
  write(copy / 'model.safetensors', tensors)
  settings = json.loads((copy / 'config.json').read_text())
  (copy / 'config.json').write_text(json.dumps({'text_config': settings}))
  whole = clip.load(f'clip:{copy}')
  np.testing.assert_array_equal(
    whole.encode(SENTENCES), encoder.encode(SENTENCES)
  )


def test_gelus_are_close_to_each_other():
  x = np.linspace(-6, 6, 101)
  exact = clip_transformer.gelu(x)
  np.testing.assert_allclose(clip_transformer.quick_gelu(x), exact, atol=0.03)


def test_a_sentence_needs_a_word_and_not_too_many(encoder):
  with pytest.raises(errors.SddError, match='no word'):
    encoder.encode(['open', ' ?! '])
  with pytest.raises(errors.SddError, match='CLIP takes 78'):
    encoder.encode(['qxj ' * 40])


def test_nothing_there(monkeypatch, tmp_path):
  monkeypatch.setitem(__import__('sys').modules, 'huggingface_hub', None)
  with pytest.raises(errors.SddError, match='extra `clip` must be installed'):
    clip.load(f'clip:{tmp_path / "nowhere"}')
  with pytest.raises(errors.SddError, match=r'holds no model\.safetensors'):
    clip.load(f'clip:{tmp_path}')


def test_names_on_the_hub_are_asked_of_it(monkeypatch, encoder):
  class Hub:
    @staticmethod
    def snapshot_download(name, *, allow_patterns):
      if name != 'somebody/clip':
        raise OSError(f'no {name}\non this hub')
      assert set(allow_patterns) == set(clip.FILES)
      return str(FOLDER)

  monkeypatch.setitem(__import__('sys').modules, 'huggingface_hub', Hub)
  found = clip.load('clip:somebody/clip')
  assert found.name == 'clip:somebody/clip'
  with pytest.raises(errors.SddError, match='no nobody/clip on this hub'):
    clip.load('clip:nobody/clip')


def test_a_part_that_is_missing_is_named(copy):
  (copy / 'config.json').write_text('{')
  with pytest.raises(errors.SddError, match=r'config\.json'):
    clip.load(f'clip:{copy}')
  (copy / 'merges.txt').unlink()
  with pytest.raises(errors.SddError, match=r'merges\.txt'):
    clip.load(f'clip:{copy}')


@pytest.mark.parametrize(
  ('settings', 'complaint'),
  [
    ({'hidden_act': 'relu'}, "'relu'.*'quick_gelu'"),
    ({'num_attention_heads': 5}, '24 wide, which 5 heads'),
  ],
)
def test_settings_that_cannot_be(copy, settings, complaint):
  before = json.loads((copy / 'config.json').read_text())
  (copy / 'config.json').write_text(json.dumps({**before, **settings}))
  with pytest.raises(errors.SddError, match=complaint):
    clip.load(f'clip:{copy}')


def test_wrong_tensors_are_named(copy):
  path = copy / 'model.safetensors'
  tensors = safetensors.read(path)
  name = 'text_model.encoder.layers.1.mlp.fc1.weight'
  write(path, {**tensors, name: tensors[name][:, :5]})
  with pytest.raises(errors.SddError, match=r'layers_1/mlp/fc1/kernel is \(5'):
    clip.load(f'clip:{copy}')
  del tensors['text_projection.weight']
  write(path, tensors)
  with pytest.raises(errors.SddError, match='lacks.*text_projection'):
    clip.load(f'clip:{copy}')


def test_a_foreign_vocabulary_is_refused(copy):
  vocabulary = json.loads((copy / 'vocab.json').read_text())
  (copy / 'vocab.json').write_text(json.dumps({**vocabulary, 'extra': 9999}))
  with pytest.raises(errors.SddError, match='do not belong together'):
    clip.load(f'clip:{copy}')
  del vocabulary['a</w>']
  (copy / 'vocab.json').write_text(json.dumps(vocabulary))
  with pytest.raises(errors.SddError, match="lacks 1 tokens, 'a</w>'"):
    clip.load(f'clip:{copy}')
  (copy / 'vocab.json').write_text((FOLDER / 'vocab.json').read_text())
  (copy / 'merges.txt').write_text('q x</w>\n')
  foreign = clip.load(f'clip:{copy}')
  with pytest.raises(errors.SddError, match="lacks 'qx</w>'"):
    foreign.encode(['qx'])


def test_every_type_of_number_is_read(tmp_path):
  values = np.array([[1, -2.5], [0, 384]])
  expected = {
    name: values.astype(kind)
    for name, kind in [('F64', 'f8'), ('F32', 'f4'), ('F16', 'f2')]
  }
  expected['I64'] = np.array([2**40, -1])
  upper = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
  write(tmp_path / 'x', {**expected, 'BF16': upper})
  found = safetensors.read(tmp_path / 'x')
  for name, array in expected.items():
    np.testing.assert_array_equal(found[name], array)
    assert found[name].dtype == array.dtype
  np.testing.assert_array_equal(found['BF16'], values)
  assert set(safetensors.read(tmp_path / 'x', 'F16'.__eq__)) == {'F16'}


@pytest.mark.parametrize('keep', [0, 4, 20, -1])
def test_a_damaged_file_is_said_to_be(tmp_path, keep):
  data = (FOLDER / 'model.safetensors').read_bytes()
  (tmp_path / 'x').write_bytes(data[:keep])
  with pytest.raises(errors.SddError, match='no complete safetensors file'):
    safetensors.read(tmp_path / 'x')


def write(path, tensors):
  """A safetensors file; uint16 stands for bfloat16."""
  kinds = {'<f8': 'F64', '<f4': 'F32', '<f2': 'F16', '<i8': 'I64',
           '<u2': 'BF16'}  # fmt: skip
  header, data = {'__metadata__': {'format': 'np'}}, b''
  for name, value in tensors.items():
    begin, data = len(data), data + np.ascontiguousarray(value).tobytes()
    header[name] = {
      'dtype': kinds[value.dtype.str],
      'shape': value.shape,
      'data_offsets': (begin, len(data)),
    }
  text = json.dumps(header).encode()
  path.write_bytes(struct.pack('<Q', len(text)) + text + data)
