"""Balance domain, state-based: sentences of sub-tasks as well as of tasks.

No row of the paper, whose policies only hear the task (*Scaling Up and
Distilling Down*, Ha, Florence, Song, CoRL 2023). Half of the windows come
with the sub-task that their step works on ("pick up the bus"), so that the
policy follows those, too, and may be led through a task by them. All else is
as in `balance_state.py`. It is evaluated on the sentence of the task.

With 4,000 steps (--config.steps=4000) it did 60 % (50 to 69 %, 100 episodes),
and `balance_state.py`, which hears the task alone all the while, 77 % (68 to
84 %) with as many.

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_sub_tasks.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.conditioning = 'both'
  return config
