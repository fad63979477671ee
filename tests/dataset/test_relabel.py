"""Judging stored episodes anew: as while collecting, and by other code."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from sdd import errors
from sdd.collection import collector, judge, replay, session
from sdd.collection import episode as episodes
from sdd.dataset import (
  derived,
  reader,
  record,
  relabel,
  relabel_episode,
  spec,
  verdict_change,
  windows,
  writer,
)
from sdd.language import registry as providers
from sdd.language import task_tree
from sdd.predicates import predicate
from sdd.scenes import registry
from sdd.simulation import action, simulator
from tests.dataset import fake_episodes

TASK = 'move the crayon box into the top drawer'
OTHER = 'move the crayon box into the middle drawer'
NEVER = "check_inside(final_state, 'crayon box', 'middle drawer')"
MOVED = """def success(init_state, final_state):
  before = get_pose(init_state, 'crayon box').position[1]
  after = get_pose(final_state, 'crayon box').position[1]
  return abs(after - before) > 0.02
"""


@pytest.fixture(scope='module')
def scene():
  return registry.load('drawer')


@pytest.fixture(scope='module')
def infer(scene):
  return session.trees(scene, providers.make_provider('recorded'))


@pytest.fixture(scope='module')
def whole(scene, infer):
  """Episode 0 of seed 0, really collected."""
  job = collector.Job(0, TASK)
  with session.collecting(scene, infer, seed=0, workers=0) as attempts:
    (episode,) = attempts.run([job])
  return episode


@pytest.fixture(scope='module')
def judged(whole, scene):
  """States and positions at collection: the simulator repeats exactly."""
  sim = simulator.make('mujoco', scene)
  sim.reset(0, whole.metadata.initial_world)
  states, worlds = [sim.scene_state(0)], [sim.world(0).qpos]
  for command in whole.action[:-1]:
    sim.step(command[None], np.ones(1, bool))
    states.append(sim.scene_state(0))
    worlds.append(sim.world(0).qpos)
  return judge.stack(states), np.array(worlds)


@pytest.fixture(scope='module')
def kept(whole):
  """A dataset's worth: as collected, cut short, fallen, out of time."""

  def other(index, steps=None, **changes):
    short = {
      name: getattr(whole, name)[:steps]
      for name in (
        'proprioception',
        'state',
        'action',
        'world',
        'sub_task',
        'skill',
        'verdict',
      )
    }
    about = dataclasses.replace(whole.metadata, index=index, **changes)
    return dataclasses.replace(whole, **short, metadata=about)

  failed = {'success': False, 'ground_truth': False}
  return [
    whole,
    other(1, 40, ended='stuck', error='no grasp', **failed),
    other(2, ended='floor', **failed),
    other(3, 60, ended='time', **failed),
  ]


def make(path, scene, kept, run=None, images=()):
  with writer.DatasetWriter(
    path, name='drawer', state_names=scene.state_names,
    action_spec=action.ActionSpec(), scenes=scene.texts, cameras=images,
    run=run or {'tasks': [TASK], 'seed': 0, 'episodes': 4},
  ) as dataset:  # fmt: skip
    for episode in kept:
      views = {
        name: fake_episodes.view_of(
          [b'%d' % k for k in range(len(episode.action))]
        )
        for name in images
      }
      dataset.add(episode, views=views)
  return path


@pytest.fixture
def data(tmp_path, scene, kept):
  return make(tmp_path / 'data', scene, kept)


@pytest.fixture(scope='module')
def relabeller(scene):
  return relabel_episode.Relabeller(scene, scene.texts)


def label(scene, code, **more):
  return relabel_episode.Label(
    predicate.compile_predicate(code, scene.vocabulary), **more
  )


def run(data, out, given, relabeller, how=None):
  """What the program does; returns the table."""
  with relabel.open_writer(
    data,
    out,
    how=how or {'code': str(given.predicate)},
    task=given.task if given.speak else None,
  ) as into:
    return verdict_change.Table(
      relabel.changes(data, lambda _: given, relabeller=relabeller, into=into)
    )


def by_index(path):
  return {e.metadata.index: e for e in reader.read_episodes(path)}


