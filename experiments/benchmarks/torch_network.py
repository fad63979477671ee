"""The U-Net of `sdd.policy.unet` in PyTorch, as one would write it there.

PyTorch is only needed to compare with: `pip install "sdd[benchmark]"`.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sdd import errors


def require() -> Any:
  """PyTorch; SddError if it is not installed."""
  try:
    return importlib.import_module('torch')
  except ModuleNotFoundError as error:
    raise errors.SddError(
      'PyTorch is not installed, and there is nothing to compare with: pip '
      'install "sdd[benchmark]".'
    ) from error


def make(
  *,
  dimension: int,
  channels: Sequence[int],
  kernel_size: int,
  groups: int,
  step_dimension: int,
  condition_dimension: int,
) -> Any:
  """An untrained module: `(noisy (B, T, D), time (B,), condition (B, C))`.

  Raises:
    SddError: if PyTorch is not installed.
  """
  torch = require()
  nn = torch.nn

  class ConvBlock(nn.Module):
    """Convolution, group normalisation, Mish."""

    def __init__(self, before: int, features: int):
      super().__init__()
      self.conv = nn.Conv1d(
        before, features, kernel_size, padding=kernel_size // 2
      )
      self.norm = nn.GroupNorm(groups, features)
      self.mish = nn.Mish()

    def forward(self, x: Any) -> Any:
      return self.mish(self.norm(self.conv(x)))

  class ResidualBlock(nn.Module):
    """Two convolution blocks with FiLM between, around a skip connection."""

    def __init__(self, before: int, features: int):
      super().__init__()
      self.film = nn.Linear(step_dimension + condition_dimension, 2 * features)
      self.first = ConvBlock(before, features)
      self.second = ConvBlock(features, features)
      self.skip = (
        nn.Identity() if before == features else nn.Conv1d(before, features, 1)
      )

    def forward(self, x: Any, context: Any) -> Any:
      scale, bias = self.film(context)[:, :, None].chunk(2, dim=1)
      y = self.second(self.first(x) * (1 + scale) + bias)
      return self.skip(x) + y

  class UNet(nn.Module):
    """Names as in the parameters of `sdd.policy.unet.UNet`."""

    def __init__(self):
      super().__init__()
      self.step_in = nn.Linear(step_dimension, 4 * step_dimension)
      self.step_out = nn.Linear(4 * step_dimension, step_dimension)
      self.mish = nn.Mish()
      before = dimension
      for level, width in enumerate(channels):
        self.add_module(f'down_{level}a', ResidualBlock(before, width))
        self.add_module(f'down_{level}b', ResidualBlock(width, width))
        if level < len(channels) - 1:
          halve = nn.Conv1d(width, width, 3, stride=2, padding=1)
          self.add_module(f'halve_{level}', halve)
        before = width
      self.middle_a = ResidualBlock(before, before)
      self.middle_b = ResidualBlock(before, before)
      for level in reversed(range(len(channels) - 1)):
        width = channels[level]
        double = nn.ConvTranspose1d(before, before, 4, stride=2, padding=1)
        self.add_module(f'double_{level}', double)
        self.add_module(f'up_{level}a', ResidualBlock(before + width, width))
        self.add_module(f'up_{level}b', ResidualBlock(width, width))
        before = width
      self.final = ConvBlock(before, before)
      self.output = nn.Conv1d(before, dimension, 1)
      half = step_dimension // 2
      exponent = torch.arange(half, dtype=torch.float32) / (half - 1)
      self.register_buffer('frequency', 10_000.0**-exponent)

    def forward(self, noisy: Any, time: Any, condition: Any) -> Any:
      part = dict(self.named_children())
      phase = time[:, None].float() * self.frequency
      step = torch.cat([phase.sin(), phase.cos()], dim=1)
      step = self.step_out(self.mish(self.step_in(step)))
      context = self.mish(torch.cat([step, condition], dim=1))
      last = len(channels) - 1
      x, skips = noisy.transpose(1, 2), []
      for level in range(len(channels)):
        x = part[f'down_{level}a'](x, context)
        x = part[f'down_{level}b'](x, context)
        if level < last:
          skips.append(x)
          x = part[f'halve_{level}'](x)
      x = self.middle_b(self.middle_a(x, context), context)
      for level in reversed(range(last)):
        x = torch.cat([part[f'double_{level}'](x), skips[level]], dim=1)
        x = part[f'up_{level}a'](x, context)
        x = part[f'up_{level}b'](x, context)
      return self.output(self.final(x)).transpose(1, 2)

  return UNet()


def copy_parameters(module: Any, params: Mapping[str, Any]) -> None:
  """Gives the module the parameters of the Flax U-Net.

  A doubling has two biases there, one for each of the two outputs that it
  makes of a pair, and one here: those of the second are not looked at.
  """
  torch = require()
  with torch.no_grad():
    for name, value in module.named_parameters():
      found: Any = params
      *path, leaf = name.split('.')
      for part in path:
        found = found[part]
      if path[0].startswith(('halve', 'double')):
        found = found['conv']
      value.copy_(torch.from_numpy(_converted(path[0], leaf, found)))


def _converted(block: str, leaf: str, params: Mapping[str, Any]) -> np.ndarray:
  """One array of a layer, as PyTorch lays it out."""
  kernel = np.asarray(params.get('kernel', params.get('scale')))
  bias = np.asarray(params['bias'])
  if block.startswith('double'):
    channels = kernel.shape[1]
    if leaf == 'bias':
      return bias[:channels].copy()
    # Output 2t + s - 1 of the input at t - 1 + tap: see `unet.Double`.
    pairs = kernel.reshape(2, channels, 2, channels)
    taps = [pairs[1, :, 0], pairs[1, :, 1], pairs[0, :, 0], pairs[0, :, 1]]
    return np.stack(taps, axis=-1)
  if leaf == 'bias':
    return bias.copy()
  return np.ascontiguousarray(kernel.T)
