"""All eighteen tasks, state-based: one policy for five scenes.

Not in *Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023), which
trains a policy for each domain (67.0 % on average). Objects are seen one by
one and by name, so scenes with other objects are nothing special; the sentence
decides what is to be done. Every task is shown equally often. Learner and
sampler are those of `drawer_state.py`.

Hardware: two CPU cores, one hour (estimated).

    python -m experiments.train \\
      --config=experiments/configs/all_tasks_state.py \\
      --data=BALANCE,CATAPULT,TRANSPORT,MAILBOX,DRAWER --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.steps = 20_000
  return config
