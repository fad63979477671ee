"""Every construct of the predicate language, on a world that is known."""

import dataclasses

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from sdd import errors
from sdd.simulation import scene_state

HEAD = 'def success(init_state, final_state):\n'


def body(*lines):
  return HEAD + ''.join(f'  {line}\n' for line in lines)


@pytest.fixture(scope='module')
def worlds(vocabulary):
  """Before and now.

  Every box is the unit cube, the horse toy's far away. The top drawer is
  open, the middle one closed, the bottom one neither. Now the toy stands on
  the table, 4 m above where it was; the fingers hold the crayon box.
  """
  links = len(vocabulary.links)
  toy, box, table = map(vocabulary.index, ('horse toy', 'crayon box', 'table'))
  position = np.zeros((links, 3), np.float32)
  bounds = np.zeros((links, 2, 3), np.float32)
  bounds[:, 1] = 1.0
  bounds[toy] += 50.0
  contact = np.zeros((links, links), bool)
  normal = np.zeros((links, links, 3), np.float32)
  position[toy] = 3.0, 0.0, 0.0
  before = scene_state.SceneState(
    link_position=position,
    link_quaternion=np.tile([1.0, 0.0, 0.0, 0.0], (links, 1)),
    link_bounds=bounds,
    joint_position=np.zeros(3, np.float32),
    contact=contact,
    contact_normal=normal,
    gripper_command=np.float32(0.125),
  )
  position, contact, normal = position.copy(), contact.copy(), normal.copy()
  position[toy] = 3.0, 0.0, 4.0
  for i, j in (*((finger, box) for finger in vocabulary.fingers), (table, toy)):
    contact[i, j] = contact[j, i] = True
    normal[i, j, 2], normal[j, i, 2] = 1.0, -1.0
  now = dataclasses.replace(
    before,
    link_position=position,
    joint_position=np.array([0.3, 0.0, 0.15], np.float32),
    contact=contact,
    contact_normal=normal,
    gripper_command=np.float32(0.0625),
  )
  return before, now


