"""A small task tree, and episodes in which what happens is told by hand."""

import functools

import numpy as np

from sdd.collection import episode as episodes
from sdd.language import skill as skill_lib
from sdd.language import task_tree
from sdd.predicates import predicate
from sdd.scenes import registry

CODE = 'def success(init_state, final_state):\n  return True'


@functools.cache
def scene():
  return registry.load('drawer')


@functools.cache
def tree():
  """Six nodes: root, open, put in (pick up, place), close."""
  done = predicate.compile_predicate(CODE, scene().vocabulary)

  def leaf(words, *skill):
    return task_tree.TaskNode(words, done, skill_lib.Skill(*skill))

  put = task_tree.TaskNode(
    'put the crayon box in',
    done,
    children=(
      leaf('pick up the crayon box', 'grasp', 'crayon box'),
      leaf('place the crayon box', 'place', 'crayon box', 'top drawer'),
    ),
  )
  root = task_tree.TaskNode(
    'move the crayon box into the top drawer',
    done,
    children=(
      leaf('open it', 'move_joint', 'top drawer handle', None, 'max'),
      put,
      leaf('close it', 'move_joint', 'top drawer', None, 'min'),
    ),
  )
  return task_tree.TaskTree(root.instruction, 'drawer', root)


SUB = {0: 0, 1: 1, 2: 2, 3: 2, 4: 2, 5: 5}  # the ancestor below the root


def episode(working_tree, nodes, verdict=None, **about):
  """An episode in which those nodes are worked on, one for each step."""
  rng, steps, count = np.random.default_rng(0), len(nodes), 6
  made, skills = (
    working_tree.nodes,
    [working_tree.nodes[n].skill for n in nodes],
  )
  if verdict is None:
    verdict = np.zeros((steps, count), np.int8)
  world = scene().initial(rng)
  tool = np.tile([0.4, 0, 0.3, 1, 0, 0, 0, -1, 0, 0.05], (steps, 1))
  fields = {
    'index': 3, 'seed': 0, 'scene': 'drawer', 'task': working_tree.task,
    'success': True, 'ground_truth': True, 'ended': 'success', 'error': '',
    'task_tree': working_tree.to_json(),
    'nodes': tuple(node.instruction for node in made),
    'completions': ('drawer.json/plan/x',), 'retries': (0,) * count,
    'trials': (), 'scene_sha256': scene().sha256, 'versions': {'jax': '1.2'},
    'duration': steps / 4,
    'initial': {k: np.asarray(v) for k, v in vars(world).items()},
  }  # fmt: skip
  return episodes.Episode(
    proprioception=tool.astype(np.float32),
    state=rng.normal(size=(steps, len(scene().state_names))),
    action=tool.astype(np.float32),
    world=np.tile(world.qpos, (steps, 1)),
    sub_task=[made[SUB[n]].instruction for n in nodes],
    skill=[str(skill or '') for skill in skills],
    verdict=np.asarray(verdict, np.int8),
    metadata=episodes.EpisodeMetadata(**{**fields, **about}),
  )
