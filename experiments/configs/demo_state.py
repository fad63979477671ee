"""State-based, small: see every part work within minutes.

No row of the paper: `drawer_state.py` with fewer, narrower layers and a tenth
of its time. Enough to watch a policy being learnt from some episodes of one
task, not to compare with anything: from 256 episodes of the crayon box and the
top drawer it did 32 % (21 to 46 %, 50 episodes).

Hardware: two CPU cores, 6 minutes.

    python -m experiments.train --config=experiments/configs/demo_state.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.policy.channels = (256, 256, 256)
  config.batch_size = 128
  config.steps = 10_000
  config.warmup_steps = 200
  config.checkpoint_every = 500
  return config
