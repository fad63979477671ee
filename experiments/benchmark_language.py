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

import contextlib
import itertools
import json
import pathlib
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags
from rich import console as rich_console
from rich import markdown as rich_markdown

from experiments import (
  examining,
  executing,
  generator_flags,
  language_flags,
  program,
  results,
)
from sdd import errors
from sdd.collection import session
from sdd.evaluation import (
  language_report,
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
_WRITE = flags.DEFINE_bool(
  'write', False, 'also keep the figures in experiments/results'
)
flags.adopt_module_key_flags(examining)
flags.adopt_module_key_flags(executing)
flags.adopt_module_key_flags(generator_flags)

_RECORDED = 'recorded'
_RECORDED_LABEL = (
  "recorded completions (the authors' own: checks the benchmark, not a model)"
)
_GIVE_UP = 3  # samples in a row that the provider failed at
_WHAT = 'samples'


def main(_: Sequence[str]) -> int:
  out = pathlib.Path(_OUT.value)
  _require_flags()
  jobs = [(scene, task) for scene in _scenes() for task in _tasks(scene)]
  if not jobs:
    raise errors.SddError(f'No scene of --scenes has --tasks={_TASKS.value}.')
  missing = 0
  if _SAMPLES.value:
    log = line_log.LineLog(out / f'{_slug()}.jsonl', _settings(), what=_WHAT)
    program.when_interrupted(
      f'Stopped. Finished samples are in {log.path}; the same command goes on '
      'from there.'
    )
    with contextlib.closing(log):
      missing = _sample(jobs, log, out)
      _execute(jobs, log)
  write_page(out, missing)
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


def _label(settings: dict[str, Any]) -> str:
  name = settings['llm']
  label = _RECORDED_LABEL if name == _RECORDED else name
  paper_like = settings['variation'] != 'wide'
  return f'ours: {label}{", as in the paper" if paper_like else ""}'


def _slug() -> str:
  name = language_flags.LLM.value
  if flags.FLAGS.variation != 'wide':
    name += f' {flags.FLAGS.variation}'
  return re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_')


def _command(settings: dict[str, Any], samples: int) -> str:
  words = [
    f'--{name}={value}'
    for name, value in {**settings, 'samples': samples}.items()
    if name in ('llm', 'samples')
    or (name in flags.FLAGS and value != flags.FLAGS[name].default)
  ]
  return shlex.join(['python', '-m', 'experiments.benchmark_language', *words])


def _sample(
  jobs: list[tuple[scene_lib.Scene, str]],
  log: line_log.LineLog,
  out: pathlib.Path,
) -> int:
  """Asks for what is not in the log; how many samples are not recorded."""
  done = {sample.key for sample in _samples(log.path, log.lines)}
  todo = [
    (scene, (scene.name, task, index))
    for index, (scene, task) in itertools.product(range(_SAMPLES.value), jobs)
    if (scene.name, task, index) not in done
  ]
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
    for sample in _samples(log.path, log.lines)
    if (sample.scene, sample.task) in names and sample.index < _SAMPLES.value
  ]
  scenes = {scene.name: scene for scene, _ in jobs}
  executing.execute(samples, scenes, _episodes(log.path))


def _episodes(path: pathlib.Path) -> pathlib.Path:
  """Where the episodes of a log's trees are kept."""
  return path.with_stem(path.stem + executing.ENDING)


def _samples(
  path: pathlib.Path, lines: Sequence[dict[str, Any]]
) -> list[plan_sample.Sample]:
  try:
    return [plan_sample.Sample.from_json(line) for line in lines]
  except (KeyError, TypeError) as problem:
    raise line_log.damaged(path, _WHAT, problem) from problem


def write_page(out: pathlib.Path, missing: int) -> None:
  """Writes the page of all models in the folder.

  Raises:
    errors.SddError: there are none.
  """
  runs = []
  for path in sorted(out.glob('*.jsonl')):
    if not path.stem.endswith(executing.ENDING):
      run = _run(path, missing if path.stem == _slug() else 0)
      runs += [run] if run.samples else []
  if not runs:
    raise errors.SddError(
      f'{out} holds no samples. Ask for some first: leave out --samples=0.'
    )
  figures = language_report.to_json(runs)
  _write(out / 'language.json', json.dumps(figures, indent=1) + '\n')
  _write(out / 'language.md', language_report.page(runs))
  console = rich_console.Console()
  console.print(rich_markdown.Markdown(language_report.comparison_table(runs)))
  for run in runs:
    console.print(f'\n{run.label}', markup=False)
    console.print(rich_markdown.Markdown(language_report.task_table(run)))
    if run.missing:
      console.print(language_report.missing(run))
  console.print(f'Page: {out / "language.md"}')
  if _WRITE.value:
    _record(runs, out)


def _run(path: pathlib.Path, missing: int) -> language_report.Run:
  settings, lines = line_log.load(path, what=_WHAT)
  samples = _samples(path, lines)
  most = 1 + max((sample.index for sample in samples), default=0)
  return language_report.Run(
    _label(settings),
    samples,
    missing=missing,
    budget=_prices() if path.stem == _slug() else metering.Budget(),
    executed=executing.rates(_episodes(path)),
    command=_command(settings, most),
  )


def _prices() -> metering.Budget:
  return metering.Budget(
    price_in=flags.FLAGS.llm_price_in, price_out=flags.FLAGS.llm_price_out
  )


def _record(runs: Sequence[language_report.Run], out: pathlib.Path) -> None:
  """Keeps the figures and the page among the measured results."""
  rows = [
    {
      'label': f'{run.label}; {what}; {scene}: {task}',
      'successes': sum(right(s) for s in samples),
      'trials': len(samples),
      'detail': True,
    }
    for run in runs
    for (scene, task), samples in run.tasks.items()
    for what, right in (
      ('planning', lambda s: s.planning), ('success code', lambda s: s.code)
    )
  ]  # fmt: skip
  results.write_result(
    'language',
    {
      'title': 'Language models: planning and success code, by behaviour',
      'markdown': language_report.comparison_table(runs),
      'rows': rows,
      'figures': language_report.to_json(runs),
    },
    command='; '.join(run.command for run in runs),
  )
  shutil.copy(out / 'language.md', results.FOLDER / 'language.md')


def _write(path: pathlib.Path, text: str) -> None:
  part = path.with_suffix(path.suffix + '.part')
  part.write_text(text, encoding='utf-8')
  part.replace(path)


if __name__ == '__main__':
  program.run(main)
