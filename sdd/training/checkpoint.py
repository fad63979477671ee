"""What survives: checkpoints of a run, and what its policy speaks.

A working directory holds `policy.json` (training configuration and policy
specification, written before the first step) and `checkpoints/<step>/`, each
complete or absent.
"""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from sdd import errors
from sdd.dataset import durable
from sdd.policy import network, policy, spec
from sdd.simulation import action
from sdd.training import config as config_lib
from sdd.training import state as state_lib

FILE = 'policy.json'
FOLDER = 'checkpoints'
_UNFINISHED = '*.orbax-checkpoint-tmp*'


class Checkpoints:
  """Saves and restores `TrainState`s on the host; one writer per directory.

  The newest are kept, whatever their loss, because they are what a run
  resumes from. Saving goes on in the background until `close`. A process
  reads and writes for itself and waits for no other; of several that train
  together the first does it for all.
  """

  def __init__(
    self, workdir: pathlib.Path, *, keep: int = 2, writer: bool = False
  ):
    folder = (workdir / FOLDER).absolute()
    if writer:
      # What a killed run left half written. Orbax would clear it away in the
      # background, where a second manager of the same folder gets in its way.
      for unfinished in folder.glob(_UNFINISHED):
        shutil.rmtree(unfinished)
    folder.mkdir(parents=True, exist_ok=True)
    me = jax.process_index()
    alone = ocp.options.MultiprocessingOptions(
      primary_host=me,
      active_processes={me},
      barrier_sync_key_prefix=f'process_{me}',
    )
    options = ocp.CheckpointManagerOptions(
      max_to_keep=keep, create=False, multiprocessing_options=alone
    )
    self._manager = ocp.CheckpointManager(folder, options=options)

  def latest(self) -> int | None:
    """The newest step, or None if there is none."""
    return self._manager.latest_step()

  def save(self, state: state_lib.TrainState) -> None:
    """Saves a state under its step, unless it is there already."""
    step = int(state.step)
    if step != self.latest():
      self._manager.save(
        step,
        args=ocp.args.Composite(
          ema=ocp.args.StandardSave(state.ema),
          rest=ocp.args.StandardSave(_rest(state)),
        ),
      )

  def save_ema(self, step: int, ema: Any) -> None:
    """Saves averaged parameters alone: enough to act, not to go on."""
    self._manager.save(
      step, args=ocp.args.Composite(ema=ocp.args.StandardSave(ema))
    )

  def restore(self, like: state_lib.TrainState) -> state_lib.TrainState:
    """The newest state, bit for bit; `like` gives its structure."""
    step = self.latest()
    restored = self._manager.restore(
      step,
      args=ocp.args.Composite(
        ema=ocp.args.StandardRestore(like.ema),
        rest=ocp.args.StandardRestore(_rest(like)),
      ),
    )
    return state_lib.TrainState(ema=restored['ema'], **restored['rest'])

  def restore_ema(self, like: Any, *, step: int) -> Any:
    """The averaged parameters of one step alone."""
    restored = self._manager.restore(
      step, args=ocp.args.Composite(ema=ocp.args.StandardRestore(like))
    )
    return restored['ema']

  def steps(self) -> tuple[int, ...]:
    """Every step that can be restored, oldest first."""
    return tuple(sorted(self._manager.all_steps()))

  def close(self) -> None:
    """Waits until everything is on disk."""
    self._manager.wait_until_finished()
    self._manager.close()


def _rest(state: state_lib.TrainState) -> dict[str, Any]:
  names = [field.name for field in dataclasses.fields(state)]  # type: ignore
  return {name: getattr(state, name) for name in names if name != 'ema'}


@contextlib.contextmanager
def opened(
  workdir: pathlib.Path, *, keep: int = 2, writer: bool = False
) -> Iterator[Checkpoints]:
  """A `Checkpoints` that is closed at the end, come what may.

  Args:
    workdir: the working directory of a training run.
    keep: how many of the newest to keep.
    writer: whether this is the one that saves; it clears away what a killed
      run left unfinished.
  """
  checkpoints = Checkpoints(workdir, keep=keep, writer=writer)
  try:
    yield checkpoints
  finally:
    checkpoints.close()


def claim(
  workdir: pathlib.Path,
  config: config_lib.TrainingConfig,
  specification: spec.PolicySpec,
) -> None:
  """Writes `policy.json`, or checks that this very run wrote it before.

  Raises:
    SddError: if the directory holds another run, naming every field in
      which it differs, or files that are no run's.
  """
  asked = {'training': _training(config), 'policy': specification.to_json()}
  path = workdir / FILE
  if path.exists():
    _refuse_difference(workdir, _read(path), json.loads(json.dumps(asked)))
    return
  if workdir.exists() and any(workdir.iterdir()):
    raise errors.SddError(
      f'{workdir} is not empty and holds no {FILE}, so it is not the working '
      'directory of a training run. Name a new or empty directory.'
    )
  workdir.mkdir(parents=True, exist_ok=True)
  durable.write_text(path, json.dumps(asked, indent=1) + '\n')


