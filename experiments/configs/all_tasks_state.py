"""All eighteen tasks, state-based: one policy for five scenes.

Not in *Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023), which
trains a policy for each domain (67.0 % on average). Objects are seen one by
one and by name, so scenes with other objects are nothing special; the sentence
decides what is to be done. Every task is shown equally often. Learner and
sampler are those of `drawer_state.py`.

On 3,091 episodes, 2,198 of them of the drawer, it did 56.8 % on average over
the domains: balance 6 of 20, catapult 15 of 30, transport 20 of 20, mailbox 7
of 20 and drawer 83 of 120 (intervals on the page of results). Policies of
their own did 87 % on balance, from data with pushes (`balance_state.py`), and
77 % on drawer.

Hardware: two CPU cores, one hour.

    python -m experiments.train \\
      --config=experiments/configs/all_tasks_state.py \\
      --data=BALANCE,CATAPULT,TRANSPORT,MAILBOX,DRAWER --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.balanced = 'scene'
  config.steps = 16_000
  return config
