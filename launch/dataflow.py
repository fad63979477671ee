"""Collects as experiments.collect does, as an Apache Beam pipeline.

The same flags give the same episodes, in a dataset of the same bytes,
whatever the runner. Beam's own options follow a lone --; without any, all is
done within this process:

  python -m launch.dataflow --scene=transport --task=all --episodes=1000 \\
    --out=runs/data -- --direct_num_workers=4 \\
    --direct_running_mode=multi_processing

  python -m launch.dataflow --scene=drawer --task=all --episodes=100000 \\
    --out=runs/data --pieces=gs://BUCKET/pieces -- --runner=DataflowRunner \\
    --project=PROJECT --region=REGION --temp_location=gs://BUCKET/temp \\
    --sdk_container_image=IMAGE --number_of_worker_harness_threads=1

Workers make one episode for each element, and put it into --pieces under the
episode's number: all of it or nothing, and once, however often Beam runs a
bundle. This program moves what arrives there into the dataset --out, which is
a directory of this machine. The same command again goes on where it stopped,
and no episode that is finished is made again. Workers need this checkout in
PYTHONPATH; launch/README.md has an image. Own scenes and robot files must lie
at the same path there.

--dry_run prints what would be run, and changes nothing.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments import (
  collect,
  generator_flags,
  language_flags,
  program,
  urls,
)
from launch import episode_work, pieces
from sdd import errors
from sdd.collection import collector
from sdd.dataset import kept_scene, record, writer
from sdd.language import task_tree
from sdd.scenes import scene as scene_lib

if TYPE_CHECKING:  # Beam takes seconds to import
  from launch import beam_pipeline

_PIECES = flags.DEFINE_string(
  'pieces', None,
  'where workers put finished episodes: a folder that all of them see, or a '
  'URL such as gs://BUCKET/FOLDER; by default a folder in --out',
)  # fmt: skip
urls.accept('pieces')
urls.accept('out')  # the complaint about it is ours
_DRY_RUN = flags.DEFINE_boolean(
  'dry_run', False, 'print the job, and do nothing'
)
flags.adopt_module_key_flags(collect)
# Of experiments.collect, but without meaning here.
_OTHERS = ('workers', 'environments', 'simulator')
_LOOK = {True: 0.5, False: 10.0}  # seconds between two looks; here, elsewhere


@dataclasses.dataclass(frozen=True)
class _Plan:
  """What is to be done."""

  scene: scene_lib.Scene
  tasks: Sequence[str]
  jobs: Sequence[collector.Job]
  work: episode_work.Work
  store: pieces.Pieces

  @property
  def indices(self) -> set[int]:
    return {job.index for job in self.jobs}


def main(arguments: Sequence[str]) -> int:
  try:
    from launch import beam_pipeline
  except ModuleNotFoundError as error:
    raise errors.SddError(
      f'Apache Beam is not installed here ({error}). It is the extra beam: '
      'pip install "sdd[beam]"'
    ) from error

  options = beam_pipeline.options(arguments[1:])
  _require_sensible(beam_pipeline.runner(options))
  value = flags.FLAGS
  scene = generator_flags.scene(value.scene)
  out = pathlib.Path(value.out).expanduser()
  records = out / kept_scene.RECORDS
  language = language_flags.provider(kept=records)
  infer = language_flags.trees(scene, language)
  tasks = collect.tasks_of(scene)
  trees = [infer(task) for task in tasks]
  work = _work(scene, trees)
  folder = (value.pieces or str(out.absolute() / 'pieces')).rstrip('/')
  store = pieces.Pieces(f'{folder}/{work.fingerprint}')
  plan = _Plan(scene, tasks, collect.jobs(tasks), work, store)
  if _DRY_RUN.value:
    print(_specification(plan, beam_pipeline.runner(options), arguments[1:]))
    return 0
  pieces.require_usable(folder)
  collect.show_trees(trees)
  with collect.open_dataset(scene, tasks) as dataset:
    language.save(records)
    spent = _Spent()
    for _ in _moved(plan, dataset, spent):  # what a killed run has left
      pass
    left = [job for job in plan.jobs if job.index not in dataset.done]
    if left:
      running = beam_pipeline.Running(left, work, store, options)
      _gather(running, plan, dataset, spent)
  store.clear()
  if value.pieces is None:
    shutil.rmtree(folder, ignore_errors=True)
  collect.report(
    {**spent.told(), 'language': dataclasses.asdict(language.usage)}
  )
  print(language.report())
  collect.show_unjudged(scene, tasks)
  return 0


def _require_sensible(runner: str) -> None:
  """Raises SddError for flags that do not go together."""
  from launch import beam_pipeline

  for name in _OTHERS:
    if flags.FLAGS[name].present:
      raise errors.SddError(
        f'--{name} is of experiments.collect alone: here every worker steps '
        'one world at a time with C MuJoCo. Beam has options of its own, '
        'such as -- --direct_num_workers=4.'
      )
  if pieces.is_remote(flags.FLAGS.out):
    raise errors.SddError(
      f'--out={flags.FLAGS.out} is not a local directory, and datasets are '
      'written on this machine. Give --pieces a URL, where workers put '
      'finished episodes, and copy the dataset when it is whole.'
    )
  if runner != beam_pipeline.LOCAL and _PIECES.value is None:
    raise errors.SddError(
      f'The workers of {runner} may run on other machines. Give --pieces a '
      'folder that they and this machine see, or a URL such as '
      'gs://BUCKET/FOLDER.'
    )
  if runner == 'DataflowRunner' and not pieces.is_remote(str(_PIECES.value)):
    raise errors.SddError(
      f'--pieces={_PIECES.value} is of this machine, and DataflowRunner works '
      'on others. Give a URL, gs://BUCKET/FOLDER.'
    )


def _work(
  scene: scene_lib.Scene, trees: Sequence[task_tree.TaskTree]
) -> episode_work.Work:
  return episode_work.Work(
    scene=scene.name,
    hashes=tuple(sorted(scene.texts)),
    variation=scene.variation,
    seed=flags.FLAGS.seed,
    retry=generator_flags.retry(),
    primitives=generator_flags.primitives(),
    physics=flags.FLAGS.randomise_physics,
    push=flags.FLAGS.push,
    copies=flags.FLAGS.robustness,
    trees=tuple((tree.task, tree.to_json()) for tree in trees),
  )


def _specification(plan: _Plan, runner: str, options: Sequence[str]) -> str:
  """The job as JSON: what is run, by whom, and where it goes."""
  work = dataclasses.asdict(plan.work)
  n = len(plan.jobs)
  work['trees'] = [task for task, _ in plan.work.trees]
  return json.dumps(
    {
      'runner': runner,
      'options': list(options),
      'transforms': ['Create', 'Reshuffle', 'ParDo(Attempt)'],
      'elements': n,
      'first and last': [
        [j.index, j.task] for j in plan.jobs[:: max(1, n - 1)]
      ],
      'work': work,
      'pieces': plan.store.folder,
      'out': flags.FLAGS.out,
    },
    indent=1,
  )


class _Spent:
  """What the episodes of this run cost, as their makers noted it."""

  def __init__(self) -> None:
    self.counts = collect.Counts()
    self._began = time.monotonic()
    self._sums: dict[str, float] = {}

  def add(self, made: episode_work.Made, *, writing: float) -> None:
    spent = {**made.spent, 'writing': writing}
    spent['core_seconds'] += writing
    for name, value in spent.items():
      self._sums[name] = self._sums.get(name, 0) + value

  def told(self) -> dict[str, Any]:
    sums = {**self._sums}
    core = sums.pop('core_seconds', 0.0)
    plans = {name: sums.pop(name, 0) for name in ('plans', 'infeasible')}
    sums['other'] = max(0.0, core - sum(sums.values()))
    counts = self.counts
    return {
      'episodes': counts.episodes, 'successes': counts.successes,
      'agreeing': counts.agreeing, 'retries': counts.retries, **plans,
      'wall_seconds': time.monotonic() - self._began, 'core_seconds': core,
      'split': sums,
    }  # fmt: skip


def _gather(
  running: 'beam_pipeline.Running',
  plan: _Plan,
  dataset: writer.DatasetWriter,
  spent: _Spent,
) -> None:
  """Moves finished episodes into the dataset until there are no more."""
  wanted = plan.indices
  total, ended = len(wanted), False
  try:
    with program.progress(
      'Collecting', total, done=len(wanted & dataset.done)
    ) as meter:
      while not ended:
        ended = running.ended(wait=_LOOK[running.local])
        for _ in _moved(plan, dataset, spent):
          meter.advance(1, status=str(spent.counts))
  except KeyboardInterrupt:
    running.stop()
    for _ in _moved(plan, dataset, spent):
      pass
    dataset.close()
    program.when_interrupted(
      f'Stopped. Every finished episode is in {flags.FLAGS.out} or in '
      f'{plan.store.folder}; the same command goes on from there.'
    )
    raise
  if running.problem is not None:
    raise running.problem
  if missing := wanted - dataset.done:
    raise errors.SddError(
      f'The pipeline ended without {len(missing)} of {total} episodes, such '
      f'as {min(missing)}. The same command tries again.'
    )


def _moved(
  plan: _Plan, dataset: writer.DatasetWriter, spent: _Spent
) -> Iterator[None]:
  """Moves what has arrived, in order of number; yields after each episode."""
  for index in sorted((plan.store.indices() & plan.indices) - dataset.done):
    made = plan.store.get(index)
    began = time.thread_time()
    episode = record.decode(made.record)
    dataset.add(episode)
    spent.add(made, writing=time.thread_time() - began)
    spent.counts.add(episode.metadata)
    yield


if __name__ == '__main__':
  # Beam's workers of this machine must find this checkout.
  os.environ['PYTHONPATH'] = os.pathsep.join(
    filter(None, [os.getcwd(), os.environ.get('PYTHONPATH')])
  )
  program.run(main, passes_on=True)