def save_policy(
  workdir: pathlib.Path, written: pathlib.Path, *, step: int, ema: Any
) -> None:
  """Writes a directory with nothing but one policy, for `load_policy`.

  Args:
    workdir: of the training run.
    written: the directory to write; it must not exist.
    step: of the averaged parameters.
    ema: the averaged parameters, on the host.
  """
  written.mkdir(parents=True)
  shutil.copyfile(workdir / FILE, written / FILE)
  with opened(written, writer=True) as checkpoints:
    checkpoints.save_ema(step, ema)


def load_spec(workdir: pathlib.Path | str) -> spec.PolicySpec:
  """What the policy in a working directory speaks; SddError if none is."""
  path = pathlib.Path(workdir) / FILE
  if not path.is_file():
    raise errors.SddError(
      f'{workdir} holds no trained policy: there is no {path}. Expected the '
      '--workdir of a training run.'
    )
  return spec.from_json(_read(path)['policy'], source=str(path))


def digest(workdir: pathlib.Path | str) -> str:
  """SHA-256 of the newest policy in a working directory.

  Raises:
    SddError: there is none.
  """
  load_spec(workdir)
  folder = pathlib.Path(workdir)
  with opened(folder) as checkpoints:
    step = _existing(workdir, checkpoints.steps(), None)
  weights = folder / FOLDER / str(step) / 'ema'
  found = hashlib.sha256((folder / FILE).read_bytes())
  for path in sorted(weights.rglob('*')):
    if path.is_file():
      found.update(f'{path.relative_to(weights)}\n'.encode())
      found.update(path.read_bytes())
  return found.hexdigest()


def load_policy(
  workdir: pathlib.Path | str,
  *,
  action_spec: action.ActionSpec | None = None,
  state_names: Sequence[str] | None = None,
  step: int | None = None,
  acting: Mapping[str, int] | None = None,
) -> policy.DiffusionPolicy:
  """Loads the averaged weights of a run as a policy.

  Args:
    workdir: the working directory of a training run.
    action_spec: the action that the robot or data at hand speak; compared.
    state_names: of the scene at hand; may be left out if all training data
      came from one scene.
    step: which checkpoint; the newest if None.
    acting: fields of `PolicyConfig` that only matter when acting
      (`candidates`, `execution_horizon`, `inference_steps`), to be changed.

  Raises:
    SddError: if the directory has no policy or no such checkpoint, or the
      policy was not trained for this scene.
    SpecMismatchError: if the policy speaks another action.
  """
  specification = load_spec(workdir)
  if action_spec is not None:
    specification.action_spec.require(
      action_spec, mine=f'the policy in {workdir}', theirs='the caller'
    )
  if acting:
    config = dataclasses.replace(specification.config, **acting)
    specification = dataclasses.replace(specification, config=config.validate())
  with opened(pathlib.Path(workdir)) as checkpoints:
    step = _existing(workdir, checkpoints.steps(), step)
    like = network.init(specification.config, specification.objects, seed=0)
    ema = checkpoints.restore_ema(like, step=step)
  return policy.DiffusionPolicy(
    specification, jax.tree.map(np.asarray, ema), state_names=state_names
  )


def _existing(
  workdir: pathlib.Path | str, steps: tuple[int, ...], step: int | None
) -> int:
  if not steps:
    raise errors.SddError(
      f'{workdir} has no checkpoint yet. Run the training command again: it '
      'goes on where it stopped.'
    )
  if step is not None and step not in steps:
    raise errors.UnknownNameError(
      'checkpoint', str(step), [str(known) for known in steps]
    )
  return steps[-1] if step is None else step


def _training(config: config_lib.TrainingConfig) -> dict[str, Any]:
  fields = dataclasses.asdict(config)
  fields.pop('policy')  # the policy's specification has it
  return {k: v for k, v in fields.items() if k not in config_lib.FREE}


def _read(path: pathlib.Path) -> dict[str, Any]:
  try:
    fields = json.loads(path.read_text(encoding='utf-8'))
  except ValueError as error:
    raise errors.SddError(f'{path} is not JSON: {error}.') from error
  if not isinstance(fields, dict) or not {'training', 'policy'} <= set(fields):
    raise errors.SddError(
      f'{path} was not written by this version of the training program.'
    )
  return fields


def _refuse_difference(
  workdir: pathlib.Path, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
  before, now = dict(_leaves(old)), dict(_leaves(new))
  wrong = [
    f'{name} is {_brief(before.get(name))} there and {_brief(now.get(name))} '
    'now'
    for name in sorted(before.keys() | now.keys())
    if before.get(name) != now.get(name)
  ]
  if wrong:
    raise errors.SddError(
      f'{workdir} holds a run with another configuration or dataset: '
      + '; '.join(wrong)
      + '. Rerun with the same, or name another --workdir.'
    )


def _leaves(tree: Mapping[str, Any], prefix: str = '') -> Iterator[Any]:
  """Dotted names as a flag would spell them, and values."""
  for name, value in tree.items():
    if isinstance(value, Mapping):
      inner = {'training.': '', 'policy.config.': 'policy.'}
      path = f'{prefix}{name}.'
      yield from _leaves(value, inner.get(path, path))
    else:
      yield prefix + name, value


def _brief(value: Any) -> str:
  shown = repr(value)
  return shown if len(shown) <= 80 else shown[:77] + '...'
