"""An untrained policy that sees, as small as it gets."""

import dataclasses

import numpy as np
import small_policy

from sdd.dataset import pictures, statistics
from sdd.policy import network, policy, spec
from sdd.policy.vision import config as vision_config
from sdd.simulation import action

CAMERAS = ('front', 'wrist')
SIZE = (16, 24)  # as stored; the policy's own is another
CONFIG = dataclasses.replace(
  small_policy.CONFIG,
  use_state=False,
  vision=vision_config.VisionConfig(
    cameras=CAMERAS,
    size=(20, 20),
    width=4,
    groups=2,
    keypoints=4,
    camera_features=8,
    features=8,
  ),
)


STATE_NAMES = ('ball/x', 'ball/y', 'ball/z', 'lid/position')


def specification(
  scene='drawer', instructions=('open the drawer',), *, finding=0.0
):
  """Of a policy that finds the objects, if `finding`."""
  vision = dataclasses.replace(CONFIG.vision, finding=finding)
  names = STATE_NAMES if finding else ()
  rng = np.random.default_rng(0)
  acted = rng.uniform(-0.2, 0.2, (50, 10))
  acted[:, 3:9] += [1, 0, 0, 0, -1, 0]
  return spec.PolicySpec(
    config=dataclasses.replace(CONFIG, vision=vision),
    action_spec=action.ActionSpec(),
    scenes={scene: names},
    instructions=tuple(instructions),
    observation_statistics=statistics.Statistics.of(
      rng.normal(size=(9, 30 if finding else 10)).astype(np.float32)
    ),
    action_statistics=statistics.Statistics.of(acted.astype(np.float32)),
    pictures=pictures.PictureSpec(CAMERAS, (SIZE, SIZE), renderer='raycast'),
  )


def learnt(scene='drawer', *instructions):
  """Moves the tool about near where it is."""
  told = specification(scene, instructions or ('open the drawer',))
  params = network.init(CONFIG, told.objects, seed=0)
  # What is seen matters more than in a fresh network.
  kernel = params['eyes']['output']['kernel']
  params['eyes']['output']['kernel'] = kernel * 20
  return policy.DiffusionPolicy(told, params)
