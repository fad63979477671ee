"""Addresses in flags, such as gs://BUCKET/run: only where they mean something.

Programs read and write folders of this machine. For a path library
`gs://bucket/run` is one, called `gs:`, and what is thought to be in a bucket
would be lost with the machine. So a flag's value is no address unless its
module says so:

  urls.accept('policy', 'ws', 'wss')
"""

import re
from collections.abc import Iterable

from absl import flags

from sdd import errors

# `paste:gs://...` too: some flags say first what it is a folder of.
_ADDRESS = re.compile(r'(?:\w+:)?([a-z][a-z0-9+.-]*)://', re.IGNORECASE)
_COPY = 'Copy it to this machine, or mount it.'
_INSTEAD = {
  'gs': f'{_COPY} launch.tpu_pod copies gs:// folders to a TPU and back.',
  'file': 'Leave out file://.',
}
_ACCEPTED: dict[str, tuple[str, ...]] = {}


def accept(flag: str, *schemes: str) -> None:
  """Lets a flag take addresses, of any scheme if none is named."""
  _ACCEPTED[flag] = schemes


def require_paths(given: flags.FlagValues) -> None:
  """Checks all flags that were given.

  Raises:
    errors.SddError: one is an address and takes none, or none such.
  """
  for name in given:
    if given[name].present:
      for value in _texts(given[name].value):
        _require_path(name, value)


def scheme(value: str) -> str | None:
  """That of an address, in lower case; None for anything else."""
  found = _ADDRESS.match(value)
  return found[1].lower() if found else None


def _texts(value: object) -> Iterable[str]:
  values = value if isinstance(value, list | tuple) else [value]
  return [each for each in values if isinstance(each, str)]


def _require_path(name: str, value: str) -> None:
  found, accepted = scheme(value), _ACCEPTED.get(name)
  if found is None or (
    accepted is not None and (not accepted or found in accepted)
  ):
    return
  expected = 'a local or mounted path'
  if accepted:
    expected += f', or {" or ".join(f"{each}://" for each in accepted)}'
  raise errors.SddError(
    f'--{name}={value}: expected {expected}; {found}:// is not read or '
    f'written here. {_INSTEAD.get(found, _COPY)}'
  )
