"""A pipeline collects what one process collects, whatever happens to it."""

import json
import multiprocessing
import os
import threading

import launching
import pytest
import workers
from apache_beam.internal import pickler

from launch import beam_pipeline, episode_work, pieces
from sdd.collection import collector, session
from sdd.dataset import reader, record, spec
from sdd.language import registry as providers
from sdd.scenes import registry

SENTENCE = 'move the toy into the left bin'


def indices(out):
  """The episodes that a dataset holds, in order, and those beside it."""
  held = []
  if (out / 'dataset_info.json').exists():
    held = [each.metadata.index for each in reader.read_episodes(out)]
  beside = {int(path.name[-8:]) for path in out.glob('pieces/*/episode-*')}
  return sorted(held), beside


def collect(out, *options):
  command = ['launch.dataflow', *launching.COLLECT, f'--out={out}', *options]
  return launching.start(*command)


def test_killed_and_run_again_it_is_the_dataset_of_one_process(tmp_path, plain):
  out = tmp_path / 'out'
  with collect(out) as running:
    workers.wait_for(
      lambda: any(out.glob('pieces/*/episode-*')) or running.poll() is not None,
      seconds=3600,
    )
    running.kill()
    running.communicate()
  held, beside = indices(out)
  assert len(held) == len(set(held))
  assert 1 <= len({*held, *beside}) < launching.EPISODES
  with collect(out) as running:
    told, complaint = running.communicate()
  assert running.returncode == 0, complaint
  assert f'This run: {launching.EPISODES - len(held)} episodes' in told
  assert launching.contents(out) == launching.contents(plain)
  assert indices(out) == (list(range(launching.EPISODES)), set())
  (before, after) = (plain, out)
  assert {path.name for path in before.iterdir()} == {
    path.name for path in after.iterdir()
  }


@pytest.mark.long
def test_workers_of_this_machine_change_nothing(tmp_path, plain):
  out = tmp_path / 'out'
  two = ['--direct_num_workers=2', '--direct_running_mode=multi_processing']
  with collect(out, '--', *two) as running:
    _, complaint = running.communicate()
  assert running.returncode == 0, complaint
  assert launching.contents(out) == launching.contents(plain)


@pytest.fixture(scope='module')
def work():
  scene = registry.load('transport')
  infer = session.trees(scene, providers.make_provider('recorded'))
  return episode_work.Work(
    scene=scene.name, hashes=tuple(sorted(scene.texts)),
    variation=scene.variation, seed=0, retry='inferred', primitives='6dof',
    physics=0.0, push=0.0, copies=0,
    trees=((SENTENCE, infer(SENTENCE).to_json()),),
  )  # fmt: skip


@pytest.fixture(scope='module')
def store(work, tmp_path_factory):
  """What a pipeline within this process has made of two episodes."""
  found = pieces.Pieces(str(tmp_path_factory.mktemp('pieces')))
  jobs = [collector.Job(index, SENTENCE) for index in (0, 3)]
  threads = threading.active_count()
  running = beam_pipeline.Running(jobs, work, found, beam_pipeline.options([]))
  assert running.ended(wait=3600)
  assert running.problem is None
  assert running.local
  assert threading.active_count() == threads
  assert not multiprocessing.active_children()
  assert not workers.of()
  return found


def test_a_pipeline_makes_the_episodes_of_the_collector(store, plain):
  assert store.indices() == {0, 3}
  kept = {record.index(data): data for data in reader.read_records(plain)}
  for index in (0, 3):
    made = record.decode(store.get(index).record)
    other = record.decode(kept[index])
    assert record.encode(made) == record.encode(other)


def test_a_bundle_run_twice_is_the_same_file(store, work):
  # As it arrives at a worker.
  dofn = pickler.loads(pickler.dumps(beam_pipeline.Attempt(work, store)))
  first = store.get(3)
  assert list(dofn.process((3, SENTENCE))) == [3]
  assert store.get(3) == first  # nothing was done: not even the time differs
  again = episode_work.make(work, collector.Job(3, SENTENCE))
  assert again is not None
  store.put(3, again)
  assert store.get(3).record == first.record
  assert store.indices() == {0, 3}


def test_what_is_half_there_is_not_there(store, tmp_path):
  other = pieces.Pieces(str(tmp_path))
  (tmp_path / 'part-0123').write_bytes(b'{')
  assert other.indices() == set()
  assert not other.has(0)
  other.put(0, store.get(0))
  path = tmp_path / 'episode-00000000'
  path.write_bytes(path.read_bytes()[:-1])
  with pytest.raises(spec.DatasetError, match='Remove it'):
    other.get(0)


def test_whoever_stops_begins_no_more(store, work):
  episode_work.stopping.set()
  try:
    dofn = beam_pipeline.Attempt(work, store)
    assert list(dofn.process((1, SENTENCE))) == []
  finally:
    episode_work.stopping.clear()
  assert not store.has(1)


def test_works_that_differ_have_folders_of_their_own(work):
  other = episode_work.Work(**{**vars(work), 'seed': 1})
  assert other.fingerprint != work.fingerprint
  assert episode_work.Work(**vars(work)).fingerprint == work.fingerprint


GOOD = {
  'here': [],
  'flink': ['--pieces=shared', '--', '--runner=FlinkRunner'],
}
BAD = {
  'unknown option': (['--', '--runer=FlinkRunner'], "no option 'runer'"),
  'stray word': (['--', 'FlinkRunner'], "no option 'FlinkRunner'"),
  'workers': (['--workers=2'], '--workers is of experiments.collect'),
  'a bucket as dataset': (['--out=gs://b/data'], 'Give --pieces a URL'),
  'a cluster without pieces': (['--', '--runner=SparkRunner'], '--pieces'),
  'a cloud with local pieces': (
    ['--pieces=here', '--', '--runner=DataflowRunner'], 'gs://BUCKET/FOLDER',
  ),
  'a bucket without its extra': (
    ['--pieces=gs://bucket/pieces'], 'apache-beam[gcp]',
  ),
  'a bad scene': (['--scene=transprt'], "Did you mean 'transport'?"),
}  # fmt: skip


@pytest.fixture(scope='module')
def told(tmp_path_factory):
  out = tmp_path_factory.mktemp('told') / 'out'
  own = [*launching.COLLECT, f'--out={out}']
  runs = [
    *([*own, '--dry_run', *given] for given in GOOD.values()),
    *([*own, *given] for given, _ in BAD.values()),
  ]
  found = launching.many('launch.dataflow', runs)
  assert not out.exists()
  return dict(zip([*GOOD, *BAD], found, strict=True))


@pytest.mark.parametrize('case', BAD)
def test_bad_input_is_one_paragraph_and_status_2(told, case):
  status, _, complaint = told[case]
  assert status == 2
  assert complaint.startswith('error: ')
  assert BAD[case][1] in complaint
  assert 'Traceback' not in complaint


def test_a_dry_run_prints_the_job(told):
  found = {case: json.loads(told[case][1]) for case in GOOD}
  assert found['here']['runner'] == 'DirectRunner'
  assert found['flink']['runner'] == 'FlinkRunner'
  assert found['flink']['pieces'].startswith('shared' + os.sep)
  for job in found.values():
    assert job['elements'] == launching.EPISODES
    assert job['first and last'] == [
      [0, SENTENCE],
      [launching.EPISODES - 1, SENTENCE],
    ]
    assert job['work']['seed'] == 0
