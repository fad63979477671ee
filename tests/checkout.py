"""This checkout as tests see it: its modules and what they import."""

import ast
import dataclasses
import pathlib

ROOT = pathlib.Path(__file__).parents[1]

# In the order in which they are read.
CHAPTERS = {
  'scenes': 'The world a task happens in.',
  'simulation': 'How the world moves and looks.',
  'predicates': 'What "done" means.',
  'language': 'From a sentence to a task tree.',
  'planning': 'From a skill to a motion.',
  'collection': 'Try, verify, retry, label.',
  'dataset': 'What is kept.',
  'policy': 'The learner, as functions.',
  'training': 'How it learns.',
  'evaluation': 'How good it is.',
  'deployment': 'The policy on a robot.',
}


@dataclasses.dataclass(frozen=True)
class Import:
  """`importer` imports `imported`, both dotted module names."""

  importer: str
  imported: str
  line: int


def module_name(path):
  parts = path.relative_to(ROOT).with_suffix('').parts
  return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def modules_of(package):
  """Dotted name to file, of every module below a top-level package."""
  return {module_name(path): path for path in (ROOT / package).rglob('*.py')}


SDD, EXPERIMENTS = modules_of('sdd'), modules_of('experiments')
OURS = {**SDD, **EXPERIMENTS}


def imported_by(path):
  """Dotted name and line of every import, also within functions."""
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      for alias in node.names:
        yield alias.name, node.lineno
    elif isinstance(node, ast.ImportFrom):
      assert not node.level, f'{path}:{node.lineno}: a relative import'
      for alias in node.names:
        longer = f'{node.module}.{alias.name}'
        yield longer if longer in OURS else node.module or '', node.lineno


IMPORTS = [
  Import(module, imported, line)
  for module, path in OURS.items()
  for imported, line in imported_by(path)
]
