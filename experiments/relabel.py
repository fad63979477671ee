"""Judges a stored dataset by other success code, without simulating again.

Every episode's states are rebuilt from its stored positions and judged anew;
what then holds at the end decides the splits `success` and `failure` of a new
dataset. The old one stays as it is. Better code for the same tasks:

  python -m experiments.relabel --data=runs/crayon \\
    --predicate=success.txt --out=runs/crayon_judged_anew

Experience of one task as experience of another, with its sentence:

  python -m experiments.relabel --data=runs/crayon --language \\
    --task="move the crayon box into the middle drawer" --out=runs/middle

Without --predicate the success code of --task is inferred; without --task
too, that of each episode's own task. --dry_run only shows what would change.
The same command again goes on where it stopped.
"""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import language_flags, program
from sdd import errors

with epy.lazy_imports():
  from experiments import success_code
  from sdd.dataset import (
    derived,
    kept_scene,
    reader,
    relabel,
    relabel_episode,
    verdict_change,
    writer,
  )
  from sdd.language import conversation
  from sdd.scenes import scene as scene_lib

_DATA = flags.DEFINE_string('data', None, 'the dataset', required=True)
_TASK = flags.DEFINE_string(
  'task', None, 'the sentence to judge by; by default that of each episode'
)
_PREDICATE = flags.DEFINE_string(
  'predicate', None, 'a text file with the success code, instead of inferring'
)
_LANGUAGE = flags.DEFINE_bool(
  'language', False, "let --task be every episode's sentence from now on"
)
_OUT = flags.DEFINE_string('out', None, 'the directory of the new dataset')
_DRY_RUN = flags.DEFINE_bool('dry_run', False, 'write nothing')
flags.adopt_module_key_flags(language_flags)


def main(_: Sequence[str]) -> int:
  _require_consistent_flags()
  source = reader.load_spec(_DATA.value)
  scene = kept_scene.load(_DATA.value)
  total = derived.count(_DATA.value)
  if not total:
    raise errors.SddError(f'{_DATA.value} holds no episode yet.')
  records = pathlib.Path(_DATA.value).expanduser() / kept_scene.RECORDS
  language = language_flags.provider(kept=records)
  labels = _labels(scene, language)
  # What was asked for, not what has come of it so far: it may still grow.
  tasks = source.run.get('tasks') or reader.summary(_DATA.value).tasks
  codes = {task: labels(task) for task in tasks}
  _show(codes)
  relabeller = relabel_episode.Relabeller(
    scene, derived.scene_texts(_DATA.value)
  )
  judge = functools.partial(_judge, labels, relabeller, total=total)
  if _DRY_RUN.value:
    print(f'\n{judge(None)}\nNothing was written.')
    return 0
  speaks = _sentence(scene) if _LANGUAGE.value else None
  with relabel.open_writer(
    _DATA.value, _OUT.value or '', how=_provenance(codes), task=speaks
  ) as dataset:
    kept_scene.carry(_DATA.value, _OUT.value or '')
    kept = pathlib.Path(_OUT.value or '').expanduser() / kept_scene.RECORDS
    language.save(kept)
    try:
      table = judge(dataset)
    except KeyboardInterrupt:
      dataset.close()
      program.when_interrupted(
        f'Stopped. Every episode judged so far is in {_OUT.value}; the same '
        'command goes on from there.'
      )
      raise
  print(f'\n{table}')
  if speaks and not table.total.with_truth:
    print('In the new dataset, ground_truth is false and means nothing.')
  print(f'The new dataset: {_OUT.value}')
  return 0


def _require_consistent_flags() -> None:
  if not (_OUT.value or _DRY_RUN.value):
    raise errors.SddError(
      'Name the directory of the new dataset with --out, or pass --dry_run '
      'to see what would change.'
    )
  if _LANGUAGE.value and not _TASK.value:
    raise errors.SddError(
      '--language writes the sentence of --task into every episode; name one.'
    )
  if _TASK.value is not None and not _TASK.value.strip():
    raise errors.SddError("--task='' is no sentence.")


def _sentence(scene: scene_lib.Scene) -> str:
  """--task, spelt as the scene does where it knows it; else empty."""
  if not _TASK.value:
    return ''
  try:
    return scene.task(_TASK.value).sentence
  except errors.UnknownNameError:
    return ' '.join(_TASK.value.split())


def _labels(
  scene: scene_lib.Scene, language: conversation.Conversation
) -> relabel.Labels:
  """What an episode is judged by, given its own sentence."""
  sentence = _sentence(scene)
  speak = bool(_LANGUAGE.value)
  if _PREDICATE.value:
    code = success_code.read(_PREDICATE.value, scene.vocabulary)
    label = relabel_episode.Label(code, sentence, speak)
    return lambda task: label
  infer = language_flags.trees(scene, language)

  @functools.cache
  def inferred(task: str) -> relabel_episode.Label:
    tree = infer(sentence or task)
    return relabel_episode.Label(
      tree.root.predicate, sentence, speak, tree.completions
    )

  return inferred


def _judge(
  labels: relabel.Labels,
  relabeller: relabel_episode.Relabeller,
  dataset: writer.DatasetWriter | None,
  *,
  total: int,
) -> verdict_change.Table:
  table = verdict_change.Table()
  with program.progress('Judging', total) as meter:
    for change in relabel.changes(
      _DATA.value or '', labels, relabeller=relabeller, into=dataset
    ):
      table.add(change)
      meter.advance(1, status=f'{table.total.true} true')
  return table


def _provenance(codes: dict[str, relabel_episode.Label]) -> dict[str, Any]:
  """Where the new labels come from, for the dataset's record of its run."""
  return {
    'judged_by': 'file' if _PREDICATE.value else language_flags.LLM.value,
    'language': bool(_LANGUAGE.value),
    'success_code': {
      label.task or task: label.predicate.source
      for task, label in codes.items()
    },
  }


def _show(codes: dict[str, relabel_episode.Label]) -> None:
  """Prints the first success code in full, and what others there are."""
  first, *rest = codes.items()
  print(f'Success code of: {first[1].task or first[0]}\n')
  print(f'{first[1].predicate.source.rstrip()}\n')
  for task, label in rest:
    if label.predicate != first[1].predicate:
      print(f'and likewise: {task}')


if __name__ == '__main__':
  program.run(main)
