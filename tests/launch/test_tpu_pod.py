"""A TPU that comes, goes and comes again, with gcloud played."""

import json
import os
import shlex
import signal
import subprocess

import checkout
import fake_cloud
import launching
import pytest

TPU = ['--name=pod', '--zone=us-central2-b', '--type=v4-16', '--poll=0.4']
TRAIN = [
  'experiments.train', '--data=gs://bucket/data', '--workdir=gs://bucket/run'
]  # fmt: skip


class Cloud:
  """A cloud of this machine."""

  def __init__(self, folder):
    self.folder = folder
    self.bucket = folder / 'buckets' / 'bucket'
    (self.bucket / 'data').mkdir(parents=True)
    (self.bucket / 'data' / 'episodes').write_text('many')
    (folder / 'program.py').write_text(fake_cloud.PROGRAM)
    env = launching.with_commands(
      folder / 'bin', gcloud=fake_cloud.GCLOUD, uv=fake_cloud.UV
    )
    self.env = env | {
      'CLOUD': str(folder), 'PLAYED': str(folder / 'program.py'),
    }  # fmt: skip

  def start(self, *words, **env):
    return launching.start(
      'launch.tpu_pod', *TPU, *words, env={**self.env, **env},
      preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip

  def run(self, *words, **env):
    with self.start(*words, **env) as running:
      out, complaint = running.communicate()
    return running.returncode, out, complaint

  def calls(self, *verbs):
    """How often each was asked for, e.g. `create`."""
    lines = (self.folder / 'calls').read_text().splitlines()
    made = [json.loads(line) for line in lines]
    asked = [words[3] for words in made if words[:2] == ['compute', 'tpus']]
    return [asked.count(verb) for verb in verbs]

  def is_there(self):
    return (self.folder / 'state').exists()

  def close(self):
    self.run('--delete')


@pytest.fixture
def cloud(tmp_path):
  found = Cloud(tmp_path)
  yield found
  if found.is_there():
    found.close()


def test_taken_away_it_goes_on_from_what_was_kept(cloud):
  (cloud.folder / 'preempt').touch()
  status, out, told = cloud.run('--spot', '--keep=1', '--', *TRAIN)
  assert status == 0, told
  assert 'pod was taken away; making it anew.' in told
  assert 'pod: PREEMPTED; removing it' in told
  assert 'experiments.train ended with status 0.' in told
  first, second = out.split('goes on from ')[1:]
  assert first.startswith('0\n')
  assert 1 <= int(second.split('\n')[0]) <= 5
  assert out.count('experiments.train reads many with all') == 2
  assert second.endswith('step 12\n')
  assert cloud.calls('create', 'delete', 'scp') == [2, 1, 2]
  kept = {path.name for path in (cloud.bucket / 'run').iterdir()}
  assert kept == {'step'}
  assert (cloud.bucket / 'run' / 'step').read_text() == '12'
  installed = (cloud.folder / 'installed').read_text()
  # Two workers, twice; the tested versions of the Python that was found.
  assert installed.count('jax[tpu] --constraint launch/constraints-py3') == 4


def heard(running, line):
  """What a launcher shows, up to a line."""
  told = ''
  while not told.endswith(line + '\n'):
    more = running.stdout.readline()
    assert more, running.stderr.read()
    told += more
  return told


def test_whoever_stops_looking_finds_it_again(cloud):
  (cloud.folder / 'hold').touch()
  with cloud.start('--', *TRAIN) as running:
    heard(running, 'step 1')
    running.send_signal(signal.SIGINT)
    _, told = running.communicate()
  assert running.returncode == 130
  assert 'pod runs on.' in told
  before = cloud.calls('create', 'scp')
  status, _, told = cloud.run('--', 'experiments.collect', '--out=x')
  assert status == 2
  assert 'runs another program' in told
  with cloud.start('--', *TRAIN) as running:
    out = heard(running, 'step 5')
    (cloud.folder / 'hold').unlink()
    rest, told = running.communicate()
  assert running.returncode == 0, told
  assert 'goes on from 0\n' in out
  assert rest.endswith('step 12\n')
  assert 'Started' not in told
  assert cloud.calls('create', 'scp') == before == [1, 1]


def test_from_the_queue_for_one_worker_and_removed_at_the_end(cloud):
  command = ['experiments.collect', '--out=gs://bucket/made']
  status, out, told = cloud.run(
    '--queued', '--delete', '--', *command, PACE='0.01'
  )
  assert status == 0, told
  for state in ('WAITING_FOR_RESOURCES', 'PROVISIONING'):
    assert f'pod: {state}' in told
  assert out.endswith('step 12\n')
  assert (cloud.bucket / 'made' / 'step').read_text() == '12'
  assert not cloud.is_there()


def test_a_program_that_fails_says_so_on_every_worker(cloud):
  (cloud.folder / 'full').touch()
  status, out, told = cloud.run('--', 'experiments.train', '--fail')
  assert status == 3
  assert 'There is none at the moment.' in told
  assert 'worker 0 gives up' in out
  assert 'worker 1 gives up' in told
  cloud.close()
  assert not cloud.is_there()
  assert cloud.run('--delete')[0] == 0  # there is nothing to remove


BAD = {
  'no program': (TPU, 'No program was named'),
  'no zone': (['--name=pod', '--', *TRAIN], 'zone'),
  'a bad zone': ([*TPU, '--zone=mars', '--', *TRAIN], '--zone=mars'),
  'a bad name': ([*TPU, '--name=My_Pod', '--', *TRAIN], '--name=My_Pod'),
  'a bad type': ([*TPU, '--type=a100', '--', *TRAIN], '--type=a100'),
  'a bad project': ([*TPU, '--project=P!', '--', *TRAIN], '--project=P!'),
  'a bad bucket': (
    [*TPU, '--', 'experiments.train', '--data=gs://b/a b'], 'gs://BUCKET',
  ),
  'a bucket elsewhere': (
    [*TPU, '--', 'experiments.train', '--workdir=s3://b/a'],
    'no s3://. Give a path that is mounted where it runs, or gs://BUCKET',
  ),
  'a typing error': ([*TPU, '--', 'experiments.evalute'], "'evaluate'"),
}  # fmt: skip
DRY = {
  'a pod': [*TPU, '--spot', '--project=mine', '--', *TRAIN],
  'the queue': [*TPU, '--queued', '--delete', '--', *TRAIN],
  'removal': [*TPU, '--delete'],
}


@pytest.fixture(scope='module')
def told():
  runs = [
    *(given for given, _ in BAD.values()),
    *(['--dry_run', *given] for given in DRY.values()),
    [*TPU, '--', *TRAIN],
  ]
  found = launching.many('launch.tpu_pod', runs, env={**os.environ, 'PATH': ''})
  return dict(zip([*BAD, *DRY, 'no gcloud'], found, strict=True))


@pytest.mark.parametrize('case', [*BAD, 'no gcloud'])
def test_bad_input_is_one_paragraph_and_status_2(told, case):
  status, out, complaint = told[case]
  assert (status, out) == (2, '')
  expected = BAD[case][1] if case in BAD else "no command 'gcloud'"
  assert complaint.startswith('error: ') or case == 'no gcloud'
  assert expected in complaint


@pytest.mark.parametrize('case', DRY)
def test_a_dry_run_prints_the_commands_and_runs_none(told, case):
  status, out, complaint = told[case]
  assert (status, complaint) == (0, '')
  lines = [shlex.split(line) for line in out.splitlines()]
  for words in lines:
    assert words[:3] == ['gcloud', 'compute', 'tpus'] or words[0] == 'bash'
    assert words[0] == 'bash' or '--zone=us-central2-b' in words
  verbs = [words[4] for words in lines if words[0] == 'gcloud']
  steps = ['describe', 'create', 'scp', 'ssh', 'ssh', 'ssh', 'ssh']
  assert verbs == {
    'a pod': steps, 'the queue': [*steps, 'delete'], 'removal': ['delete'],
  }[case]  # fmt: skip


def test_buckets_are_folders_of_the_workers(told):
  (start,) = (
    line for line in told['a pod'][1].splitlines() if ' start ' in line
  )
  assert ' read=gs://bucket/data write=gs://bucket/run -- ' in start
  assert '--data=gs/bucket/data --workdir=gs/bucket/run --distributed' in start
  assert '--worker=all' in start
  assert all('--project=mine' in line for line in start.splitlines())


def test_bash_accepts_what_workers_run():
  script = checkout.ROOT / 'launch' / 'on_tpu.sh'
  ran = subprocess.run(['bash', '-n', script], capture_output=True, text=True)
  assert (ran.returncode, ran.stderr) == (0, '')
