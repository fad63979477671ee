"""The notebooks run from top to bottom, and are stored without outputs."""

import copy
import json
import os
import re

import checkout
import nbclient
import nbformat
import pytest

from experiments import notebooks
from sdd import errors

# What takes the place of the settings, so that each takes seconds.
SMALL = {
  '1_sentence_to_film': {'WIDTH': 32},
  '2_collect_and_look': {'TASKS': 2, 'EPISODES': 2, 'WIDTH': 32},
  '3_write_and_audit_a_predicate': {'SHARE': 24, 'WORLDS': 2},
  '4_train_and_evaluate': {
    'EPISODES': 2, 'STEPS': 20, 'BATCH': 16, 'CHANNELS': (16, 16),
    'WORLDS': 1, 'SECONDS': 2.0, 'WIDTH': 32,
  },
  '5_export_and_control': {
    'EPISODES': 2, 'STEPS': 20, 'BATCH': 16, 'CHANNELS': (16, 16),
    'SECONDS': 2.0, 'WIDTH': 32,
  },
}  # fmt: skip
PATHS = {path.stem: path for path in notebooks.paths()}
PUBLIC = 'https://github.com/somebody/something'


def test_there_are_these_notebooks():
  assert set(PATHS) == set(SMALL)


@pytest.mark.parametrize('name', PATHS)
def test_they_are_stored_as_they_should_be(name):
  text = PATHS[name].read_text()
  notebook = nbformat.reads(text, as_version=4)
  nbformat.validate(notebook)
  code = [cell for cell in notebook.cells if cell.cell_type == 'code']
  assert not any(cell.outputs or cell.execution_count for cell in code)
  assert notebook.cells[0].source.startswith('# ')
  assert code[0].source.startswith('# Installs sdd, unless it is there.')
  assert code[1].metadata['tags'] == ['parameters']
  assert set(SMALL[name]) <= set(re.findall(r'^\w+', code[1].source, re.M))
  assert notebooks.to_text(json.loads(text)) == text


@pytest.mark.parametrize('name', PATHS)
def test_they_need_the_library_only(name):
  """Where only sdd is installed there are no programs of ours."""
  code = ''.join(
    ''.join(cell['source'])
    for cell in notebooks.load(PATHS[name])['cells']
    if cell['cell_type'] == 'code'
  )
  assert not re.search(r'^\s*(from|import) experiments\b', code, re.M)


def test_they_are_found_where_the_project_is_public():
  public = notebooks.address()
  told = 'run: python -m experiments.notebooks --write'
  for path in PATHS.values():
    notebook = notebooks.load(path)
    assert notebooks.installing(notebook, public) == notebook, told
  listed = 0
  for page in notebooks.PAGES:
    text = page.read_text()
    if notebooks.BEGIN in text:
      listed += 1
      lines = notebooks.listing(page.parent, public)
      assert notebooks.insert(text, lines) == text, told
  assert listed


def test_badges_and_installation_follow_the_address():
  lines = notebooks.listing(checkout.ROOT, PUBLIC).splitlines()
  assert len(lines) == len(PATHS)
  for line, path in zip(lines, PATHS.values(), strict=True):
    where = f'somebody/something/blob/main/experiments/colabs/{path.name}'
    assert f'colab.research.google.com/github/{where})' in line
  assert 'colab' not in notebooks.listing(notebooks.FOLDER, None)
  assert 'colab.' not in notebooks.listing(notebooks.FOLDER, 'https://a.b/c')
  notebook = notebooks.load(next(iter(PATHS.values())))
  there = notebooks.installing(notebook, PUBLIC)
  assert f"SOURCE = 'git+{PUBLIC}'" in json.dumps(there)
  assert notebooks.installing(there, None) == notebook
  broken = copy.deepcopy(notebook)
  broken['cells'] = [c for c in broken['cells'] if 'SOURCE' not in str(c)]
  with pytest.raises(errors.SddError, match='SOURCE'):
    notebooks.installing(broken, PUBLIC)


@pytest.mark.parametrize('name', PATHS)
def test_they_run_from_top_to_bottom(name, tmp_path, monkeypatch):
  monkeypatch.setenv('PYTHONPATH', str(checkout.ROOT))
  monkeypatch.setenv('IPYTHONDIR', str(tmp_path / 'ipython'))
  monkeypatch.setenv('JUPYTER_RUNTIME_DIR', str(tmp_path / 'jupyter'))
  notebook = nbformat.read(PATHS[name], as_version=4)
  place = next(
    index
    for index, cell in enumerate(notebook.cells)
    if 'parameters' in cell.metadata.get('tags', ())
  )
  settings = '\n'.join(f'{k} = {v!r}' for k, v in SMALL[name].items())
  notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(settings))
  client = nbclient.NotebookClient(
    notebook,
    timeout=None,
    startup_timeout=1200,
    resources={'metadata': {'path': str(tmp_path)}},
  )
  client.execute()
  told = json.dumps(notebook.cells)
  assert 'Traceback' not in told
  assert 'image/png' in told or 'text/html' in told
  assert set(os.listdir(tmp_path)) <= {'ipython', 'jupyter', 'runs'}
