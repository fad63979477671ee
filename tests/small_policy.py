"""An untrained policy for a scene, as small as it gets."""

import numpy as np

from sdd.dataset import object_layout, statistics
from sdd.policy import config, network, policy, spec
from sdd.simulation import action

CONFIG = config.PolicyConfig(
  action_horizon=8,
  execution_horizon=4,
  channels=(8, 16),
  groups=4,
  step_dimension=8,
  object_width=16,
  heads=2,
  observation_hidden=(16,),
  condition_dimension=8,
  text_dimension=8,
  inference_steps=3,
)


def learnt(scene, *instructions):
  """Moves the tool about near where it is."""
  rng = np.random.default_rng(0)
  objects = len(object_layout.layout(scene.state_names))
  acted = rng.uniform(-0.2, 0.2, (50, 10))
  acted[:, 3:9] += [1, 0, 0, 0, -1, 0]
  specification = spec.PolicySpec(
    config=CONFIG,
    action_spec=action.ActionSpec(),
    scenes={scene.name: scene.state_names},
    instructions=instructions,
    observation_statistics=statistics.Statistics.of(
      rng.normal(size=(9, 10 + 10 * objects)).astype(np.float32)
    ),
    action_statistics=statistics.Statistics.of(acted.astype(np.float32)),
  )
  return policy.DiffusionPolicy(
    specification, network.init(CONFIG, objects, seed=0)
  )
