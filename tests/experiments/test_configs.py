"""The pages of `experiments/configs`: possible, different where they say."""

import dataclasses
import importlib.util
import pathlib

import pytest

FOLDER = pathlib.Path(__file__).parents[2] / 'experiments' / 'configs'
PAGES = sorted(path.stem for path in FOLDER.glob('*.py'))
# Of each ablation, what sets it apart from drawer_state.
ABLATIONS = {
  'absolute': {'relative_position'},
  'execute_8': {'execution_horizon'},
  'feed_forward': {'head'},
  'flow': {'prediction', 'inference_steps'},
  'no_proprioception': {'use_proprioception', 'relative_position'},
  'no_retry': {'max_episodes'},
  'one_candidate': {'candidates'},
  'sub_tasks': {'conditioning'},
  'undisturbed': {'disturbance'},
  'unsqueezed': {'position_scale'},
}


def load(name):
  path = FOLDER / f'{name}.py'
  found = importlib.util.spec_from_file_location(name, path)
  assert found is not None
  assert found.loader is not None
  module = importlib.util.module_from_spec(found)
  found.loader.exec_module(module)
  return module


def fields(name):
  config = dataclasses.asdict(load(name).get_config())
  return {**config.pop('policy'), **config}


@pytest.mark.parametrize('name', PAGES)
def test_a_page_can_be_run(name):
  module = load(name)
  module.get_config().validate()
  assert module.__doc__


@pytest.mark.parametrize('name', ABLATIONS)
def test_an_ablation_changes_one_thing_and_says_how_to_run_it(name):
  page, main = fields(f'drawer_state_{name}'), fields('drawer_state')
  changed = {field for field in main if page[field] != main[field]}
  assert changed == ABLATIONS[name]
  said = load(f'drawer_state_{name}').__doc__
  assert said
  for words in (
    f'--config=experiments/configs/drawer_state_{name}.py',
    'Scaling Up and Distilling Down',
    'Hardware:',
  ):
    assert words in ' '.join(said.split())
