"""Exports a trained policy to one file that needs NumPy only.

Before anything is written the NumPy policy is checked against the JAX policy,
on observations of the training data that the run has kept. What a robot needs
besides the file is NumPy and this package without its dependencies:
`pip install numpy && pip install --no-deps sdd`.
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
  compared = f'{report.stored} stored' if report.stored else 'random'
  print(
    f'{report.path}: {report.size / 1e6:.1f} MB, '
    f'{len(report.instructions)} instructions. Largest difference between '
    f'JAX and NumPy on {compared} observations: {report.difference:.1e} of '
    'half an action range.'
  )


if __name__ == '__main__':
  program.run(main)
