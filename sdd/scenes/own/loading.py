"""A user's MJCF as a `Scene`."""

import functools
import pathlib

from sdd.scenes import scene
from sdd.scenes.own import building, finding, reading, starting, wording


def load(path: pathlib.Path) -> scene.Scene:
  """Reads a scene of MJCF and the YAML beside it.

  A changed file is read again.

  Raises:
    reading.OwnSceneError: the scene cannot be used; says all reasons.
    notes.NotesError: the YAML is not as it must be.
  """
  times = [
    each.stat().st_mtime_ns if each.exists() else 0
    for each in (path, path.with_suffix('.yaml'))
  ]
  return _load(path, *times)


@functools.lru_cache(maxsize=16)
def _load(path: pathlib.Path, changed: int, noted: int) -> scene.Scene:
  del changed, noted
  read = reading.read(path)
  reasons = [f.text for f in read.findings if f.weight == 'fatal']
  if reasons:
    raise reading.OwnSceneError(
      f'{path} cannot be used. {" ".join(reasons)} '
      f'`python -m experiments.scenes --check={path}` says more.'
    )
  return make(read)


def make(read: reading.Reading) -> scene.Scene:
  """The scene of what was read.

  Raises:
    reading.OwnSceneError: MuJoCo does not take it.
  """
  spec = building.build(read)
  try:
    spec.compile()
  except ValueError as problem:
    raise reading.OwnSceneError(f'{read.path}: {problem}') from None
  return scene.Scene(
    name=str(read.path),
    mjcf=spec.to_xml(),
    vocabulary=wording.words(read),
    tasks=tuple(scene.Task(sentence) for sentence in read.notes.tasks),
    time_limit=read.notes.time_limit,
    sample=starting.Start(tuple(read.notes.randomise.items())),
  )


def findings(path: pathlib.Path) -> tuple[finding.Finding, ...]:
  """What is to be said about a file before it is built."""
  return reading.read(path).findings
