"""Balance domain from two cameras and a sentence, at the size of a CPU.

draft
"""

from sdd.policy import config as policy_config
from sdd.policy.vision import config as vision_config
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(
      channels=(32, 64, 128),
      kernel_size=3,
      use_state=False,
      vision=vision_config.VisionConfig(
        cameras=('front', 'wrist'), size=(96, 96), width=16
      ),
    ),
    batch_size=64,
    steps=6000,
    learning_rate=1e-3,
    warmup_steps=200,
    checkpoint_every=500,
  )
