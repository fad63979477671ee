"""What the predicate language takes, and how it says what it does not."""

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdd import errors
from sdd.predicates import predicate as predicate_lib
from sdd.predicates import rejection

CLOSED = "check_closed(final_state, 'top drawer')"
HEAD = 'def success(init_state, final_state):\n'
POSE = "get_pose(final_state, 'horse toy')"


def body(*lines):
  return HEAD + ''.join(f'  {line}\n' for line in lines)


@pytest.mark.parametrize(
  'source',
  [
    CLOSED,
    f'\n\n  {CLOSED}  \n',
    f'{HEAD}  return {CLOSED}',
    f'def anything(init_state: State, final_state: "State") -> bool:\n'
    f'  """Doc."""\n  # Comment.\n  closed: bool = {CLOSED}\n'
    f'  return closed\n',
    'def f(before: list[np.ndarray], now: "a | b") -> None:\n'
    "  return check_closed(now, 'top drawer')",
    "def f(state):\n  return check_closed(state, 'top drawer')",
    f'import numpy as np\nimport math\n{HEAD}  return {CLOSED}',
    f'import math, numpy as np\n\n{HEAD}  import math\n  return {CLOSED}',
    f'Sure, here it is:\n```python\n{HEAD}\n  return {CLOSED}\n```\nDone.',
    f'```\n{CLOSED}\n```',
    f'   ```py\n   {CLOSED}\n   ```',
    f'```bash\nls\n```\n```python\n{HEAD}  return {CLOSED}\n```',
    f'```python\n{CLOSED}',
    f"{HEAD}  state = final_state\n  name = 'The_top  DRAWER'\n"
    f'  pass\n  return check_deactivated(name=name, state=state)',
    f'{HEAD}  if not {CLOSED}:\n    return False\n  return True',
    f'{HEAD}  if {CLOSED}:\n    return True\n  else:\n    return False',
    f'{HEAD}  if {CLOSED}:\n    done = True\n  else:\n    done = False\n'
    f'  return done',
    f'True if {CLOSED} else False',
    f'not not {CLOSED}',
    f'{CLOSED} == True',
    f'{CLOSED} != False',
    f'bool({CLOSED}) and 1 < 2',
    f'all([{CLOSED}])',
    f'any([False, {CLOSED}])',
    f'np.all([{CLOSED}, {CLOSED}])',
    "all(check_closed(final_state, f'{l} drawer') for l in ['top'])",
    "all(check_closed(final_state, l + ' drawer') for l in ('top',))",
    body('names = []', "names.append('top' + ' drawer')",
         'return check_closed(final_state, names[-1])'),
    body("for i, name in enumerate(['x', 'top drawer'], 1):",
         "  if i == 1 or name == 'x': continue",
         '  return check_closed(final_state, name)', 'return False'),
    body('ok = True', "for a, b in zip(['top'], ['drawer']):",
         "  if not check_closed(final_state, f'{a} {b}'):", '    ok = False',
         '    break', 'return ok'),
    body("(first, second), third = ['top', 'drawer'], 3",
         "return check_closed(final_state, f'{first} {second}')"),
    "check_closed(final_state, 'top drawer knob')",
    "check_closed(final_state, 'Top-Drawer')",
    "check_closed(final_state, ['top drawer', 'x'][:1][0])",
    f"{CLOSED} and 'top' in 'top drawer' and 'a' not in ['b', 'c']",
  ],
)  # fmt: skip
def test_ways_to_write_the_same(compiled, source):
  assert compiled(source) == compiled(CLOSED)
  assert len({compiled(source), compiled(CLOSED)}) == 1
  assert compiled(source).digest == compiled(CLOSED).digest


