"""What the predicate language takes, and that it takes nothing else."""

import ast
import pathlib
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdd import errors
from sdd.predicates import rejection

CLOSED = "check_closed(final_state, 'top drawer')"
HEAD = 'def success(init_state, final_state):\n'


@pytest.mark.parametrize(
  'source',
  [
    CLOSED,
    f'\n\n  {CLOSED}  \n',
    f'{HEAD}  return {CLOSED}',
    f'def anything(init_state: State, final_state: "State") -> bool:\n'
    f'  """Doc."""\n  # Comment.\n  closed: bool = {CLOSED}\n'
    f'  return closed\n',
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
  ],
)
def test_ways_to_write_the_same(compiled, source):
  assert compiled(source) == compiled(CLOSED)
  assert len({compiled(source), compiled(CLOSED)}) == 1


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


MALICIOUS = (
  'import os',
  'from os import system',
  "__import__('os').system('id')",
  '().__class__.__bases__[0].__subclasses__()',
  'final_state.__class__',
  "get_pose(final_state, 'horse toy').position.__class__",
  "get_pose(final_state, 'horse toy').__init__.__globals__",
  "'{0.__class__}'.format(final_state) == 'a'",
  "open('/etc/passwd').read() == ''",
  "eval('1') == 1",
  "exec('x = 1')",
  "compile('1', '', 'eval')",
  "getattr(final_state, 'contact')",
  'globals()',
  'lambda: True',
  '(lambda f: f(f))(lambda f: f(f))',
  '9 ** 9 ** 9 ** 9 > 1',
  '1 << 999999999999 > 1',
  "'a' * 999999999 == ''",
  '[x for x in final_state]',
  'all(x for x in (y for y in final_state))',
  '{x: x for x in final_state}',
  '[[]] * 999999 == []',
  'while True: pass',
  f'{HEAD}  while True:\n    pass',
  f'{HEAD}  for i in range(9999999999):\n    pass\n  return True',
  f'{HEAD}  return success(init_state, final_state)',
  f'{HEAD}  global x\n  return True',
  f'{HEAD}  del final_state\n  return True',
  f'{HEAD}  raise SystemExit',
  f'{HEAD}  assert False\n  return True',
  f'{HEAD}  yield True',
  f'{HEAD}  try:\n    return True\n  finally:\n    pass',
  f'{HEAD}  with open("a") as f:\n    return True',
  f'{HEAD}  class A: pass\n  return True',
  f'{HEAD}  def inner(): pass\n  return True',
  f'{HEAD}  final_state.contact = True\n  return True',
  f'{HEAD}  check_closed = True\n  return check_closed',
  f'{HEAD}  final_state = init_state\n  return {CLOSED}',
  f'{HEAD}  a = b = True\n  return a',
  f'{HEAD}  a, b, c = 1, 2, 3\n  return a < b',
  f'{HEAD}  x = 1\n  x += 1\n  return x > 1',
  f'{HEAD}  return True\n  import os',
  f'{HEAD}  return True\n  print(().__class__)',
  f'{HEAD}  x: print("hi") = 1\n  return True',
  f'{HEAD}  print(1)\n  return True',
  'def success(init_state, final_state=print(1)):\n  return True',
  'def success(*init_state, **final_state):\n  return True',
  'def success(init_state: print(1), final_state):\n  return True',
  'def success(init_state, final_state) -> print(1):\n  return True',
  f'@print\n{HEAD}  return True',
  f'async {HEAD}  return True',
  f'{HEAD}  return True\n{HEAD}  return False',
  f'{HEAD}  return',
  f'{HEAD}  pass',
  f'{HEAD}  return None',
  f'{HEAD}  return 1',
  f'{HEAD}  if {CLOSED}:\n    return True',
  f'{HEAD}  if {CLOSED}:\n    x = 1\n  return x > 0',
  f"{HEAD}  if {CLOSED}:\n    x = 1\n  else:\n    x = 'a'\n  return x > 0",
  f'{HEAD}  return undefined',
  '',
  ' ',
  '#',
  '""',
  'True; True',
  '1',
  "'text'",
  '...',
  '1j == 1',
  "b'a' == b'a'",
  '1e999 > 1',
  '0x' + 'f' * 4000 + ' > 1',
  '9' * 5000 + ' > 1',
  "f'{final_state}' == ''",
  '(x := 1) > 0',
  'print(*final_state)',
  "check_closed(**{'a': 1})",
  'check_closed(final_state)',
  "check_closed(final_state, 'top drawer', 1)",
  "check_closed('top drawer', final_state)",
  "check_closed(final_state, name='top drawer', name='top drawer')",
  "check_closed(final_state, 'top drawer', name='top drawer')",
  'check_closed(final_state, 1)',
  "check_clsed(final_state, 'top drawer')",
  "check_inside(final_state, 'horse toy', 'cabinet', 2)",
  "check_inside(final_state, 'horse toy', 'cabinet', "
  'gripper_command(final_state))',
  "get_pose(final_state, 'horse toy').position[3] > 0",
  "get_pose(final_state, 'horse toy').position[True] > 0",
  "get_pose(final_state, 'horse toy').position[0:1] > 0",
  "get_pose(final_state, 'horse toy').position > 0",
  "get_pose(final_state, 'horse toy').orientation[0] > 0",
  'abs(1, 2) > 0',
  'min(1) > 0',
  'max(1, 2, key=abs) > 0',
  'True + 1 > 0',
  'True < False',
  '1 and 2',
  'not 1',
  '1 is 1',
  '1 in (1, 2)',
  '~True',
  'True & True',
  'await final_state',
  'x' * 100_000,
  '(' * 5000 + '1' + ')' * 5000,
  '(' * 150 + 'True' + ')' * 150 + ' and 1',
  '[' * 1900 + ']' * 1900,
  '-' * 7000 + '1 > 0',
  'not ' * 1900 + 'True',
  '1' + ' + 1' * 1900 + ' > 0',
  'True' + ' if True else True' * 400,
  'final_state' + '.a' * 3900,
  'f(' * 180 + ')' * 180,
  HEAD + ''.join(f'{"  " * i}  if True:\n' for i in range(60)),
  HEAD + ''.join(f'  if {CLOSED}:\n    return True\n' for _ in range(100)),
  HEAD
  + '  x0 = gripper_command(final_state)\n'
  + ''.join(f'  x{i + 1} = x{i} + x{i}\n' for i in range(60))
  + '  return x60 > 0',
  HEAD
  + f'  if {CLOSED}:\n    if not {CLOSED}:\n      return False\n' * 30
  + '  return True',
  '\x00',
  'True\x00',
  '\ud800',
  '\ufeff\ufeffTrue',
  'ｅｖａｌ("1")',
  '```python\nimport os\n```',
  '```',
)


