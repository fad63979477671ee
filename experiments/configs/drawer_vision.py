"""Drawer domain from two cameras and a sentence, at the size of a CPU.

The row "Ours: language-conditioned diffusion policy" for the drawer tasks of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 55.8 %). All
is as in `balance_vision.py` but for the time, and every task is shown equally
often.

On 1,787 episodes it did 26 % (21 to 30 %, thirty episodes of each of the
twelve tasks), 16 % within a minute, and in 3 of the 360 worlds another task
than it was told. The first chunk that is drawn, instead of the most central of
eight, did 16 % (10 to 23 %) where this did 24 (17 to 33 %, 120 episodes). Told
the state in the place of pictures (`drawer_state.py`), 1,100 of these episodes
and 8,000 steps give 73 %. Every window was shown three times; of Balance,
where this learner reaches 74 %, fifteen times. On two films of failures the
drawer is opened and the object gone to, and the grasp misses; over what it has
then tipped over or pushed to the table's edge, it hovers.

Hardware: one CPU core, 70 minutes beside other work; on two cores 18 minutes
to collect and 22 to render, and 25 GB of disk for decoded pictures.

    python -m experiments.collect --scene=drawer --task=all \\
      --episodes=1850 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.render --data=DATASET --out=PICTURES \\
      --cameras=front,wrist --size=128x128
    python -m experiments.train \\
      --config=experiments/configs/drawer_vision.py \\
      --data=PICTURES --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_vision.get_config()
  config.steps = 12_000
  config.balanced = 'task'
  return config
