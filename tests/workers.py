"""Planner processes as the operating system sees them."""

import os
import pathlib
import signal
import time


def of(pid='self'):
  """Process ids of the planner workers of a process."""
  found = []
  for children in pathlib.Path(f'/proc/{pid}/task').glob('*/children'):
    found += map(int, _read(children).split())
  return [child for child in found if is_worker(child)]


def is_worker(pid):
  """Whether that process runs, and was spawned to work."""
  return b'spawn_main' in _read(pathlib.Path(f'/proc/{pid}/cmdline'))


def loaded(pid):
  """What is mapped into a process: its libraries among others."""
  return _read(pathlib.Path(f'/proc/{pid}/maps')).decode()


def deaf_to_ctrl_c(pid):
  """Whether a process blocks or ignores SIGINT."""
  status = _read(pathlib.Path(f'/proc/{pid}/status')).decode()
  fields = dict(line.split(':\t', 1) for line in status.splitlines())
  masks = [int(fields[name], 16) for name in ('SigBlk', 'SigIgn')]
  return any(mask >> (signal.SIGINT - 1) & 1 for mask in masks)


def kill(pid):
  os.kill(pid, signal.SIGKILL)


def wait_for(condition, seconds=900):
  """Waits until the condition holds; fails if it never does."""
  end = time.monotonic() + seconds
  while not condition():
    assert time.monotonic() < end, 'waited in vain'
    time.sleep(0.05)


def _read(path):
  try:
    return path.read_bytes()
  except (FileNotFoundError, ProcessLookupError):
    return b''
