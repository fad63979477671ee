"""The doctor survives what it examines, and keeps secrets."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib

import broken_probes
import checkout
import pytest

from experiments import probes


def examine(*arguments, **environment):
  return subprocess.run(
    [sys.executable, '-m', 'experiments.doctor', *arguments],
    cwd=checkout.ROOT,
    env={**os.environ, **environment},
    capture_output=True,
    text=True,
  )


def test_this_machine_can_run_the_demo(tmp_path):
  blocked = tmp_path / 'file'
  blocked.touch()
  ran = examine(
    '--json',
    OPENAI_API_KEY='sesame',
    GEMINI_API_KEY=' ',
    GOOGLE_API_KEY='',
    OPENBLAS_NUM_THREADS='64',
    JAX_COMPILATION_CACHE_DIR=str(blocked),
  )
  assert ran.returncode == 0, ran.stderr
  told = json.loads(ran.stdout)
  assert told['ready']
  found = {line['name']: line for line in told['findings']}
  assert all(
    line['status'] == 'ok' for line in told['findings'] if line['needed']
  )
  assert found['films']['status'] == found['MJX']['status'] == 'ok'
  assert 'sesame' not in ran.stdout
  assert found['key of OpenAI']['status'] == 'ok'
  assert found['key of Gemini']['status'] == 'missing'
  assert found['compilation cache']['status'] == 'problem'
  assert found['threads']['status'] == 'problem'
  assert found['graphics']['status'] in ('ok', 'missing')


def test_what_the_demo_needs_decides_the_exit_status():
  ran = examine('--time_limit=0.1')  # no library answers that soon
  assert ran.returncode == 1
  assert 'no answer within 0.1 s' in ran.stdout
  assert 'Not ready' in ran.stdout


@pytest.mark.parametrize(
  ('probe', 'expected'),
  [
    (broken_probes.crash, 'killed by SIGABRT'),
    (broken_probes.hang, 'no answer within 1 s'),
    (broken_probes.fail, 'OSError: libgpu.so: cannot open'),
  ],
)
def test_a_broken_library_is_a_finding(probe, expected):
  finding = probes.apart(probe, 1 if probe is broken_probes.hang else 60)
  assert finding.status == 'problem'
  assert expected in finding.found


def test_what_a_library_prints_is_no_answer():
  answer = probes.apart(broken_probes.chatter, 60)
  assert answer == probes.Finding('ok', 'well')


def test_every_extra_is_asked_for_and_has_its_command(monkeypatch):
  text = (checkout.ROOT / 'pyproject.toml').read_text()
  offered = tomllib.loads(text)['project']['optional-dependencies']
  asked = probes.extras()
  assert set(asked) == set(offered)

  def nothing(name):
    raise importlib.metadata.PackageNotFoundError(name)

  monkeypatch.setattr(importlib.metadata, 'version', nothing)
  for name, probe in asked.items():
    finding = probe()
    assert finding.status == 'missing'
    assert f'.[{name}]' in finding.advice
  assert probes.packages().status == 'problem'


def test_two_releases_of_mujoco_are_a_problem(monkeypatch):
  versions = {'mujoco': '3.17.0', 'mujoco-mjx': '3.16.0'}
  monkeypatch.setattr(
    importlib.metadata, 'version', lambda name: versions.get(name, '1.0')
  )
  finding = probes.packages()
  assert finding.status == 'problem'
  assert '3.16.0' in finding.found


def test_other_versions_than_tested_are_told(monkeypatch):
  assert probes.packages().status == 'ok'
  monkeypatch.setattr(importlib.metadata, 'version', lambda name: '0.1')
  finding = probes.packages()
  assert finding.status == 'ok'
  assert 'absl-py 0.1 (' in finding.found
  assert '-c launch/constraints-py3' in finding.advice
