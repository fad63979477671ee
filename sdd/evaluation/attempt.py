"""An episode of the data generator, seen as an evaluation episode."""

import hashlib

import numpy as np
from jaxtyping import Float

from sdd.collection import episode as episode_lib
from sdd.evaluation import rollout
from sdd.language import task_tree
from sdd.scenes import scene as scene_lib
from sdd.simulation import action

_DIGITS = 4  # of the actions that the digest is made of: tenths of millimetres


def outcome(
  scene: scene_lib.Scene,
  tree: task_tree.TaskTree,
  episode: episode_lib.Episode,
  *,
  cpu: float = 0.0,
) -> rollout.Outcome:
  """How the generator's episode went; success by ground truth.

  Args:
    scene: the scene.
    tree: the episode's task tree.
    episode: the episode.
    cpu: CPU seconds it took.
  """
  about = episode.metadata
  tool = episode.proprioception[:, :3]
  unknown, unknown_at_end = episode_lib.has_unknown(episode.verdict)
  rounded = np.round(episode.action, _DIGITS) + 0.0  # no negative zeros
  return rollout.Outcome(
    task=about.task,
    index=about.index,
    success=about.ground_truth if about.judged else about.success,
    seconds=about.duration,
    ended=about.ended,
    error=about.error,
    retries=sum(about.retries),
    inferred=about.success if about.judged else None,
    cpu=cpu,
    trials=_trials(tree, about),
    path=float(np.linalg.norm(np.diff(tool, axis=0), axis=1).sum()),
    grasp=first_grasp(scene, episode),
    unknown=unknown,
    unknown_at_end=unknown_at_end,
    digest=hashlib.sha256(rounded.tobytes()).hexdigest()[:16],
    judged=about.judged,
  )


def _trials(
  tree: task_tree.TaskTree, about: episode_lib.EpisodeMetadata
) -> tuple[rollout.Trial, ...]:
  found = []
  for node, planned, completed, verdict, achieved in about.trials:
    leaf = tree.nodes[node]
    found.append(
      rollout.Trial(
        instruction=leaf.instruction,
        skill=str(leaf.skill),
        planned=bool(planned),
        completed=bool(completed),
        verdict=verdict,
        achieved=bool(achieved),
      )
    )
  return tuple(found)


def first_grasp(
  scene: scene_lib.Scene, episode: episode_lib.Episode
) -> tuple[float, ...]:
  """Tool position and approach direction at the end of the first grasp.

  In the frame of the grasped object; empty if nothing was grasped.
  """
  grasping = [skill.startswith('grasp(') for skill in episode.skill]
  if True not in grasping:
    return ()
  begin = grasping.index(True)
  rest = grasping[begin:]
  last = begin + (rest.index(False) if False in rest else len(rest) - 1)
  name = episode.skill[begin].removeprefix('grasp(').rstrip(')')
  if scene.vocabulary.find(name).kind != 'object':
    return ()
  names = scene.state_names
  at = names.index(f'{name}/x')
  place, turn = _pose(episode.state[last, at : at + 9])
  tool, rotation, _ = action.decode(
    np, episode.proprioception[last].astype(float)
  )
  local = turn.T @ (tool - place)
  return tuple(float(v) for v in (*local, *(turn.T @ rotation[:, 2])))


def _pose(
  entries: Float[np.ndarray, ' 9'],
) -> tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, '3 3']]:
  """Position and rotation of an object's entries in the state vector."""
  position, rotation, _ = action.decode(np, np.append(entries, 0).astype(float))
  return position, rotation
