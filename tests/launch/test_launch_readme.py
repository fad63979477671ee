"""What launch/README.md and README.md have one type is there, and runs dry."""

import os
import re
import shlex

import checkout
import launching
import pytest

PAGE = checkout.ROOT / 'launch' / 'README.md'
COMMANDS = [
  shlex.split(line, comments=True)
  for page in (PAGE, checkout.ROOT / 'README.md')
  for block in re.findall(r'```bash\n(.*?)```', page.read_text(), re.DOTALL)
  for line in block.replace('\\\n', ' ').splitlines()
]
LAUNCHERS = ['dataflow', 'slurm', 'tpu_pod']


def test_links_lead_somewhere():
  for target in re.findall(r'\]\(([^)]+)\)', PAGE.read_text()):
    assert (PAGE.parent / target).exists(), target


@pytest.mark.parametrize('name', LAUNCHERS)
def test_commands_run_dry(name):
  module = f'launch.{name}'
  given = [words[3:] for words in COMMANDS if words[2:3] == [module]]
  assert given
  assert all('--dry_run' in words for words in given)
  env = {**os.environ, 'PATH': ''}  # nothing is called
  for status, out, complaint in launching.many(module, given, env=env):
    assert (status, complaint) == (0, '')
    assert out


def test_workers_have_the_beam_that_was_tested():
  image = (PAGE.parent / 'beam.Dockerfile').read_text()
  tested = (PAGE.parent / 'constraints-py311.txt').read_text()
  (version,) = re.findall(r'^apache-beam==(\S+)$', tested, re.MULTILINE)
  assert f'_sdk:{version}\n' in image
