"""Programs complain in one paragraph, and show how far they are."""

import io
import json
import os
import re
import subprocess
import sys
import time

import checkout
import pytest

from experiments import config_flag, meter, program
from sdd import errors

CONFIG = """
import dataclasses

@dataclasses.dataclass
class Optimizer:
  rate: float = 0.1

@dataclasses.dataclass
class Config:
  steps: int = 3
  optimizer: Optimizer = dataclasses.field(default_factory=Optimizer)

def get_config():
  return Config()
"""

PROGRAMS = [
  name
  for name, path in checkout.EXPERIMENTS.items()
  if re.search(r'^  program\.run\(', path.read_text(), re.MULTILINE)
]

# What takes long to import and is not needed to explain flags.
HEAVY = {
  'flax',
  'jax',
  'matplotlib',
  'mujoco',
  'ompl',
  'optax',
  'orbax.checkpoint',
  'tensorflow_datasets',
}

PROGRAM = '''
"""Collects things.

The second paragraph.
"""

import logging
import os
import sys

from absl import flags

from experiments import config_flag, program
from sdd import errors

NUMBER = flags.DEFINE_integer('number', 3, 'How many.', lower_bound=1)
FAIL = flags.DEFINE_enum('fail', 'no', ['no', 'input', 'interrupt'], 'How.')
CONFIG = config_flag.define('config', {config!r}, 'What to do.')


def main(_):
  if FAIL.value == 'input':
    raise errors.UnknownNameError('link', 'drawr', ['drawer', 'box'])
  if FAIL.value == 'interrupt':
    program.when_interrupted('Stopped; the same command goes on.')
    raise KeyboardInterrupt
  logging.getLogger('absl').info('chatter')
  print(NUMBER.value, CONFIG.value.optimizer.rate)
  print('jax' in sys.modules, os.environ['JAX_COMPILATION_CACHE_DIR'])


if __name__ == '__main__':
  program.run(main)
'''


# Each in a process of its own, which begins with what all of them import.
HELPING = """
import json, os, runpy, sys
from experiments import program

folder, *names = sys.argv[1:]
for name in names:
  child = os.fork()
  if child:
    os.waitpid(child, 0)
    continue
  place = f'{folder}/{name}.'
  for kind, number in (('out', 1), ('err', 2)):
    os.dup2(os.open(place + kind, os.O_WRONLY | os.O_CREAT), number)
  sys.argv, status = [name, '--help'], None
  try:
    runpy.run_module(name, run_name='__main__', alter_sys=True)
  except SystemExit as stop:
    status = stop.code
  sys.stdout.flush()
  with open(place + 'json', 'w') as file:
    json.dump([status, sorted(sys.modules)], file)
  os._exit(0)
"""

HELP = """\
Collects things.

The second paragraph.

Flags:

  --number=NUMBER
      How many. (default: 3)

  --fail=no|input|interrupt
      How. (default: no)

  --config=CONFIG
      What to do. (default:"""


@pytest.fixture(scope='module')
def launch(tmp_path_factory):
  folder = tmp_path_factory.mktemp('programs')
  (folder / 'config.py').write_text(CONFIG)
  config = str(folder / 'config.py')
  (folder / 'collect.py').write_text(
    PROGRAM.replace('{config!r}', repr(config))
  )
  environment = {**os.environ, 'PYTHONPATH': str(checkout.ROOT)}
  environment['XDG_CACHE_HOME'] = str(folder)
  del environment['JAX_COMPILATION_CACHE_DIR']

  def launch(*arguments):
    command = [sys.executable, str(folder / 'collect.py'), *arguments]
    return subprocess.run(
      command, env=environment, capture_output=True, text=True
    )

  return launch


def test_a_good_run(launch):
  ran = launch('--number=5', '--config.optimizer.rate=0.5')
  assert ran.returncode == 0
  numbers, cache = ran.stdout.splitlines()
  assert numbers == '5 0.5'
  assert cache.startswith('False ')  # JAX was not imported for the cache
  assert '/sdd/jax-' in cache
  assert ran.stderr == ''


def test_help_shows_the_docstring_and_the_programs_own_flags(launch):
  ran = launch('--help', '--number=0')
  assert ran.returncode == 0
  assert ran.stderr == ''
  assert ran.stdout.startswith(HELP)
  assert 'verbosity' not in ran.stdout


@pytest.fixture(scope='module')
def helped(tmp_path_factory):
  """What every program says to --help, and what it has imported by then."""
  folder = tmp_path_factory.mktemp('help')
  subprocess.run(
    [sys.executable, '-c', HELPING, str(folder), *PROGRAMS],
    cwd=checkout.ROOT,
    check=True,
  )
  return folder


