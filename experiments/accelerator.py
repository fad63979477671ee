"""Everything that one machine with an accelerator can show, in short legs.

Collects all eighteen tasks, renders them, trains one policy that sees and
hears, evaluates it, and measures throughput: MJX with its checks, predicates,
pictures, training and inference. Ends with a results file that names the
hardware and the day:

  python -m experiments.accelerator --out=runs/accelerator
  python -m experiments.accelerator --size=smallest --out=runs/small

A leg ends after --minutes; the exit status is 75 then, and the same command
goes on where it stopped. Every part is a program of its own whose command is
printed and can be run alone. `--size=smallest` is for trying the road, also on
a CPU: few episodes, small pictures, a short training.
"""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  from experiments import accelerator_report, accelerator_road
  from sdd.evaluation import paper
  from sdd.scenes import registry

_OUT = flags.DEFINE_string('out', 'runs/accelerator', 'where everything goes')
_SIZE = flags.DEFINE_enum('size', 'full', ['full', 'smallest'], 'how much')
_MINUTES = flags.DEFINE_float(
  'minutes', 9.0, 'after which a leg ends', lower_bound=0.01
)
_SCENES = flags.DEFINE_list('scenes', list(paper.DOMAINS), 'which scenes')
_RECORD = flags.DEFINE_boolean(
  'record', False, 'keep the results in experiments/results'
)
GO_ON = 75  # exit status: run the same command again
_GRACE = 60  # seconds to save and stop in
_STATE = 'done.json'


def main(_: Sequence[str]) -> int:
  out = pathlib.Path(_OUT.value)
  size, tasks = accelerator_road.SIZES[_SIZE.value], {}
  for scene in _SCENES.value:
    if scene not in paper.DOMAINS:
      raise errors.UnknownNameError('scene', scene, list(paper.DOMAINS))
    tasks[scene] = len(registry.load(scene).tasks)
  road = list(accelerator_road.parts(size, _SCENES.value, tasks, out))
  finished = _finished(out, [list(part.command) for part in road])
  ends = time.monotonic() + 60 * _MINUTES.value
  for number, part in enumerate(road, 1):
    if part.name in finished:
      continue
    command = shlex.join(['python', '-m', *part.command])
    print(f'\n[{number}/{len(road)}] $ {command}', flush=True)
    if not _run(part, ends):
      print(
        f'\nThe leg is over; {len(finished)} of {len(road)} parts are done. '
        'The same command goes on.'
      )
      return GO_ON
    finished[part.name] = _now()
    _keep(out, finished)
  measured = accelerator_report.summary(out, _SIZE.value)
  results.write_elsewhere(str(out / 'accelerator.json'), measured)
  print(f'\n{results.tables([_read(out / "accelerator.json")])}')
  if _RECORD.value:
    print(results.write_result(accelerator_report.name(), measured))
  return 0


def _run(part: accelerator_road.Part, ends: float) -> bool:
  """Whether it came to its end before the leg's; it is interrupted if not."""
  left = ends - time.monotonic()
  if left <= 0:
    return False
  # Several processes share the accelerator when policies are evaluated.
  shared = {'XLA_PYTHON_CLIENT_PREALLOCATE': 'false', **os.environ}
  command = [sys.executable, '-m', *part.command]
  child = subprocess.Popen(command, env=shared)
  try:
    status = child.wait(left)
  except subprocess.TimeoutExpired:
    child.send_signal(signal.SIGINT)
    try:
      child.wait(_GRACE)
    except subprocess.TimeoutExpired:
      child.kill()
      child.wait()
    return False
  except KeyboardInterrupt:
    child.wait()  # it has had the same signal
    raise
  if status:
    raise errors.SddError(
      f'{part.name} ended with status {status}; its own message is above.'
    )
  return True


def _finished(
  out: pathlib.Path, road: Sequence[Sequence[str]]
) -> dict[str, str]:
  """Parts that are done, and when; complains about another road."""
  place = out / _STATE
  if not place.exists():
    out.mkdir(parents=True, exist_ok=True)
    (out / 'road.json').write_text(json.dumps(road, indent=1))
    _keep(out, {})  # last: what is there is whole
    return {}
  if json.loads((out / 'road.json').read_text()) != road:
    raise errors.SddError(
      f'{out} is of other --size or --scenes; give those, or another --out.'
    )
  return _read(place)


def _keep(out: pathlib.Path, finished: Mapping[str, str]) -> None:
  part = out / f'{_STATE}.part'
  part.write_text(json.dumps(dict(finished), indent=1))
  part.replace(out / _STATE)


def _now() -> str:
  return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())


def _read(path: pathlib.Path) -> dict[str, Any]:
  return json.loads(path.read_text())


if __name__ == '__main__':
  program.run(main)
