"""Turns a sentence and a scene into labelled robot episodes.

Infers the task tree of the sentence, plans and simulates attempts, retries
what its predicates find undone, and keeps every attempt as a TFDS dataset
with the splits `success` and `failure`:

  python -m experiments.collect --scene=drawer --episodes=64 \\
    --task="move the crayon box into the top drawer" --out=runs/crayon

The same command again goes on where it stopped. `--task=all` takes the
scene's tasks in turn. The answers of the language model are kept beside the
episodes, in `records`; with them as --records, or the same command, the same
task trees come out without asking it again:

  python -m experiments.collect --scene=drawer --llm=openai:MODEL \\
    --llm_url=http://localhost:11434/v1 \\
    --task="tidy the crayons away into the lowest drawer" --out=runs/tidy
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import generator_flags, language_flags, program
from sdd import errors

with epy.lazy_imports():
  from rich import console as rich_console

  from sdd.collection import collector, episode, robustness, session
  from sdd.dataset import cost, kept_scene, reader, writer
  from sdd.language import task_tree
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import simulator

_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_TASK = flags.DEFINE_string('task', None, 'the sentence, or all', required=True)
_EPISODES = flags.DEFINE_integer('episodes', 64, 'attempts', lower_bound=1)
_OUT = flags.DEFINE_string('out', None, 'the dataset directory', required=True)
_SEED = flags.DEFINE_integer('seed', 0, 'fixes every draw', lower_bound=0)
_WORKERS = flags.DEFINE_integer(
  'workers', None, 'planner subprocesses; by default one a core; 0 for none',
  lower_bound=0,
)  # fmt: skip
_SIMULATOR = flags.DEFINE_string(
  'simulator', 'mujoco', 'mujoco (C), or mjx (batched, for accelerators)'
)
_ENVIRONMENTS = flags.DEFINE_integer(
  'environments', None, 'worlds at once; by default two a worker',
  lower_bound=1,
)  # fmt: skip
_ROBUSTNESS = flags.DEFINE_integer(
  'robustness', 0,
  'copies of the world, a little perturbed, in which the actions of every '
  'success are replayed; the share that succeeds is kept with it',
  lower_bound=0,
)  # fmt: skip
_SLICE = flags.DEFINE_string(
  'slice', None,
  'PART/PARTS: only every PARTS-th episode, from number PART, 0 to PARTS - 1; '
  'slices go into directories of their own, which experiments.merge joins',
)  # fmt: skip
flags.adopt_module_key_flags(generator_flags)


def main(_: Sequence[str]) -> int:
  scene = generator_flags.scene(_SCENE.value)
  if _SIMULATOR.value not in simulator.NAMES:
    raise errors.UnknownNameError(
      'simulator', _SIMULATOR.value, simulator.NAMES
    )
  records = pathlib.Path(_OUT.value).expanduser() / kept_scene.RECORDS
  language = language_flags.provider(kept=records)
  infer = language_flags.trees(scene, language)
  tasks = tasks_of(scene)
  wanted = jobs(tasks)
  show_trees([infer(task) for task in tasks])
  with open_dataset(scene, tasks) as dataset:
    language.save(records)
    try:
      spent = _collect(scene, infer, wanted, dataset)
    except KeyboardInterrupt:
      dataset.close()
      program.when_interrupted(
        f'Stopped. Every finished episode is in {_OUT.value}; the same '
        'command goes on from there.'
      )
      raise
  spent['language'] = dataclasses.asdict(language.usage)
  report(spent)
  print(language.report())
  show_unjudged(scene, tasks)
  return 0


def open_dataset(
  scene: scene_lib.Scene, tasks: Sequence[str]
) -> writer.DatasetWriter:
  """The dataset that the flags ask for, new or to go on with."""
  return kept_scene.open_writer(
    _OUT.value,
    scene,
    run={
      'tasks': list(tasks), 'seed': _SEED.value, 'simulator': _SIMULATOR.value,
      'episodes': _EPISODES.value, 'variation': scene.variation,
      **generator_flags.settings(), **_robustness_settings(),
    },
  )  # fmt: skip


def jobs(tasks: Sequence[str]) -> list[collector.Job]:
  """Every episode of the run, or those of its slice, done or not.

  Raises:
    errors.SddError: the slice is none.
  """
  part, parts = 0, 1
  if _SLICE.value is not None:
    found = re.fullmatch(r'(\d{1,9})/(\d{1,9})', _SLICE.value)
    if not found or int(found[1]) >= int(found[2]):
      raise errors.SddError(
        f'--slice={_SLICE.value}: expected PART/PARTS with the part from 0 to '
        'PARTS - 1, such as 3/16.'
      )
    part, parts = int(found[1]), int(found[2])
  return [
    collector.Job(index, tasks[index % len(tasks)])
    for index in range(part, _EPISODES.value, parts)
  ]


def tasks_of(scene: scene_lib.Scene) -> list[str]:
  """The sentences that --task asks for."""
  if _TASK.value == 'all':
    return [task.sentence for task in scene.tasks]
  known = scene.find_task(_TASK.value)
  return [known.sentence if known else ' '.join(_TASK.value.split())]


def _robustness_settings() -> dict[str, Any]:
  """What is measured, as `experiments.robustness` notes it."""
  if not _ROBUSTNESS.value:
    return {}
  return {
    'robustness': robustness.settings(
      copies=_ROBUSTNESS.value, seed=_SEED.value, simulator=_SIMULATOR.value
    )
  }


def show_trees(trees: Sequence[task_tree.TaskTree]) -> None:
  """Prints each tree; of many, the first in full and the others' names."""
  console = rich_console.Console()
  console.print(trees[0])
  for tree in trees[1:]:
    console.print(f'[dim]and likewise:[/] {tree.task}', highlight=False)


