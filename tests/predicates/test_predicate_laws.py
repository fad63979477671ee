"""What must hold of predicates over any scene states."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdd.predicates import predicate as predicate_lib
from sdd.scenes import vocabulary as vocabulary_lib

ATOMS = (
  "check_contact(final_state, 'crayon box', 'cabinet')",
  "check_inside(final_state, 'crayon box', 'top drawer', "
  'containment_threshold=0.1)',
  "check_on_top_of(final_state, 'horse toy', 'table')",
  "check_opened(init_state, 'middle drawer')",
  "check_closed(final_state, 'top drawer handle')",
  "check_grasped(final_state, 'vitamin bottle')",
  "get_pose(final_state, 'horse toy').position[2] > 0.1",
  "get_joint_position(final_state, 'top drawer') < 0.2",
  "0.1 < get_distance(final_state, 'horse toy', 'crayon box') <= 0.4",
  'gripper_command(final_state) < gripper_command(init_state)',
  "np.linalg.norm(get_pose(final_state, 'horse toy').position "
  "- get_pose(init_state, 'crayon box').position) < 0.4",
  "any(check_contact(final_state, name, 'floor') "
  "for name in ['horse toy', 'crayon box'])",
  "sum(check_opened(final_state, f'{level} drawer') "
  "for level in ('top', 'middle')) == 1",
  "get_pose(final_state, 'horse toy').position[0] % 0.1 > 0.05",
  "abs(get_pose(final_state, 'horse toy').position[0] "
  "- get_pose(init_state, 'horse toy').position[0]) < 0.15",
)
BATCH = 300

atoms = st.sampled_from(ATOMS)
conditions = st.recursive(
  atoms,
  lambda inner: st.one_of(
    inner.map('not ({})'.format),
    st.tuples(inner, inner).map(lambda pair: '({}) and ({})'.format(*pair)),
    st.tuples(inner, inner).map(lambda pair: '({}) or ({})'.format(*pair)),
    st.tuples(inner, inner, inner).map(
      lambda three: '({}) if ({}) else ({})'.format(*three)
    ),
  ),
  max_leaves=6,
)
few = settings(max_examples=25, deadline=None, derandomize=True)


@pytest.fixture(scope='module')
def states(random_state):
  return random_state(0, BATCH), random_state(1, BATCH)


def _same(compiled, states, first: str, second: str) -> None:
  one, two = compiled(first), compiled(second)
  np.testing.assert_array_equal(
    one.verdict(*states, xp=np), two.verdict(*states, xp=np)
  )


@pytest.mark.parametrize('source', ATOMS)
def test_every_atom_is_both_true_and_false_somewhere(compiled, states, source):
  verdicts = set(np.asarray(compiled(source).verdict(*states)).tolist())
  assert verdicts == {0, 1}


@few
@given(a=conditions, b=conditions)
def test_boolean_algebra(compiled, states, a, b):
  _same(compiled, states, f'not (({a}) and ({b}))', f'not ({a}) or not ({b})')
  _same(compiled, states, f'not (({a}) or ({b}))', f'not ({a}) and not ({b})')
  _same(compiled, states, f'not (not ({a}))', a)
  _same(compiled, states, f'({a}) and ({b})', f'({b}) and ({a})')
  _same(compiled, states, f'({a}) or ({b})', f'({b}) or ({a})')


@settings(few, max_examples=10)
@given(a=conditions)
def test_numpy_and_jax_agree(compiled, states, a):
  predicate = compiled(a)
  plain = predicate.verdict(*states, xp=np)
  assert isinstance(plain, np.ndarray)
  assert plain.dtype == np.int8
  np.testing.assert_array_equal(predicate.verdict(*states), plain)


@few
@given(a=conditions)
def test_canonical_text_round_trips(compiled, states, a):
  once = compiled(a)
  again = compiled(str(once))
  assert again == once
  assert hash(again) == hash(once)
  assert str(again) == str(once)


@few
@given(a=conditions, b=conditions)
def test_early_return_is_the_expression(compiled, states, a, b):
  early = compiled(
    'def success(init_state, final_state):\n'
    f'  if not ({a}):\n    return False\n'
    f'  return {b}\n'
  )
  direct = compiled(f'({a}) and ({b})')
  assert early == direct


@few
@given(a=conditions, b=conditions, c=conditions)
def test_branches_and_locals_are_a_conditional(compiled, states, a, b, c):
  branches = compiled(
    'def success(init_state, final_state):\n'
    f'  chosen = {a}\n'
    f'  if chosen:\n    result = {b}\n'
    f'  else:\n    result = {c}\n'
    '  return result\n'
  )
  direct = compiled(f'({b}) if ({a}) else ({c})')
  np.testing.assert_array_equal(
    branches.verdict(*states, xp=np), direct.verdict(*states, xp=np)
  )


def test_jit_vmap_and_loop_agree(compiled, states):
  predicate = compiled(' and '.join(ATOMS[6:8]) + f' or not ({ATOMS[1]})')
  with jax.disable_jit():
    eager = np.asarray(predicate(*states))
  assert eager.shape == (BATCH,)
  np.testing.assert_array_equal(predicate(*states), eager)
  np.testing.assert_array_equal(jax.jit(predicate)(*states), eager)
  np.testing.assert_array_equal(jax.vmap(predicate)(*states), eager)
  looped = [
    bool(predicate(*jax.tree.map(lambda leaf, i=i: leaf[i], states)))
    for i in range(20)
  ]
  np.testing.assert_array_equal(looped, eager[:20])


def test_batch_axes_broadcast(compiled, random_state):
  predicate = compiled(ATOMS[-1])
  initial, final = random_state(0, 3, 1), random_state(1, 4)
  assert predicate(initial, final).shape == (3, 4)
  assert compiled('True')(initial, final).shape == (3, 4)
  assert compiled(ATOMS[0])(initial, random_state(1)).shape == (3, 1)


def test_jit_tells_vocabularies_apart(compiled, vocabulary, states):
  """Equal text means another link where the links are in another order."""
  other = vocabulary_lib.Vocabulary(
    vocabulary.links[::-1], vocabulary.joints, vocabulary.joint_range
  )
  one = compiled(ATOMS[6])
  two = predicate_lib.compile_predicate(ATOMS[6], other)
  assert str(one) == str(two)
  assert one != two
  assert jax.jit(one)(*states).tolist() == one(*states).tolist()
  assert jax.jit(two)(*states).tolist() == two(*states).tolist()


def test_not_finite_numbers_are_unknown(compiled, vocabulary, random_state):
  final = random_state(1, 4)
  final.link_position[1, vocabulary.index('horse toy')] = np.nan
  final.joint_position[2, 0] = np.inf
  initial = random_state(0, 4)
  height = compiled("get_pose(final_state, 'horse toy').position[2] < 9")
  assert height.verdict(initial, final).tolist() == [1, -1, 1, 1]
  assert height.verdict(initial, final, xp=np).tolist() == [1, -1, 1, 1]
  assert height(initial, final).tolist() == [True, False, True, True]
  opposite = compiled(f'not ({height.source})')
  assert opposite.verdict(initial, final).tolist() == [0, -1, 0, 0]
  joint = compiled("get_joint_position(final_state, 'top drawer') > -1")
  assert joint.verdict(initial, final).tolist() == [1, 1, -1, 1]
  touch = compiled("check_contact(final_state, 'horse toy', 'floor') or True")
  assert touch.verdict(initial, final).tolist() == [1, -1, 1, 1]
  unread = compiled("check_closed(final_state, 'bottom drawer') or True")
  assert unread.verdict(initial, final).tolist() == [1, 1, 1, 1]


def test_division_by_zero_is_unknown_only_where_python_would_divide(
  compiled, random_state
):
  final = random_state(1, 2)
  final.gripper_command[:] = 0.0, 0.1
  states = random_state(0, 2), final
  bare = compiled('1 / gripper_command(final_state) > 5')
  assert bare.verdict(*states).tolist() == [-1, 1]
  assert bare.verdict(*states, xp=np).tolist() == [-1, 1]
  guarded = compiled(
    'gripper_command(final_state) > 0 and 1 / gripper_command(final_state) > 5'
  )
  assert guarded.verdict(*states).tolist() == [0, 1]
  chosen = compiled(
    'gripper_command(final_state) == 0 or '
    '(1 / gripper_command(final_state) '
    'if gripper_command(final_state) > 0 else 0) > 5'
  )
  assert chosen.verdict(*states).tolist() == [1, 1]


def test_what_python_cannot_compute_is_unknown(compiled, random_state):
  final = random_state(1, 3)
  final.gripper_command[:] = 0.0, 0.25, 2.0
  states = random_state(0, 3), final
  opening = 'gripper_command(final_state)'
  for source, expected in (
    (f'math.sqrt({opening} - 1) > 0.5', [-1, -1, 1]),
    (f'math.log({opening}) > 0', [-1, 0, 1]),
    (f'math.acos({opening}) > 1.4', [1, 0, -1]),
    (f'1 // {opening} == 4', [-1, 1, 0]),
    (f'1 % {opening} == 1', [-1, 0, 1]),
    (f'{opening} ** -1 < 1', [-1, 0, 1]),
    (f'{opening} > 1 or 1 / {opening} < 5', [-1, 1, 1]),
    (f'{opening} == 0 or {opening} ** -2 > 1', [1, 1, 0]),
    (f'math.exp(99 * {opening}) > 1', [0, 1, -1]),
    (f'all(1 / ({opening} - n) > 0 for n in [0, 2])', [-1, 0, -1]),
  ):
    for xp in (np, jax.numpy):
      found = compiled(source).verdict(*states, xp=xp)
      assert found.tolist() == expected, source


def test_orientation_that_is_not_finite_is_unknown(
  compiled, vocabulary, random_state
):
  final = random_state(1, 2)
  final.link_quaternion[1, vocabulary.index('horse toy')] = np.nan
  for source in (
    "is_upright(final_state, 'horse toy')",
    "get_pose(final_state, 'horse toy').orientation[0] > -9 or True",
  ):
    assert compiled(source).verdict(final, final, xp=np)[1] == -1
    assert compiled(source).verdict(final, final, xp=np)[0] == 1
