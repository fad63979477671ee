"""What several tests of launchers compare with."""

import launching
import pytest


@pytest.fixture(scope='session')
def plain(tmp_path_factory):
  """The dataset of one process of experiments.collect, without launcher."""
  out = tmp_path_factory.mktemp('plain') / 'data'
  status, _, complaint = launching.run(
    'experiments.collect', *launching.COLLECT, '--workers=0', f'--out={out}'
  )
  assert status == 0, complaint
  return out
