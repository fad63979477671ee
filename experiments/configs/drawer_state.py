"""Drawer domain, state-based: the main run.

The row "Ours: language-conditioned diffusion policy" for the drawer tasks of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023), with object
and joint state in the place of three cameras and CLIP, and a denoiser that
two CPU cores can train in the place of their 75 M parameter U-Net. Horizons
(observe 2, predict 16), squared-cosine schedule with 50 steps and the
optimiser are theirs; 4 of the 16 actions are executed before the next
decision (theirs: 8). The network predicts the clean chunk instead of the
noise, because that needs far fewer steps (see PolicyConfig). Windows are
disturbed (see `sdd.training.disturbance`) and far positions squeezed (see
`sdd.policy.frame`): without either, the tool misses handles by centimetres.

Of eight chunks the most central is executed (`sdd.policy.consensus`).

Half an hour of training, on 2,200 episodes, does the twelve tasks in 76.8 %
(73.3 to 80.0 %, 600 episodes; theirs 55.8 %), and in none of the 600 another
task than the one it was told. The first chunk that is drawn, instead of the
most central, does them in 57 % (51 to 63 %, 240 episodes). Trained on 1,790
episodes of robots that were pushed (--push=0.05), it does them in 75 % (70 to
80 %, 240 episodes): the intervals overlap. On 1,100 of these and in 8,000 steps
it does 73 % (67 to 79 %, 240 episodes); on as many of a generator that never
tries again, 62.5 % (`drawer_state_no_retry.py`).

Hardware: two CPU cores, half an hour.

    python -m experiments.train --config=experiments/configs/drawer_state.py \\
      --data=DATASET --workdir=DIR
"""

from sdd.policy import config as policy_config
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(
      denoiser='mlp',
      channels=(512, 512, 512, 512),
      execution_horizon=4,
      position_scale=0.02,
      candidates=8,
    ),
    batch_size=256,
    steps=12_000,
    learning_rate=1e-3,
    balanced='task',
    disturbance=0.03,
  )
