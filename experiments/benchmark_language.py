"""Measures how well a language model plans, and writes success code.

For each of the eighteen tasks it is asked for so many task trees, repairs
included as always, and each is judged by what it would do:

  python -m experiments.benchmark_language --llm=openai:MODEL --samples=10
  python -m experiments.benchmark_language --llm=recorded --samples=1
  python -m experiments.benchmark_language --samples=0    only the page anew

Planning is right if the skills can be carried out in their order and achieve
the task (sdd/evaluation/plan_check.py); success code is right if it agrees
with the hand-written rule (sdd/evaluation/success_check.py) over states that
are gathered once a scene, with the recorded trees, and kept in --out/states.
--execute=N also carries every tree out in N worlds, with verify and retry.

Every finished sample is kept at once; the same command again goes on where it
stopped, and a larger --samples adds to what is there. Answers are kept in
--out/records, so that nothing is asked twice. All models measured into one
--out appear together on its page, language.md, beside the paper's Table 4.
The recorded completions are the authors' own: their score checks the
benchmark, not a model.
"""

from __future__ import annotations

import contextlib
import itertools
import pathlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import (
  examining,
  executing,
  generator_flags,
  language_flags,
  language_page,
  program,
)
from sdd import errors

with epy.lazy_imports():
  from sdd.collection import session
  from sdd.evaluation import (
    line_log,
    paper,
    plan_sample,
    plan_world,
    success_check,
  )
  from sdd.language import (
    live,
    metering,
    prompting,
    provider,
    recorded,
    task_tree,
  )
  from sdd.scenes import scene as scene_lib

_SAMPLES = flags.DEFINE_integer(
  'samples', paper.TABLE_4_SAMPLES, 'task trees of each task; 0 asks nothing',
  lower_bound=0,
)  # fmt: skip
_SCENES = flags.DEFINE_list(
  'scenes', list(paper.DOMAINS), 'which scenes, with a comma between'
)
_TASKS = flags.DEFINE_string(
  'tasks', 'all', 'all, or sentences with a semicolon in between'
)
_OUT = flags.DEFINE_string(
  'out', 'runs/language', 'folder of the samples, the states and the page'
)
flags.adopt_module_key_flags(examining)
flags.adopt_module_key_flags(executing)
flags.adopt_module_key_flags(generator_flags)
flags.adopt_module_key_flags(language_page)

_GIVE_UP = 3  # samples in a row that the provider failed at


def main(_: Sequence[str]) -> int:
  out = pathlib.Path(_OUT.value)
  _require_flags()
  jobs = [(scene, task) for scene in _scenes() for task in _tasks(scene)]
  if not jobs:
    raise errors.SddError(f'No scene of --scenes has --tasks={_TASKS.value}.')
  missing = 0
  if _SAMPLES.value:
    log = line_log.LineLog(
      out / f'{_slug()}.jsonl', _settings(), what=language_page.WHAT
    )
    program.when_interrupted(
      f'Stopped. Finished samples are in {log.path}; the same command goes on '
      'from there.'
    )
    with contextlib.closing(log):
      missing = _sample(jobs, log, out)
      _execute(jobs, log)
  language_page.write(out, current=_slug(), missing=missing)
  return 0


def _require_flags() -> None:
  if flags.FLAGS.llm_sample:
    raise errors.SddError(
      '--llm_sample names one sample; here --samples says how many there are.'
    )


def _scenes() -> list[scene_lib.Scene]:
  scenes = [generator_flags.scene(name) for name in _SCENES.value]
  for scene in scenes:
    plan_world.world(scene)  # complains about one that cannot be judged
  return scenes


def _tasks(scene: scene_lib.Scene) -> list[str]:
  """The sentences that are asked about; those of other scenes are not."""
  every = [task.sentence for task in scene.tasks]
  if _TASKS.value == 'all':
    return every
  wanted = [each for each in _TASKS.value.split(';') if each.strip()]
  if len(_SCENES.value) == 1:
    return [scene.task(sentence).sentence for sentence in wanted]
  found = [scene.find_task(sentence) for sentence in wanted]
  return [task.sentence for task in found if task is not None]


