"""Hand-written: whether a skill has done its work.

Independent of the predicates that language models write, so that both can be
compared sub-task by sub-task (paper, Table 3). Never decides anything.
"""

from sdd.collection import events
from sdd.language import skill as skill_lib
from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state

_NEAR = 0.2  # of a joint's range: so far from its limit counts as there


def achieved(
  scene: scene_lib.Scene, state: scene_state.SceneState, skill: skill_lib.Skill
) -> bool:
  """Whether the world looks as the skill should leave it."""
  if skill.verb == 'grasp':
    return _held(scene, state, skill.link)
  if skill.verb == 'place':
    return _placed(scene, state, skill.link, skill.target or '')
  return _moved(scene, state, skill.link, skill.direction or '')


def _held(
  scene: scene_lib.Scene, state: scene_state.SceneState, link: str
) -> bool:
  """Between both fingertips, and off table and floor."""
  words = scene.vocabulary
  index = words.index(link)
  resting = any(
    state.contact[index, k]
    for k, other in enumerate(words.links)
    if other.kind == 'support'
  )
  return events.in_gripper(scene, state, link) and not resting


def _placed(
  scene: scene_lib.Scene,
  state: scene_state.SceneState,
  link: str,
  target: str,
) -> bool:
  """Let go of, with its middle over the target and not below it."""
  words = scene.vocabulary
  lower, upper = state.link_bounds[words.index(link)]
  middle = (lower + upper) / 2
  low, high = state.link_bounds[words.index(target)]
  over = bool((middle[:2] > low[:2]).all() and (middle[:2] < high[:2]).all())
  let_go = not events.in_gripper(scene, state, link)
  return let_go and over and bool(middle[2] > low[2])


def _moved(
  scene: scene_lib.Scene,
  state: scene_state.SceneState,
  link: str,
  direction: str,
) -> bool:
  words = scene.vocabulary
  joint = words.joint_index(link)
  lower, upper = words.ranges[joint]
  share = (float(state.joint_position[joint]) - lower) / (upper - lower)
  return share > 1 - _NEAR if direction == 'max' else share < _NEAR
