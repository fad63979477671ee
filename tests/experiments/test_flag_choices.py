"""What flags spell out is what the library says, and they do not collide."""

import ast
import collections

import checkout
import pytest

from sdd.collection import walk
from sdd.dataset import rendering
from sdd.evaluation import judged_states
from sdd.language import conversation, planner
from sdd.planning import motion
from sdd.scenes import address, grippers, robots, scene
from sdd.simulation import simulator

CHOICES = [
  ('generator_flags', 'retry', walk.RETRY),
  ('generator_flags', 'primitives', motion.PRIMITIVES),
  ('generator_flags', 'variation', scene.VARIATIONS),
  ('language_flags', 'record_mode', conversation.MODES),
  ('render', 'format', rendering.FORMATS),
  ('scenes', 'variation', scene.VARIATIONS),
]
DEFAULTS = [
  ('language_flags', 'llm_max_depth', planner.MAX_DEPTH),
  ('examining', 'states', judged_states.Size.share),
  ('examining', 'attempts', judged_states.Size.attempts),
  ('scenes', 'robot', robots.DEFAULT.name),
  ('benchmarks.collection', 'simulators', list(simulator.NAMES)),
]
NAMED = [
  ('generator_flags', 'robot', [*robots.ARMS, robots.DEFAULT.name]),
  ('generator_flags', 'gripper', grippers.GRIPPERS),
  ('generator_flags', 'cameras', address.CAMERAS),
  ('scenes', 'robot', robots.ARMS),
]


def definitions(tree):
  """Of every flag that is defined, its name and what else is said of it."""
  for node in ast.walk(tree):
    match node:
      case ast.Call(
        func=ast.Attribute(attr=function),
        args=[ast.Constant(value=name), *said],
      ) if function.startswith('DEFINE_'):
        yield name, said


def parsed(module):
  return ast.parse(checkout.OURS[module].read_text())


def defined(module, flag):
  """The default of a flag, and all that its definition says, in order."""
  (said,) = (
    said
    for name, said in definitions(parsed(f'experiments.{module}'))
    if name == flag
  )
  return said


def defined_by_importing(module):
  """The flags that exist once it is imported: not those of `__main__`."""
  for statement in parsed(module).body:
    if not isinstance(statement, ast.If):
      yield from (name for name, _ in definitions(statement))


def in_one_process():
  """What tests import of our programs, and what that imports of them."""
  found = {
    module
    for path in (checkout.ROOT / 'tests').rglob('*.py')
    for module, _ in checkout.imported_by(path)
    if module in checkout.EXPERIMENTS
  }
  while (
    more := {
      each.imported
      for each in checkout.IMPORTS
      if each.importer in found and each.imported in checkout.EXPERIMENTS
    }
    - found
  ):
    found |= more
  return found


@pytest.mark.parametrize(('module', 'flag', 'choices'), CHOICES)
def test_choices_are_the_librarys(module, flag, choices):
  default, written, _ = map(ast.literal_eval, defined(module, flag))
  assert default in choices
  assert tuple(written) == tuple(choices)


@pytest.mark.parametrize(('module', 'flag', 'default'), DEFAULTS)
def test_defaults_are_the_librarys(module, flag, default):
  assert ast.literal_eval(defined(module, flag)[0]) == default


@pytest.mark.parametrize(('module', 'flag', 'names'), NAMED)
def test_descriptions_name_all_there_are(module, flag, names):
  text = ast.literal_eval(defined(module, flag)[-1])
  assert not [name for name in names if name not in text]


def test_programs_that_tests_import_share_no_flag():
  places = collections.defaultdict(list)
  for module in sorted(in_one_process()):
    for flag in defined_by_importing(module):
      places[flag].append(module)
  assert places
  assert not {flag: at for flag, at in places.items() if len(at) > 1}
