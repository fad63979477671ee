"""From episodes to a policy that sees and acts, by the public programs."""

import json
import subprocess
import sys

import checkout
import pytest

pytestmark = pytest.mark.long


def run(program, *arguments):
  done = subprocess.run(
    [sys.executable, '-m', f'experiments.{program}', *arguments],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  return done.stdout


def test_collect_render_train_evaluate(tmp_path):
  run(
    'collect', '--scene=balance', '--task=all', '--episodes=2', '--workers=0',
    f'--out={tmp_path / "data"}',
  )  # fmt: skip
  run(
    'render', f'--data={tmp_path / "data"}', f'--out={tmp_path / "seen"}',
    '--cameras=front,wrist', '--size=24x24', '--renderer=raycast',
  )  # fmt: skip
  said = run(
    'train', '--config=experiments/configs/balance_vision.py',
    f'--data={tmp_path / "seen"}', f'--workdir={tmp_path / "run"}',
    '--config.steps=4', '--config.warmup_steps=1', '--config.batch_size=8',
    '--config.policy.vision.size=(24, 24)',
    '--config.policy.channels=(16, 16)',
  )  # fmt: skip
  assert 'Trained 4 steps' in said
  assert len(list((tmp_path / 'pictures').glob('[!.]*.npy'))) == 1
  file = tmp_path / 'policy.npz'
  said = run('export', f'--workdir={tmp_path / "run"}', f'--out={file}')
  assert '8 stored observations' in said
  outcomes = []
  for policy in (tmp_path / 'run', file):
    scores = tmp_path / f'{policy.stem}.json'
    run(
      'evaluate', f'--policy={policy}', '--scene=balance', '--episodes=1',
      '--workers=1', f'--out={scores}',
    )  # fmt: skip
    (episode,) = json.loads(scores.read_text())['episodes']
    assert episode['error'] == ''
    outcomes.append((episode['success'], episode['ended']))
  assert outcomes[0] == outcomes[1]
