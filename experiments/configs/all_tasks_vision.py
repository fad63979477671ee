"""All eighteen tasks from three cameras and a sentence: one policy.

*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023) trains one
such policy for each domain, two days each on an A6000, 67.0 % on average. Here
one learns all of it: a ResNet-18 with group normalisation and spatial soft-max
for each of three cameras at their 160x240 pixels, their U-Net of 256, 512 and
1024 channels, their horizons, crops and colours. It is told where its tool is,
but not where anything else is. Products are taken in bfloat16; parameters stay
in 32 bits.

Hardware: one accelerator with 80 GiB and many cores to collect and render
with, or a pod; not measured yet.

    python -m experiments.train \\
      --config=experiments/configs/all_tasks_vision.py \\
      --data=BALANCE,CATAPULT,TRANSPORT,MAILBOX,DRAWER --workdir=DIR
"""

from sdd.policy import config as policy_config
from sdd.policy.vision import config as vision_config
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(
      channels=(256, 512, 1024),
      execution_horizon=4,
      position_scale=0.02,
      use_state=False,
      compute_dtype='bfloat16',
      conv_impl='lax',
      vision=vision_config.VisionConfig(
        cameras=('front', 'top', 'wrist'),
        size=(160, 240),
        encoder='resnet18',
        width=64,
      ),
    ),
    batch_size=256,
    steps=100_000,
    learning_rate=3e-4,
    balanced='scene',
  )
