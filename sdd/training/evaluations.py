"""Measuring the policy now and then, in a process of its own.

Training goes on meanwhile. The averaged parameters are written to
`evaluations/<step>/policy`, a directory that `checkpoint.load_policy` opens,
because the checkpoint itself may be gone before the evaluation is over. The
results are lines of `evaluations.jsonl`; a failed evaluation leaves its
output in `evaluations/<step>/output.txt`.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sdd import errors
from sdd.training import checkpoint, metrics

FILE = 'evaluations.jsonl'
FOLDER = 'evaluations'
_POLICY, _RESULT, _OUTPUT = 'policy', 'result.json', 'output.txt'
_NICE = 10  # how far it stands back behind the training
_PATIENCE = 10.0  # seconds between asking it to end and ending it


@dataclasses.dataclass(frozen=True)
class Evaluation:
  """A program that measures a policy, and how to read what it wrote.

  Attributes:
    command: makes the command line from the policy's directory and the file
      that results go to.
    scores: reads that file: the success rate of every task. Raises SddError,
      OSError or ValueError if it cannot.
    environment: variables that the program gets besides ours.
  """

  command: Callable[[pathlib.Path, pathlib.Path], Sequence[str]]
  scores: Callable[[pathlib.Path], Mapping[str, float]]
  environment: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Evaluations:
  """At most one evaluation at a time, beside the training.

  One that a stopped run was in the middle of goes on.
  """

  def __init__(
    self,
    workdir: pathlib.Path,
    evaluation: Evaluation,
    *,
    step: int,
    show: Callable[[int, Mapping[str, float]], None],
    notify: Callable[[str], None],
  ):
    """Takes up an interrupted evaluation, if there is one.

    Args:
      workdir: of the training run.
      evaluation: what is run.
      step: where the training goes on; what came later is forgotten.
      show: takes the scores of a step, e.g. for TensorBoard.
      notify: takes a sentence for the user.
    """
    self._workdir, self._evaluation = workdir, evaluation
    self._show, self._notify = show, notify
    self._process: subprocess.Popen[bytes] | None = None
    self._step = 0
    metrics.forget(workdir / FILE, after=step)
    unfinished = self._tidy(step)
    if unfinished is not None:
      self._start(unfinished)

  def begin(self, step: int, ema: Any) -> None:
    """Evaluates averaged parameters, unless an evaluation is running."""
    self.poll()
    if self._process is not None:
      self._notify(
        f'No evaluation of step {step}: that of step {self._step} is still '
        'running.'
      )
      return
    folder = self._folder(step)
    shutil.rmtree(folder, ignore_errors=True)
    checkpoint.save_policy(self._workdir, folder / _POLICY, step=step, ema=ema)
    self._start(step)

  def poll(self) -> None:
    """Records what the running evaluation found, once it is over."""
    if self._process is None or self._process.poll() is None:
      return
    status, self._process = self._process.returncode, None
    folder, problem = self._folder(self._step), ''
    try:
      if status:
        problem = f'it ended with status {status}'
      else:
        self._record(self._evaluation.scores(folder / _RESULT))
    except (errors.SddError, OSError, ValueError) as error:
      problem = str(error)
    if not problem:
      shutil.rmtree(folder)
      return
    shutil.rmtree(folder / _POLICY, ignore_errors=True)
    self._notify(
      f'The evaluation of step {self._step} failed: {problem}. What it said '
      f'is in {folder / _OUTPUT}; training goes on.'
    )

  def wait(self) -> None:
    """Waits for the running evaluation and records it."""
    if self._process is not None:
      self._notify(f'Waiting for the evaluation of step {self._step}.')
      self._process.wait()
      self.poll()

  def close(self) -> None:
    """Ends the running evaluation with all its processes."""
    if self._process is None:
      return
    for number in (signal.SIGTERM, signal.SIGKILL):
      with contextlib.suppress(ProcessLookupError):
        os.killpg(self._process.pid, number)
      with contextlib.suppress(subprocess.TimeoutExpired):
        self._process.wait(_PATIENCE)
    self._process = None

  def _start(self, step: int) -> None:
    folder = self._folder(step)
    command = self._evaluation.command(folder / _POLICY, folder / _RESULT)
    with open(folder / _OUTPUT, 'wb') as output:
      self._process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **self._evaluation.environment},
        start_new_session=True,  # Ctrl-C is for us; we end the whole group
      )
    self._step = step
    with contextlib.suppress(ProcessLookupError):  # over before we got here
      os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

  def _record(self, scores: Mapping[str, float]) -> None:
    mean = float(np.mean(list(scores.values())))
    line = {'step': self._step, 'success': mean, 'tasks': dict(scores)}
    with open(self._workdir / FILE, 'a', encoding='utf-8') as file:
      file.write(json.dumps(line) + '\n')
    shown = {f'success/{task}': rate for task, rate in scores.items()}
    self._show(self._step, {'success': mean, **shown})
    self._notify(f'Success after step {self._step}: {mean:.1%}.')

  def _tidy(self, step: int) -> int | None:
    """Clears away old folders; the step whose evaluation was cut short."""
    found = [
      int(path.name)
      for path in (self._workdir / FOLDER).glob('*')
      if path.name.isdigit() and (path / _POLICY).is_dir()
    ]
    usable = [number for number in found if number <= step]
    newest = max(usable, default=None)
    for number in found:
      if number != newest:
        shutil.rmtree(self._folder(number))
    return newest

  def _folder(self, step: int) -> pathlib.Path:
    return self._workdir / FOLDER / str(step)
