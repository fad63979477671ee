"""Makes data/episode.npz, the episode that both simulators replay.

Takes the first successful episode of a dataset:

  python tests/simulation/record_replay.py runs/demo/data
"""

import dataclasses
import pathlib
import sys

import numpy as np

from sdd.dataset import reader
from sdd.scenes import world_state

PATH = pathlib.Path(__file__).parent / 'data' / 'episode.npz'


@dataclasses.dataclass(frozen=True)
class Record:
  """What the file holds.

  Attributes:
    task: the sentence.
    scene_sha256: hash of the scene it was made in.
    initial: where everything was.
    action: (T, 10); the last one only holds and leads nowhere.
    world: (nq,) where everything came to be, by C MuJoCo.
  """

  task: str
  scene_sha256: str
  initial: world_state.WorldState
  action: np.ndarray
  world: np.ndarray


def load():
  with np.load(PATH) as file:
    found = {name: file[name] for name in file.files}
  initial = {
    key.removeprefix('initial/'): value
    for key, value in found.items()
    if key.startswith('initial/')
  }
  for name, value in initial.items():
    if not value.ndim:
      whole = name in ('shape', 'latency')
      initial[name] = int(value) if whole else float(value)
  return Record(
    task=str(found['task']),
    scene_sha256=str(found['scene_sha256']),
    initial=world_state.WorldState(**initial),
    action=found['action'],
    world=found['world'],
  )


def main(dataset):
  found = next(reader.read_episodes(dataset, 'success'))
  arrays = {
    'task': np.asarray(found.metadata.task),
    'scene_sha256': np.asarray(found.metadata.scene_sha256),
    'action': found.action,
    'world': found.world[-1],
  }
  for name, value in found.metadata.initial.items():
    arrays[f'initial/{name}'] = value
  np.savez_compressed(PATH, allow_pickle=False, **arrays)
  print(PATH, PATH.stat().st_size)


if __name__ == '__main__':
  main(sys.argv[1])
