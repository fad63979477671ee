"""The scripts that Slurm is given, run for real with Slurm played."""

import os
import shutil
import signal
import subprocess

import checkout
import launching
import pytest
import workers

from sdd.dataset import reader
from sdd.training import loop

TASKS = 2
COLLECT = ['experiments.collect', *launching.COLLECT]
# Runs what it is handed, at once and on this machine.
SBATCH = """
import os, pathlib, re, subprocess, sys
script = pathlib.Path(sys.argv[-1])
log = script.with_name('calls')
with open(log, 'a') as file:
  print(*sys.argv[1:], file=file)
array = re.search(r'^#SBATCH --array=0-(\\d+)$', script.read_text(), re.M)
for task in range(int(array[1]) + 1 if array else 1):
  environment = {**os.environ, 'SLURM_ARRAY_TASK_ID': str(task)}
  subprocess.run(
    ['bash', script], env=environment, check=True, stdout=sys.stderr
  )
print(f'{len(log.read_text().splitlines())};cluster')
"""
SRUN = """
import os, signal, subprocess, sys
running = [
  subprocess.Popen(sys.argv[2:], env={**os.environ, 'SLURM_PROCID': str(k)})
  for k in range(int(os.environ['SLURM_NTASKS']))
]
signal.signal(signal.SIGTERM, lambda *_: [p.terminate() for p in running])
sys.exit(max(process.wait() for process in running))
"""
SCONTROL = """
import os, sys
if sys.argv[1:3] == ['show', 'hostnames']:
  assert sys.argv[3] == os.environ['SLURM_JOB_NODELIST']
  print('localhost\\nlocalhost')
else:
  print(*sys.argv[1:], file=open(os.environ['SAID'], 'a'))
"""
CONFIG = """
from sdd.policy import config as policy_config
from sdd.training import config as training_config


def get_config():
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(
      denoiser='mlp', channels=(16,), action_horizon=4, execution_horizon=2,
      step_dimension=8, object_width=16, heads=2, observation_hidden=(16,),
      condition_dimension=8, text_dimension=8, inference_steps=3,
    ),
    batch_size=16, steps=400, warmup_steps=4, log_every=1,
    checkpoint_every=100,
  )
"""


@pytest.fixture(scope='module')
def collected(tmp_path_factory):
  """What an array has collected, and where."""
  folder = tmp_path_factory.mktemp('slurm')
  env = launching.with_commands(folder / 'bin', sbatch=SBATCH)
  status, told, complaint = launching.run(
    'launch.slurm', f'--array={TASKS}', f'--folder={folder / "jobs"}', '--',
    *COLLECT, '--workers=0', f'--out={folder / "data"}', env=env,
  )  # fmt: skip
  assert status == 0, complaint
  return folder, told


def test_an_array_collects_what_one_process_does(collected, plain):
  folder, told = collected
  assert launching.contents(folder / 'data') == launching.contents(plain)
  for task in range(TASKS):
    part = reader.read_episodes(folder / 'data-slices' / str(task))
    assert sorted(each.metadata.index for each in part) == list(
      range(task, launching.EPISODES, TASKS)
    )
  calls = (folder / 'jobs' / 'calls').read_text().splitlines()
  assert calls == [
    f'--parsable {folder}/jobs/sdd-collect.sh',
    f'--parsable --dependency=afterok:1 {folder}/jobs/sdd-merge.sh',
  ]
  assert 'Job 1:' in told


def test_a_requeued_task_goes_on(collected):
  folder, _ = collected
  before = launching.contents(folder / 'data-slices')
  ran = subprocess.run(
    ['bash', folder / 'jobs' / 'sdd-collect.sh'],
    cwd=checkout.ROOT, capture_output=True, text=True,
    env={**os.environ, 'SLURM_ARRAY_TASK_ID': '1'},
  )  # fmt: skip
  assert ran.returncode == 0, ran.stderr
  assert 'Nothing was left to do.' in ran.stdout
  assert launching.contents(folder / 'data-slices') == before