def _settings() -> dict[str, Any]:
  """What decides a sample and its score."""
  return {
    'llm': language_flags.LLM.value,
    'llm_max_depth': flags.FLAGS.llm_max_depth,
    'llm_temperature': flags.FLAGS.llm_temperature,
    'variation': flags.FLAGS.variation,
    **examining.settings(),
    'threshold': success_check.THRESHOLD,
    'prompts': {name: prompting.version(name) for name in provider.QUESTIONS},
  }


def _slug() -> str:
  name = language_flags.LLM.value
  if flags.FLAGS.variation != 'wide':
    name += f' {flags.FLAGS.variation}'
  return re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_')


def _sample(
  jobs: list[tuple[scene_lib.Scene, str]],
  log: line_log.LineLog,
  out: pathlib.Path,
) -> int:
  """Asks for what is not in the log; how many samples are not recorded."""
  todo = _todo(jobs, log)
  source = language_flags.provider(records=out / 'records')
  examiners = examining.Examiners(out / 'states')
  for scene, (_, task, _) in todo:
    examiners(scene, task)  # now, so that answers do not wait for states
  total, missing, failed = _SAMPLES.value * len(jobs), 0, 0
  problems: list[str] = []
  with program.progress('Asking', total, done=total - len(todo)) as meter:
    for scene, key in todo:
      try:
        sample = plan_sample.ask(_infer(scene, key), source, key)
      except recorded.MissingCompletionError:
        missing += 1
      except live.ServiceError as error:
        problems.append(str(error))
        failed += 1
        if error.lasting or failed == _GIVE_UP:
          raise errors.SddError(_stopped(log, problems, failed)) from error
      except metering.BudgetError as error:
        raise errors.SddError(_stopped(log, [str(error)], 1)) from error
      else:
        failed = 0
        sample = plan_sample.judged(sample, scene, examiners(scene, key[1]))
        log.add(sample.to_json())
      meter.advance(1, status=f'{key[0]}, {len(log.lines)} samples')
  for problem in problems:
    print(f'One sample was not answered and is left out: {problem}')
  if source.usage.calls:
    print(source.report())
  return missing


def _todo(
  jobs: list[tuple[scene_lib.Scene, str]], log: line_log.LineLog
) -> list[tuple[scene_lib.Scene, plan_sample.Key]]:
  """What is not in the log, one sample of every task after the other."""
  done = {sample.key for sample in language_page.samples(log.path, log.lines)}
  return [
    (scene, (scene.name, task, index))
    for index, (scene, task) in itertools.product(range(_SAMPLES.value), jobs)
    if (scene.name, task, index) not in done
  ]


def _infer(
  scene: scene_lib.Scene, key: plan_sample.Key
) -> Callable[[provider.Provider], task_tree.TaskTree]:
  _, task, index = key
  return lambda source: session.trees(
    scene, source, depth=flags.FLAGS.llm_max_depth, sample=index
  )(task)


def _stopped(
  log: line_log.LineLog, problems: Sequence[str], failed: int
) -> str:
  times = '' if failed == 1 else f' {failed} samples in a row failed.'
  return (
    f'Stopped: every further question would fail too.{times} {problems[-1]} '
    f'The {len(log.lines)} finished samples are in {log.path}; the same '
    'command goes on from there.'
  )


def _execute(
  jobs: list[tuple[scene_lib.Scene, str]], log: line_log.LineLog
) -> None:
  names = {(scene.name, task) for scene, task in jobs}
  samples = [
    sample
    for sample in language_page.samples(log.path, log.lines)
    if (sample.scene, sample.task) in names and sample.index < _SAMPLES.value
  ]
  scenes = {scene.name: scene for scene, _ in jobs}
  executing.execute(samples, scenes, language_page.episodes(log.path))


if __name__ == '__main__':
  program.run(main)
