"""How long and how fast the learner learns; a page of numbers."""

import dataclasses

from sdd import errors
from sdd.dataset import windows
from sdd.policy import config as policy_config

CONDITIONINGS = ('task', 'sub_task', 'both')
FREE = (
  'log_every',
  'checkpoint_every',
  'checkpoints_kept',
  'evaluate_every',
  'evaluation_episodes',
)
"""Fields that do not change what is learnt; a resumed run may change them."""


@dataclasses.dataclass
class TrainingConfig:
  """One training run. Not frozen, so that flags can override it.

  Attributes:
    policy: shape of network and sampler.
    batch_size: windows per step, over all devices.
    steps: gradient steps; the learning rate reaches its end with the last.
    learning_rate: highest, after the warm-up.
    final_learning_rate: at the end of the cosine.
    warmup_steps: steps of linear growth from zero.
    weight_decay: of AdamW.
    beta2: second-moment decay of AdamW.
    ema_power: the moving average's warm-up: decay 1 - step ** -power.
    ema_max: the largest decay.
    seed: of parameters, order of the data, noise.
    max_episodes: use only the first so many episodes; 0 means all.
    balanced: what is shown equally often: every `task`; or every `scene`, and
      in it every task; or `no` such thing.
    conditioning: which sentence a window comes with: `task`, `sub_task` (the
      one its step works on), or `both` (either, drawn anew every time).
    disturbance: standard deviation by which the tool is observed off its place
      at most, metres, so that it learns to come back; 0 for none.
    log_every: steps between entries in the metrics.
    checkpoint_every: steps between checkpoints.
    checkpoints_kept: newest checkpoints kept.
    evaluate_every: steps between closed-loop evaluations beside the training;
      0 means never.
    evaluation_episodes: episodes of each task in every evaluation.
  """

  policy: policy_config.PolicyConfig = dataclasses.field(
    default_factory=policy_config.PolicyConfig
  )
  batch_size: int = 64
  steps: int = 40_000
  learning_rate: float = 3e-4
  final_learning_rate: float = 1e-6
  warmup_steps: int = 500
  weight_decay: float = 1e-6
  beta2: float = 0.999
  ema_power: float = 0.75
  ema_max: float = 0.9999
  seed: int = 0
  max_episodes: int = 0
  balanced: windows.Balanced = 'no'
  conditioning: str = 'task'
  disturbance: float = 0.0
  log_every: int = 100
  checkpoint_every: int = 1000
  checkpoints_kept: int = 2
  evaluate_every: int = 0
  evaluation_episodes: int = 5

  def validate(self) -> 'TrainingConfig':
    """Returns itself; raises SddError naming the first impossible field."""
    self.policy.validate()
    if self.conditioning not in CONDITIONINGS:
      raise errors.UnknownNameError(
        'conditioning', self.conditioning, CONDITIONINGS
      )
    if self.balanced not in windows.BALANCED:
      raise errors.UnknownNameError(
        'balanced', str(self.balanced), windows.BALANCED
      )
    least = {
      'batch_size': 1,
      'steps': 1,
      'warmup_steps': 0,
      'seed': 0,
      'max_episodes': 0,
      'log_every': 1,
      'checkpoint_every': 1,
      'checkpoints_kept': 1,
      'evaluate_every': 0,
      'evaluation_episodes': 1,
    }
    for name, bound in least.items():
      if getattr(self, name) < bound:
        raise errors.SddError(
          f'{name} is {getattr(self, name)!r}; it must be at least {bound}.'
        )
    if not 0 < self.learning_rate < 1:
      raise errors.SddError(
        f'learning_rate is {self.learning_rate!r}; it must lie between 0 and 1.'
      )
    if not 0 <= self.disturbance <= 0.1:
      raise errors.SddError(
        f'disturbance is {self.disturbance!r}; it must lie between 0 and 0.1 '
        'metres.'
      )
    if self.warmup_steps >= self.steps:
      raise errors.SddError(
        f'warmup_steps is {self.warmup_steps}; it must be below steps = '
        f'{self.steps}.'
      )
    return self
