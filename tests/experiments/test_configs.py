"""The pages of `experiments/configs`: possible, different where they say."""

import dataclasses
import importlib.util
import pathlib

import pytest

from sdd import errors

FOLDER = pathlib.Path(__file__).parents[2] / 'experiments' / 'configs'
PAGES = sorted(path.stem for path in FOLDER.glob('*.py'))
# Of each ablation, what sets it apart from the page it begins with.
ABLATIONS = {
  'balance_state_absolute': {'relative_position'},
  'balance_state_execute_8': {'execution_horizon'},
  'balance_state_feed_forward': {'head'},
  'balance_state_flow': {'prediction', 'inference_steps'},
  'balance_state_no_proprioception': {
    'use_proprioception',
    'relative_position',
  },
  'balance_state_no_retry': {'max_episodes'},
  'balance_state_sub_tasks': {'conditioning'},
  'balance_state_undisturbed': {'disturbance'},
  'balance_state_unsqueezed': {'position_scale'},
  'balance_vision_average': {'vision'},
  'drawer_state_no_retry': {'max_episodes'},
  'drawer_state_one_candidate': {'candidates'},
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


def test_what_is_balanced_is_one_of_three():
  config = load('drawer_state').get_config()
  config.balanced = 'tasks'
  with pytest.raises(errors.UnknownNameError, match="'task'"):
    config.validate()


@pytest.mark.parametrize('name', ABLATIONS)
def test_an_ablation_changes_one_thing_and_says_how_to_run_it(name):
  page, main = fields(name), fields('_'.join(name.split('_')[:2]))
  changed = {field for field in main if page[field] != main[field]}
  assert changed == ABLATIONS[name]
  said = load(name).__doc__
  assert said
  for words in (
    f'--config=experiments/configs/{name}.py',
    'Scaling Up and Distilling Down',
    'Hardware:',
  ):
    assert words in ' '.join(said.split())
