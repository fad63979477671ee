"""All eighteen tasks, state-based: one policy for five scenes.

Not in the paper, which trains a policy for each domain. Objects are seen one
by one and by name, so scenes with other objects are nothing special; the
sentence decides what is to be done. Every task is shown equally often.

Hardware: two CPU cores, one and a half hours.

    python -m experiments.train \\
      --config=experiments/configs/all_tasks_state.py \\
      --data=BALANCE,CATAPULT,TRANSPORT,MAILBOX,DRAWER --workdir=DIR
"""

from sdd.policy import config as policy_config
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(
      denoiser='mlp', channels=(512, 512, 512, 512)
    ),
    batch_size=256,
    steps=40_000,
    learning_rate=1e-3,
    balanced=True,
  )
