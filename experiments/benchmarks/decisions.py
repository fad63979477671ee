"""Measures how often a policy decides: inferences a second, by batch.

  python -m experiments.benchmarks.decisions --policy=runs/train

One inference is a whole chunk: what is observed encoded, and all steps of the
diffusion. Observations are of a scene's first world; the pictures, of a policy
that sees, are blank. On an accelerator look at the wall clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  import jax
  import numpy as np

  from experiments import policies
  from experiments.benchmarks import timing
  from sdd.policy import policy as policy_lib
  from sdd.policy import sampler
  from sdd.policy.vision import augmentation
  from sdd.scenes import registry

_POLICY = flags.DEFINE_string(
  'policy', None, 'the --workdir of a training run', required=True
)
_SCENE = flags.DEFINE_string('scene', 'drawer', 'a scene that it knows')
_BATCHES = flags.DEFINE_list('batches', ['1', '16', '256'], 'chunks at once')
_OUT = flags.DEFINE_string(
  'out', None, 'also keep the numbers in this file, a .json'
)


def main(_: Sequence[str]) -> None:
  scene = registry.load(_SCENE.value)
  policy = policies.load(_POLICY.value, scene)
  if not isinstance(policy, policy_lib.DiffusionPolicy):
    raise errors.SddError(
      f'--policy={_POLICY.value}: expected the --workdir of a training run; '
      'an exported policy runs on one core of a robot, by itself.'
    )
  said = scene.tasks[0].sentence
  rows = [
    _shown(_measure(policy, said, int(batch))) for batch in _BATCHES.value
  ]
  title = f'Inference: {_POLICY.value}, {jax.devices()[0].device_kind}'
  flat = list(itertools.chain(*rows))
  if _OUT.value:
    results.write_elsewhere(_OUT.value, {'title': title, 'rows': flat})


def _measure(
  policy: policy_lib.DiffusionPolicy, said: str, batch: int
) -> list[dict[str, Any]]:
  config = policy.spec.config
  history = np.zeros(
    (config.observation_horizon, policy.spec.features), np.float32
  )
  noise = sampler.draw_noise(0, 0, (batch, *sampler.noise_shape(config)))
  seen = augmentation.nothing(config.vision) if config.vision.cameras else None
  cost = timing.cost(lambda: policy.sample_many(history, said, noise, seen))
  label = f'inference, {batch} at once'
  return [
    {'label': label, 'value': batch / cost.wall, 'unit': 'chunks/s'},
    {
      'label': f'{label}: per CPU-second',
      'value': batch / cost.cpu,
      'unit': 'chunks',
      'detail': True,
    },
  ]


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
  for row in rows:
    print(f'{row["label"]:50} {row["value"]:12.1f} {row["unit"]}', flush=True)
  return rows


if __name__ == '__main__':
  program.run(main)
