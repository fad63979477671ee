"""The benchmark program at a tiny size: resumes, compares, makes its page."""

import json
import os
import subprocess
import sys

import checkout
import pytest

from sdd.evaluation import outcome_log


def bench(out, *arguments):
  return subprocess.run(
    [sys.executable, '-m', 'experiments.benchmark', f'--out={out}', *arguments],
    cwd=checkout.ROOT,
    env={**os.environ, 'COLUMNS': '200'},
    capture_output=True,
    text=True,
    check=False,
  )


@pytest.fixture(scope='module')
def measured(tmp_path_factory):
  """One transport episode, no retry; then a second one."""
  out = tmp_path_factory.mktemp('benchmark')
  settings = ('--scenes=transport', '--retry=none')
  first = bench(out, *settings, '--episodes=1', '--workers=0')
  second = bench(out, *settings, '--episodes=2', '--workers=1')
  return out, first, second


def test_it_goes_on_where_it_stopped(measured):
  out, first, second = measured
  assert first.returncode == 0, first.stderr
  assert second.returncode == 0, second.stderr
  (path,) = out.glob('*.jsonl')
  assert path.name == 'generator_no_retry_wide.jsonl'
  settings, outcomes = outcome_log.load(path)
  assert settings['retry'] == 'none'
  assert sorted(index for *_, index in outcomes) == [100000, 100001]
  assert len(path.read_text().splitlines()) == 3


def test_the_page_compares_with_the_paper(measured):
  out, _, second = measured
  page = (out / 'benchmark.md').read_text()
  assert 'ours: generator, no retry (wide)' in page
  assert '82.0' in page
  assert (out / 'success_over_time.png').stat().st_size > 10_000
  figures = json.loads((out / 'benchmark.json').read_text())
  (run,) = figures.values()
  assert run['domains']['transport']['episodes'] == 2
  assert 'core-seconds' in second.stdout


def test_bad_input_leaves_what_is_there(measured):
  out, *_ = measured
  before = {path: path.read_bytes() for path in out.glob('*.jsonl')}
  wrong = bench(out, '--scenes=drawr')
  assert wrong.returncode == 2
  assert "Did you mean 'drawer'?" in wrong.stderr
  other = bench(
    out, '--scenes=transport', '--retry=none', '--first_seed=5', '--episodes=1'
  )
  assert other.returncode == 2
  assert 'first_seed' in other.stderr
  assert before == {path: path.read_bytes() for path in out.glob('*.jsonl')}


def test_an_empty_folder_has_no_page(tmp_path):
  empty = bench(tmp_path, '--episodes=0')
  assert empty.returncode == 2
  assert 'holds no runs' in empty.stderr


def test_other_physics_are_another_run(measured):
  out, *_ = measured
  ran = bench(
    out, '--scenes=transport', '--retry=none', '--randomise_physics=0.5',
    '--episodes=1', '--workers=0',
  )  # fmt: skip
  assert ran.returncode == 0, ran.stderr
  path = out / 'generator_no_retry_physics_x_0_5_wide.jsonl'
  settings, _ = outcome_log.load(path)
  assert settings['randomise_physics'] == 0.5
  page = (out / 'benchmark.md').read_text()
  assert 'ours: generator, no retry, physics x 0.5 (wide)' in page
  assert '--randomise_physics=0.5' in page
  wrong = bench(out, '--scenes=transport', '--randomise_physics=-1')
  assert wrong.returncode == 2
  assert '--randomise_physics=-1' in wrong.stderr


def test_another_robot_is_another_run(measured):
  out, *_ = measured
  ran = bench(
    out, '--scenes=transport', '--robot=panda', '--gripper=wide',
    '--episodes=1', '--workers=0',
  )  # fmt: skip
  assert ran.returncode == 0, ran.stderr
  path = out / 'generator_panda_wide_wide.jsonl'
  settings, outcomes = outcome_log.load(path)
  assert settings['robot'] == 'panda+wide'
  ((scene, _, index),) = outcomes
  assert (scene, index) == ('transport', 100000)
  page = (out / 'benchmark.md').read_text()
  assert 'ours: generator, panda+wide (wide)' in page
  assert '--robot=panda+wide' in page
  mixed = bench(out, '--scenes=transport@panda', '--episodes=1')
  assert mixed.returncode == 2
  assert 'Name it with --robot=panda' in mixed.stderr
