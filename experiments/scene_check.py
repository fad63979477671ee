"""What `experiments.scenes --check` says of a user's scene, and its picture."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont
from rich import table as rich_table

from sdd.language import skill
from sdd.planning import motion, skills
from sdd.scenes import scene as scene_lib
from sdd.scenes import vocabulary
from sdd.scenes.own import checking, finding
from sdd.simulation import camera as camera_lib

TRIES = 8
_INK, _PAPER, _LINE = (38, 43, 50), (255, 255, 255), (90, 98, 110)
_MARKS = {'fatal': '[red]✗[/]', 'warning': '[yellow]![/]', 'note': '[dim]·[/]'}
_SIZE = 15  # points


@dataclasses.dataclass(frozen=True)
class Tried:
  """How often a motion was found for one thing.

  Attributes:
    link: the thing.
    verb: what was to be done with it.
    found: motions.
    reason: why there was none, the last time.
  """

  link: vocabulary.Link
  verb: str
  found: int
  reason: str


def tried(scene: scene_lib.Scene) -> Iterator[Tried]:
  """Asks the planners for motions, each in a world of its own.

  Every object is to be grasped, everything articulated to be moved to
  whichever of its limits it is farther from.
  """
  for link in scene.vocabulary.links:
    if link.kind == 'object':
      yield _try(scene, link, 'grasp')
    elif link.kind in ('part', 'furniture') and link.joint and link.geoms:
      yield _try(scene, link, 'move_joint')


def _try(scene: scene_lib.Scene, link: vocabulary.Link, verb: str) -> Tried:
  found, reason = 0, ''
  for seed in range(TRIES):
    world = scene.initial(np.random.default_rng(seed))
    direction = None
    if link.joint:
      joint = scene.model.joint(link.joint)
      direction = 'max'
      if world.qpos[joint.qposadr[0]] > np.mean(joint.range):
        direction = 'min'
    answer = skills.answer(
      motion.Request(
        scene=scene.name,
        world=world,
        skill=skill.Skill(
          verb='grasp' if verb == 'grasp' else 'move_joint',
          link=link.name,
          direction=direction if verb == 'move_joint' else None,
        ),
        holding=None,
        seed=(seed,),
      )
    )
    found += answer.motion is not None
    reason = answer.reason or reason
  return Tried(link, verb, found, reason)


def findings(attempts: list[Tried]) -> Iterator[finding.Finding]:
  """What is to be said of motions that were not found."""
  for each in attempts:
    if each.found > TRIES // 2:
      continue
    parts = '' if each.verb == 'grasp' else ' Perhaps by its handle?'
    yield finding.warning(
      f'{each.verb}({each.link.name}) was found in {each.found} of {TRIES} '
      f'tries ({each.reason}).{parts}'
    )


def table(scene: scene_lib.Scene, attempts: list[Tried]) -> rich_table.Table:
  """What language can name, and what it is."""
  shown = rich_table.Table('name', 'kind', 'moves', 'mass', 'thinnest', 'plans')
  plans = {each.link.name: each for each in attempts}
  for link in scene.vocabulary.links:
    if link.kind == 'robot':
      continue
    moves = {'object': 'freely'}.get(link.kind, '')
    if link.joint:
      lower, upper = scene.vocabulary.ranges[
        scene.vocabulary.joints.index(link.joint)
      ]
      slides = int(scene.model.joint(link.joint).type[0]) == 2
      moves = (
        f'{1000 * lower:.0f} to {1000 * upper:.0f} mm' if slides else
        f'{np.degrees(lower):.0f}° to {np.degrees(upper):.0f}°'
      )  # fmt: skip
    each = plans.get(link.name)
    free = link.kind == 'object'
    shown.add_row(
      link.name,
      link.kind,
      moves,
      f'{1000 * checking.weight(scene, link):.0f} g' if free else '',
      f'{1000 * checking.width(scene, link):.0f} mm' if free else '',
      f'{each.verb} {each.found}/{TRIES}' if each else '',
    )
  return shown


def lines(found: tuple[finding.Finding, ...]) -> Iterator[str]:
  """One line a finding, in rich's markup."""
  for each in found:
    text = each.text.replace('[', r'\[')
    yield f'{_MARKS[each.weight]} {text}'


def labelled(
  picture: UInt8[np.ndarray, 'height width 3'],
  scene: scene_lib.Scene,
  positions: dict[str, np.ndarray],
  camera: camera_lib.Camera,
) -> UInt8[np.ndarray, 'height width 3']:
  """The picture with the names of things beside them.

  Args:
    picture: of the scene.
    scene: the scene.
    positions: middle of each link in the world, metres.
    camera: that took it.
  """
  image = Image.fromarray(np.asarray(picture))
  draw = ImageDraw.Draw(image)
  font = ImageFont.load_default(size=_SIZE)
  names = [
    link.name
    for link in scene.vocabulary.links
    if link.kind in ('object', 'furniture', 'part') and link.name in positions
  ]
  if not names:
    return np.asarray(image)
  points = camera.project(np.stack([positions[name] for name in names]))
  taken: list[tuple[float, float, float, float]] = []
  for name, (x, y) in sorted(
    zip(names, points, strict=True), key=lambda pair: pair[1][1]
  ):
    width = draw.textlength(name, font=font)
    box = _free_box(x, y, width, taken, image.size)
    taken.append(box)
    near = min(max(x, box[0]), box[2]), box[3] if box[3] < y else box[1]
    draw.line([near, (x, y)], fill=_LINE, width=1)
    draw.ellipse([x - 2.5, y - 2.5, x + 2.5, y + 2.5], fill=_INK)
    draw.rounded_rectangle(box, radius=4, fill=_PAPER, outline=_LINE)
    draw.text((box[0] + 5, box[1] + 1), name, fill=_INK, font=font)
  return np.asarray(image)


def _free_box(
  x: float, y: float, width: float, taken: list, size: tuple[int, int]
) -> tuple[float, float, float, float]:
  """The nearest place for a label that covers no other one."""
  wide, high = width + 10, _SIZE + 6
  places = itertools.product((14, 30, 46, 62, 78, 94), (-1, 1), (0.5, 0.0, 1.0))
  best = (x, y, x + wide, y + high)
  for away, side, share in places:
    left = min(max(x - share * wide, 2), size[0] - wide - 2)
    top = y - away - high if side < 0 else y + away
    best = (left, top, left + wide, top + high)
    inside = top > 2 and top + high < size[1] - 2
    if inside and not any(_overlap(best, other) for other in taken):
      return best
  return best


def _overlap(one: tuple, other: tuple) -> bool:
  return not (
    one[2] < other[0] or other[2] < one[0]
    or one[3] < other[1] or other[3] < one[1]
  )  # fmt: skip
