"""Exports a trained policy to one file that needs NumPy only.

The NumPy policy is checked against the JAX policy before anything is written.
Copy the file and sdd/deployment/runtime.py to the robot.
"""

from __future__ import annotations

from absl import flags
from etils import epy

from experiments import program

with epy.lazy_imports():
  from sdd.deployment import export

_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Working directory of the training run.', required=True
)
_OUT = flags.DEFINE_string(
  'out', 'policy.npz', 'The file to write; an older export is replaced.'
)


def main(_: list[str]) -> None:
  report = export.export_policy(_WORKDIR.value, _OUT.value)
  print(
    f'{report.path}: {report.size / 1e6:.1f} MB, '
    f'{len(report.instructions)} instructions. Largest difference between '
    f'JAX and NumPy: {report.difference:.1e} of half an action range.'
  )


if __name__ == '__main__':
  program.run(main)
