"""Makes data/episode.npz, the episode that both simulators replay.

Takes the first successful episode of a dataset:

  python tests/simulation/record_replay.py runs/demo/data
"""

import pathlib
import sys

import numpy as np

from sdd.dataset import reader

PATH = pathlib.Path(__file__).parent / 'data' / 'episode.npz'


def main(dataset):
  found = next(reader.read_episodes(dataset, 'success'))
  np.savez_compressed(
    PATH,
    task=found.metadata.task,
    scene_sha256=found.metadata.scene_sha256,
    action=found.action,
    world=found.world[-1],
    **{f'initial/{k}': v for k, v in found.metadata.initial.items()},
  )
  print(PATH, PATH.stat().st_size)


if __name__ == '__main__':
  main(sys.argv[1])
