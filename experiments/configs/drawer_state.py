"""Drawer domain, state-based: the main run.

The row "Ours: language-conditioned diffusion policy" for the drawer tasks of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023), with object
and joint state in the place of three cameras and CLIP, and a 4.7 M parameter
U-Net in the place of their 75 M: a size that two CPU cores can train.
Horizons (observe 2, predict 16), squared-cosine schedule with 50 steps and
the optimiser are theirs. The network predicts the clean chunk instead of the
noise, because that needs far fewer steps (see PolicyConfig).

Hardware: two CPU cores, some hours for 40 000 steps (estimated); or GPUs or
TPU cores whose number divides the batch (with `policy.conv_impl` `lax`).

    python -m experiments.train --config=experiments/configs/drawer_state.py \\
      --data=DATASET --workdir=DIR
"""

from sdd.policy import config as policy_config
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(channels=(64, 128, 256)),
    batch_size=64,
    steps=40_000,
    learning_rate=3e-4,
  )
