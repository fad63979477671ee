"""What can happen in a world, as its contacts tell."""

from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state


def in_gripper(
  scene: scene_lib.Scene, state: scene_state.SceneState, link: str
) -> bool:
  """Whether both fingertips touch the link."""
  index = scene.vocabulary.index(link)
  left, right = scene.vocabulary.fingers
  return bool(state.contact[left, index] and state.contact[right, index])


def held_link(
  scene: scene_lib.Scene, state: scene_state.SceneState
) -> str | None:
  """The object between the fingertips, if there is one."""
  for link in scene.vocabulary.links:
    if link.kind == 'object' and in_gripper(scene, state, link.name):
      return link.name
  return None


def on_floor(scene: scene_lib.Scene, state: scene_state.SceneState) -> bool:
  """Whether an object touches the floor."""
  words = scene.vocabulary
  floor = words.index('floor')
  return any(
    state.contact[index, floor]
    for index, link in enumerate(words.links)
    if link.kind == 'object'
  )


def lost(scene: scene_lib.Scene, state: scene_state.SceneState) -> str:
  """Why the episode has failed: `floor`, `foul`, or empty if it has not."""
  if on_floor(scene, state):
    return 'floor'
  return 'foul' if scene.rules.foul(state) else ''
