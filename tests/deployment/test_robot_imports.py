"""What has to be copied to a robot, and what it needs there."""

import subprocess
import sys

import checkout
import pytest

CONTROL = tuple(
  module for module in checkout.SDD
  if module.startswith('sdd.deployment.control')
)  # fmt: skip
# Modules of ours, and the packages that they and theirs may need.
NEEDS = {
  'sdd.deployment.control.loop': (CONTROL, {'numpy'}),
  'sdd.deployment.client': (
    ('sdd.deployment.client', 'sdd.deployment.wire'),
    {'numpy', 'websockets', 'msgpack'},
  ),
  'sdd.deployment.server': (
    (
      'sdd.deployment.server', 'sdd.deployment.wire',
      'sdd.deployment.key_names',
    ),
    {'numpy', 'websockets', 'msgpack'},
  ),
}  # fmt: skip


@pytest.mark.parametrize('module', NEEDS)
def test_nothing_else_is_imported(module):
  ours, packages = NEEDS[module]
  code = f'import sys, {module}; print(*sys.modules, sep="\\n")'
  ran = subprocess.run(
    [sys.executable, '-c', code], cwd=checkout.ROOT, capture_output=True,
    text=True, check=True,
  )  # fmt: skip
  loaded = set(ran.stdout.split())
  above = {'sdd', 'sdd.deployment'}
  assert {m for m in loaded if m.split('.')[0] == 'sdd'} <= above | set(ours)
  heavy = {'jax', 'flax', 'mujoco', 'orbax', 'absl', 'jaxtyping', 'PIL', 'rich'}
  assert not heavy & loaded
  wrong = [
    found
    for found in checkout.IMPORTS
    if found.importer in ours
    and found.imported not in (*ours, 'sdd.deployment', *above)
    and found.imported.split('.')[0] not in packages | sys.stdlib_module_names
  ]
  assert not wrong
