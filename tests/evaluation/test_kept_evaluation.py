"""An evaluation goes on from whatever a kill has left."""

import json

import pytest

from sdd import errors
from sdd.evaluation import evaluations, rollout

SETTINGS = {'policy': 'p', 'scene': 'drawer', 'first_seed': 3}
JOBS = [(task, index) for index in (3, 4) for task in ('open it', 'close it')]


def outcome(task, index, **fields):
  ended = fields.pop('ended', 'success')
  return rollout.Outcome(task, index, ended == 'success', 2.0, ended, **fields)


def finish(kept):
  kept.finish(
    'evaluate',
    {
      'complete': True,
      'wall_seconds': 1.0,
      'core_seconds': 2.0,
      'total': {'successes': 4},
      'tasks': [],
      'episodes': [kept.outcomes[job].to_json() for job in JOBS],
    },
  )


def go_on(path):
  kept = evaluations.Kept(path, SETTINGS)
  for job in kept.missing(JOBS):
    kept.add(outcome(*job))
  finish(kept)
  return path.read_bytes()


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """The log before it was finished, and what it became."""
  path = tmp_path_factory.mktemp('whole') / 'runs' / 'e.json'
  kept = evaluations.Kept(path, SETTINGS)
  for job in kept.missing(JOBS):
    kept.add(outcome(*job))
  log = kept.log.read_bytes()
  finish(kept)
  assert [each.name for each in path.parent.iterdir()] == ['e.json']
  return log, path.read_bytes()


def test_a_log_cut_anywhere_leads_to_the_same(whole, tmp_path):
  log, finished = whole
  path, part = tmp_path / 'e.json', tmp_path / 'e.json.part'
  for end in range(len(log)):
    part.write_bytes(log[:end])
    kept = evaluations.Kept(path, SETTINGS)
    for job in kept.missing(JOBS):
      kept.add(outcome(*job))
    kept.close()
    assert part.read_bytes() == log
  assert go_on(path) == finished


def test_a_kill_before_the_log_was_removed(whole, tmp_path):
  log, finished = whole
  path = tmp_path / 'e.json'
  path.write_bytes(finished)
  (tmp_path / 'e.json.part').write_bytes(log)
  kept = evaluations.Kept(path, SETTINGS)
  assert (kept.core_seconds, kept.missing(JOBS)) == (2.0, [])
  kept.close()
  assert go_on(path) == finished


def test_nothing_is_made_before_there_is_an_outcome(tmp_path):
  evaluations.Kept(tmp_path / 'runs' / 'e.json', SETTINGS).close()
  assert not list(tmp_path.iterdir())


def test_two_at_once_do_not_mix(tmp_path):
  path = tmp_path / 'e.json'
  first, second = (evaluations.Kept(path, SETTINGS) for _ in range(2))
  first.add(outcome(*JOBS[0]))
  with pytest.raises(errors.SddError, match='choose another --out'):
    second.add(outcome(*JOBS[0]))
  first.close()
  again = evaluations.Kept(path, SETTINGS)
  assert again.missing(JOBS) == JOBS[1:]
  again.close()


def test_errors_are_tried_again(tmp_path):
  path = tmp_path / 'e.json'
  kept = evaluations.Kept(path, SETTINGS)
  kept.add(outcome(*JOBS[0], cpu=3.0))
  for job in JOBS[1:]:
    kept.add(outcome(*job, ended='error', error='the server is gone'))
  kept.close()
  kept = evaluations.Kept(path, SETTINGS)
  assert kept.core_seconds == 3.0
  assert kept.missing(JOBS) == JOBS[1:]
  kept.close()


@pytest.mark.parametrize('log', [False, True])
def test_other_settings_are_refused_and_named(whole, tmp_path, log):
  path = tmp_path / ('e.json.part' if log else 'e.json')
  path.write_bytes(whole[not log])
  with pytest.raises(errors.SddError, match="policy: 'p' there, 'q' now"):
    evaluations.Kept(tmp_path / 'e.json', {**SETTINGS, 'policy': 'q'})
  assert path.read_bytes() == whole[not log]


def test_fewer_episodes_would_lose_some(whole, tmp_path):
  path = tmp_path / 'e.json'
  path.write_bytes(whole[1])
  with pytest.raises(errors.SddError, match='such as that of seed 4'):
    evaluations.Kept(path, SETTINGS).missing(JOBS[:2])


@pytest.mark.parametrize('content', ['mine', json.dumps({'complete': False})])
def test_other_files_are_left_alone(tmp_path, content):
  for name in ('e.json', 'e.json.part'):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(errors.SddError, match=r'away|other settings'):
      evaluations.Kept(tmp_path / 'e.json', SETTINGS)
    assert path.read_text() == content
    path.unlink()