@pytest.mark.parametrize(
  ('source', 'plain'),
  [
    (f'np.linalg.norm({POSE}.position) < 1',
     f'math.hypot({POSE}.position[0], {POSE}.position[1], '
     f'{POSE}.position[2]) < 1'),
    (f'np.abs({POSE}.position)[1] < 1', f'abs({POSE}.position[1]) < 1'),
    (f'np.all({POSE}.position[:2] > 0)',
     f'{POSE}.position[0] > 0 and {POSE}.position[1] > 0'),
    (f'any({POSE}.position > [0, 1, 2])',
     ' or '.join(f'{POSE}.position[{i}] > {i}' for i in range(3))),
    (f'np.clip({POSE}.position[2], 0, 1) > 0.5',
     f'min(max({POSE}.position[2], 0), 1) > 0.5'),
    (f'(-{POSE}.position)[0] < 2 * 3 - 1', f'-{POSE}.position[0] < 5'),
    (f'np.array([{POSE}.position[2], 1])[0] > math.pi / math.pi',
     f'{POSE}.position[2] > 1'),
    (f'{POSE}.position[2] ** 0.5 > 1', f'np.sqrt({POSE}.position[2]) > 1'),
    (f'np.isclose({POSE}.position[2], 1, atol=0.5, rtol=0)',
     f'abs({POSE}.position[2] - 1) <= 0.5'),
    (f'sum([{CLOSED}, {CLOSED}]) >= 2',
     f'(1 if {CLOSED} else 0) + int({CLOSED}) >= 2'),
    (body('n = 0', "for name in ['horse toy', 'crayon box']:",
          "  if check_contact(final_state, name, 'table'):", '    n += 1',
          'return n == 2'),
     "sum(check_contact(final_state, name, 'table') "
     "for name in ['horse toy', 'crayon box']) == 2"),
    (body('best = 1', 'if gripper_command(final_state) < best:',
          '  best = gripper_command(final_state)', 'return best < 0.1'),
     'min(gripper_command(final_state), 1) < 0.1'),
    (body('found = False', "for name in ['horse toy', 'crayon box']:",
          '  if check_grasped(final_state, name):', '    found = True',
          '    break', 'return found'),
     "check_grasped(final_state, 'horse toy') or "
     "(not check_grasped(final_state, 'horse toy') and "
     "check_grasped(final_state, 'crayon box'))"),
    (body('x, y, z = get_pose(init_state, "horse toy").position',
          'a = [x, y, z]', 'b = a[::-1]',
          'return max(b) - min(a) > len(b) // 2'),
     "max(get_pose(init_state, 'horse toy').position[::-1]) - "
     "min(get_pose(init_state, 'horse toy').position) > 1"),
    ('math.degrees(gripper_command(final_state)) > 1',
     'gripper_command(final_state) * (180 / math.pi) > 1'),
  ],
)  # fmt: skip
def test_what_constructs_mean(compiled, random_state, source, plain):
  states = random_state(0, 200), random_state(1, 200)
  found = compiled(source).verdict(*states, xp=np)
  expected = compiled(plain).verdict(*states, xp=np)
  np.testing.assert_array_equal(found, expected)


def test_printed_text_shares_what_it_repeats(compiled):
  source = body(
    "x = get_distance(final_state, 'horse toy', 'crayon box') - 0.5",
    *['x = x * x + x'] * 12,
    'return 0.1 < x < 0.2',
  )
  predicate = compiled(source)
  assert len(str(predicate)) < 1500
  assert compiled(str(predicate)) == predicate


def test_it_reports_what_it_reads(compiled):
  predicate = compiled(
    body(
      "inside = check_inside(final_state, 'horse toy', 'top drawer')",
      "for level in ['bottom', 'top']:",
      "  if not check_closed(final_state, f'{level} drawer handle'):",
      '    return False',
      "return inside and check_contact(init_state, 'horse toy', 'table')",
    )
  )
  assert predicate.reads == (
    'table', 'top drawer', 'top drawer handle', 'bottom drawer handle',
    'horse toy',
  )  # fmt: skip
  assert predicate.joints == ('top_slide', 'bottom_slide')
  assert predicate.pairs == (
    ('horse toy', 'table'), ('horse toy', 'top drawer'),
  )  # fmt: skip


