"""What a leaf of a task tree asks of the robot."""

import dataclasses
from typing import Any, Literal

Verb = Literal['grasp', 'place', 'move_joint']
VERBS: tuple[Verb, ...] = ('grasp', 'place', 'move_joint')


@dataclasses.dataclass(frozen=True)
class Skill:
  """A grounded leaf: which skill, on which link.

  Attributes:
    verb: `grasp` a link; `place` the held link in or on `target`;
      `move_joint` the joint behind a link towards `direction`.
    link: vocabulary name of the link that is acted on.
    target: where to place, for `place`.
    direction: `max` opens, switches on; `min` closes, for `move_joint`.
  """

  verb: Verb
  link: str
  target: str | None = None
  direction: Literal['min', 'max'] | None = None

  def __str__(self) -> str:
    extra = self.target or self.direction
    return f'{self.verb}({self.link}{", " + extra if extra else ""})'

  def to_json(self) -> dict[str, Any]:
    return {k: v for k, v in dataclasses.asdict(self).items() if v is not None}
