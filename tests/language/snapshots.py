"""Every request of the eighteen tasks, one line each.

A prompt that changes under the same version would let old records answer new
questions. After a change: raise the version in the prompt's first line, then

  python tests/language/snapshots.py
"""

import hashlib
import pathlib

from sdd.language import planner, provider, recorded
from sdd.scenes import registry

FILE = pathlib.Path(__file__).parent / 'data' / 'requests.txt'


class Listing:
  """Answers from the package's records and lists what it was asked."""

  def __init__(self):
    self.lines: dict[str, None] = {}
    self._records = recorded.RecordedProvider()

  def complete(self, request: provider.Request) -> provider.Completion:
    prompt = hashlib.sha256(request.prompt.encode()).hexdigest()
    self.lines[
      f'{request.digest[:16]} {prompt[:16]} {request.question} '
      f'v{request.version} {request.scene}: {request.instruction}'
    ] = None
    return self._records.complete(request)


def lines() -> list[str]:
  listing = Listing()
  for name in registry.SCENES:
    scene = registry.load(name)
    for task in scene.tasks:
      planner.infer_task_tree(task.sentence, name, scene.vocabulary, listing)
  return list(listing.lines)


if __name__ == '__main__':
  FILE.write_text('\n'.join(lines()) + '\n', encoding='utf-8')
