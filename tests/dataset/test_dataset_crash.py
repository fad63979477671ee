"""A process killed at any moment loses no finished episode."""

import os
import pathlib
import resource
import signal
import subprocess
import sys

import pytest

from sdd.dataset import compaction, reader, spec, writer
from tests.dataset import fake_episodes

CHOSEN = [fake_episodes.make(i, success=i != 1, steps=2) for i in (2, 1, 0)]
ROOT = pathlib.Path(__file__).parents[2]

ADD_FOREVER = """
import sys
sys.path.insert(0, sys.argv[1])
from sdd.dataset import writer
from tests.dataset import fake_episodes
with writer.DatasetWriter(sys.argv[2], **fake_episodes.WRITER) as opened:
  for index in range(10_000):
    opened.add(fake_episodes.make(index, steps=2))
    print(index, flush=True)
"""

PLAIN_TFDS = """
import socket, sys
def refuse(*_):
  raise AssertionError('the network was asked')
socket.socket.connect = socket.getaddrinfo = refuse
import tensorflow_datasets as tfds
source = tfds.builder_from_directory(sys.argv[1]).as_data_source('success')
for example in source:
  steps = list(example['steps'])
  assert steps[-1]['is_last'] and steps[0]['action'].shape == (10,)
  print(example['episode_metadata']['index'])
assert 'sdd' not in sys.modules and 'tensorflow' not in sys.modules
"""


class Killed(BaseException):
  pass


def run(path: pathlib.Path, added: list[int]) -> None:
  """Continues a dataset, as a collecting program would."""
  with writer.DatasetWriter(path, **fake_episodes.WRITER) as opened:
    for episode in CHOSEN:
      if episode.metadata.index not in opened.done:
        opened.add(episode)
      added.append(episode.metadata.index)


def test_every_moment_is_survived(tmp_path, monkeypatch):
  """Stops at the first, second, third... change of the file system."""
  monkeypatch.setattr(compaction, 'MAX_EPISODES', 1)
  whole = tmp_path / 'whole'
  run(whole, [])
  expected = list(reader.read_records(whole))
  real = {name: getattr(os, name) for name in ('replace', 'fsync', 'unlink')}
  left = 0

  def change(name: str):
    def changed(*args, **kwargs):
      nonlocal left
      left -= 1
      if left < 0:
        raise Killed
      return real[name](*args, **kwargs)

    return changed

  for moment in range(1000):
    path, added = tmp_path / str(moment), []
    left = moment
    with monkeypatch.context() as patched:
      for name in real:
        patched.setattr(os, name, change(name))
      try:
        run(path, added)
      except Killed:
        pass
      else:
        break
    try:
      found = {e.metadata.index for e in reader.read_episodes(path)}
    except spec.DatasetError:  # not yet created
      found = set()
    assert found >= set(added)
    run(path, [])
    assert list(reader.read_records(path)) == expected
    names = {p.name for p in path.iterdir()}
    assert not [name for name in names if name.startswith('.tmp')]
    assert sum('array_record' in name for name in names) == len(CHOSEN)
  assert moment > 20


def test_sigkill_while_adding(tmp_path):
  path = tmp_path / 'data'
  process = subprocess.Popen(
    [sys.executable, '-c', ADD_FOREVER, str(ROOT), str(path)],
    stdout=subprocess.PIPE,
    text=True,
  )
  assert process.stdout is not None
  with process:
    printed = [int(process.stdout.readline()) for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    printed += [int(line) for line in process.stdout if line.strip()]
  read = subprocess.run(
    [sys.executable, '-I', '-c', PLAIN_TFDS, str(path)],
    cwd=tmp_path,
    capture_output=True,
    text=True,
    check=False,
  )
  assert read.returncode == 0, read.stderr
  found = [int(line) for line in read.stdout.split()]
  assert set(printed) <= set(found)
  with writer.DatasetWriter(path, **fake_episodes.WRITER) as opened:
    assert opened.done == set(found)
    opened.add(fake_episodes.make(20_000))
  indices = [e.metadata.index for e in reader.read_episodes(path)]
  assert indices == [*sorted(found), 20_000]


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path):
  with writer.DatasetWriter(tmp_path, **fake_episodes.WRITER) as opened:
    opened.add(fake_episodes.make(0))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
      with pytest.raises(spec.DatasetError, match='cannot be written'):
        opened.add(fake_episodes.make(1))
    finally:
      resource.setrlimit(resource.RLIMIT_FSIZE, before)
    opened.add(fake_episodes.make(1))
  assert [e.metadata.index for e in reader.read_episodes(tmp_path)] == [0, 1]
