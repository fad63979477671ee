"""The vocabulary of a user's scene."""

from sdd.scenes import robot, table_top, vocabulary
from sdd.scenes.own import reading, shapes

_CONTAINER = 'things can be put into it'


def words(
  read: reading.Reading, arm: robot.RobotSpec, *, table: bool
) -> vocabulary.Vocabulary:
  """Every body with a name, and what they all stand on."""
  links = [
    _link(read, body)
    for body in read.bodies
    if body.named and body.name not in read.notes.ignore
  ]
  links += [
    vocabulary.Link(shape.name, 'world', (shape.name,), 'support')
    for shape in read.supports
    if shape.collides and shape.name == shape.source
  ]
  links += table_top.support_links(table=table)
  links += table_top.finger_links(arm)
  joints = {
    body.name: body.joint.limits
    for body in read.bodies
    if body.joint is not None and body.name not in read.notes.ignore
  }
  return vocabulary.Vocabulary(
    tuple(links), tuple(joints), tuple(joints.values())
  )


def _link(read: reading.Reading, body: reading.Body) -> vocabulary.Link:
  return vocabulary.Link(
    name=body.name,
    body=body.name,
    geoms=_geoms(read, body),
    kind=body.kind,
    joint=_joint(read, body),
    parent=_parent(read, body),
    about='; '.join(_about(read, body)),
  )


def _about(read: reading.Reading, body: reading.Body) -> list[str]:
  told = [read.notes.about[body.name]] if body.name in read.notes.about else []
  return told + [_CONTAINER] * (body.name in read.notes.containers)


def _geoms(read: reading.Reading, body: reading.Body) -> tuple[str, ...]:
  """Names of what collides, or else of what is seen, pieces included."""
  found: list[shapes.Shape] = list(body.shapes)
  pieces = {body.name}
  for other in read.bodies:
    if not other.named and other.parent in pieces:
      pieces.add(other.name)
      found += other.shapes
  touched = tuple(shape.name for shape in found if shape.collides)
  return touched or tuple(shape.name for shape in found)


def _joint(read: reading.Reading, body: reading.Body) -> str | None:
  """The joint that moves a body, perhaps by moving what it is fixed to."""
  bodies = {each.name: each for each in read.bodies}
  here: reading.Body | None = body
  while here is not None and here.joint is None:
    here = bodies.get(here.parent or '')
  if here is None or here.name in read.notes.ignore:
    return None
  return here.name


def _parent(read: reading.Reading, body: reading.Body) -> str | None:
  """The nearest body above that language names."""
  bodies = {each.name: each for each in read.bodies}
  above = bodies.get(body.parent or '')
  while above and (not above.named or above.name in read.notes.ignore):
    above = bodies.get(above.parent or '')
  return above.name if above else None
