"""A few observations of the training data, kept beside what learnt from them.

An exported policy is compared with its original on them: on what it will see
rather than on noise. They take a megabyte or two and need no dataset.
"""

import dataclasses
import pathlib

import numpy as np
from jaxtyping import Float, UInt8

from sdd import errors
from sdd.dataset import durable, windows
from sdd.policy import spec

FILE = 'examples.npz'
PER_SCENE = 8


@dataclasses.dataclass(frozen=True)
class Example:
  """What a policy may be asked.

  Attributes:
    scene: in which.
    instruction: the sentence.
    history: observations as the network takes them, raw units.
    pictures: the newest of each camera, resized; None without cameras.
  """

  scene: str
  instruction: str
  history: Float[np.ndarray, 'To F']
  pictures: UInt8[np.ndarray, 'cameras height width 3'] | None = None


def keep(
  workdir: pathlib.Path, data: windows.Windows, specification: spec.PolicySpec
) -> None:
  """Writes windows from all over every scene's data, if none are there."""
  if (workdir / FILE).exists():
    return
  chosen = []
  for number in range(len(data.scenes)):
    there = np.flatnonzero(data.scene == number)
    chosen.append(there[np.linspace(0, len(there) - 1, PER_SCENE).astype(int)])
  indices = np.concatenate(chosen)
  batch = data.gather(indices)
  arrays = {
    'scene': np.array(list(data.scenes))[batch['scene']],
    'instruction': np.array(data.instructions)[batch['instruction']],
    'history': batch['observation'][..., : specification.features],
  }
  if specification.config.vision.cameras:
    arrays['pictures'] = data.newest_pictures(indices)

  def fill(target: pathlib.Path) -> None:
    with open(target, 'wb') as file:  # a name would get a suffix
      np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

  durable.write(workdir / FILE, fill)


def stored(workdir: pathlib.Path | str) -> list[Example]:
  """What `keep` kept; nothing for a run that kept none.

  Raises:
    SddError: the file is damaged.
  """
  path = pathlib.Path(workdir) / FILE
  if not path.exists():
    return []
  try:
    with np.load(path) as file:
      arrays = {name: file[name] for name in file.files}
  except (OSError, ValueError) as error:
    raise errors.SddError(
      f'{path} is damaged: {error}. Remove it; exports are then compared on '
      'random observations.'
    ) from error
  pictures = arrays.get('pictures', [None] * len(arrays['scene']))
  return [
    Example(str(scene), str(instruction), history, seen)
    for scene, instruction, history, seen in zip(
      arrays['scene'],
      arrays['instruction'],
      arrays['history'].astype(np.float32),
      pictures,
      strict=True,
    )
  ]


def drawn(specification: spec.PolicySpec) -> list[Example]:
  """Observations drawn from the range of the training data.

  Each of the instructions comes at least once in every scene. Pictures are
  coloured noise.
  """
  observed, config = specification.observation_statistics, specification.config
  generator = np.random.default_rng(0)
  shape = config.observation_horizon, specification.features
  known, vision = specification.instructions, config.vision
  made = []
  for scene in specification.scenes:
    for trial in range(max(PER_SCENE, len(known))):
      history = generator.uniform(observed.minimum, observed.maximum, shape)
      pictures = None
      if vision.cameras:
        size = len(vision.cameras), *vision.size, 3
        pictures = generator.integers(0, 256, size, np.uint8)
      instruction = known[trial % len(known)]
      history = history.astype(np.float32)
      made.append(Example(scene, instruction, history, pictures))
  return made