def test_rebuilt_states_are_those_that_were_judged(whole, judged, scene):
  state, worlds = judged
  np.testing.assert_array_equal(worlds.astype(np.float32), whole.world)
  rebuilt = replay.Replay(scene).states(whole)
  for name in ('link_position', 'link_bounds', 'joint_position'):
    one, other = getattr(rebuilt, name), getattr(state, name)
    np.testing.assert_allclose(one, other, atol=1e-6)
  np.testing.assert_array_equal(rebuilt.gripper_command, state.gripper_command)
  # A simulator's contacts are those before its last physics step.
  upper = np.triu(np.ones(state.contact.shape[1:], bool))
  assert (state.contact & upper).sum() > 400
  assert ((rebuilt.contact != state.contact) & upper).sum() <= 6
  both = (rebuilt.contact & state.contact)[..., None]
  apart = np.where(both, rebuilt.contact_normal - state.contact_normal, 0)
  assert np.median(np.abs(apart).max(-1)[both[..., 0]]) < 1e-3


def test_32_bits_change_hardly_any_contact(whole, judged, scene):
  precise = dataclasses.replace(whole, world=judged[1])
  rebuild = replay.Replay(scene).states
  assert (rebuild(whole).contact != rebuild(precise).contact).sum() <= 2


@pytest.mark.parametrize(
  'code',
  [
    "check_grasped(final_state, 'crayon box')",
    "check_contact(final_state, 'crayon box', 'table')",
    "check_on_top_of(final_state, 'crayon box', 'top drawer')",
    MOVED,
  ],
)
def test_verdicts_agree_at_nearly_all_steps(whole, judged, scene, code):
  given = predicate.compile_predicate(code, scene.vocabulary)
  verdicts = []
  for states in (judged[0], replay.Replay(scene).states(whole)):
    first = jax.tree.map(lambda x: x[:1], states)
    verdicts.append(given.verdict(first, states, xp=np))
  one, other = verdicts
  assert {0, 1} == set(one.tolist())
  assert (one != other).sum() <= 1


def test_the_code_it_was_judged_by_changes_nothing(whole, relabeller, infer):
  tree = infer(TASK)
  made, change = relabeller(
    whole,
    relabel_episode.Label(tree.root.predicate, completions=tree.completions),
  )
  assert record.encode(made) == record.encode(whole)
  assert change.now == change.before == episodes.TRUE


def test_there_and_back_again(whole, relabeller, scene, infer):
  made, change = relabeller(whole, label(scene, NEVER))
  assert (change.now, change.success, change.truth) == (0, False, True)
  assert (made.metadata.ended, made.metadata.success) == ('undone', False)
  assert not made.verdict[:, 0].any()
  np.testing.assert_array_equal(made.verdict[:, 1:], whole.verdict[:, 1:])
  tree = task_tree.TaskTree.from_json(made.metadata.task_tree, scene.vocabulary)
  assert tree.root.predicate.source == NEVER
  assert tree.root.children == infer(TASK).root.children
  again, _ = relabeller(made, relabel_episode.Label(infer(TASK).root.predicate))
  assert record.encode(again) == record.encode(whole)


def test_robustness_is_that_of_the_code_it_was_measured_by(
  whole, relabeller, scene, infer
):
  about = dataclasses.replace(
    whole.metadata, robustness=0.5, robustness_copies=8
  )
  known = dataclasses.replace(whole, metadata=about)
  for code, expected in (
    (infer(TASK).root.predicate, (0.5, 8)),
    (label(scene, MOVED).predicate, (episodes.UNMEASURED, 0)),
  ):
    made, _ = relabeller(known, relabel_episode.Label(code))
    found = made.metadata.robustness, made.metadata.robustness_copies
    assert found == expected


def test_a_new_sentence_is_said_everywhere(whole, relabeller, scene):
  made, change = relabeller(
    whole, label(scene, MOVED, task=OTHER, speak=True, completions=('c',))
  )
  about = made.metadata
  assert change.task == TASK
  assert about.task == about.nodes[0] == OTHER
  tree = json.loads(about.task_tree)
  assert tree['task'] == tree['root']['instruction'] == OTHER
  assert about.completions[-1] == 'c'
  assert about.success
  assert not about.ground_truth  # the rule of the new task, at the end
  assert change.truth is False
  assert tuple(made.sub_task) == tuple(whole.sub_task)


