"""Balance domain, state-based: flow matching in the place of diffusion.

No row of the paper, whose policies are diffused (*Scaling Up and Distilling
Down*, Ha, Florence, Song, CoRL 2023). The network learns the velocity along
the straight line from chunk to noise (Lipman et al. 2023), and acting follows
it in five Euler steps, half as many as `balance_state.py` takes; all else is
the same. Which times to visit, and why, is in `schedule.ddim_times`.

With 4,000 steps (--config.steps=4000) it did 44 % (35 to 54 %, 100 episodes),
in ten Euler steps 52 %, and `balance_state.py` with as many 77 % (68 to 84 %).

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.
Acting takes half the time.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_flow.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.policy.prediction, config.policy.inference_steps = 'flow', 5
  return config
