"""Flags: how a distilled policy acts, where not as it was configured."""

from absl import flags

_CANDIDATES = flags.DEFINE_integer(
  'candidates', None, 'chunks a distilled policy draws at every decision, to '
  'execute the most central; by default as it was configured', lower_bound=1,
)  # fmt: skip
_EXECUTION_HORIZON = flags.DEFINE_integer(
  'execution_horizon', None, 'actions a distilled policy executes before it '
  'decides again; by default as it was configured', lower_bound=1,
)  # fmt: skip
_INFERENCE_STEPS = flags.DEFINE_integer(
  'inference_steps', None, 'diffusion steps of a training run\'s policy; by '
  'default as it was configured', lower_bound=1,
)  # fmt: skip
_ALL = _CANDIDATES, _EXECUTION_HORIZON, _INFERENCE_STEPS
NAMES = tuple(flag.name for flag in _ALL)


def chosen() -> dict[str, int]:
  """The settings that were given, by their names in `PolicyConfig`."""
  return {flag.name: flag.value for flag in _ALL if flag.value is not None}
