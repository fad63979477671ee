"""Whether a user's scene will work, in plain words, before anything is run."""

import dataclasses
import pathlib
from collections.abc import Iterator

import mujoco
import numpy as np

from sdd import errors
from sdd.scenes import address, reachable, robots, scene, vocabulary
from sdd.scenes.own import finding, loading, reading, shapes, starting

HEAVY, LIGHT = 1.5, 0.002  # kg that fingers hold well, and that they feel
_WORLDS = 3  # that are drawn on trial
_GEOM = mujoco.mjtGeom
# How many of a geom's sizes say how thin it is.
_SIDES = {
  int(_GEOM.mjGEOM_SPHERE): 1,
  int(_GEOM.mjGEOM_CAPSULE): 1,
  int(_GEOM.mjGEOM_CYLINDER): 2,
}


@dataclasses.dataclass(frozen=True)
class Checked:
  """What came of a look at a scene.

  Attributes:
    findings: the worst first.
    scene: None where it cannot be used.
  """

  findings: tuple[finding.Finding, ...]
  scene: scene.Scene | None


def check(found: address.Address) -> Checked:
  """Looks at a scene of a user with the robot and surroundings of an address.

  Raises:
    errors.SddError: there is no such robot.
  """
  robots.find(found.robot)
  told: list[finding.Finding] = []
  made = None
  try:
    read = reading.read(pathlib.Path(found.scene).expanduser())
    told += read.findings
    made = loading.make(read, found)
  except errors.SddError as problem:
    told.append(finding.fatal(str(problem)))
  if made is not None:
    told += _problems(made)
  order = ('fatal', 'warning', 'note')
  told.sort(key=lambda each: order.index(each.weight))
  fatal = any(each.weight == 'fatal' for each in told)
  return Checked(tuple(dict.fromkeys(told)), None if fatal else made)


def _problems(made: scene.Scene) -> Iterator[finding.Finding]:
  for link in made.vocabulary.links:
    if link.kind == 'object':
      yield from _weight(made, link)
      yield from _width(made, link)
      yield from _distance(made, link)
  for name in reachable.out_of_reach(made):
    yield finding.warning(
      f'{name!r} is out of the reach of {made.robot.name}. Put it nearer to '
      'the robot, which stands at the origin, or move `origin` in the YAML.'
    )
  if problem := starting.overlapping(made, made.rest):
    yield finding.warning(f'As the file has it, {problem}. Move them apart.')
  for seed in range(_WORLDS):
    try:
      made.initial(np.random.default_rng(seed))
    except errors.SddError as problem:
      yield finding.fatal(str(problem))
      return


def _weight(
  made: scene.Scene, link: vocabulary.Link
) -> Iterator[finding.Finding]:
  mass = weight(made, link)
  if mass > HEAVY:
    yield finding.warning(
      f'{link.name!r} weighs {mass:.1f} kg; fingers hold about {HEAVY} kg. '
      'Without a mass, MuJoCo counts geoms as solid water: give it a mass.'
    )
  if mass < LIGHT:
    yield finding.warning(
      f'{link.name!r} weighs {1000 * mass:.2g} g and will be blown about by '
      'any touch. Give it a mass.'
    )


def weight(made: scene.Scene, link: vocabulary.Link) -> float:
  """Kilograms of a link with all that hangs on it."""
  return float(made.model.body_subtreemass[made.model.body(link.body).id])


def _width(
  made: scene.Scene, link: vocabulary.Link
) -> Iterator[finding.Finding]:
  widest = made.robot.gripper.widest
  thinnest = width(made, link)
  if thinnest > widest:
    yield finding.warning(
      f'{link.name!r} is wider than the gripper: {1000 * thinnest:.0f} mm at '
      f'its thinnest part, and {made.robot.name} grasps up to '
      f'{1000 * widest:.0f} mm. Give it a handle, or use a wider gripper.'
    )


def width(made: scene.Scene, link: vocabulary.Link) -> float:
  """Metres of a link's thinnest geom across its thinnest side."""
  sizes = []
  for name in link.geoms:
    # What collides as a prism or a rod is as wide as it looks.
    geom = made.model.geom(shapes.seen(name))
    size = geom.size[: _SIDES.get(int(geom.type[0]), 3)]
    sizes.append(2 * float(np.min(size)))
  return min(sizes, default=0.0)


def _distance(
  made: scene.Scene, link: vocabulary.Link
) -> Iterator[finding.Finding]:
  start = made.rest.qpos[made.free_qpos(link.name) :][:3]
  arm = made.robot.arm
  away = float(np.linalg.norm(start - np.array(arm.shoulder)))
  # The hand comes from above, so that the wrist has to get nearly as far.
  far = arm.reach + made.robot.gripper.length
  if away > far:
    yield finding.warning(
      f'{link.name!r} starts {away:.2f} m from the shoulder of '
      f'{made.robot.name}, which reaches {far:.2f} m at most.'
    )
