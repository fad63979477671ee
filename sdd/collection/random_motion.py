"""Motions by chance: sensible for a hand, but with nothing in mind."""

import numpy as np
from jaxtyping import Float

from sdd.scenes import scene as scene_lib
from sdd.simulation import action, scene_state

_LOW, _HIGH = (0.20, -0.45, 0.03), (0.65, 0.35, 0.40)  # metres, over the table
_SPEED = 0.25  # metres a second
_NEAR = 0.02  # metres, around something there is to touch
_TILT = 0.6  # radians from straight down
_GRIP = 3  # periods that the fingers get to open or close


class Wanderer:
  """Moves one robot by chance, one chunk after another."""

  def __init__(
    self, scene: scene_lib.Scene, rng: np.random.Generator, *, rate_hz: float
  ):
    self._scene, self._rng, self._rate = scene, rng, rate_hz
    self.begin(np.zeros(action.DIMENSION))

  def begin(self, tool: Float[np.ndarray, ' 10']) -> None:
    """The tool is there now, and nothing is under way."""
    self._tool = tool
    self._left = np.zeros((0, action.DIMENSION), np.float32)

  def act(self, state: scene_state.SceneState) -> Float[np.ndarray, ' 10']:
    """The next action, in a world that looks like this."""
    if not len(self._left):
      self._left = chunk(
        self._scene, state, self._tool, self._rng, rate_hz=self._rate
      )
    taken, self._left = self._left[0], self._left[1:]
    self._tool = taken.astype(float)
    return taken


def chunk(
  scene: scene_lib.Scene,
  state: scene_state.SceneState,
  tool: Float[np.ndarray, ' 10'],
  rng: np.random.Generator,
  *,
  rate_hz: float,
) -> Float[np.ndarray, 'T 10']:
  """Goes somewhere, to a thing as often as not, and moves the fingers there.

  Args:
    scene: the scene.
    state: of the world.
    tool: where the tool is, and the opening it was sent to last.
    rng: of the draws.
    rate_hz: actions a second.
  """
  goal = _place(scene, state, rng)
  opening = float(rng.choice([0.0, scene.robot.stroke]))
  target = action.encode(goal, _rotation(rng), tool[9])
  if not np.isfinite(tool).all():  # the world blew up: any motion will do
    tool = target = action.encode(goal, _rotation(rng), 0.0)
  away = float(np.linalg.norm(goal - tool[:3]))
  periods = max(2, int(np.ceil(away / _SPEED * rate_hz)))
  part = np.linspace(0.0, 1.0, periods + 1)[1:, None]
  # The rows are made orthonormal again by whoever reads the action.
  way = (1 - part) * tool + part * target
  grip = np.tile(way[-1], (_GRIP, 1))
  grip[:, 9] = opening
  return np.concatenate([way, grip]).astype(np.float32)


def _place(
  scene: scene_lib.Scene,
  state: scene_state.SceneState,
  rng: np.random.Generator,
) -> Float[np.ndarray, ' 3']:
  anywhere = rng.uniform(_LOW, _HIGH)
  things = [
    index
    for index, link in enumerate(scene.vocabulary.links)
    if link.kind in ('object', 'part', 'furniture')
  ]
  if not things or rng.random() < 0.5:
    return anywhere
  middle = np.mean(state.link_bounds[rng.choice(things)], axis=0)
  near = middle + rng.normal(0.0, _NEAR, 3)
  if not np.isfinite(near).all():
    return anywhere
  return np.clip(near, np.subtract(_LOW, 0.1), np.add(_HIGH, 0.1))


def _rotation(rng: np.random.Generator) -> Float[np.ndarray, '3 3']:
  """Pointing down, turned and tilted."""
  turn, way = rng.uniform(-np.pi, np.pi, 2)
  tilt = rng.uniform(0.0, _TILT)
  return _about_z(way) @ _about_x(np.pi + tilt) @ _about_z(turn - way)


def _about_z(angle: float) -> Float[np.ndarray, '3 3']:
  c, s = np.cos(angle), np.sin(angle)
  return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _about_x(angle: float) -> Float[np.ndarray, '3 3']:
  c, s = np.cos(angle), np.sin(angle)
  return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
