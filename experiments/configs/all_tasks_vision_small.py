"""All eighteen tasks from two cameras and a sentence, at the size of a CPU.

`all_tasks_vision.py` in small: one policy for five scenes that differ in what
they hold and in what has to be done. Its eyes, its learner and its cameras are
those of `balance_vision.py`, and every scene is shown equally often. Not
measured yet.

Hardware: one CPU core, an hour, by the time that a step of `balance_vision.py`
takes; collecting and rendering take longer.

    python -m experiments.train \\
      --config=experiments/configs/all_tasks_vision_small.py \\
      --data=BALANCE,CATAPULT,TRANSPORT,MAILBOX,DRAWER --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_vision.get_config()
  config.steps = 14_000
  config.balanced = 'scene'
  return config
