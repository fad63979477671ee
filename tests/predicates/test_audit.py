"""Audits find what is wrong with a predicate, and count right."""

import json

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdd import errors
from sdd.predicates import audit, audit_group, audit_row
from sdd.simulation import scene_state

HIGH = "get_pose(final_state, 'crayon box').position[2] > 0.5"
TOUCH = "check_contact(final_state, 'crayon box', 'table')"
INSIDE = "check_inside(final_state, 'crayon box', 'top drawer')"
ROOT = "np.sqrt(get_pose(final_state, 'crayon box').position[2]) > 0.5"


@pytest.fixture
def worlds(vocabulary, random_state):
  """Worlds by the height of the crayon box, and whether the table is touched.

  Everything else is the same in all of them.
  """
  box, table = vocabulary.index('crayon box'), vocabulary.index('table')

  def make(height, *, touching=False):
    state = jax.tree.map(np.array, random_state(0))
    state.link_position[box, 2] = height
    state.link_bounds[box] = [[0, 0, height], [0.1, 0.1, height + 0.1]]
    state.contact[box, table] = state.contact[table, box] = touching
    return state

  return make


@pytest.fixture
def groups(worlds):
  """Ten worlds at reset, and two in which the box rises; the rule is right."""
  reset = [[worlds(0.0)] for _ in range(10)]
  moved = [[worlds(z) for z in (0.0, 0.3, 0.6, 0.6)]] * 2
  found = [
    audit_group.group('reset', 'reset', reset),
    audit_group.group('scripted motion', 'motion', moved),
  ]
  return [ruled(group) for group in found]


def ruled(group):
  """With the rule that the box is above half a metre."""
  return group.judged(group.final.link_bounds[..., 0, 2].max(axis=-1) > 0.5)


def kinds(table):
  return {(problem.kind, problem.severity) for problem in table.problems}


def test_a_good_predicate_has_no_problem(compiled, groups):
  table = audit.audit(compiled(HIGH), groups, name='lift it')
  reset, moved = table.rows
  assert table.usable
  assert not table.problems
  assert (reset.n, reset.true, reset.false, reset.unknown) == (10, 0, 10, 0)
  assert (moved.n, moved.true, moved.runs) == (8, 4, 2)
  assert (moved.both_true, moved.both_false, moved.runs_agreeing) == (4, 4, 2)
  assert (moved.still, moved.changes, moved.spells) == (2, 0, 2)
  assert (table.links, table.joints, table.pairs) == (('crayon box',), (), ())


@pytest.mark.parametrize(
  ('code', 'expected'),
  [
    (HIGH.replace('> 0.5', '< 0.1'), ('reset', 'refuse')),
    (HIGH.replace('0.5', '5'), ('never', 'refuse')),
    (HIGH.replace('0.5', '-5'), ('always', 'refuse')),
    (HIGH.replace('0.5', '0.2'), ('truth', 'warn')),
    (HIGH.replace('>', '<'), ('truth', 'refuse')),
    (ROOT.replace('[2]', '[2] - 0.1'), ('unknown', 'refuse')),
  ],
)
def test_each_problem_is_found_and_told(compiled, groups, code, expected):
  table = audit.audit(compiled(code), groups)
  assert expected in kinds(table)
  assert table.usable == (expected[1] == 'warn')
  for problem in table.problems:
    assert problem.text.endswith('.')
    assert any(digit in problem.text for digit in '0123456789')


def test_refusals_come_first(compiled, groups):
  found = audit.audit(compiled(HIGH.replace('>', '<')), groups).problems
  severities = [problem.severity for problem in found]
  assert severities == sorted(severities)


def test_a_step_may_hold_from_the_beginning(compiled, groups):
  code = compiled(HIGH.replace('> 0.5', '< 0.1'))
  bare = [group.judged(None) for group in groups]
  assert not audit.audit(code, bare, role='step').problems
  first = audit.audit(code, bare, role='first step')
  assert kinds(first) == {('reset', 'warn')}


def test_a_world_that_begins_solved_is_not_the_predicates_fault(
  compiled, groups, worlds
):
  solved = ruled(audit_group.group('reset', 'reset', [[worlds(0.7)]] * 5))
  table = audit.audit(compiled(HIGH), [solved, *groups])
  assert kinds(table) == {('reset', 'warn')}
  assert 'nothing to do' in table.problems[0].text


def test_never_true_is_no_fault_where_nothing_was_done(compiled, groups):
  code = compiled(HIGH.replace('0.5', '5'))
  bare = [group.judged(None) for group in groups]
  assert kinds(audit.audit(code, bare)) == {('never', 'warn')}
  assert kinds(audit.audit(code, bare, solved=4)) == {('never', 'refuse')}


def test_a_touch_that_comes_and_goes_while_nothing_moves(compiled, worlds):
  flickering = [worlds(0.0, touching=k % 2 == 0) for k in range(8)]
  steady = [worlds(0.0, touching=k >= 4) for k in range(8)]
  for runs, expected in (([flickering] * 3, 3), ([steady] * 3, 0)):
    group = audit_group.group('holding still', 'motion', runs)
    table = audit.audit(compiled(TOUCH), [group])
    assert table.rows[0].still == 21
    assert table.rows[0].changes == (21 if expected else 3)
    assert table.rows[0].spells == 3
    assert table.rows[0].unsteady == expected
    assert (('flicker', 'refuse') in kinds(table)) == bool(expected)


def test_what_changes_while_things_move_does_not_flicker(compiled, worlds):
  moving = [worlds(k / 100, touching=k % 2 == 0) for k in range(8)]
  group = audit_group.group('random motion', 'motion', [moving])
  row = audit.audit(compiled(TOUCH), [group]).rows[0]
  assert (row.still, row.changes, row.unsteady) == (0, 0, 0)


