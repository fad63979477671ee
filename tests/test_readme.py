"""README.md, and what we publish altogether, stays true."""

import ast
import re
import shlex
import subprocess

import checkout
import pytest

from experiments import config_flag, results

README = (checkout.ROOT / 'README.md').read_text()
PAGES = ('README.md', 'experiments/GUIDE.md', 'launch/README.md')
TEXT = {'.py', '.pyi', '.md', '.sh', '.toml', '.txt', '.json', '.yml', ''}


def published():
  """The text files of this checkout that are not ignored."""
  command = ['git', 'ls-files', '--cached', '--others', '--exclude-standard']
  try:
    listed = subprocess.run(
      command, cwd=checkout.ROOT, capture_output=True, check=True, text=True
    ).stdout.splitlines()
  except (OSError, subprocess.CalledProcessError):  # an unpacked archive
    found = (
      path.relative_to(checkout.ROOT) for path in checkout.ROOT.rglob('*')
    )
    listed = [
      str(path)
      for path in found
      if not any(part.startswith('.') for part in path.parts)
    ]
  paths = (checkout.ROOT / name for name in listed)
  return [path for path in paths if path.is_file() and path.suffix in TEXT]


def commands():
  """Every command in a bash block of the pages, as a list of words."""
  for page in PAGES:
    text = (checkout.ROOT / page).read_text()
    for block in re.findall(r'```bash\n(.*?)```', text, re.DOTALL):
      for line in block.replace('\\\n', ' ').splitlines():
        if words := shlex.split(line, comments=True):
          yield words


def defined_flags(module, seen=()):
  """Flags that an experiment defines, itself or in what it imports.

  Returns:
    name of each flag, to the default of a config flag or else None.
  """
  found = {}
  tree = ast.parse(checkout.OURS[module].read_text())
  for node in ast.walk(tree):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
      values = [a.value for a in node.args if isinstance(a, ast.Constant)]
      if node.func.attr.startswith('DEFINE') and values:
        found[values[0]] = None
      elif node.func.attr == 'define' and len(values) > 1:
        found[values[0]] = values[1]
  for used, _ in checkout.imported_by(checkout.OURS[module]):
    if used in checkout.EXPERIMENTS and used not in (module, *seen):
      found |= defined_flags(used, (*seen, module))
  return found


def check_flags(module, arguments):
  flags = defined_flags(module)
  for argument in arguments:
    assert argument.startswith('--'), f'{module}: {argument} is no flag'
    name = argument[2:].split('=')[0].split('.')[0]
    known = {*flags, *(f'no{flag}' for flag in flags), 'help'}
    assert name in known, f'{module} has no flag --{name}, only {sorted(flags)}'
  for name, default in flags.items():
    if default:
      config_flag.check(name, str(checkout.ROOT / default), arguments)


def test_the_results_are_those_that_were_measured():
  told = 'run: python -m experiments.results --write'
  everything = results.load()
  main = [each for each in everything if each['name'] in results.MAIN]
  assert [each['name'] for each in main] == list(results.MAIN)
  assert results.insert(README, results.tables(main)) == README, told
  assert results.PAGE.read_text() == results.page(everything), told


def test_the_chapter_table_is_the_library():
  rows = re.findall(
    r'^\| (\d+) \| \[`(.*?)`\]\((.*?)\) \| (.*?) \|', README, re.MULTILINE
  )
  assert rows == [
    (str(number), f'sdd/{name}', f'sdd/{name}', sentence)
    for number, (name, sentence) in enumerate(checkout.CHAPTERS.items(), 1)
  ]


@pytest.mark.parametrize(
  'page', [*PAGES, 'third_party/README.md', 'CONTRIBUTING.md']
)
def test_links_lead_somewhere(page):
  if not (checkout.ROOT / page).exists():
    return
  text = (checkout.ROOT / page).read_text()
  targets = re.findall(r'\]\(([^)#\s]+)[^)]*\)', text)
  targets += re.findall(r'<img[^>]* src="([^"]+)"', text)
  for target in targets:
    if not target.startswith(('http://', 'https://')):
      assert ((checkout.ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize('words', list(commands()), ids=shlex.join)
def test_commands_exist_and_have_these_flags(words):
  while '=' in words[0] and not words[0].startswith('-'):  # NAME=value
    words = words[1:]
  if words[0] == 'bash':
    assert (checkout.ROOT / words[1]).is_file()
    if words[1] == 'launch/demo.sh':
      check_flags('experiments.demo', words[2:])
  elif words[:2] == ['python', '-m'] and words[2].startswith('experiments.'):
    assert words[2] in checkout.EXPERIMENTS
    check_flags(words[2], words[3:])


def test_no_package_index_is_named():
  hosts = [
    'py' + 'pi.',
    'python' + 'hosted.',
    'index' + '-url',
    'conda.' + 'org',
  ]
  named = [
    f'{path.relative_to(checkout.ROOT)}: {host}'
    for path in published()
    for host in hosts
    if host in path.read_text(errors='replace')
  ]
  assert not named


def test_nothing_is_left_unfinished():
  words = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'NotImplemented' + 'Error']
  left = [
    f'{path.relative_to(checkout.ROOT)}: {word}'
    for path in published()
    for word in words
    if re.search(rf'\b{word}\b', path.read_text(errors='replace'))
  ]
  assert not left


def test_no_path_of_somebodys_machine():
  pattern = re.compile(r'(?<![\w.}\-])/(home|Users|root|work|tmp)/\w+')
  named = [
    f'{path.relative_to(checkout.ROOT)}: {found[0]}'
    for path in published()
    if (found := pattern.search(path.read_text(errors='replace')))
  ]
  assert not named
