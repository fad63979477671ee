"""The programs that `experiments.accelerator` runs, and how large."""

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping, Sequence


@dataclasses.dataclass(frozen=True)
class Size:
  """How much of everything.

  Attributes:
    episodes: to collect, of each task.
    looks: of each episode.
    picture: height x width.
    config: of the training, and what is overridden in it.
    evaluations: episodes of each task.
    worlds: numbers of worlds for MJX.
    states: numbers of states for predicates.
    frames: numbers of frames at once.
    chunks: numbers of chunks at once.
  """

  episodes: int
  looks: int
  picture: str
  config: tuple[str, ...]
  evaluations: int
  worlds: str
  states: str
  frames: str
  chunks: str


_PAGE = '--config=experiments/configs/all_tasks_vision.py'
SIZES = {
  'full': Size(
    episodes=500,
    looks=2,
    picture='160x240',
    config=(_PAGE,),
    evaluations=50,
    worlds='1,16,256,1024,4096',
    states='1,256,4096,65536',
    frames='1,256',
    chunks='1,16,256',
  ),
  'smallest': Size(
    episodes=2,
    looks=1,
    picture='48x64',
    config=(
      _PAGE,
      '--config.steps=20',
      '--config.warmup_steps=5',
      '--config.log_every=5',
      '--config.batch_size=4',
      '--config.policy.denoiser=mlp',
      '--config.policy.channels=(64,64)',
      '--config.policy.compute_dtype=float32',
      '--config.policy.vision.encoder=light',
      '--config.policy.vision.width=16',
      '--config.policy.vision.size=(48,64)',
    ),
    evaluations=1,
    worlds='1,16',
    states='1,256',
    frames='1',
    chunks='1,16',
  ),
}
CAMERAS = 'front,top,wrist'


@dataclasses.dataclass(frozen=True)
class Part:
  """One program of the road.

  Attributes:
    name: of the part.
    command: after `python -m`.
  """

  name: str
  command: tuple[str, ...]


def parts(
  size: Size, scenes: Sequence[str], tasks: Mapping[str, int], out: pathlib.Path
) -> Iterator[Part]:
  """The road, in order.

  Args:
    size: how much of everything.
    scenes: which.
    tasks: how many each scene has.
    out: where everything goes.
  """
  for scene in scenes:
    yield Part(
      f'collect_{scene}',
      (
        *('experiments.collect', f'--scene={scene}', '--task=all', '--seed=1'),
        f'--episodes={size.episodes * tasks[scene]}',
        f'--out={out / "data" / scene}',
      ),
    )
  for scene in scenes:
    yield Part(
      f'render_{scene}',
      (
        *('experiments.render', f'--data={out / "data" / scene}'),
        *(f'--cameras={CAMERAS}', f'--size={size.picture}'),
        *(f'--randomise={size.looks}', f'--out={out / "seen" / scene}'),
      ),
    )
  seen = ','.join(str(out / 'seen' / scene) for scene in scenes)
  train = out / 'train'
  yield Part(
    'train',
    ('experiments.train', *size.config, f'--data={seen}', f'--workdir={train}'),
  )
  yield Part(
    'evaluate',
    (
      *('experiments.benchmark', f'--policy={train}'),
      *(f'--episodes={size.evaluations}', f'--scenes={",".join(scenes)}'),
      f'--out={out / "benchmark"}',
    ),
  )
  kept = out / 'measured'
  for worlds in size.worlds.split(','):
    yield Part(
      f'simulation_{worlds}',
      (
        *('experiments.benchmarks.predicates', '--batches=', '--periods=2'),
        *(f'--worlds={worlds}', f'--out={kept / f"simulation_{worlds}.json"}'),
      ),
    )
  yield Part(
    'predicates',
    (
      *('experiments.benchmarks.predicates', f'--batches={size.states}'),
      *('--worlds=', f'--out={kept / "predicates.json"}'),
    ),
  )
  yield Part(
    'rendering',
    (
      *('experiments.benchmarks.rendering', f'--batches={size.frames}'),
      *(f'--sizes={size.picture}', f'--out={kept / "rendering.json"}'),
    ),
  )
  yield Part(
    'inference',
    (
      *('experiments.benchmarks.decisions', f'--policy={train}'),
      *(f'--scene={scenes[0]}', f'--batches={size.chunks}'),
      f'--out={kept / "inference.json"}',
    ),
  )