@pytest.mark.parametrize('source', MALICIOUS, ids=range(len(MALICIOUS)))
def test_everything_else_is_a_predicate_error(compiled, source):
  with pytest.raises(rejection.PredicateError):
    compiled(source)


def test_nothing_is_run(compiled, tmp_path):
  trace = tmp_path / 'trace'
  for source in (
    f'open({str(trace)!r}, "w") and True',
    f'{HEAD}  x: open({str(trace)!r}, "w") = True\n  return x',
    f'@open({str(trace)!r}, "w")\n{HEAD}  return True',
    f"[open({str(trace)!r}, 'w')]",
    f"__import__('pathlib').Path({str(trace)!r}).touch()",
  ):
    with pytest.raises(rejection.PredicateError):
      compiled(source)
  assert not trace.exists()


def test_the_chapter_cannot_run_code():
  folder = pathlib.Path(rejection.__file__).parent
  for path in folder.glob('*.py'):
    names = {
      node.id
      for node in ast.walk(ast.parse(path.read_text()))
      if isinstance(node, ast.Name)
    }
    assert not names & {'exec', 'eval', 'compile', '__import__'}


def test_an_error_says_where_what_and_what_instead(compiled):
  answer = f'Here:\n```python\n{HEAD}  x = 1\n  return x ** 2 > 3\n```\n'
  with pytest.raises(rejection.PredicateError) as caught:
    compiled(answer)
  error = caught.value
  assert (error.line, error.column) == (5, 10)
  assert '**' in error.construct
  assert 'x * x' in error.instead
  assert 'line 5, column 10' in str(error)
  assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_unknown_names_are_suggested(compiled):
  with pytest.raises(errors.UnknownNameError, match="mean 'top drawer'"):
    compiled("check_closed(final_state, 'top drawr')")
  with pytest.raises(errors.UnknownNameError, match='articulated'):
    compiled("check_closed(final_state, 'horse toy')")
  with pytest.raises(rejection.PredicateError, match='mean `check_closed`'):
    compiled("check_closd(final_state, 'top drawer')")
  with pytest.raises(errors.UnknownNameError):
    compiled("check_grasped(final_state, 'left finger')")


WORDS = (
  HEAD, '  ', '\n', 'return ', 'if ', 'else:', 'elif ', 'not ', ' and ',
  ' or ', '(', ')', '[', ']', '0', '2', '.position', ' = ', ' < ', ' - ',
  ' / ', ', ', "'top drawer'", "'horse toy'", 'x', 'final_state',
  'init_state', 'check_closed', 'check_inside', 'get_pose', 'min', 'True',
  '```', '"""', '#', ':', '**', 'lambda ', 'import ', '*', '@', 'f"{',
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(''.join)))
def test_any_text_is_a_predicate_or_a_typed_error(compiled, text):
  try:
    predicate = compiled(text)
  except (rejection.PredicateError, errors.UnknownNameError):
    return
  assert compiled(str(predicate)) == predicate