def test_the_rule_of_the_judged_task_is_compared(whole, relabeller, scene):
  for task, expected in ((TASK.upper(), True), (OTHER, False), ('x', None)):
    made, change = relabeller(whole, label(scene, MOVED, task=task))
    assert change.truth is expected
    assert made.metadata.ground_truth  # still that of its own sentence
    assert made.metadata.task == TASK


def test_a_root_that_is_a_skill_is_named_in_every_step(
  whole, relabeller, scene, infer
):
  leaf = infer(TASK).nodes[-1]
  about = dataclasses.replace(
    whole.metadata, nodes=(TASK,), retries=(0,), trials=(),
    task_tree=task_tree.TaskTree(
      TASK, 'drawer', dataclasses.replace(leaf, instruction=TASK)
    ).to_json(),
  )  # fmt: skip
  alone = dataclasses.replace(
    whole, sub_task=(TASK,) * len(whole.action), verdict=whole.verdict[:, :1],
    metadata=about,
  )  # fmt: skip
  made, _ = relabeller(alone, label(scene, MOVED, task='nudge it', speak=True))
  assert set(made.sub_task) == {'nudge it'}


def test_what_blew_up_is_unknown_and_no_success(whole, relabeller, scene):
  world = whole.world.copy()
  world[-2:] = np.nan
  broken = dataclasses.replace(whole, world=world)
  made, change = relabeller(broken, label(scene, MOVED))
  assert (change.now, change.success) == (episodes.UNKNOWN, False)
  assert (made.verdict[:-2, 0] != episodes.UNKNOWN).all()


def test_a_dataset_is_split_anew_and_stays_as_it_was(
  data, tmp_path, relabeller, scene
):
  before = {p: p.read_bytes() for p in data.rglob('*') if p.is_file()}
  given = label(scene, MOVED, task='move the crayon box', speak=True)
  table = run(data, tmp_path / 'out', given, relabeller)
  after = {p: p.read_bytes() for p in data.rglob('*') if p.is_file()}
  assert after == before
  found = by_index(tmp_path / 'out')
  assert {i: e.metadata.ended for i, e in found.items()} == {
    0: 'success',
    1: found[1].metadata.ended,
    2: 'floor',
    3: found[3].metadata.ended,
  }
  for index, episode in found.items():
    true = episode.verdict[-1, 0] == episodes.TRUE
    assert episode.metadata.success == (true and index != 2)
    assert (episode.metadata.ended == 'success') == episode.metadata.success
  total = table.total
  assert (total.episodes, total.lost) == (4, 1)
  assert total.true + total.false + total.unknown == 4
  assert total.with_truth == 0  # nobody wrote a rule for that sentence
  assert 'floor' in str(table)
  assert 'no hand-written rule' in str(table)
  won = list(reader.read_episodes(tmp_path / 'out', 'success'))
  assert total.success == len(won)
  loaded = windows.load_windows(tmp_path / 'out')
  assert loaded.instructions == ('move the crayon box',)


def test_the_record_of_the_run_says_what_was_done(
  data, tmp_path, relabeller, scene
):
  one, two = label(scene, NEVER), label(scene, MOVED, task=OTHER, speak=True)
  run(data, tmp_path / 'one', one, relabeller, {'n': 1})
  run(tmp_path / 'one', tmp_path / 'two', two, relabeller, {'n': 2})
  told = reader.load_spec(tmp_path / 'two').run
  assert told['relabelling'] == [{'n': 1}, {'n': 2}]
  assert told['relabelled_from'] == str(tmp_path / 'one')
  assert (told['tasks'], told['seed']) == ([OTHER], 0)


