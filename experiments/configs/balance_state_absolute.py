"""Balance domain, state-based: absolute positions inside the learner.

The rows "delta" against "absolute" of Table 5 of *Scaling Up and Distilling
Down* (Ha, Florence, Song, CoRL 2023; there, too, on Balance: 69.5 against
79.0 %). Their deltas are from step to step, which adds up errors. Here a
chunk's positions are relative to where the end effector is when it is decided
on, in `balance_state.py`, and absolute, as in their better row, in this page;
all else is the same. What the robot is told is absolute in both.

With 4,000 steps (--config.steps=4000) it did 4 % (2 to 10 %, 100 episodes),
and `balance_state.py` with as many 77 % (68 to 84 %). Half of the difference
is that only what is relative to the tool can be squeezed: not squeezed
(`balance_state_unsqueezed.py`), relative positions do 38 %.

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_absolute.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.policy.relative_position = False
  return config
