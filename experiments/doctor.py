"""Says what this machine can do, and what to install for the rest.

  python -m experiments.doctor
  python -m experiments.doctor --json

Asks Python and its packages, processor and memory, JAX and its devices, both
simulators, the planner, graphics, films, keys and extras. What loads a native
library is asked in a process of its own, so that one that crashes or hangs is
one line of the table. Of keys it is only told whether there are any.

The exit status is 0 if `bash launch/demo.sh` can run, else 1.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Sequence

from absl import flags
from etils import epy

from experiments import program

with epy.lazy_imports():
  from rich import console as rich_console
  from rich import table as rich_table
  from rich import text as rich_text

  from experiments import native_probes, probes
  from sdd.language import gemini, open_ai

_JSON = flags.DEFINE_boolean('json', False, 'print JSON instead of a table')
_TIME_LIMIT = flags.DEFINE_float(
  'time_limit', 120.0, 'seconds for each library to show that it works',
  lower_bound=0.1,
)  # fmt: skip
_MARKS = {
  'ok': ('ok', 'green'),
  'missing': ('missing', 'dim'),
  'problem': ('problem', 'red'),
}


@dataclasses.dataclass(frozen=True)
class Question:
  """One line of the table.

  Attributes:
    name: what it is about.
    probe: who answers.
    needed: whether the demo needs it.
  """

  name: str
  probe: Callable[[], probes.Finding]
  needed: bool = False


def main(_: Sequence[str]) -> int:
  asked = questions(_TIME_LIMIT.value)
  findings = []
  with program.progress('Examining', len(asked)) as meter:
    for question in asked:
      meter.update(len(findings), question.name)
      findings.append(question.probe())
    meter.update(len(findings), '')
  ready = is_ready(asked, findings)
  if _JSON.value:
    lines = [
      {'name': q.name, 'needed': q.needed, **dataclasses.asdict(f)}
      for q, f in zip(asked, findings, strict=True)
    ]
    print(json.dumps({'ready': ready, 'findings': lines}, indent=2))
  else:
    rich_console.Console().print(_table(asked, findings))
    print(
      'Ready: bash launch/demo.sh'
      if ready
      else 'Not ready: what is marked * and is a problem has to be mended.'
    )
  return 0 if ready else 1


def questions(time_limit: float) -> list[Question]:
  """All there is to ask, in the order in which it is told."""

  def apart(probe: Callable[[], probes.Finding]) -> Callable:
    return functools.partial(probes.apart, probe, time_limit)

  native = native_probes
  return [
    Question('Python', probes.python, True),
    Question('packages', probes.packages, True),
    Question('processor', probes.processor),
    Question('disk', probes.disk, True),
    Question('JAX', apart(native.jax), True),
    Question('compilation cache', probes.compilation_cache),
    Question('C MuJoCo', apart(native.mujoco), True),
    Question('MJX', apart(native.mjx)),
    Question('OMPL', apart(native.ompl), True),
    Question('graphics', apart(native.graphics)),
    Question('films', apart(native.film)),
    Question('threads', probes.blas_threads),
    *(
      Question(f'key of {name}', functools.partial(probes.key, variables))
      for name, variables in (
        ('Gemini', gemini.KEY_VARIABLES),
        ('OpenAI', open_ai.KEY_VARIABLES),
      )
    ),
    *(
      Question(f'extra {name}', probe)
      for name, probe in probes.extras().items()
    ),
  ]


def is_ready(
  asked: Sequence[Question], findings: Sequence[probes.Finding]
) -> bool:
  """Whether nothing that the demo needs is in the way."""
  return all(
    finding.status == 'ok'
    for question, finding in zip(asked, findings, strict=True)
    if question.needed
  )


def _table(
  asked: Sequence[Question], findings: Sequence[probes.Finding]
) -> rich_table.Table:
  table = rich_table.Table('', 'what', 'found, and what to do', box=None)
  for question, finding in zip(asked, findings, strict=True):
    word, colour = _MARKS[finding.status]
    told = rich_text.Text(finding.found)
    if finding.advice:
      told.append(f'\n  {finding.advice}', style='bold')
    star = '*' if question.needed else ''
    table.add_row(rich_text.Text(word, colour), f'{question.name}{star}', told)
  return table


if __name__ == '__main__':
  program.run(main)
