"""Drawer domain, state-based: sentences of sub-tasks as well as of tasks.

No row of the paper, whose policies only hear the task (*Scaling Up and
Distilling Down*, Ha, Florence, Song, CoRL 2023). Half of the windows come
with the sub-task that their step works on ("open the top drawer"), so that
the policy follows those, too, and may be led through a task by them. All else
is as in `drawer_state.py`. It is evaluated on the sentences of tasks.

Hardware: as `drawer_state.py`, two CPU cores, half an hour (estimated).

    python -m experiments.train \\
      --config=experiments/configs/drawer_state_sub_tasks.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.conditioning = 'both'
  return config
