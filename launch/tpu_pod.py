"""Runs a program of experiments on a Cloud TPU, from one host to a pod.

  python -m launch.tpu_pod --name=sdd --zone=us-central2-b --type=v4-32 -- \\
    experiments.train --config=experiments/configs/all_tasks_state.py \\
    --data=gs://BUCKET/data --workdir=gs://BUCKET/run

Makes the TPU, or takes the one of that name; copies this checkout to every
worker and installs it with the tested versions and jax[tpu]; starts the
program, with --distributed on all workers if it has that flag and else on the
first; and shows its log until it ends. If the TPU is taken away meanwhile, it
is made anew and the program goes on from what was kept. After Ctrl-C, or when
this machine goes away, the program runs on, and the same command shows its log
again.

Folders gs://BUCKET/FOLDER in the program's flags are copied to the workers
before it starts. The first worker copies --workdir back every --keep seconds
and at the end, and --out at the end, so both are safe when the TPU is not.

--delete removes the TPU at the end; without a program, at once. --dry_run
prints every command as it would be run, for a TPU that is not there yet. All
goes through gcloud, with the account and project it is set up with.
"""

import sys
from collections.abc import Sequence

from absl import flags

from experiments import program
from launch import started, tpu_run, tpu_vm

_NAME = flags.DEFINE_string('name', None, "the TPU's name", required=True)
_ZONE = flags.DEFINE_string(
  'zone', None, 'where, such as us-central2-b', required=True
)
_TYPE = flags.DEFINE_string('type', 'v4-8', 'the accelerator type')
_VERSION = flags.DEFINE_string(
  'version', None, 'its operating system; by default the one for JAX'
)
_PROJECT = flags.DEFINE_string('project', None, "by default gcloud's own")
_SPOT = flags.DEFINE_boolean('spot', False, 'cheaper, and taken away at will')
_QUEUED = flags.DEFINE_boolean(
  'queued', False, 'wait in the queue (queued-resources) for a TPU'
)
_KEEP = flags.DEFINE_integer(
  'keep', 600, 'seconds between two copies of --workdir', lower_bound=1
)
_POLL = flags.DEFINE_float(
  'poll', 20.0, 'seconds between two looks', lower_bound=0.01
)
_RECREATIONS = flags.DEFINE_integer(
  'recreations', 100, 'how often a TPU that is taken away is made anew',
  lower_bound=0,
)  # fmt: skip
_DELETE = flags.DEFINE_boolean(
  'delete', False, 'remove the TPU at the end, or at once without a program'
)
_DRY_RUN = flags.DEFINE_boolean(
  'dry_run', False, 'print the commands, and run none'
)


def main(arguments: Sequence[str]) -> int:
  pod = tpu_vm.Pod(
    tpu_vm.Wanted(
      name=_NAME.value,
      zone=_ZONE.value,
      accelerator=_TYPE.value,
      version=_VERSION.value or tpu_vm.runtime(_TYPE.value),
      spot=_SPOT.value,
      queued=_QUEUED.value,
      project=_PROJECT.value,
    ),
    started.Commands(_DRY_RUN.value),
  )
  status = 0
  if arguments[1:] or not _DELETE.value:
    status = _run(pod, started.read(arguments[1:]))
  if _DELETE.value:
    if _DRY_RUN.value or pod.state() != tpu_vm.NONE:
      pod.delete()
    _say(f'{_NAME.value} is removed.')
  return status


def _run(pod: tpu_vm.Pod, wanted: started.Program) -> int:
  program.when_interrupted(
    f'{_NAME.value} runs on. The same command shows its log again; '
    '--delete without a program removes it.'
  )
  running = tpu_run.Run(
    pod,
    tpu_run.remote(wanted),
    period=_POLL.value,
    keep=_KEEP.value,
    recreations=_RECREATIONS.value,
    dry_run=_DRY_RUN.value,
    say=_say,
    show=_show,
  )
  status = running.until_done()
  if not _DRY_RUN.value:
    _say(f'{wanted.module} ended with status {status}.')
  return status


def _say(text: str) -> None:
  if not _DRY_RUN.value:
    print(f'[{_NAME.value}] {text}', file=sys.stderr, flush=True)


def _show(text: str) -> None:
  sys.stdout.write(text)
  sys.stdout.flush()


if __name__ == '__main__':
  program.run(main, passes_on=True)
