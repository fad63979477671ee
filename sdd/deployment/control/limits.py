"""What a robot may be sent: workspace, speeds and steps, on every action."""

import dataclasses

import numpy as np

from sdd.deployment.control import rotation

Array = np.ndarray
SIZE = 10  # numbers of an action
# By which a limited move stays below its limit, so that rounding does, too.
_SLACK = 1 - 1e-9
_FAR = 1e6  # beyond it a number is a mistake, in any of an action's units


@dataclasses.dataclass(frozen=True)
class Rates:
  """The most that may change, in a second or in one command.

  Attributes:
    translation: metres.
    rotation: radians.
    opening: metres, between the fingertips.
  """

  translation: float
  rotation: float
  opening: float

  def __post_init__(self):
    for name, value in dataclasses.asdict(self).items():
      if not 0 < value < np.inf:
        raise ValueError(
          f'The limit of {name} is {value}; expected a positive number.'
        )


@dataclasses.dataclass(frozen=True)
class Limits:
  """Where a robot may be sent, and how fast.

  The speeds let pass all that demonstrations ask of an arm, and hardly more:
  where a limit cuts a motion, a policy cannot do what it was shown. In 38,000
  actions of the five domains the tool moved by up to 0.69 m/s and turned by up
  to 3.3 rad/s, and fingers opened by all of their stroke in an action, 0.44
  m/s. With people near, less is in order, such as 0.25 m/s, and so it is for
  an arm whose maker allows less. The steps, twice as much in a servo period of
  a twentieth, catch mistakes.

  Attributes:
    low: corner of the workspace, of the tool, metres, robot base frame.
    high: the opposite corner.
    stroke: opening at most, metres.
    speed: the most that may change in a second.
    step: the most that may change from one command to the next, however much
      time there is.
  """

  low: tuple[float, float, float] = (-1.0, -1.0, -0.05)
  high: tuple[float, float, float] = (1.0, 1.0, 1.2)
  stroke: float = 0.11
  speed: Rates = Rates(0.75, 3.5, 0.5)
  step: Rates = Rates(0.075, 0.35, 0.05)

  def __post_init__(self):
    low, high = np.array(self.low, float), np.array(self.high, float)
    if low.shape != (3,) or high.shape != (3,) or not np.all(low < high):
      raise ValueError(
        f'The workspace is from {self.low} to {self.high}; expected three '
        'numbers each, the smaller ones first.'
      )
    if not 0 < self.stroke < np.inf:
      raise ValueError(
        f'The stroke is {self.stroke}; expected a positive number of metres.'
      )

  def inside(self, action: Array) -> bool:
    """Whether the tool is within the workspace."""
    position = action[:3]
    return bool(np.all(position >= self.low) and np.all(position <= self.high))


def check(action: Array) -> Array:
  """The action as ten 64-bit floats.

  Raises:
    ValueError: it has another shape, a number that is not finite or beyond a
      million, or no rotation.
  """
  found = np.asarray(action, float)
  if found.shape != (SIZE,) or not (np.abs(found) < _FAR).all():
    raise ValueError(f'An action must be {SIZE} finite numbers; got {action}.')
  rotation.from_rows(found[3:9])
  return found


class Guard:
  """Lets nothing pass that is beyond the limits.

  Attributes:
    last: the action that passed last; at first, where the robot is.
  """

  def __init__(self, limits: Limits, start: Array):
    """Begins where the robot is.

    Raises:
      ValueError: that is no pose, or outside the workspace.
    """
    self.limits, start = limits, check(start)
    if not limits.inside(start):
      raise ValueError(
        f'The tool is at {start[:3].round(4)}, outside the workspace from '
        f'{limits.low} to {limits.high}. Move it there by hand, or give other '
        'limits.'
      )
    start[3:9] = rotation.rows(rotation.from_rows(start[3:9]))
    start[9] = np.clip(start[9], 0, limits.stroke)
    self.last = start

  def admit(self, action: Array, seconds: float) -> tuple[Array, list[str]]:
    """The nearest that may be sent, and which limits there were.

    Position, rotation and opening each go as far as they may, on the straight
    way from the last action.

    Args:
      action: (10,) what is wanted.
      seconds: that the robot has for the way.

    Returns:
      What to send, and the names of `workspace`, `stroke`, `translation`,
      `rotation` and `opening` that changed it.

    Raises:
      ValueError: as `check`; nothing may be sent.
    """
    wanted, last, limits = check(action), self.last, self.limits
    position = np.clip(wanted[:3], limits.low, limits.high)
    opening = np.clip(wanted[9], 0, limits.stroke)
    hit = [] if np.array_equal(position, wanted[:3]) else ['workspace']
    hit += [] if opening == wanted[9] else ['stroke']
    first, second = (rotation.from_rows(x[3:9]) for x in (last, wanted))
    ways = {
      'translation': float(np.linalg.norm(position - last[:3])),
      'rotation': rotation.angle(first, second),
      'opening': float(abs(opening - last[9])),
    }
    part = {name: self._part(name, way, seconds) for name, way in ways.items()}
    hit += [name for name, share in part.items() if share < 1]
    sent = np.empty(SIZE)
    share = part['translation']
    sent[:3] = (1 - share) * last[:3] + share * position
    turned = rotation.slerp(first, second, part['rotation'])
    sent[3:9] = rotation.rows(turned)
    share = part['opening']
    sent[9] = (1 - share) * last[9] + share * opening
    # The way between two points of a box is in it, but for rounding.
    sent[:3] = np.clip(sent[:3], limits.low, limits.high)
    sent[9] = np.clip(sent[9], 0, limits.stroke)
    self.last = sent
    return sent, hit

  def _part(self, name: str, way: float, seconds: float) -> float:
    """The share of a way that may be gone."""
    most = getattr(self.limits.speed, name) * max(0.0, seconds)
    most = min(most, getattr(self.limits.step, name)) * _SLACK
    return 1.0 if way <= most else most / way
