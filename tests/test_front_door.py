"""The pages that newcomers read first are true."""

import re
import shlex
import tomllib

import checkout
import pytest
import test_readme
import yaml

import sdd

PAGE = checkout.ROOT / 'experiments' / 'README.md'
CHANGES = (checkout.ROOT / 'CHANGELOG.md').read_text()
CITATION = yaml.safe_load((checkout.ROOT / 'CITATION.cff').read_text())
ROWS = re.findall(
  r'^\| \[([\w.]+)\]\((.*?)\) \| (.*?) \| `(.*?)` \|$',
  PAGE.read_text(),
  re.MULTILINE,
)


def test_every_program_has_its_line():
  programs = {
    module.removeprefix('experiments.')
    for module, path in checkout.EXPERIMENTS.items()
    if re.search(r'^  program\.run\(', path.read_text(), re.MULTILINE)
  }
  assert programs == {name for name, *_ in ROWS}
  assert len(ROWS) == len(programs)


@pytest.mark.parametrize(('name', 'path', 'told', 'command'), ROWS)
def test_a_line_is_about_its_program(name, path, told, command):
  assert PAGE.parent / path == checkout.OURS[f'experiments.{name}']
  assert told.endswith('.')
  words = shlex.split(command)
  assert words[:3] == ['python', '-m', f'experiments.{name}']
  test_readme.check_flags(f'experiments.{name}', words[3:])


@pytest.mark.parametrize(
  'page', ['experiments/README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
)
def test_links_lead_somewhere(page):
  test_readme.test_links_lead_somewhere(page)


def test_the_newest_version_of_the_changelog_is_this_one():
  versions = re.findall(r'^## \[(.*?)\]', CHANGES, re.MULTILINE)
  assert versions[0] == 'Unreleased'
  assert versions[1] == sdd.__version__
  assert len(set(versions)) == len(versions)
  kinds = set(re.findall(r'^### (.*)$', CHANGES, re.MULTILINE))
  assert kinds <= {
    'Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security',
  }  # fmt: skip


def test_the_citation_is_of_this_version_and_of_the_paper():
  assert {'cff-version', 'message', 'title', 'authors'} <= set(CITATION)
  assert str(CITATION['version']) == sdd.__version__
  project = tomllib.loads((checkout.ROOT / 'pyproject.toml').read_text())
  assert CITATION['license'] == project['project']['license']
  paper = CITATION['preferred-citation']
  named = ' and '.join(
    f'{each["given-names"]} {each["family-names"]}' for each in paper['authors']
  )
  for text in (named, paper['title'], str(paper['year'])):
    assert text in test_readme.README
  (url,) = [
    each['value'] for each in paper['identifiers'] if each['type'] == 'url'
  ]
  assert url in test_readme.README


def test_the_local_check_is_that_of_continuous_integration():
  runs = (checkout.ROOT / '.ci' / 'run').read_text().splitlines()
  assert runs[-1] == 'bash launch/test.sh'
  assert (
    'bash launch/test.sh' in (checkout.ROOT / 'CONTRIBUTING.md').read_text()
  )
