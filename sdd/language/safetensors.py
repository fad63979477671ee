"""Arrays from a safetensors file.

The format is eight bytes of length, that many bytes of JSON that say where
each tensor lies, then the tensors. Reading it takes no package, and memory
only for what is asked for: a text transformer is a quarter of CLIP's file.
"""

import json
import pathlib
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sdd import errors

_TYPES = {
  'F64': '<f8', 'F32': '<f4', 'F16': '<f2', 'BF16': '<u2',
  'I64': '<i8', 'I32': '<i4', 'U8': '|u1', 'BOOL': '|b1',
}  # fmt: skip
_LONGEST = 100_000_000  # bytes of a header; what the format allows


def read(
  path: pathlib.Path, wanted: Callable[[str], bool] = lambda name: True
) -> dict[str, np.ndarray]:
  """The wanted tensors by name; bfloat16 comes as float32.

  Raises:
    SddError: the file is missing, damaged or holds an unknown type.
  """
  try:
    with open(path, 'rb') as file:
      (length,) = struct.unpack('<Q', file.read(8))
      if length > _LONGEST:
        raise ValueError('its header is too long')
      header = json.loads(file.read(length))
    data = np.memmap(path, np.uint8, 'r', offset=8 + length)
    return {
      name: _tensor(data, entry)
      for name, entry in header.items()
      if name != '__metadata__' and wanted(name)
    }
  except OSError as error:
    raise errors.SddError(f'{path} cannot be read: {error}.') from error
  except (struct.error, ValueError, KeyError, TypeError, AttributeError) as e:
    raise errors.SddError(
      f'{path} is no complete safetensors file: {e}. Get it again.'
    ) from e


def _tensor(data: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
  if entry['dtype'] not in _TYPES:
    raise ValueError(f'a tensor of type {entry["dtype"]}')
  begin, end = entry['data_offsets']
  values = np.frombuffer(data[begin:end].tobytes(), _TYPES[entry['dtype']])
  if entry['dtype'] == 'BF16':  # the upper half of a float32
    values = (values.astype(np.uint32) << 16).view(np.float32)
  return values.reshape(entry['shape'])
