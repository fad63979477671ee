"""Whatever text comes, it is a predicate or one of two errors, and soon."""

import ast
import functools
import pathlib
import random
import tracemalloc

import attacks
import programs
import pytest

from sdd import errors
from sdd.predicates import predicate as predicate_lib
from sdd.predicates import rejection

REFUSALS = (rejection.PredicateError, rejection.LinkError)
BYTES = 50_000_000


def test_there_are_enough():
  assert len(set(attacks.ATTACKS)) == len(attacks.ATTACKS) > 400


@pytest.mark.parametrize(
  'source', attacks.ATTACKS, ids=range(len(attacks.ATTACKS))
)
def test_attacks_are_refused_where_they_stand(compiled, source):
  with pytest.raises(errors.SddError) as caught:
    compiled(source)
  assert isinstance(caught.value, REFUSALS)
  assert caught.value.line >= 1
  assert caught.value.column >= 1
  assert len(str(caught.value)) < 2500


def test_attacks_are_refused_with_little_memory(compiled):
  """How soon, a program says: experiments/benchmarks/refusals.py."""
  tracemalloc.start()
  try:
    for source in attacks.ATTACKS:
      tracemalloc.reset_peak()
      before, _ = tracemalloc.get_traced_memory()
      with pytest.raises(REFUSALS):
        compiled(source)
      _, peak = tracemalloc.get_traced_memory()
      assert peak - before < BYTES, source[:200]
  finally:
    tracemalloc.stop()


def test_nothing_is_run(compiled, tmp_path):
  trace = tmp_path / 'trace'
  head = attacks.HEAD
  for source in (
    f'open({str(trace)!r}, "w") and True',
    f'{head}  x: open({str(trace)!r}, "w") = True\n  return x',
    f'@open({str(trace)!r}, "w")\n{head}  return True',
    f"[open({str(trace)!r}, 'w')]",
    f'f"{{open({str(trace)!r})}}" == ""',
    f'np.save({str(trace)!r}, [1])',
    f'np.array([1]).tofile({str(trace)!r})',
    f'any(open({str(trace)!r}, "w") for x in [1])',
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


WORDS = (
  attacks.HEAD, '  ', '\n', 'return ', 'if ', 'else:', 'elif ', 'not ',
  ' and ', ' or ', '(', ')', '[', ']', '{', '}', '0', '2', '1e29', '.position',
  '.orientation', ' = ', ' += ', ' < ', ' == ', ' - ', ' / ', ' // ', ' ** ',
  ' % ', ', ', "'top drawer'", "'horse toy'", "'lid'", 'x', 'final_state',
  'init_state', 'check_closed', 'check_inside', 'get_pose', 'min', 'sum(',
  'True', '```', '"""', '#', ':', 'lambda ', 'import math\n', '*', '@', 'f"{',
  'for x in ', ' in ', 'range(', 'np.', 'np.linalg.norm(', 'math.', '.append(',
  'break', 'continue', 'enumerate(', 'zip(', '\\', '\x00', 'é', '_', '__',
)  # fmt: skip


program = functools.cache(programs.write)


def mutated(dice):
  """A program or an attack, cut, doubled, spliced and sprinkled."""
  if dice.random() < 0.5:
    text = dice.choice(attacks.ATTACKS)[:3000]
  else:
    text = program(dice.randrange(60))
  for _ in range(dice.choice((1, 1, 2, 5))):
    start, stop = sorted(dice.randrange(len(text) + 1) for _ in range(2))
    stop = min(stop, start + dice.choice((0, 1, 3, 40)))
    text = dice.choice(
      (
        text[:start] + text[stop:],
        text[:stop] + text[start:stop] * 3 + text[stop:],
        text[:start] + dice.choice(WORDS) + text[start:],
        text[:start] + dice.choice(WORDS) + text[stop:],
        text[:start] + dice.choice(attacks.ATTACKS)[:200] + text[stop:],
        text[:start] + chr(dice.randrange(1, 0x3000)) + text[stop:],
      )
    )
  return text


def fuzz(compiled, seeds):
  accepted = 0
  for seed in seeds:
    text = mutated(random.Random(seed))
    try:
      predicate = compiled(text)
    except REFUSALS:
      continue
    accepted += 1
    assert compiled(str(predicate)) == predicate, text
  return accepted / len(seeds)


def test_mutated_text_is_a_predicate_or_a_typed_error(compiled):
  assert fuzz(compiled, range(2000)) > 0.02


@pytest.mark.long
def test_much_mutated_text_is_a_predicate_or_a_typed_error(compiled):
  assert fuzz(compiled, range(2000, 22_000)) > 0.02


def test_the_bounds_are_announced(compiled):
  for source, told in (
    ('True and ' * 1400 + 'True', 'characters'),
    ('9 ** 99 > 1', 'power'),
    ("'a' == '" + 'a' * 300 + "'", '300 characters'),
    ('len(range(500)) > 1', 'range'),
    (f'{attacks.HEAD}  for x in []: pass\n  while 1: pass', 'while'),
  ):
    with pytest.raises(rejection.PredicateError, match=told):
      compiled(source)
  assert predicate_lib.MAX_SIZE < 10_000
