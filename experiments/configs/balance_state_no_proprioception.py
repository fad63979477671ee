"""Balance domain, state-based: without feeling where the tool is.

Table 5 of *Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023;
there, too, on Balance) takes proprioception away from its feed-forward
baseline only, together with other things: 18.5 against 29.0 %. Here it is all
that is taken away: the policy knows where objects are but feels neither tool
nor fingers, so its chunks cannot be relative to the tool and are absolute, as
in `balance_state_absolute.py`.

With 4,000 steps (--config.steps=4000) it did 5 % (2 to 11 %, 100 episodes),
as `balance_state_absolute.py` does, which feels where the tool is: what is lost
are the relative positions.

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_no_proprioception.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.policy.use_proprioception = False
  config.policy.relative_position = False
  return config
