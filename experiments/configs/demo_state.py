"""State-based, small: see every part work within minutes.

No row of the paper: 1.1 M parameters, three taps instead of five, 6000 steps.
Enough to watch a policy being learnt from a few hundred episodes of one
domain, not to compare with anything.

Hardware: two CPU cores, 5 to 10 minutes (estimated from a busy machine).

    python -m experiments.train --config=experiments/configs/demo_state.py \\
      --data=DATASET --workdir=DIR
"""

from sdd.policy import config as policy_config
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(channels=(32, 64, 128), kernel_size=3),
    batch_size=64,
    steps=6000,
    learning_rate=1e-3,
    warmup_steps=200,
    checkpoint_every=500,
  )
