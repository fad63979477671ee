"""What of the benchmark's scenes matters to a plan, written down by hand.

A plan is judged by what it would do, not by how it reads, so the judge has to
know what can be done: which container is shut by which joint, what covers
what, where a catapult shoots. Names are those of the scene's vocabulary, which
says the rest. Language models never see any of it, and it stands here instead
of with the scenes as nothing but this chapter asks for it.

What it says of drawers was measured in C MuJoCo: nothing went into a drawer
with one above it open (0 of 16 attempts), whichever was opened first; open
drawers below did not matter (4 of 4), and a drawer beneath another one is
opened and closed as well (7 of 8).
"""

import dataclasses
import types
from collections.abc import Mapping
from typing import Literal

from sdd import errors
from sdd.scenes import catapult, drawer, mailbox, objects, scene

End = Literal['min', 'max']


@dataclasses.dataclass(frozen=True)
class World:
  """What plans can do in a scene, and what they cannot.

  All joints begin at `min` (closed, off), the hand begins empty.

  Attributes:
    doors: container to the link whose joint must be at `max` for anything to
      go in or come out.
    covers: container to those links that are in the way when open.
    forbidden: places where nothing may be put, to why.
    stuck: links that cannot be moved by hand, to why.
    trigger: the link that shoots when its joint goes to `max`.
    shots: where something lies when it is shot, to where it lands.
    decoys: further places to put things, for states that are nearly right.
  """

  doors: Mapping[str, str] = dataclasses.field(default_factory=dict)
  covers: Mapping[str, tuple[str, ...]] = dataclasses.field(
    default_factory=dict
  )
  forbidden: Mapping[str, str] = dataclasses.field(default_factory=dict)
  stuck: Mapping[str, str] = dataclasses.field(default_factory=dict)
  trigger: str = ''
  shots: Mapping[str, str] = dataclasses.field(default_factory=dict)
  decoys: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Goal:
  """What a task comes to.

  Attributes:
    thing: the object.
    place: where it has to be in the end.
    joints: links and the ends at which their joints have to be.
    how: it is there.
  """

  thing: str
  place: str
  joints: tuple[tuple[str, End], ...] = ()
  how: Literal['in', 'on'] = 'in'

  @property
  def there(self) -> str:
    """E.g. `in the top drawer`."""
    return f'{self.how} the {self.place}'


_SHOTS = dict(zip(catapult.MARKS, catapult.BOXES, strict=True))
_DRAWERS = tuple(f'{level} drawer' for level in drawer.LEVELS)  # upwards

WORLDS: Mapping[str, World] = types.MappingProxyType(
  {
    'balance': World(decoys=('stand', 'table')),
    'catapult': World(
      forbidden=dict.fromkeys(
        catapult.BOXES, 'it must be shot across the line, not carried'
      ),
      stuck={catapult.ARM: 'a latch holds it until the button is pressed'},
      trigger=catapult.BUTTON,
      shots=_SHOTS,
      decoys=('table',),
    ),
    'drawer': World(
      doors={name: name for name in _DRAWERS},
      covers={
        name: _DRAWERS[level + 1 :] for level, name in enumerate(_DRAWERS)
      },
      decoys=('cabinet',),
    ),
    'mailbox': World(
      doors={'mailbox': 'mailbox lid'}, decoys=('mailbox lid', 'table')
    ),
    'transport': World(decoys=('right bin', 'table')),
  }
)

GOALS: Mapping[tuple[str, str], Goal] = types.MappingProxyType(
  {
    ('balance', 'balance the bus on the block'): Goal('bus', 'block', how='on'),
    **{
      (
        'catapult',
        'move the block onto the catapult arm, then press the button to shoot '
        f'the block into the {box}',
      ): Goal(catapult.BLOCK, box, ((catapult.ARM, 'max'),))
      for box in catapult.BOXES
    },
    **{
      ('drawer', f'move the {kind.name} into the {name}'): Goal(
        kind.name, name, ((name, 'min'),)
      )
      for kind in objects.DRAWER_OBJECTS
      for name in _DRAWERS
    },
    ('mailbox', mailbox.TASK): Goal(
      'package', 'mailbox', (('mailbox lid', 'min'), ('mailbox flag', 'max'))
    ),
    ('transport', 'move the toy into the left bin'): Goal('toy', 'left bin'),
  }
)


def says(link: str, end: End, *, true: bool = True) -> str:
  """What it means that a joint is at an end: `the top drawer is closed`."""
  high = {'mailbox flag': 'raised', catapult.ARM: 'sprung'}.get(link, 'open')
  word = 'closed' if end == 'min' else high
  return f'the {link} is {"" if true else "not "}{word}'


def world(this: scene.Scene) -> World:
  """What plans can do in a scene.

  Raises:
    errors.UnknownNameError: nobody has written that down.
  """
  if this.name not in WORLDS:
    raise errors.UnknownNameError('scene to judge plans of', this.name, WORLDS)
  return WORLDS[this.name]


def goal(this: scene.Scene, task: str) -> Goal:
  """What a task of a scene comes to.

  Raises:
    errors.UnknownNameError: nobody has written that down.
  """
  key = (this.name, this.task(task).sentence)
  if key not in GOALS:
    known = [sentence for name, sentence in GOALS if name == this.name]
    raise errors.UnknownNameError('task to judge plans of', task, known)
  return GOALS[key]