@pytest.mark.parametrize('code', [HIGH, TOUCH, INSIDE])
def test_a_world_that_blew_up_is_unknown(compiled, worlds, groups, code):
  broken = worlds(np.nan)
  group = audit_group.group('holding still', 'motion', [[broken] * 3])
  table = audit.audit(compiled(code), [group, *groups])
  row = table.rows[0]
  assert (row.unknown, row.broken, row.true, row.still) == (3, 3, 0, 0)
  (told,) = [each for each in table.problems if each.kind == 'unknown']
  assert told.severity == 'warn'  # no fault of the predicate
  assert 'blew up' in told.text


def test_a_box_without_volume_is_unknown(compiled, vocabulary, worlds):
  flat = worlds(0.0)
  flat.link_bounds[vocabulary.index('crayon box')] = 0.0
  group = audit_group.group('reset', 'reset', [[flat]])
  table = audit.audit(compiled(INSIDE), [group])
  assert (table.rows[0].unknown, table.rows[0].broken) == (1, 0)
  assert ('unknown', 'refuse') in kinds(table)


@pytest.mark.parametrize(
  'code',
  [
    HIGH, TOUCH, INSIDE, "check_closed(final_state, 'top drawer')",
    "check_grasped(final_state, 'crayon box')",
    "not check_on_top_of(final_state, 'crayon box', 'table')",
    "get_pose(init_state, 'crayon box').position[2] < 0.1",
  ],
)  # fmt: skip
def test_what_is_gone_is_unknown(compiled, vocabulary, groups, code):
  made = compiled(code)
  gone = audit_group.oddities(vocabulary, made.reads, groups[0].final)
  assert gone is not None
  row = audit.audit(made, [*groups, gone]).rows[-1]
  assert row.n == 10 * len(made.reads)
  assert row.unknown == row.broken == row.n


def test_nothing_is_gone_that_is_not_read(compiled, vocabulary, groups):
  made = compiled('gripper_command(final_state) > 0.05')
  assert made.reads == ()
  assert audit_group.oddities(vocabulary, (), groups[0].final) is None


def test_each_state_is_compared_with_the_beginning_of_its_run(compiled, worlds):
  code = """def success(init_state, final_state):
    before = get_pose(init_state, 'crayon box').position[2]
    return get_pose(final_state, 'crayon box').position[2] > before + 0.1
  """
  runs = [[worlds(0.0), worlds(0.2)], [worlds(0.5), worlds(0.55)]]
  group = audit_group.group('random motion', 'motion', runs)
  assert audit.audit(compiled(code), [group]).rows[0].true == 1
  elsewhere = audit_group.group(
    'ends', 'success', [run[1:] for run in runs], initial=[worlds(0.3)] * 2
  )
  assert audit.audit(compiled(code), [elsewhere]).rows[0].true == 1


@given(st.data())
def test_counts_add_up(data):
  size = data.draw(st.integers(1, 30))

  def draw(strategy, kind):
    values = data.draw(st.lists(strategy, min_size=size, max_size=size))
    return np.array(values, kind)

  verdict = draw(st.sampled_from([1, 0, -1]), np.int8)
  follows = draw(st.booleans(), bool)
  follows[0] = False
  truth = draw(st.booleans(), bool)
  heights = draw(st.sampled_from([0.0, 0.1, np.nan]), np.float32)
  row = audit_row.count(column(heights, follows, truth), verdict)
  assert row.n == row.true + row.false + row.unknown == size
  assert row.judged == row.agreeing + row.only_predicate + row.only_truth
  assert row.judged == row.n
  assert row.true == row.both_true + row.only_predicate
  assert truth.sum() == row.both_true + row.only_truth
  assert row.broken <= row.unknown
  assert row.n - row.runs >= row.still >= row.changes
  assert row.spells >= row.unsteady
  assert row.runs >= row.runs_agreeing >= 0
  assert audit_row.Row.from_json(json.loads(json.dumps(row.to_json()))) == row


def column(heights, follows, truth):
  """A group of worlds that differ in one height."""
  size = len(heights)
  state = scene_state.SceneState(
    link_position=heights[:, None, None] * np.ones((1, 1, 3), np.float32),
    link_quaternion=np.tile(np.eye(1, 4, dtype=np.float32)[0], (size, 1, 1)),
    link_bounds=np.zeros((size, 1, 2, 3), np.float32),
    joint_position=np.zeros((size, 0), np.float32),
    contact=np.zeros((size, 1, 1), bool),
    contact_normal=np.zeros((size, 1, 1, 3), np.float32),
    gripper_command=np.zeros(size, np.float32),
  )
  return audit_group.Group('any', 'motion', state, state, follows, truth)


def test_a_table_survives_json(compiled, groups):
  code = f'{TOUCH} and {INSIDE}'
  table = audit.audit(compiled(code), groups, name='été', role='first step')
  text = json.dumps(table.to_json())
  assert audit.TruthTable.from_json(json.loads(text)) == table
  assert table.pairs == (
    ('crayon box', 'table'), ('crayon box', 'top drawer'),
  )  # fmt: skip


@pytest.mark.parametrize(
  'change', [{'format': 2}, {'rows': [{'n': 1}]}, {'surplus': 1}, {'pairs': 3}]
)
def test_other_json_is_refused(compiled, groups, change):
  fields = audit.audit(compiled(HIGH), groups).to_json()
  with pytest.raises(errors.SddError, match='not the JSON of a truth table'):
    audit.TruthTable.from_json({**fields, **change})


def test_groups_without_states_are_left_out(compiled):
  table = audit.audit(compiled(HIGH), [])
  assert table.rows == table.problems == ()