@pytest.mark.long
def test_two_processes_train_in_two_goes(collected, tmp_path):
  folder, _ = collected
  (tmp_path / 'tiny.py').write_text(CONFIG)
  env = launching.with_commands(
    tmp_path / 'bin', sbatch='print(7)', srun=SRUN, scontrol=SCONTROL
  )
  env |= {
    'SLURM_JOB_ID': str(os.getpid()), 'SLURM_JOB_NODELIST': 'node[1-2]',
    'SLURM_NTASKS': '2', 'SAID': str(tmp_path / 'said'),
  }  # fmt: skip
  work = tmp_path / 'work with a space'
  status, _, complaint = launching.run(
    'launch.slurm', '--nodes=2', f'--folder={tmp_path}', '--',
    'experiments.train', f'--config={tmp_path / "tiny.py"}',
    f'--data={folder / "data"}', f'--workdir={work}', env=env,
  )  # fmt: skip
  assert status == 0, complaint

  def go():
    return subprocess.Popen(
      ['bash', tmp_path / 'sdd-train.sh'], cwd=checkout.ROOT, env=env,
      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip

  with go() as running:
    checkpoints = work / 'checkpoints'
    workers.wait_for(
      lambda: checkpoints.is_dir() and any(checkpoints.iterdir()),
      seconds=3600,
    )
    running.send_signal(signal.SIGUSR1)  # the time is nearly over
    told = running.communicate()[0]
  assert running.returncode == 143, told
  assert 'Stopped by SIGTERM' in told
  assert (tmp_path / 'said').read_text() == f'requeue {os.getpid()}\n'
  assert 0 < loop.resumes_at(work) < 400
  with go() as running:
    told = running.communicate()[0]
  assert running.returncode == 0, told
  assert told.count('Trained 400 steps') == 2
  assert loop.resumes_at(work) == 400
  shutil.rmtree(work)


def dry(*arguments):
  return ['--dry_run', *arguments]


GOOD = {
  'array': dry('--array=16', '--', *COLLECT, '--out=runs/data'),
  'train': dry('--nodes=4', '--gpus=8', '--time=12:00:00', '--',
    'experiments.train', '--data=a', '--workdir=b'),
  'python -m': dry('--sbatch=--mem=8G', '--setup=module load cuda', '--',
    'python', '-m', 'experiments.evaluate', '--policy=generator'),
}  # fmt: skip
BAD = {
  'no program': ([], 'No program was named'),
  'a typing error': (['--', 'experiments.trian'], "Did you mean 'train'?"),
  'no flag': (['--', 'experiments.train', 'data'], "'data' is no flag"),
  'array of trainings': (
    ['--array=2', '--', 'experiments.train'], '--array is for',
  ),
  'nodes for collection': (
    ['--nodes=2', '--', *COLLECT, '--out=x'], 'takes --array',
  ),
  'no out': (['--array=2', '--', *COLLECT], 'needs --out'),
  'a live model in an array': (
    ['--array=2', '--', *COLLECT, '--out=x', '--llm=gemini:M'], 'replay',
  ),
  'a slice': (['--', *COLLECT, '--out=x', '--slice=0/2'], 'says itself'),
  'a bucket': (
    ['--', 'experiments.train', '--data=runs/a,gs://b/a'], 'is mounted',
  ),
  'a bad time': (['--time=noon', '--', 'experiments.train'], '--time=noon'),
  'a bad name': (['--name=My Job', '--', 'experiments.train'], '--name=My Job'),
  'a bad option': (
    ['--sbatch=mem', '--', 'experiments.train'], '--sbatch=--mem=32G',
  ),
}  # fmt: skip


@pytest.fixture(scope='module')
def told():
  runs = [*GOOD.values(), *(given for given, _ in BAD.values())]
  found = launching.many('launch.slurm', runs, env={**os.environ, 'PATH': ''})
  return dict(zip([*GOOD, *BAD], found, strict=True))


@pytest.mark.parametrize('case', BAD)
def test_bad_input_is_one_paragraph_and_status_2(told, case):
  status, out, complaint = told[case]
  assert (status, out) == (2, '')
  assert complaint.startswith('error: ')
  assert BAD[case][1] in complaint


@pytest.mark.parametrize('case', GOOD)
def test_a_dry_run_prints_scripts_that_bash_accepts(told, case):
  status, out, complaint = told[case]
  assert (status, complaint) == (0, '')
  ran = subprocess.run(
    ['bash', '-n'], input=out, capture_output=True, text=True
  )
  assert (ran.returncode, ran.stderr) == (0, '')
  assert 'sbatch --parsable' in out


def test_what_is_asked_of_slurm_is_in_the_script(told):
  train, single = told['train'][1], told['python -m'][1]
  for line in ('nodes=4', 'gpus-per-node=8', 'time=12:00:00'):
    assert f'#SBATCH --{line}\n' in train
  assert '--workers="${SLURM_CPUS_PER_TASK:-1}" --slice=' in told['array'][1]
  assert '#SBATCH --mem=8G\n' in single
  assert '\nmodule load cuda\n' in single
  assert 'experiments.evaluate --policy=generator' in single


def test_without_slurm_it_says_so(tmp_path):
  ((status, _, complaint),) = launching.many(
    'launch.slurm',
    [[f'--folder={tmp_path}', '--', 'experiments.train']],
    env={**os.environ, 'PATH': str(tmp_path)},
  )
  assert status == 2
  assert "no command 'sbatch'" in complaint
