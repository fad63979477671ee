"""A user's MJCF as a `Scene`."""

import functools
import pathlib

from sdd.scenes import address, robots, scene
from sdd.scenes.own import building, reading, starting, wording
from sdd.scenes.own import notes as notes_lib


def load(
  found: address.Address, variation: scene.Variation = 'wide'
) -> scene.Scene:
  """Reads a scene of MJCF and the YAML beside it.

  A changed file is read again.

  Args:
    found: path, robot, and what to put around it.
    variation: `paper` leaves the arm where it rests.

  Raises:
    reading.OwnSceneError: the scene cannot be used; says all reasons.
    notes.NotesError: the YAML is not as it must be.
  """
  path = pathlib.Path(found.scene).expanduser()
  changed = tuple(
    each.stat().st_mtime_ns if each.exists() else 0
    for each in (path, notes_lib.beside(path))
  )
  return _load(found, path, variation, changed)


@functools.lru_cache(maxsize=16)
def _load(
  found: address.Address,
  path: pathlib.Path,
  variation: scene.Variation,
  changed: tuple[int, ...],
) -> scene.Scene:
  del changed  # a new time of change is a new entry of the cache
  read = reading.read(path)
  reasons = [f.text for f in read.findings if f.weight == 'fatal']
  if reasons:
    raise reading.OwnSceneError(
      f'{path} cannot be used. {" ".join(reasons)} '
      f'`python -m experiments.scenes --check={path}` says more.'
    )
  return make(read, found, variation)


def make(
  read: reading.Reading,
  found: address.Address,
  variation: scene.Variation = 'wide',
) -> scene.Scene:
  """The scene of what was read.

  Raises:
    reading.OwnSceneError: MuJoCo does not take it.
  """
  arm = robots.find(found.robot)
  table = read.notes.table if found.table is None else found.table
  spec = building.build(read, arm, table=table, cameras=found.cameras)
  try:
    spec.compile()
  except ValueError as problem:
    raise reading.OwnSceneError(f'{read.path}: {problem}') from None
  return scene.Scene(
    name=str(found),
    mjcf=spec.to_xml(),
    vocabulary=wording.words(read, arm, table=table),
    tasks=tuple(scene.Task(sentence) for sentence in read.notes.tasks),
    time_limit=read.notes.time_limit,
    sample=starting.Start(tuple(read.notes.randomise.items())),
    variation=variation,
    robot=arm,
  )
