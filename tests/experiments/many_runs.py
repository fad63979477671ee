"""Runs a program of ours many times in one process.

Importing a program takes seconds, and runs that only complain take none.
"""

import json
import subprocess
import sys

import checkout

DRIVER = """
import contextlib, hashlib, importlib, io, json, pathlib, sys
from absl import flags
from absl.testing import flagsaver
from experiments import program

def contents(folder):
  return {
    str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in folder.rglob('*')
    if path.is_file()
  }

name, folder = sys.argv[1:]
chosen = importlib.import_module('experiments.' + name)
told = []
for arguments in json.load(sys.stdin):
  sys.argv = [name, *arguments]
  out, err = io.StringIO(), io.StringIO()
  status = None
  with (
    flagsaver.flagsaver(),
    contextlib.redirect_stdout(out),
    contextlib.redirect_stderr(err),
  ):
    try:
      program.run(chosen.main)
    except SystemExit as stop:
      status = stop.code
  flags.FLAGS.unparse_flags()
  left = contents(pathlib.Path(folder))
  told.append([status, out.getvalue(), err.getvalue(), left])
print(json.dumps(told))
"""


def run(name, runs, *, folder, env=None):
  """Status, output, complaint and what is in `folder` after each run.

  Args:
    name: of the program.
    runs: the arguments of each run.
    folder: whose files are told, by their hashes.
    env: the environment; this process's by default.
  """
  ran = subprocess.run(
    [sys.executable, '-c', DRIVER, name, str(folder)],
    cwd=checkout.ROOT,
    env=env,
    input=json.dumps(list(runs)),
    capture_output=True,
    text=True,
  )
  assert ran.returncode == 0, ran.stderr
  return json.loads(ran.stdout)
