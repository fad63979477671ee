"""The benchmark program at a tiny size: resumes, compares, makes its page."""

import json
import os

import many_runs
import pytest

from sdd.evaluation import outcome_log

RUNS = {
  'nothing': ['--episodes=0'],
  'first': ['--retry=none', '--episodes=1', '--workers=0'],
  'second': ['--retry=none', '--episodes=2', '--workers=1'],
  'no such scene': ['--scenes=drawr'],
  'other settings': ['--retry=none', '--first_seed=5', '--episodes=1'],
  'physics': [
    '--retry=none', '--randomise_physics=0.5', '--episodes=1', '--workers=0',
  ],
  'no physics': ['--randomise_physics=-1'],
  'robot': ['--robot=panda', '--gripper=wide', '--episodes=1', '--workers=0'],
  'of each scene': ['--policy=runs/{scene}_policy', '--episodes=1'],
  'two robots': ['--scenes=transport@panda', '--episodes=1'],
  'another scene': [
    '--retry=none', '--scenes=balance', '--episodes=1', '--workers=0',
  ],
}  # fmt: skip


@pytest.fixture(scope='module')
def out(tmp_path_factory):
  return tmp_path_factory.mktemp('benchmark')


@pytest.fixture(scope='module')
def told(out):
  """What each run says, and what is left after it; all share a folder."""
  found = many_runs.run(
    'benchmark',
    [[f'--out={out}', '--scenes=transport', *run] for run in RUNS.values()],
    folder=out,
    env={**os.environ, 'COLUMNS': '200'},
  )
  return dict(zip(RUNS, found, strict=True))


def logs(left):
  return {name: text for name, text in left.items() if name.endswith('.jsonl')}


@pytest.mark.parametrize(
  'run', ['first', 'second', 'physics', 'robot', 'another scene']
)
def test_they_end_well(told, run):
  status, _, complaint, _ = told[run]
  assert status == 0, complaint


def test_it_goes_on_where_it_stopped(out, told):
  assert 'Measuring: 2/2' in told['second'][2]
  path = out / 'generator_no_retry_wide.jsonl'
  assert set(logs(told['second'][-1])) == {path.name}
  settings, outcomes = outcome_log.load(path)
  assert settings['retry'] == 'none'
  met = [index for scene, _, index in outcomes if scene == 'transport']
  assert sorted(met) == [100000, 100001]
  assert len(path.read_text().splitlines()) == 1 + len(outcomes)


def test_the_page_says_how_many_episodes_each_scene_had(out, told):
  figures = json.loads((out / 'benchmark.json').read_text())
  same = 'python -m experiments.benchmark --policy=generator --retry=none'
  assert figures['ours: generator, no retry (wide)']['command'] == (
    f'{same} --episodes=2 --scenes=transport; '
    f'{same} --episodes=1 --scenes=balance'
  )


def test_the_page_compares_with_the_paper(out, told):
  page = (out / 'benchmark.md').read_text()
  assert 'ours: generator, no retry (wide)' in page
  assert '82.0' in page
  assert (out / 'success_over_time.png').stat().st_size > 10_000
  figures = json.loads((out / 'benchmark.json').read_text())
  run = figures['ours: generator, no retry (wide)']
  assert run['domains']['transport']['episodes'] == 2
  assert 'core-seconds' in told['second'][1]


@pytest.mark.parametrize(
  ('run', 'before', 'complaint'),
  [
    ('no such scene', 'second', "Did you mean 'drawer'?"),
    ('other settings', 'second', 'first_seed'),
    ('no physics', 'physics', '--randomise_physics=-1'),
    ('of each scene', 'robot', 'runs/transport_policy'),
    ('two robots', 'of each scene', 'Name it with --robot=panda'),
  ],
)
def test_bad_input_leaves_what_is_there(told, run, before, complaint):
  status, _, said, left = told[run]
  assert status == 2
  assert complaint in said
  assert logs(left) == logs(told[before][-1])


def test_an_empty_folder_has_no_page(told):
  status, _, complaint, left = told['nothing']
  assert status == 2
  assert 'holds no runs' in complaint
  assert not left


def test_other_physics_are_another_run(out, told):
  assert told['physics'][0] == 0
  path = out / 'generator_no_retry_physics_x_0_5_wide.jsonl'
  settings, _ = outcome_log.load(path)
  assert settings['randomise_physics'] == 0.5
  page = (out / 'benchmark.md').read_text()
  assert 'ours: generator, no retry, physics x 0.5 (wide)' in page
  assert '--randomise_physics=0.5' in page


def test_another_robot_is_another_run(out, told):
  assert told['robot'][0] == 0
  path = out / 'generator_panda_wide_wide.jsonl'
  settings, outcomes = outcome_log.load(path)
  assert settings['robot'] == 'panda+wide'
  ((scene, _, index),) = outcomes
  assert (scene, index) == ('transport', 100000)
  page = (out / 'benchmark.md').read_text()
  assert 'ours: generator, panda+wide (wide)' in page
  assert '--robot=panda+wide' in page
