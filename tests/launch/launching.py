"""Launchers as programs, and what they find on a machine."""

import json
import os
import pathlib
import subprocess
import sys

import checkout

EPISODES = 5
COLLECT = ['--scene=transport', '--task=all', f'--episodes={EPISODES}']
MANY = """
import contextlib, importlib, io, json, sys
from absl import flags
from absl.testing import flagsaver
from experiments import program

chosen = importlib.import_module(sys.argv[1])
told = []
for arguments in json.load(sys.stdin):
  sys.argv = [chosen.__name__, *arguments]
  out, err = io.StringIO(), io.StringIO()
  status = None
  with (
    flagsaver.flagsaver(),
    contextlib.redirect_stdout(out),
    contextlib.redirect_stderr(err),
  ):
    try:
      program.run(chosen.main, passes_on=True)
    except SystemExit as stop:
      status = stop.code
  flags.FLAGS.unparse_flags()
  told.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""


def start(module, *arguments, env=None, **settings):
  """A launcher, started."""
  return subprocess.Popen(
    [sys.executable, '-m', module, *map(str, arguments)],
    cwd=checkout.ROOT,
    env=env,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    **settings,
  )


def run(module, *arguments, env=None):
  """Status, output and complaint of a launcher, or of a program."""
  with start(module, *arguments, env=env) as running:
    out, complaint = running.communicate()
  return running.returncode, out, complaint


def many(module, runs, *, env=None):
  """The same of a launcher that is run many times in one process."""
  ran = subprocess.run(
    [sys.executable, '-c', MANY, module],
    cwd=checkout.ROOT,
    env=env,
    input=json.dumps(list(runs)),
    capture_output=True,
    text=True,
  )
  assert ran.returncode == 0, ran.stderr
  return json.loads(ran.stdout)


def with_commands(folder, **scripts):
  """An environment in which these Python scripts are commands, found first."""
  folder = pathlib.Path(folder)
  folder.mkdir(exist_ok=True)
  for name, text in scripts.items():
    path = folder / name
    path.write_text(f'#!{sys.executable} -IS\n{text}')
    path.chmod(0o755)
  path = f'{folder}{os.pathsep}{os.environ["PATH"]}'
  return {**os.environ, 'PATH': path}


def contents(folder):
  """The bytes of every file of a dataset but what was measured."""
  folder = pathlib.Path(folder)
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in folder.rglob('*')
    if path.is_file() and path.name not in ('cost.jsonl', '.sdd.lock')
  }
