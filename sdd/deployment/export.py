"""From a training run to one file that a robot with NumPy can run."""

import dataclasses
import json
import os
import pathlib
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.dataset import statistics
from sdd.deployment import runtime
from sdd.language import text_encoder
from sdd.policy import acting, scene_view, spec
from sdd.policy import policy as policy_lib
from sdd.policy.vision import augmentation
from sdd.simulation import action
from sdd.training import checkpoint, examples

TOLERANCE = 1e-4  # of normalised actions, over the whole sampling loop


@dataclasses.dataclass(frozen=True)
class Report:
  """What an export wrote, and how well it agrees.

  Attributes:
    path: the file.
    size: bytes.
    difference: largest difference between the JAX and the NumPy chunk, in
      normalised units.
    instructions: the sentences that the file knows.
    stored: observations of the training data that they were compared on; 0
      for a run that kept none, where random ones took their place.
  """

  path: pathlib.Path
  size: int
  difference: float
  instructions: tuple[str, ...]
  stored: int


def export_policy(
  workdir: pathlib.Path | str, path: pathlib.Path | str
) -> Report:
  """Writes the averaged weights of a run, and all else, to one `.npz`.

  The file is written whole or not at all, after the NumPy policy was found
  to agree with the JAX policy on observations of the training data.

  Raises:
    SddError: if there is no policy, if the two disagree, or if `path` is an
      existing file that is no exported policy.
  """
  target = pathlib.Path(path)
  _check_target(target)
  specification = checkpoint.load_spec(workdir)
  seen = examples.stored(workdir)
  scenes = specification.scenes
  learnt = checkpoint.load_policy(
    workdir, state_names=next(iter(scenes.values()))
  )
  arrays = to_arrays(learnt)
  difference = largest_difference(
    learnt, arrays, seen or examples.drawn(specification)
  )
  if not difference <= TOLERANCE:
    raise errors.SddError(
      f'The NumPy policy differs from the JAX policy by {difference:.2g}, more '
      f'than {TOLERANCE:g}; nothing was written to {target}.'
    )
  _write(target, arrays)
  return Report(
    target,
    target.stat().st_size,
    difference,
    learnt.spec.instructions,
    stored=len(seen),
  )


def to_arrays(learnt: policy_lib.DiffusionPolicy) -> dict[str, np.ndarray]:
  """Everything the runtime needs, as plain arrays by name."""
  specification, config = learnt.spec, learnt.spec.config
  how = acting.make(config)
  acted = specification.action_statistics
  encoder = text_encoder.load(config.text_encoder, config.text_dimension)
  return {
    'meta': np.array(json.dumps(_meta(specification))),
    'times': how.times,
    'ddim': how.table,
    **({} if how.start is None else {'start': how.start}),
    'embeddings': encoder.encode(specification.instructions),
    'names': np.stack(
      [
        scene_view.object_names(specification, names)
        for names in specification.scenes.values()
      ]
    ),
    'action_centre': _centre(acted),
    'action_half': _half(acted),
    **flat(learnt.params),
  }


def largest_difference(
  learnt: policy_lib.DiffusionPolicy,
  arrays: Mapping[str, np.ndarray],
  seen: Sequence[examples.Example],
) -> float:
  """Largest difference of normalised actions, the noise being the same."""
  config = learnt.spec.config
  worst = 0.0
  for scene, names in learnt.spec.scenes.items():
    there, exported = learnt.within(names), runtime.NumpyPolicy(arrays, names)
    for trial, one in enumerate(seen):
      if one.scene != scene:
        continue
      chunk = config.action_horizon, action.DIMENSION
      noise = runtime.draw_noise(0, trial, chunk)
      look: tuple[augmentation.Seen, ...] = ()
      if one.pictures is not None:
        look = (augmentation.centre(one.pictures[None], config.vision),)
      (ours,) = there.sample_many(
        one.history, one.instruction, noise[None], *look
      )
      theirs = exported.sample(
        one.history, one.instruction, noise, one.pictures
      )
      worst = max(worst, float(np.abs(ours - theirs).max()))
  return worst


def _meta(specification: spec.PolicySpec) -> dict[str, Any]:
  return {
    'format': runtime.FORMAT,
    'version': runtime.VERSION,
    'config': dataclasses.asdict(specification.config),
    'pictures': specification.pictures.to_json(),
    'action_spec': specification.action_spec.to_json(),
    'scenes': {
      name: list(names) for name, names in specification.scenes.items()
    },
    'instructions': list(specification.instructions),
  }


def flat(params: Any) -> dict[str, np.ndarray]:
  """The parameters by their path, as `unet/output/kernel`."""
  leaves = jax.tree_util.tree_leaves_with_path(params)
  return {
    '/'.join(entry.key for entry in path): np.asarray(leaf, np.float32)
    for path, leaf in leaves
  }


def _centre(
  scaling: statistics.Statistics,
) -> Float[np.ndarray, 'D']:
  return np.asarray(
    scaling.denormalise(np.zeros_like(scaling.minimum)), np.float32
  )


def _half(scaling: statistics.Statistics) -> Float[np.ndarray, 'D']:
  """Half the range of each dimension, 0 where it is constant."""
  span = scaling.maximum.astype(np.float64) - scaling.minimum
  varies = scaling.normalise(scaling.maximum) > 0.5
  return (span / 2 * varies).astype(np.float32)


def _check_target(target: pathlib.Path) -> None:
  if target.suffix != '.npz':
    raise errors.SddError(
      f'The export is one .npz file; {target} does not end in .npz.'
    )
  if target.is_dir():
    raise errors.SddError(f'{target} is a directory; expected a file.')
  if target.exists() and not _is_export(target):
    raise errors.SddError(
      f'{target} exists and is not an exported policy, so it is not '
      'overwritten. Name another file.'
    )


def _is_export(target: pathlib.Path) -> bool:
  """Whether it is an exported policy, of whatever version."""
  try:
    with np.load(target) as arrays:
      return json.loads(str(arrays['meta'])).get('format') == runtime.FORMAT
  except (AttributeError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
    return False


def _write(target: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
  target.parent.mkdir(parents=True, exist_ok=True)
  handle, name = tempfile.mkstemp(dir=target.parent, suffix='.npz')
  try:
    with os.fdopen(handle, 'wb') as file:
      np.savez(file, **arrays)  # type: ignore[arg-type]
      file.flush()
      os.fsync(file.fileno())
    os.chmod(name, 0o644)
    os.replace(name, target)
  finally:
    pathlib.Path(name).unlink(missing_ok=True)