@pytest.mark.parametrize('name', PROGRAMS)
def test_every_program_explains_itself_at_once(helped, name):
  said, complaint, told = (
    (helped / f'{name}.{kind}').read_text() for kind in ('out', 'err', 'json')
  )
  status, imported = json.loads(told)
  assert (status, complaint) == (0, '')  # nor does an import chatter
  assert 'sdd.errors' in imported
  assert not HEAVY.intersection(imported)
  assert '\nFlags:\n' in said
  assert 'import warp' not in said


def test_what_is_found_imported_is_what_the_program_imports(helped):
  """They share a process only up to what all of them need."""
  imports = {
    name: set(json.loads((helped / f'{name}.json').read_text())[1])
    for name in PROGRAMS
  }
  shared = set.intersection(*imports.values())
  assert not {name for name in shared if name.startswith('experiments.')} - {
    'experiments.meter', 'experiments.program', 'experiments.urls',
  }  # fmt: skip


@pytest.mark.parametrize(
  ('argument', 'expected'),
  [
    ('--numbr=3', "Unknown command line flag 'numbr'. Did you mean: number"),
    ('--number=0', '--number=0: 0 is not a positive integer'),
    ('--number=few', "invalid literal for int() with base 10: 'few'"),
    ('--fail=maybe', 'value should be one of <no|input|interrupt>'),
    ('extra', "Unexpected argument 'extra'"),
    ('--fail=input', "Unknown link 'drawr'. Did you mean 'drawer'?"),
    ('--config=/nowhere.py', '--config=/nowhere.py: no such file.'),
    ('--config.optimizer.rat=1', "Did you mean 'optimizer.rate'?"),
    ('--config.steps=few', '--config.steps=few'),
  ],
)
def test_bad_input_is_one_paragraph_and_status_2(launch, argument, expected):
  ran = launch(argument)
  assert ran.returncode == program.BAD_INPUT
  assert ran.stdout == ''
  assert ran.stderr.startswith('error: ')
  assert expected in ran.stderr
  assert 'Traceback' not in ran.stderr
  assert '\n\n' not in ran.stderr


def test_interrupted_programs_say_how_to_go_on(launch):
  ran = launch('--fail=interrupt')
  assert ran.returncode == program.INTERRUPTED
  assert ran.stderr == '\nStopped; the same command goes on.\n'


def test_config_fields_are_checked_at_every_depth(tmp_path):
  path = tmp_path / 'config.py'
  path.write_text(CONFIG)
  config_flag.check('config', str(path), ['--config.optimizer.rate=1', 'x.y=2'])
  with pytest.raises(errors.UnknownNameError, match=r"'step'.*'steps'"):
    config_flag.check('config', str(path), ['--config.step=1'])


class Terminal(io.StringIO):
  def isatty(self):
    return True


def test_progress_in_a_log_is_a_line_now_and_then_and_one_at_the_end():
  stream = io.StringIO()
  with meter.progress('Collecting', 50, stream=stream) as shown:
    for _ in range(50):
      shown.advance(status='all well')
  (line,) = stream.getvalue().splitlines()
  assert line.startswith('Collecting: 50/50, ')
  assert line.endswith(' elapsed, all well')


def test_progress_in_a_log_tells_the_time_left():
  stream = io.StringIO()
  shown = meter.progress('Collecting', 40, done=20, stream=stream, interval=0)
  with shown as work:
    time.sleep(0.01)
    work.advance(10)
  first, last = stream.getvalue().splitlines()
  assert first.startswith('Collecting: 30/40, ')
  assert first.endswith('0:00:00 left')
  assert last.startswith('Collecting: 30/40, ')


def test_progress_of_unknown_length():
  stream = io.StringIO()
  with meter.progress('Walking', None, stream=stream) as shown:
    shown.update(3)
    assert shown.left is None
  assert stream.getvalue().startswith('Walking: 3, ')


def test_progress_reports_its_end_even_when_the_work_fails():
  stream = io.StringIO()
  with (
    pytest.raises(errors.SddError),
    meter.progress('Collecting', 5, stream=stream) as shown,
  ):
    shown.advance()
    raise errors.SddError('no')
  assert stream.getvalue().startswith('Collecting: 1/5, ')


def test_progress_on_a_terminal_moves(monkeypatch):
  monkeypatch.setenv('TERM', 'xterm')
  monkeypatch.setenv('COLUMNS', '80')
  stream = Terminal()
  with meter.progress('Collecting', 4, stream=stream) as shown:
    for count in range(4):
      shown.advance(status=f'{count} [of] 4')
  text = stream.getvalue()
  assert '4/4' in text
  assert '3 [of] 4' in text  # square brackets are text, not markup


def test_remaining_time_is_proportional():
  work = meter.Meter('Collecting', 100, 0)
  time.sleep(0.02)
  work.advance(50)
  assert work.left == pytest.approx(work.elapsed, rel=0.5)