TOY = "get_pose(final_state, 'horse toy').position"
BEFORE = "get_pose(init_state, 'horse toy').position"
OPEN, CLOSED = (
  f"check_{how}(final_state, 'top drawer')" for how in ('opened', 'closed')
)
# What holds in that world; the negation of each does not.
TRUE = {
  'two arguments': (
    "def f(before, after):\n  return check_closed(before, 'top drawer') and "
    "check_opened(after, 'top drawer')"
  ),
  'one argument': f'def f(now):\n  return {OPEN}'.replace('final_state', 'now'),
  'expression': OPEN,
  'fence and prose': (
    f'It is:\n\n```python\n{HEAD}  return {OPEN}\n```\n\nDone.'
  ),
  'local assignment': body(f'height = {TOY}[2]', 'return height == 4'),
  'if, first': body(f'if {OPEN}:', '  x = 1', 'else:', '  x = 2',
                    'return x == 1'),
  'elif': body(f'if {CLOSED}:', '  x = 1', f'elif {OPEN}:', '  x = 2', 'else:',
               '  x = 3', 'return x == 2'),
  'else': body(f'if {CLOSED}:', '  x = 1', f'elif not {OPEN}:', '  x = 2',
               'else:', '  x = 3', 'return x == 3'),
  'early return': body(f'if {OPEN}:', '  return True', 'return False'),
  'return in all branches': body(f'if {CLOSED}:', '  return False', 'else:',
                                 f'  return {OPEN}'),
  'conditional expression': f'(1 if {OPEN} else 2) == 1',
  'and': f'{OPEN} and not {CLOSED}',
  'or': f'{CLOSED} or {OPEN}',
  'not': f'not {CLOSED}',
  'chained comparison': f'0 < {TOY}[0] < {TOY}[2] <= 4 != {TOY}[1]',
  'arithmetic': f'({TOY}[2] + 2) * 3 - 16 / 2 // 3 + 7 % 4 - 2 ** 3 == 11',
  'sign': f'-{TOY}[2] == -4 and +{TOY}[2] == 4',
  'abs': f'abs({BEFORE}[2] - {TOY}[2]) == 4',
  'min': f'min({TOY}) == 0 and min({TOY}[2], 1) == 1',
  'max': f'max({TOY}) == 4 and max({TOY}[2], 9) == 9',
  'sum': f'sum({TOY}) == 7 and sum([{OPEN}, {CLOSED}, True]) == 2',
  'len': f"len({TOY}) == 3 and len(['a', 'b']) == 2",
  'any': f'any([{CLOSED}, {OPEN}]) and not any([])',
  'all': f'all([{OPEN}, not {CLOSED}]) and all([])',
  'list comprehension': (
    "sum([check_opened(final_state, f'{level} drawer') "
    "for level in ['top', 'middle', 'bottom']]) == 1"
  ),
  'comprehension with if': (
    "all(check_closed(init_state, n) for n in ['top drawer', 'middle drawer'] "
    "if n != 'x')"
  ),
  'for over literal names': body(
    'n = 0', "for name in ('top drawer', 'middle drawer', 'bottom drawer'):",
    '  if check_closed(final_state, name):', '    n += 1', 'return n == 1'),
  'for over computed names': body(
    "names = [level + ' drawer' for level in ['top', 'bottom']]",
    "names.append('middle drawer')", 'n = 0',
    'for i, name in enumerate(names):',
    '  n += i * check_closed(final_state, name)', 'return n == 2'),
  'break and continue': body(
    'found = False',
    "for name in ['top drawer', 'middle drawer', 'bottom drawer']:",
    '  if check_opened(final_state, name): continue',
    "  found = name == 'middle drawer'", '  break', 'return found'),
  'f-string': "check_opened(final_state, f'{\"top\"} {\"drawer\"}')",
  'constant for a name': body("TARGET = 'top drawer'",
                              'return check_opened(final_state, TARGET)'),
  'constants before the function': (
    "PLACE = 'top'\nWANTED: str = f'{PLACE} drawer'\n\n"
    f'{HEAD}  return check_opened(final_state, WANTED)'
  ),
  'tuple unpacking': body(f'x, y, z = {TOY}', '(a, b), c = (x, y), z',
                          'return (a, b, c)[2] == 4 and x == 3'),
  'np.linalg.norm': f'np.linalg.norm({TOY}) == 5',
  'np.abs': f'np.abs({BEFORE} - {TOY})[2] == 4',
  'np.allclose': f'np.allclose({TOY}, [3, 0, 4.001], atol=0.01)',
  'np.array': f'np.array([{TOY}[2], 1])[0] == 4',
  'arithmetic of vectors': f'max(2 * ({TOY} - {BEFORE}) / [1, 1, 4]) == 2',
  'comparison of vectors': f'np.all({TOY} >= {BEFORE})',
  'math.sqrt': f'math.sqrt({TOY}[2]) == 2',
  'math.hypot': f'math.hypot({TOY}[0], {TOY}[2]) == 5',
  'math.dist': f'math.dist({TOY}, {BEFORE}) == 4',
  'math.atan2': f'1.57 < math.atan2({TOY}[0], {TOY}[1]) < math.pi / 2 + 0.01',
  'math of a vector': f'np.sqrt({TOY})[2] == 2 and sum(np.cos({BEFORE})) > 0',
  'docstring, comment, hints': (
    'def f(init_state: State, final_state: "State") -> bool:\n'
    '  """Says when."""\n  # Because.\n'
    f'  opened: bool = {OPEN}\n  return opened  # So.'
  ),
  'check_contact': "check_contact(final_state, 'horse toy', 'table')",
  'check_activated': "check_activated(final_state, 'top drawer')",
  'check_deactivated': "check_deactivated(final_state, 'middle drawer')",
  'check_opened': "check_opened(final_state, 'top drawer handle')",
  'check_closed': "check_closed(init_state, 'bottom drawer')",
  'check_inside': "check_inside(final_state, 'crayon box', 'top drawer')",
  'check_on_top_of': "check_on_top_of(final_state, 'horse toy', 'table')",
  'check_grasped': "check_grasped(final_state, 'crayon box')",
  'position': f'{TOY}[2] == 4',
  'orientation': "get_pose(final_state, 'horse toy').orientation[0] == 1",
  'get_joint_position': (
    "0.14 < get_joint_position(final_state, 'bottom drawer') < 0.16"
  ),
  'get_distance': "get_distance(final_state, 'horse toy', 'crayon box') == 5",
  'is_upright': "is_upright(final_state, 'horse toy', max_angle=0.1)",
  'gripper_command': (
    'gripper_command(final_state) * 2 == gripper_command(init_state)'
  ),
  'underscores, case, articles': (
    "check_on_top_of(final_state, 'The_Horse  TOY', 'a table')"
  ),
  'a part for the thing': "check_opened(final_state, 'top drawer knob')",
}  # fmt: skip


