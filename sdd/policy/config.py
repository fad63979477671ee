"""How large the learner is and how it samples; a page of numbers."""

import dataclasses

from sdd import errors
from sdd.language import text_encoder
from sdd.policy.vision import config as vision_config

PREDICTIONS = ('epsilon', 'sample', 'v', 'flow')
HEADS = ('diffusion', 'regression')
DENOISERS = ('unet', 'mlp')
CONV_IMPLEMENTATIONS = ('matmul', 'lax')
COMPUTE_DTYPES = ('float32', 'bfloat16')


@dataclasses.dataclass
class PolicyConfig:
  """Everything that shapes the network and its sampler.

  Defaults follow the paper's diffusion policy (Ha et al. 2023, appendix)
  where a CPU can: horizons, kernel, groups, schedule. One thing differs: the
  network predicts the clean chunk, not the noise. On a toy pick-and-place
  with 200 demonstrations and 3000 steps that solved 44 of 100 unseen starts,
  predicting the noise 5. Not frozen, so that flags can override it;
  `validate` is called where it is used.

  Attributes:
    observation_horizon: `To`, observations the policy sees.
    action_horizon: `Ta`, actions it predicts.
    execution_horizon: how many of them are executed before it looks again.
    denoiser: `unet`, the paper's; or `mlp`, which learns several times as
      fast on a CPU.
    channels: widths of the U-Net, one per resolution; or of the MLP's blocks,
      all equal.
    kernel_size: of the temporal convolutions.
    groups: of every group normalisation.
    step_dimension: width of the diffusion-step embedding.
    object_width: width of what is known of an object, and of the context.
    heads: of the attention to the objects.
    observation_hidden: hidden widths of the MLP on all that is known.
    condition_dimension: width of what that MLP hands to every FiLM layer.
    text_encoder: what embeds instructions: `hash`, or `clip:` and a folder or
      name on the model hub, see `sdd.language.text_encoder`. What it names
      must be there wherever the policy acts or is exported; the export takes
      a table of the sentences with it instead.
    text_dimension: width of the instruction embedding; that of `hash`. CLIP
      has its own, which `settled` puts here.
    head: `diffusion`, or `regression`: the ablation that predicts the chunk
      in one pass, see `acting`.
    training_steps: diffusion steps of the noise schedule.
    inference_steps: of them, those visited when acting.
    candidates: chunks to draw at every decision; of several, the one that is
      most like the others is executed, see `consensus`.
    prediction: what the network predicts: `epsilon`, `sample`, `v` or
      `flow`, see `schedule`.
    position_scale: metres; relative positions much larger are squeezed to
      their logarithm, so that errors count relative to the distance; 0 for
      not.
    relative_position: inside the learner, positions of actions are relative
      to the present end effector, see `frame`. Outside they stay absolute.
    use_state: see where the objects are; a policy that sees pictures instead
      does not.
    use_proprioception: feel where the arm and the fingers are.
    vision: which cameras it sees, and how; none by default.
    compute_dtype: `float32`, or `bfloat16` for training on accelerators;
      parameters are float32 always.
    conv_impl: `matmul` (fast forward and backward on a CPU) or `lax`; the
      parameters are the same.
  """

  observation_horizon: int = 2
  action_horizon: int = 16
  execution_horizon: int = 8
  denoiser: str = 'unet'
  channels: tuple[int, ...] = (64, 128, 256)
  kernel_size: int = 5
  groups: int = 8
  step_dimension: int = 64
  object_width: int = 128
  heads: int = 6
  observation_hidden: tuple[int, ...] = (256, 256)
  condition_dimension: int = 192
  text_encoder: str = 'hash'
  text_dimension: int = 64
  head: str = 'diffusion'
  training_steps: int = 50
  inference_steps: int = 10
  candidates: int = 1
  prediction: str = 'sample'
  relative_position: bool = True
  position_scale: float = 0.0
  use_state: bool = True
  use_proprioception: bool = True
  vision: vision_config.VisionConfig = dataclasses.field(
    default_factory=vision_config.VisionConfig
  )
  compute_dtype: str = 'float32'
  conv_impl: str = 'matmul'

  def validate(self) -> 'PolicyConfig':
    """Returns itself; raises SddError naming the first impossible field."""
    _choice('prediction', self.prediction, PREDICTIONS)
    _choice('conv_impl', self.conv_impl, CONV_IMPLEMENTATIONS)
    _choice('head', self.head, HEADS)
    _choice('denoiser', self.denoiser, DENOISERS)
    text_encoder.require_name(self.text_encoder)
    _choice('compute_dtype', self.compute_dtype, COMPUTE_DTYPES)
    if self.vision.cameras:
      self.vision.validate()
      if self.use_state and self.finds_objects:
        raise errors.SddError(
          f'vision.finding is {self.vision.finding} and use_state is True: a '
          'policy that is told where the objects are need not find them. Set '
          'one of the two to 0 or False.'
        )
    elif not (self.use_state or self.use_proprioception):
      raise errors.SddError(
        'The policy would observe nothing: use_state and use_proprioception '
        'are False and vision.cameras is empty.'
      )
    if not self.channels:
      raise errors.SddError('channels is empty; give one width per level.')
    convolves = self.denoiser == 'unet'
    shrink = 2 ** (len(self.channels) - 1) if convolves else 1
    rules = (
      ('observation_horizon', self.observation_horizon >= 1, 'at least 1'),
      ('position_scale', self.position_scale >= 0, 'at least 0'),
      (
        'action_horizon',
        self.action_horizon >= shrink and self.action_horizon % shrink == 0,
        f'a multiple of {shrink}, because there are {len(self.channels)} '
        'levels',
      ),
      (
        'execution_horizon',
        1 <= self.execution_horizon <= self.action_horizon,
        f'between 1 and action_horizon = {self.action_horizon}',
      ),
      (
        'channels',
        not convolves
        or all(
          width >= 1 and width % self.groups == 0 for width in self.channels
        ),
        f'multiples of groups = {self.groups}',
      ),
      (
        'channels',
        convolves or (len(set(self.channels)) == 1 and self.channels[0] >= 1),
        "equal widths, for denoiser = 'mlp'",
      ),
      ('object_width', self.object_width >= 1, 'at least 1'),
      ('heads', self.heads >= 1, 'at least 1'),
      ('kernel_size', self.kernel_size % 2 == 1, 'odd'),
      (
        'step_dimension',
        self.step_dimension >= 4 and self.step_dimension % 2 == 0,
        'even and at least 4',
      ),
      ('candidates', self.candidates >= 1, 'at least 1'),
      ('text_dimension', self.text_dimension >= 1, 'at least 1'),
      ('training_steps', self.training_steps >= 2, 'at least 2'),
      (
        'inference_steps',
        1 <= self.inference_steps <= self.training_steps,
        f'between 1 and training_steps = {self.training_steps}',
      ),
    )
    for name, holds, expected in rules:
      if not holds:
        raise errors.SddError(
          f'{name} is {getattr(self, name)!r}; it must be {expected}.'
        )
    return self

  @property
  def finds_objects(self) -> bool:
    """Whether it tells from pictures where the objects are."""
    return bool(self.vision.cameras) and self.vision.finding > 0

  @property
  def names_objects(self) -> bool:
    """Whether it knows the objects of a scene, told or found, by name."""
    return self.use_state or self.finds_objects

  def settled(self) -> 'PolicyConfig':
    """A copy with the `text_dimension` that its encoder has.

    Raises:
      SddError: the encoder cannot be loaded.
    """
    encoder = text_encoder.load(self.text_encoder, self.text_dimension)
    return dataclasses.replace(self, text_dimension=encoder.dimension)


def _choice(kind: str, value: str, choices: tuple[str, ...]) -> None:
  if value not in choices:
    raise errors.UnknownNameError(kind, value, choices)