def test_an_interrupted_run_goes_on(
  data, tmp_path, relabeller, scene, monkeypatch
):
  given, add = label(scene, MOVED), writer.DatasetWriter.add
  whole_table = run(data, tmp_path / 'whole', given, relabeller)

  def add_or_die(self, episode, **more):
    if len(self.done) == 2:
      raise KeyboardInterrupt
    add(self, episode, **more)

  with monkeypatch.context() as patched:
    patched.setattr(writer.DatasetWriter, 'add', add_or_die)
    with pytest.raises(KeyboardInterrupt):
      run(data, tmp_path / 'cut', given, relabeller)
  assert len(by_index(tmp_path / 'cut')) == 2
  table = run(data, tmp_path / 'cut', given, relabeller)
  assert str(table) == str(whole_table)
  assert list(reader.read_records(tmp_path / 'cut')) == list(
    reader.read_records(tmp_path / 'whole')
  )


def test_a_dataset_that_has_grown_is_caught_up_with(
  tmp_path, relabeller, scene, kept
):
  path, given = tmp_path / 'data', label(scene, MOVED)
  make(path, scene, kept[:2])
  run(path, tmp_path / 'out', given, relabeller)
  with writer.DatasetWriter(
    path, name='drawer', state_names=scene.state_names, scenes=scene.texts,
    action_spec=action.ActionSpec(),
  ) as dataset:  # fmt: skip
    dataset.add(kept[2])
  run(path, tmp_path / 'out', given, relabeller)
  assert sorted(by_index(tmp_path / 'out')) == [0, 1, 2]


def test_images_are_kept(tmp_path, relabeller, scene, kept):
  path = make(tmp_path / 'data', scene, kept[1:2], images=('front',))
  run(path, tmp_path / 'out', label(scene, MOVED), relabeller)
  key = 'steps/observation/front_image'
  (before,), (after,) = (
    [record.columns(data)[key] for data in reader.read_records(place)]
    for place in (path, tmp_path / 'out')
  )
  assert before == after == [b'%d' % k for k in range(40)]


def test_other_settings_are_refused(data, tmp_path, relabeller, scene):
  run(data, tmp_path / 'out', label(scene, MOVED), relabeller)
  before = list(reader.read_records(tmp_path / 'out'))
  with pytest.raises(spec.DatasetError, match='another configuration'):
    run(data, tmp_path / 'out', label(scene, NEVER), relabeller)
  with pytest.raises(spec.DatasetError, match='stays as it is'):
    run(data, data, label(scene, NEVER), relabeller)
  assert list(reader.read_records(tmp_path / 'out')) == before


def test_models_that_do_not_fit_are_refused(data, scene, whole, relabeller):
  (file,) = (data / 'scenes').iterdir()
  other = '<mujoco><worldbody/></mujoco>'
  with pytest.raises(errors.SddError, match='does not fit'):
    relabel_episode.Relabeller(scene, {'0': other})
  with pytest.raises(errors.SddError, match='does not fit'):
    relabel_episode.Relabeller(scene, {'0': 'no MJCF'})
  short = dataclasses.replace(whole, world=whole.world[:, 1:])
  with pytest.raises(errors.SddError, match='Episode 0 does not fit'):
    relabeller(short, label(scene, MOVED))
  file.write_text(other)
  with pytest.raises(spec.DatasetError, match='SHA-256'):
    derived.scene_texts(data)
  file.unlink()
  with pytest.raises(spec.DatasetError, match='cannot be read'):
    derived.scene_texts(data)


def test_the_table_adds_up():
  changes = [
    verdict_change.Change(i, f'task {i % 2}', before, now, bool(before),
                          now == 1 and i != 3, True, truth)
    for i, (before, now, truth) in enumerate(
      [(1, 1, True), (0, 1, True), (1, -1, None), (0, 1, False)])
  ]  # fmt: skip
  table = verdict_change.Table(changes)
  total = table.total
  assert (total.true, total.false, total.unknown) == (3, 0, 1)
  assert (total.changed, total.lost) == (3, 1)
  assert (total.success_before, total.success) == (2, 2)
  assert (total.agreeing_before, total.with_truth, total.agreeing) == (2, 3, 3)
  rows = str(table).splitlines()[2:]
  assert [row.split()[0] for row in rows[:3]] == ['2', '2', '4']
  assert rows[2].endswith('50.0%  100.0%  all')
