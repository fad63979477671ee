"""Addresses of buckets are refused before anything is made."""

import subprocess
import sys

import checkout
import pytest
from absl import flags

from experiments import urls
from sdd import errors


def parsed(*arguments):
  values = flags.FlagValues()
  for name in ('workdir', 'out', 'policy', 'llm', 'llm_url', 'anywhere'):
    flags.DEFINE_string(name, None, '', flag_values=values)
  flags.DEFINE_list('data', None, '', flag_values=values)
  flags.DEFINE_multi_string('line', [], '', flag_values=values)
  flags.DEFINE_integer('episodes', 3, '', flag_values=values)
  values(['program', *arguments])
  return values


@pytest.fixture(autouse=True)
def _accepted(monkeypatch):
  monkeypatch.setattr(urls, '_ACCEPTED', {})
  urls.accept('policy', 'ws', 'wss')
  urls.accept('llm_url', 'http', 'https')
  urls.accept('anywhere')


@pytest.mark.parametrize(
  ('argument', 'advice'),
  [
    ('--workdir=gs://bucket/run', 'launch.tpu_pod copies gs:// folders'),
    ('--out=s3://bucket/policy.npz', 'Copy it to this machine, or mount it.'),
    ('--out=file:///data/policy.npz', 'Leave out file://.'),
    ('--out=HDFS://host/policy.npz', 'a local or mounted path'),
    ('--data=runs/a,gs://bucket/b', '--data=gs://bucket/b'),
    ('--line=gs://bucket/a', 'mount it'),
    ('--policy=gs://bucket/policy.npz', 'mounted path, or ws:// or wss://;'),
    ('--llm=paste:gs://bucket/answers', '--llm=paste:gs://bucket/answers'),
    ('--llm_url=ws://host', 'or http:// or https://;'),
  ],
)
def test_an_address_is_refused_with_what_to_do(argument, advice):
  with pytest.raises(errors.SddError) as caught:
    urls.require_paths(parsed(argument))
  assert argument.split(',')[-1] in str(caught.value)
  assert advice in str(caught.value)


@pytest.mark.parametrize(
  'arguments',
  [
    (),
    ('--workdir=runs/gs:/odd', '--out=/data/policy.npz', '--data=a,b'),
    ('--line=see gs://bucket',),
    ('--policy=ws://127.0.0.1:8000',),
    ('--policy=WSS://robot.example',),
    ('--llm=openai:model', '--llm_url=http://127.0.0.1:8000/v1'),
    ('--anywhere=gs://bucket/pieces', '--episodes=5'),
  ],
)
def test_paths_and_what_a_flag_takes_pass(arguments):
  urls.require_paths(parsed(*arguments))


@pytest.mark.parametrize(
  ('module', 'arguments'),
  [
    ('experiments.train', ['--data=runs/data', '--workdir=gs://bucket/run']),
    ('experiments.benchmarks.decisions', ['--policy=s3://bucket/run']),
    ('launch.slurm', ['--folder=gs://bucket/logs']),
  ],
)
def test_programs_make_nothing(module, arguments, tmp_path):
  ran = subprocess.run(
    [sys.executable, '-m', module, *arguments],
    cwd=tmp_path,
    env={'PYTHONPATH': str(checkout.ROOT)},
    capture_output=True,
    text=True,
    check=False,
  )
  assert ran.returncode == 2, ran.stderr
  assert ran.stderr.startswith(f'error: {arguments[-1]}: expected a local')
  assert not list(tmp_path.iterdir())
