"""Metrics for Weights & Biases, where the extra `wandb` is installed."""

import importlib
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

from sdd import errors
from sdd.dataset import durable

FILE = 'wandb_run'


class WandbSink:
  """One run of a W&B project; a resumed training goes on with the same.

  The account, or `WANDB_MODE=offline`, is found in the environment as W&B
  documents it. Steps are a value of their own, because evaluations are done
  later than the step they are of, and W&B only counts upwards.
  """

  def __init__(
    self, project: str, workdir: pathlib.Path, config: Mapping[str, Any]
  ):
    """Opens the run.

    Args:
      project: of W&B.
      workdir: of the training run; its name is the run's.
      config: shown beside the run.

    Raises:
      SddError: if the package is not installed.
    """
    try:
      wandb: Any = importlib.import_module('wandb')
    except ModuleNotFoundError as error:
      raise errors.SddError(
        'W&B is not installed: pip install "sdd[wandb]". Metrics are written '
        'to TensorBoard and metrics.jsonl without it.'
      ) from error
    workdir.mkdir(parents=True, exist_ok=True)
    self._run = wandb.init(
      project=project,
      id=_identity(workdir / FILE),
      name=workdir.absolute().name,
      dir=str(workdir),
      config=dict(config),
      resume='allow',
    )
    self._run.define_metric('step')
    self._run.define_metric('*', step_metric='step')

  def write(self, step: int, values: Mapping[str, float]) -> None:
    """Records the values of one step."""
    self._run.log({'step': step, **values})

  def close(self) -> None:
    """Waits until everything is with W&B, or on disk when offline."""
    self._run.finish()


def _identity(path: pathlib.Path) -> str:
  """The run's name at W&B: drawn once, kept in the working directory."""
  if not path.exists():
    durable.write_text(path, uuid.uuid4().hex)
  return path.read_text(encoding='utf-8').strip()
