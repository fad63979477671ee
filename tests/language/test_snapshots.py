"""The prompts, and the requests they make, are those we know."""

import snapshots

from sdd.language import prompting, provider


def test_the_requests_of_all_tasks_are_those_that_were_reviewed():
  known = snapshots.FILE.read_text(encoding='utf-8').splitlines()
  found = snapshots.lines()
  for line in found:
    assert line in known, f'{line!r} is new. {snapshots.__doc__}'
  assert found == known


def test_every_prompt_has_a_version():
  assert all(prompting.version(each) >= 2 for each in provider.QUESTIONS)