@pytest.mark.parametrize('construct', TRUE)
def test_a_construct_means_what_it_means_in_python(compiled, worlds, construct):
  predicate = compiled(TRUE[construct])
  assert predicate.verdict(*worlds, xp=np) == 1
  assert compiled(str(predicate)) == predicate
  negated = str(predicate).replace('  return ', '  return not (') + ')'
  assert compiled(negated).verdict(*worlds, xp=np) == 0


def test_all_constructs_compiled_by_jax(compiled, worlds):
  predicates = [compiled(source) for source in TRUE.values()]
  judge = jax.jit(
    lambda before, now: jnp.stack([p.verdict(before, now) for p in predicates])
  )
  assert judge(*worlds).tolist() == [1] * len(TRUE)


@pytest.mark.parametrize(
  ('name', 'near'),
  [
    ('hors toy', 'horse toy'),
    ('crayon boxes', 'crayon box'),
    ('top_drawr', 'top drawer'),
  ],
)
def test_an_unknown_name_is_answered_with_the_nearest(compiled, name, near):
  with pytest.raises(errors.UnknownNameError) as caught:
    compiled(f"check_contact(final_state, {name!r}, 'table')")
  assert f'Did you mean {near!r}' in str(caught.value)
  assert repr(name) in str(caught.value)


ABOUT = (
  "check_contact(final_state, 'horse toy', 'floor')",
  "check_inside(final_state, 'horse toy', 'top drawer')",
  "check_on_top_of(final_state, 'horse toy', 'crayon box')",
  "check_grasped(final_state, 'horse toy')",
  f'{TOY}[2] > 1',
  "get_distance(final_state, 'horse toy', 'table') < 1",
  f'np.linalg.norm({TOY} - {BEFORE}) < 1',
)


@pytest.mark.parametrize('lost', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('source', ABOUT)
def test_an_object_that_is_nowhere_is_unknown(
  compiled, worlds, vocabulary, source, lost
):
  before, now = worlds
  index = vocabulary.index('horse toy')
  position, bounds = now.link_position.copy(), now.link_bounds.copy()
  position[index] = bounds[index] = lost
  now = now.replace(link_position=position, link_bounds=bounds)
  for text in (source, f'not ({source})', f'({source}) or True'):
    predicate = compiled(text)
    assert predicate.verdict(before, now, xp=np) == -1
    assert not predicate(before, now)


@pytest.mark.parametrize('depth', [10.0, 1e6])
@pytest.mark.parametrize('source', ABOUT)
def test_an_object_that_fell_through_the_floor_is_known_to_be_away(
  compiled, worlds, vocabulary, source, depth
):
  before, now = worlds
  index = vocabulary.index('horse toy')
  position, bounds = now.link_position.copy(), now.link_bounds.copy()
  position[index, 2] = -depth
  bounds[index] = position[index] + np.array([[-1.0], [1.0]], np.float32)
  now = now.replace(link_position=position, link_bounds=bounds)
  assert compiled(source).verdict(before, now, xp=np) == 0
  assert compiled(f'not ({source})').verdict(before, now, xp=np) == 1
