"""The package can be read in order: what imports what, and how it is called."""

import ast
import itertools
import subprocess
import sys
import tomllib

import checkout
import pytest

VAGUE = {'core', 'utils', 'common', 'misc', 'helpers'}
# Distributions whose modules have another name.
MODULES = {
  'absl-py': 'absl',
  'google-genai': 'google',
  'google-generativeai': 'google',
  'mujoco-mjx': 'mujoco',
  'orbax-checkpoint': 'orbax',
  'pillow': 'PIL',
  'pyyaml': 'yaml',
}


def chapter(module):
  parts = module.split('.')
  inside = len(parts) > 1 and parts[0] == 'sdd'
  return parts[1] if inside and parts[1] in checkout.CHAPTERS else None


def told(found):
  return [f'{i.importer}:{i.line} imports {i.imported}' for i in found]


def test_there_are_these_chapters_and_no_others():
  assert {
    path.name for path in (checkout.ROOT / 'sdd').iterdir() if path.is_dir()
  } - {'__pycache__'} == set(checkout.CHAPTERS)


@pytest.mark.parametrize('name', checkout.CHAPTERS)
def test_a_chapter_begins_with_its_sentence(name):
  tree = ast.parse((checkout.ROOT / 'sdd' / name / '__init__.py').read_text())
  (only,) = tree.body  # a docstring and nothing else: importing it is free
  assert isinstance(only, ast.Expr)
  docstring = ast.get_docstring(tree) or ''
  assert docstring.splitlines()[0] == checkout.CHAPTERS[name]


def test_a_chapter_imports_only_chapters_above_it():
  order = list(checkout.CHAPTERS)
  wrong = [
    found
    for found in checkout.IMPORTS
    if (importer := chapter(found.importer)) in order
    and found.imported in checkout.SDD
    and (imported := chapter(found.imported)) in order
    and order.index(imported) > order.index(importer)
  ]
  assert not wrong, told(wrong)


def test_the_library_does_not_know_its_programs():
  above = {'experiments', 'launch', 'tests'}
  wrong = [
    found
    for found in checkout.IMPORTS
    if found.importer in checkout.SDD and found.imported.split('.')[0] in above
  ]
  assert not wrong, told(wrong)


def test_errors_imports_nothing_of_ours():
  wrong = [
    found
    for found in checkout.IMPORTS
    if found.importer == 'sdd.errors' and found.imported in checkout.OURS
  ]
  assert not wrong, told(wrong)


def test_no_module_imports_itself_through_others():
  edges = {module: set() for module in checkout.OURS}
  for found in checkout.IMPORTS:
    if found.imported in checkout.OURS:
      edges[found.importer].add(found.imported)
  while leaves := [module for module, out in edges.items() if not out]:
    for leaf in leaves:
      del edges[leaf]
    for out in edges.values():
      out.difference_update(leaves)
  assert not edges, f'a cycle among {sorted(edges)}'


def test_names_say_what_is_inside():
  vague = [
    module
    for module in checkout.OURS
    if VAGUE & set(module.lower().split('.')[1:])
  ]
  assert not vague


def test_our_own_functions_are_imported_by_module():
  wrong = []
  for module, path in checkout.OURS.items():
    for node in ast.walk(ast.parse(path.read_text())):
      if isinstance(node, ast.ImportFrom) and node.module in checkout.OURS:
        wrong += [
          f'{module}:{node.lineno} imports {alias.name} from {node.module}'
          for alias in node.names
          if f'{node.module}.{alias.name}' not in checkout.OURS
        ]
  assert not wrong


def test_the_robot_needs_numpy_only():
  allowed = sys.stdlib_module_names | {'numpy'}
  runtime = [
    m
    for m in checkout.SDD
    if m.startswith(('sdd.deployment.runtime', 'sdd.deployment.numpy_network'))
  ]
  assert len(runtime) > 5
  wrong = [
    found
    for found in checkout.IMPORTS
    if found.importer in runtime
    and found.imported not in runtime
    and found.imported.split('.')[0] not in allowed
  ]
  assert not wrong, told(wrong)
  code = 'import sys, sdd.deployment.runtime; print(*sys.modules, sep="\\n")'
  ran = subprocess.run(
    [sys.executable, '-c', code],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
    check=True,
  )
  heavy = {'jax', 'flax', 'mujoco', 'orbax', 'tensorflow_datasets', 'absl'}
  assert not heavy & set(ran.stdout.split())


def test_what_is_imported_is_declared():
  project = tomllib.loads((checkout.ROOT / 'pyproject.toml').read_text())[
    'project'
  ]
  extras = project['optional-dependencies']
  declared = set()
  for requirement in itertools.chain(project['dependencies'], *extras.values()):
    name = requirement
    for stop in '[<>=! ':
      name = name.split(stop)[0]
    declared.add(MODULES.get(name, name.lower().replace('-', '_')))
  wrong = [
    found
    for found in checkout.IMPORTS
    if (top := found.imported.split('.')[0]) not in ('sdd', 'experiments')
    and top not in sys.stdlib_module_names
    and top.lower() not in {name.lower() for name in declared}
  ]
  assert not wrong, told(wrong)
