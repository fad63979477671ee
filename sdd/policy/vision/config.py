"""What the learner sees, and how; a page of numbers."""

import dataclasses

from sdd import errors

ENCODERS = ('light', 'resnet18')
POOLINGS = ('spatial_softmax', 'average')
# Pixels that a side of the crop must have for maps of more than one.
SMALLEST = {'light': 16, 'resnet18': 33}


@dataclasses.dataclass
class VisionConfig:
  """Cameras, encoder and augmentation of a policy that sees.

  Defaults follow the paper (section 3.3 and appendix) but for the encoder,
  which is one that two CPU cores can train. Without cameras there is no
  vision at all, and nothing else here matters.

  Attributes:
    cameras: whose newest picture the policy sees.
    size: height and width to which stored pictures are resized once.
    crop: part of each side that the network sees: anywhere while learning,
      the middle when acting.
    encoder: `resnet18`, or `light`, made for CPUs.
    width: channels of the encoder's first stage; 64 is the paper's.
    groups: channels in each group of a group normalisation.
    keypoints: places in the picture that the spatial soft-max tells.
    pooling: `spatial_softmax` or `average`.
    camera_features: numbers that are kept of each camera.
    features: numbers that are kept of all cameras together.
    rotation: degrees to either side by which training pictures are turned.
    brightness: largest part by which they become lighter or darker.
    contrast: the same of contrast.
    saturation: the same of saturation.
    finding: how much it counts in training to tell from the pictures where
      the objects are, beside the loss of the chunk; 0 for not being asked.
      Acting, the policy then looks at what it found as others do at the
      state, see `object_finder`.
    finding_width: of the layers that find.
  """

  cameras: tuple[str, ...] = ()
  size: tuple[int, int] = (96, 96)
  crop: float = 0.9
  encoder: str = 'light'
  width: int = 32
  groups: int = 16
  keypoints: int = 32
  pooling: str = 'spatial_softmax'
  camera_features: int = 64
  features: int = 128
  rotation: float = 0.0
  brightness: float = 0.2
  contrast: float = 0.5
  saturation: float = 0.2
  finding: float = 0.0
  finding_width: int = 256

  @property
  def crop_size(self) -> tuple[int, int]:
    """Height and width of what the network sees."""
    height, width = (round(side * self.crop) for side in self.size)
    return height, width

  def validate(self) -> 'VisionConfig':
    """Returns itself; raises SddError naming the first impossible field."""
    for kind, value, choices in (
      ('encoder', self.encoder, ENCODERS),
      ('pooling', self.pooling, POOLINGS),
    ):
      if value not in choices:
        raise errors.UnknownNameError(f'vision.{kind}', value, choices)
    rules = (
      ('cameras', len(set(self.cameras)) == len(self.cameras), 'distinct'),
      ('size', len(self.size) == 2, 'height and width'),
      ('crop', 0 < self.crop <= 1, 'above 0 and at most 1'),
      (
        'size',
        min(self.crop_size) >= SMALLEST[self.encoder],
        f'so large that the crop has {SMALLEST[self.encoder]} pixels a side; '
        f'it has {self.crop_size}',
      ),
      (
        'width',
        self.width >= 1 and self.width % self.groups == 0,
        f'a multiple of groups = {self.groups}',
      ),
      ('finding', self.finding >= 0, 'at least 0'),
      ('finding_width', self.finding_width >= 1, 'at least 1'),
      ('keypoints', self.keypoints >= 1, 'at least 1'),
      ('camera_features', self.camera_features >= 1, 'at least 1'),
      ('features', self.features >= 1, 'at least 1'),
      ('rotation', 0 <= self.rotation <= 45, 'from 0 to 45 degrees'),
      *(
        (name, 0 <= getattr(self, name) < 1, 'at least 0 and below 1')
        for name in ('brightness', 'contrast', 'saturation')
      ),
    )
    for name, holds, expected in rules:
      if not holds:
        raise errors.SddError(
          f'vision.{name} is {getattr(self, name)!r}; it must be {expected}.'
        )
    return self
