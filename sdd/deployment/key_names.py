"""What clients of openpi call the entries of an observation, and what we do.

| openpi                          | here                                     |
|---------------------------------|------------------------------------------|
| `prompt`                        | `instruction`                            |
| `observation/state`             | `proprioception`; what is beyond its ten |
|                                 | numbers is the `state` of objects        |
| `observation/environment_state` | `state`                                  |
| `observation/wrist_image`       | `wrist_image`                            |
| `observation/image`             | `<camera>_image` of the policy's first   |
|                                 | camera that is not at the wrist          |
| `observation/<any other>`       | `<any other>`, e.g. `front_image`        |

Our own names are taken as they are, and win where both are there. Openpi
keeps in `observation/state` what the robot feels of itself, hence the second
row; for a policy that also observes where objects are, the same vector may go
on with them.

NumPy and the standard library only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

TOOL = 10  # numbers of the proprioception
MOST_TEXT = 1000  # characters of an instruction
_PREFIX = 'observation/'
_NAMES = {
  'prompt': 'instruction',
  'observation/environment_state': 'state',
}
_NUMBERS = 'proprioception', 'state', 'image'  # ends of names of arrays


def translate(
  fields: Mapping[str, Any], cameras: Sequence[str] = ()
) -> dict[str, Any]:
  """An observation in our names, checked as far as any policy can be.

  Args:
    fields: as a client sent them; entries of no known name stay as they are.
    cameras: of the policy.

  Raises:
    ValueError: an entry is neither text nor an array of numbers.
  """
  found: dict[str, Any] = {}
  for name, value in fields.items():
    if not isinstance(name, str):
      raise ValueError(f'An observation has the key {name!r:.80}; not a text.')
    if name == 'observation/state':
      _split(_checked(name, value), found)
    elif (ours := _ours(name, cameras)) != name:
      found[ours] = _checked(name, value)
  own = {
    name: _checked(name, value)
    for name, value in fields.items()
    if name != 'prompt' and not name.startswith(_PREFIX)
  }
  return {**found, **own}


def _ours(name: str, cameras: Sequence[str]) -> str:
  if name == 'observation/image':
    outside = [camera for camera in cameras if camera != 'wrist']
    return f'{(outside or ["front"])[0]}_image'
  return _NAMES.get(name, name.removeprefix(_PREFIX))


def _split(vector: Any, found: dict[str, Any]) -> None:
  found['proprioception'] = vector
  if np.ndim(vector) == 1 and len(vector) > TOOL:
    found['proprioception'] = vector[:TOOL]
    found['state'] = vector[TOOL:]


def _checked(name: str, value: Any) -> Any:
  if isinstance(value, str) and not name.endswith(_NUMBERS):
    if len(value) > MOST_TEXT:
      raise ValueError(
        f'{name[:80]!r} has {len(value)} characters; expected {MOST_TEXT} at '
        'most.'
      )
    return value
  try:
    array = np.asarray(value)
  except ValueError as problem:  # lists of unequal lengths
    raise ValueError(f'{name[:80]!r} is no array: {problem}') from problem
  if array.dtype.kind not in 'biuf':
    raise ValueError(
      f'{name[:80]!r} is {type(value).__name__}; expected an array of numbers, '
      'or the text of an instruction.'
    )
  return array