def test_names_of_joints_may_be_those_of_parts(vocabulary, compiled):
  """The part moves with the thing; the thing if one thing alone moves."""
  handle = compiled("check_opened(final_state, 'the middle drawer handle')")
  drawer = compiled("check_opened(final_state, 'middle drawer')")
  assert handle.joints == drawer.joints == ('middle_slide',)
  for name in ('drawer', 'cabinet', 'drawer handle', 'handle', 'top horse'):
    with pytest.raises(rejection.LinkError):
      compiled(f'check_opened(final_state, {name!r})')
  links = tuple(
    link for link in vocabulary.links
    if not link.name.startswith(('middle', 'bottom'))
  )  # fmt: skip
  alone = dataclasses.replace(
    vocabulary, links=links, joints=vocabulary.joints[:1],
    joint_range=vocabulary.joint_range[:1],
  )  # fmt: skip
  for name in ('cabinet', 'drawer', 'handle', 'drawer handle', 'top drawer'):
    one = predicate_lib.compile_predicate(
      f'check_opened(final_state, {name!r})', alone
    )
    assert one.joints == ('top_slide',)


def test_source_is_the_code_without_prose(compiled):
  predicate = compiled(f'Yes:\n```python\n{CLOSED}\n```')
  assert predicate.source == CLOSED
  assert str(predicate) == f'{HEAD}  return ' + CLOSED.replace(
    'check_closed', 'check_deactivated'
  )


def test_predicates_pickle(compiled):
  predicate = compiled(CLOSED)
  assert pickle.loads(pickle.dumps(predicate)) == predicate


@pytest.mark.parametrize(
  'source',
  [
    '((1 - 2) - 3) - (4 - 5) < 0',
    '1 - (2 + 3) * -(4 / (5 / 6)) < 2e-5',
    '(1 < 2) == (not 3 < 4)',
    'not (1 < 2 or 3 < 4) and 1e20 > 5',
    '(1 if 2 < 3 else (4 if 5 < 6 else 7)) > (8 if (9 < 1) else 2)',
    '1 < 2 < 3 != 4',
    '(True if 1 < 2 else 2 < 3) if (3 < 4 if 1 > 2 else True) else 1 == 1',
    '- - 1 < +2 - -3',
  ],
)
def test_printed_brackets_keep_the_meaning(compiled, random_state, source):
  predicate = compiled(source)
  assert compiled(str(predicate)) == predicate
  states = random_state(0), random_state(1)
  constant = {'__builtins__': {}}
  expected = eval(source, constant)  # Our own constants, as a reference.
  assert bool(predicate(*states)) is expected


def test_an_error_says_where_what_and_what_instead(compiled):
  answer = f'Here:\n```python\n{HEAD}  x = 1\n  return x is 3\n```\n'
  with pytest.raises(rejection.PredicateError) as caught:
    compiled(answer)
  error = caught.value
  assert (error.line, error.column) == (5, 10)
  assert '`is`' in error.construct
  assert '==' in error.instead
  assert 'line 5, column 10' in str(error)
  assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_unknown_names_are_suggested(compiled):
  with pytest.raises(rejection.LinkError, match="mean 'top drawer'") as caught:
    compiled(body('x = 1', "return check_closed(final_state, 'top drawr')"))
  assert (caught.value.line, caught.value.column) == (3, 10)
  assert 'line 3, column 10' in str(caught.value)
  again = pickle.loads(pickle.dumps(caught.value))
  assert str(again) == str(caught.value)
  with pytest.raises(errors.UnknownNameError, match='articulated'):
    compiled("check_closed(final_state, 'horse toy')")
  with pytest.raises(rejection.PredicateError, match='mean `check_closed`'):
    compiled("check_closd(final_state, 'top drawer')")
  with pytest.raises(errors.UnknownNameError):
    compiled("check_grasped(final_state, 'left finger')")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text())
def test_any_text_is_a_predicate_or_a_typed_error(compiled, text):
  with pytest.raises((rejection.PredicateError, rejection.LinkError)):
    compiled(text)
    raise rejection.PredicateError('it was one', 'Nothing.', 1, 1)