def _collect(
  scene: scene_lib.Scene,
  infer: Callable[[str], task_tree.TaskTree],
  wanted: Sequence[collector.Job],
  dataset: writer.DatasetWriter,
) -> dict[str, Any]:
  left = [job for job in wanted if job.index not in dataset.done]
  began, wall = os.times(), time.monotonic()
  writing = replaying = 0.0
  workers = os.cpu_count() or 1 if _WORKERS.value is None else _WORKERS.value
  counts = Counts()
  with (
    session.collecting(
      scene,
      infer,
      seed=_SEED.value,
      workers=min(workers, len(left)),
      simulator_name=_SIMULATOR.value,
      environments=_ENVIRONMENTS.value,
      retry=generator_flags.retry(),
      primitives=generator_flags.primitives(),
      physics=generator_flags.physics(),
    ) as attempts,
    program.progress(
      'Collecting', len(wanted), done=len(wanted) - len(left)
    ) as meter,
  ):
    label = _labeller(scene, attempts.sim.size, infer)
    for attempt in attempts.run(left):
      before = time.process_time()
      attempt = label(attempt)
      labelled = time.process_time()
      dataset.add(attempt)
      replaying += labelled - before
      writing += time.process_time() - labelled
      counts.add(attempt.metadata)
      meter.advance(1, status=str(counts))
  spent = attempts.spent
  ended = os.times()
  total = sum(ended[:4]) - sum(began[:4])
  split = {
    'planning': spent.planning, 'simulation': spent.simulation,
    'compiling': spent.compiling,
    'predicates': spent.predicates, 'writing': writing,
  }  # fmt: skip
  if _ROBUSTNESS.value:
    split['robustness'] = replaying
  split['start-up and other'] = max(0.0, total - sum(split.values()))
  return {
    'episodes': counts.episodes, 'successes': counts.successes,
    'agreeing': counts.agreeing, 'retries': counts.retries,
    'plans': spent.plans, 'infeasible': spent.infeasible,
    'wall_seconds': time.monotonic() - wall, 'core_seconds': total,
    'split': split,
  }  # fmt: skip


def _labeller(
  scene: scene_lib.Scene,
  size: int,
  infer: Callable[[str], task_tree.TaskTree],
) -> Callable[[episode.Episode], episode.Episode]:
  """Measures the robustness of successes, if that is asked for.

  In worlds of its own, as many as are used for collecting: with MJX, they
  share that program.
  """
  if not _ROBUSTNESS.value:
    return lambda attempt: attempt
  sim = simulator.make(_SIMULATOR.value, scene, size=size)

  def label(attempt: episode.Episode) -> episode.Episode:
    return robustness.measured(
      scene, infer(attempt.metadata.task).root.predicate, attempt, sim,
      copies=_ROBUSTNESS.value, seed=_SEED.value,
    )  # fmt: skip

  return label


class Counts:
  """Running totals of a run."""

  def __init__(self) -> None:
    self.episodes = self.successes = self.agreeing = self.retries = 0

  def add(self, metadata: episode.EpisodeMetadata) -> None:
    self.episodes += 1
    self.successes += metadata.success
    self.agreeing += (
      metadata.judged and metadata.success == metadata.ground_truth
    )
    self.retries += sum(metadata.retries)

  def __str__(self) -> str:
    return f'{self.successes}/{self.episodes} succeeded'


def show_unjudged(scene: scene_lib.Scene, tasks: Sequence[str]) -> None:
  """Says which tasks nobody wrote a rule for."""
  for task in tasks:
    if scene.rule(task) is None:
      print(
        f'No hand-written rule judges {task!r}: whether an episode succeeded '
        'is what its success code says.'
      )


def report(spent: dict[str, Any]) -> None:
  """Notes what this run cost, and prints it under what there is by now."""
  if spent['episodes']:
    cost.append(_OUT.value, spent)
  print(f'\n{reader.summary(_OUT.value)}')
  for line in cost_lines(spent):
    print(line)


def cost_lines(spent: dict[str, Any]) -> Iterator[str]:
  """What this run cost, in words."""
  if not spent['episodes']:
    yield 'Nothing was left to do.'
    return
  share, unit = spent['successes'], 'for each success'
  if not share:
    share, unit = 1, 'in all, and no success'
  yield (
    f'This run: {spent["episodes"]} episodes in '
    f'{spent["wall_seconds"]:.0f} s; {spent["core_seconds"] / share:.2f} '
    f'core-seconds {unit}, of which'
  )
  for name, seconds in spent['split'].items():
    yield f'  {name:20s} {seconds / share:6.2f}'


if __name__ == '__main__':
  program.run(main)
