"""Opens a policy by its path and runs it in worker processes."""

import functools
import hashlib
import multiprocessing
import os
import pathlib
import signal
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pebble

from experiments import generator
from sdd import errors
from sdd.deployment import batched, runtime
from sdd.evaluation import eyes, imagined, rollout
from sdd.language import task_tree
from sdd.policy import policy as policy_lib
from sdd.policy import protocol
from sdd.scenes import physics_variation, registry
from sdd.scenes import scene as scene_lib
from sdd.simulation import action
from sdd.training import checkpoint

GENERATOR = 'generator'
API_KEY = 'SDD_API_KEY'  # environment variable with a policy server's key
SERVED = ('ws://', 'wss://')


def load(
  path: str,
  scene: scene_lib.Scene,
  acting: Mapping[str, int] | None = None,
) -> protocol.Policy:
  """A distilled policy: a run's directory, an exported file, or a server.

  Args:
    path: of the policy.
    scene: in which it is to act.
    acting: what to change of how it acts, see `acting_flags`.

  Raises:
    errors.SddError: there is no policy at `path`, it was trained for other
      actions or another scene, or it cannot act so.
  """
  if path.startswith(SERVED):
    policy = _remote(path, scene)
    _change(path, policy, acting or {}, 'served')
    return policy
  place = pathlib.Path(path)
  if place.is_dir():
    spec = action.ActionSpec()
    try:
      policy = checkpoint.load_policy(
        place, action_spec=spec, state_names=scene.state_names, acting=acting
      )
    except errors.SddError as problem:
      raise errors.SddError(f'--policy={path}: {problem}') from problem
    eyes.require_cameras(scene, policy.pictures)
    return policy
  try:
    policy = runtime.NumpyPolicy.load(_file(path), scene.state_names)
  except (ValueError, OSError) as problem:
    raise errors.SddError(f'--policy={path}: {problem}') from problem
  _change(path, policy, acting or {}, 'exported')
  spec = action.ActionSpec.from_json(policy.action_spec)
  spec.require(action.ActionSpec(), mine=path, theirs='the simulator')
  eyes.require_cameras(scene, protocol.wanted(policy))
  return policy


def digest(path: str) -> str | None:
  """SHA-256 of a distilled policy; None for the generator and for servers.

  Raises:
    errors.SddError: there is no policy at `path`.
  """
  if path == GENERATOR or path.startswith(SERVED):
    return None
  if os.path.isdir(path):
    try:
      return checkpoint.digest(path)
    except errors.SddError as problem:
      raise errors.SddError(f'--policy={path}: {problem}') from problem
  return hashlib.sha256(_file(path).read_bytes()).hexdigest()


def _file(path: str) -> pathlib.Path:
  """The exported policy's; SddError if it is not there."""
  place = pathlib.Path(path)
  if not place.is_file():
    raise errors.SddError(
      f'--policy={path}: expected {GENERATOR!r}, the --workdir of a training '
      'run, a policy.npz, or ws://HOST:PORT; there is no such file or '
      'directory.'
    )
  return place


def _change(
  path: str, policy: Any, acting: Mapping[str, int], how: str
) -> None:
  """Changes how an exported or served policy acts."""
  changeable = {'execution_horizon'}
  if isinstance(policy, runtime.NumpyPolicy):
    changeable.add('candidates')
  for name, value in acting.items():
    if name not in changeable:
      raise errors.SddError(
        f'--{name}={value}: that of {path} was fixed when it was {how}. Only '
        f'{" and ".join(sorted(changeable))} can be changed here.'
      )
    setattr(policy, name, value)
  longest = getattr(policy, 'action_horizon', policy.execution_horizon)
  if policy.execution_horizon > longest:
    raise errors.SddError(
      f'--execution_horizon={policy.execution_horizon}: {path} predicts '
      f'{longest} actions at a time.'
    )


