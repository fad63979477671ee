"""Drawer domain, state-based: one chunk is drawn, and executed.

As in *Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023), every
decision draws one chunk and executes it. `drawer_state.py` draws eight and
executes the one that is most like the others (`sdd.policy.consensus`). What
is learnt is the same, so a policy of that page shows it, too:
`experiments.evaluate --candidates=1`.

It did 57 % (51 to 63 %, 240 episodes), and with eight 77 % (73 to 80 %, 600).
Trained on episodes of robots that were pushed, it did 64 % (57 to 70 %, 240),
and in the same worlds with eight 75 % (70 to 80 %).
On Balance it makes no difference: 86 against 88 % of 200 worlds.

Hardware: as `drawer_state.py`, two CPU cores, half an hour.

    python -m experiments.train \\
      --config=experiments/configs/drawer_state_one_candidate.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.policy.candidates = 1
  return config