def _remote(path: str, scene: scene_lib.Scene) -> protocol.Policy:
  try:
    from sdd.deployment import client
  except ModuleNotFoundError as problem:
    raise missing_extra(problem) from problem
  key = os.environ.get(API_KEY, '')
  try:
    policy = client.RemotePolicy(path, api_key=key)
  except client.ServerError as problem:
    raise errors.SddError(f'--policy={path}: {problem}') from problem
  names = policy.state_names
  if names and names != scene.state_names:
    policy.close()
    raise errors.SddError(
      f'--policy={path}: it serves a policy for a scene whose state has '
      f'{len(names)} entries beginning with {names[:3]}; that of '
      f'{scene.name!r} has {len(scene.state_names)} beginning with '
      f'{scene.state_names[:3]}. Start the server with --scene={scene.name}.'
    )
  spec = action.ActionSpec.from_json(policy.action_spec)
  spec.require(action.ActionSpec(), mine=path, theirs='the simulator')
  eyes.require_cameras(scene, protocol.wanted(policy))
  return policy


def missing_extra(problem: ModuleNotFoundError) -> errors.SddError:
  """What to install for policies over a network."""
  return errors.SddError(
    f"This needs the package {problem.name}: pip install 'sdd[serve]'."
  )


def load_many(path: str, scene: scene_lib.Scene) -> imagined.Many:
  """A distilled policy that can sample many chunks in one call.

  Raises:
    errors.SddError: as `load`; or it is the generator, which samples none.
  """
  if path == GENERATOR:
    raise errors.SddError(
      f'--policy={GENERATOR}: the generator plans and samples no action '
      'sequences; expected a policy.npz, or the --workdir of a training run.'
    )
  policy = load(path, scene)
  if path.startswith(SERVED):
    raise errors.SddError(
      f'--policy={path}: a server answers one chunk at a time; expected a '
      'policy.npz, or the --workdir of a training run.'
    )
  if isinstance(policy, runtime.NumpyPolicy):
    return batched.BatchedPolicy(path, scene.state_names)
  assert isinstance(policy, policy_lib.DiffusionPolicy)
  return policy


def rollouts(
  path: str,
  scene: scene_lib.Scene,
  jobs: Iterable[tuple[str, int]],
  *,
  seed: int,
  workers: int,
  trees: Mapping[str, str] | None = None,
  physics: physics_variation.Physics | None = None,
  acting: Mapping[str, int] | None = None,
) -> Iterator[rollout.Outcome]:
  """Runs (task, index) episodes in processes, in the order they end.

  Args:
    path: of the policy.
    scene: the scene.
    jobs: task and index of each episode.
    seed: of all.
    workers: processes.
    trees: task trees as JSON, of tasks that no hand-written rule judges.
    physics: ranges that physics are drawn from; None for the scene's own.
    acting: what to change of how it acts, see `acting_flags`.
  """
  checked = load(path, scene, acting)  # complain here, not in a worker
  if path.startswith(SERVED):
    checked.close()  # type: ignore[attr-defined]
  changed = tuple((acting or {}).items())
  trees = trees or {}
  pool = pebble.ProcessPool(
    max_workers=max(1, workers),
    context=multiprocessing.get_context('spawn'),
    initializer=_prepare,
  )
  with pool:
    asked = {
      pool.schedule(
        _episode,
        args=[
          path,
          scene.name,
          scene.variation,
          task,
          seed,
          index,
          trees.get(task),
          physics,
          changed,
        ],
      ): (task, index)
      for task, index in jobs
    }
    try:
      yield from generator.results(asked)
    except BaseException:
      pool.stop()
      raise


def _prepare() -> None:
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')


def _episode(
  path: str,
  scene: str,
  variation: scene_lib.Variation,
  task: str,
  seed: int,
  index: int,
  tree: str | None,
  physics: physics_variation.Physics | None,
  acting: tuple[tuple[str, int], ...],
) -> rollout.Outcome:
  world = registry.load(scene, variation)
  policy, code = _policy(path, scene, acting), None
  if tree is not None:
    understood = task_tree.TaskTree.from_json(tree, world.vocabulary)
    code = understood.root.predicate
  return rollout.rollout(
    policy, world, task, seed=seed, index=index, code=code, physics=physics
  )


@functools.cache
def _policy(
  path: str, scene: str, acting: tuple[tuple[str, int], ...]
) -> protocol.Policy:
  return load(path, registry.load(scene), dict(acting))
