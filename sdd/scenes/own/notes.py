"""What a user says of a scene that its MJCF cannot say: the YAML beside it.

Every key is optional; lengths are metres, angles degrees:

  names: {obj_03: red mug}        what language calls a body
  ignore: [screw]                 bodies that language does not name
  about: {shelf: holds the mugs}  told to the language model
  handles: {door: [knob]}         geoms of a body to take hold of it by
  containers: [tool box]          what things can be put into
  closed: {lid: upper}            limit at which a joint counts as closed
  randomise:                      how far, either way, things start elsewhere
    red mug: {shift: [0.05, 0.05], turn: 180}
    shelf: {shift: [0.02, 0.02], turn: 5}
    lid: {joint: [0, 10]}         between these, degrees or metres
  origin: [0, 0, 0.75]            where in the file the robot stands
  yaw: 0                          and where it faces: 0 is along x
  table: false                    the scene has a table of its own
  time_limit: 120                 simulated seconds of an episode
  tasks: [put the red mug on the shelf]
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any, Literal

import yaml

from sdd import errors

End = Literal['lower', 'upper']
TIME_LIMIT = 120.0


class NotesError(errors.SddError):
  """The YAML beside a scene is not as it must be."""


@dataclasses.dataclass(frozen=True)
class Freedom:
  """How far a thing may start from where the file has it.

  Attributes:
    shift: metres either way along the world's x and y.
    turn: degrees either way about the vertical.
    joint: lowest and highest position its joint starts at, in metres or
      degrees; None leaves it where the file has it.
  """

  shift: tuple[float, float] = (0.0, 0.0)
  turn: float = 0.0
  joint: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True)
class Notes:
  """The contents of the YAML, checked for form but not for names."""

  names: Mapping[str, str] = dataclasses.field(default_factory=dict)
  ignore: tuple[str, ...] = ()
  about: Mapping[str, str] = dataclasses.field(default_factory=dict)
  handles: Mapping[str, tuple[str, ...]] = dataclasses.field(
    default_factory=dict
  )
  containers: tuple[str, ...] = ()
  closed: Mapping[str, End] = dataclasses.field(default_factory=dict)
  randomise: Mapping[str, Freedom] = dataclasses.field(default_factory=dict)
  origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
  yaw: float = 0.0
  table: bool = True
  time_limit: float = TIME_LIMIT
  tasks: tuple[str, ...] = ()


def beside(path: pathlib.Path) -> pathlib.Path:
  """Where the notes on a scene's file are, or would be."""
  return path.with_suffix('.yaml')


def read(path: pathlib.Path) -> Notes:
  """The notes in a file; none if there is no such file.

  Raises:
    NotesError: it is no YAML, or not of this form; names file and key.
  """
  try:
    content = yaml.safe_load(path.read_text(encoding='utf-8'))
  except FileNotFoundError:
    return Notes()
  except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
    raise NotesError(f'{path} cannot be read as YAML: {problem}.') from None
  if content is None:
    return Notes()
  if not isinstance(content, dict):
    raise NotesError(f'{path} must map keys to values; it is {content!r}.')
  for key in content:
    if key not in _READERS:
      raise NotesError(f'{path}: {_unknown("key", key, _READERS)}')
  fields = {}
  for key, value in content.items():
    try:
      fields[key] = _READERS[key](value)
    except (TypeError, ValueError, AttributeError) as problem:
      raise NotesError(f'{path}, {key}: {problem}') from None
  return Notes(**fields)


def _unknown(kind: str, name: Any, choices: Any) -> str:
  return str(errors.UnknownNameError(kind, str(name), tuple(choices)))


def _text(value: Any) -> str:
  if not isinstance(value, str) or not value.strip():
    raise ValueError(f'expected a text, not {value!r}.')
  return ' '.join(value.split())


def _texts(value: Any) -> tuple[str, ...]:
  if not isinstance(value, list):
    raise ValueError(f'expected a list of texts, not {value!r}.')
  return tuple(_text(each) for each in value)


def _mapping(value: Any) -> dict[str, Any]:
  if not isinstance(value, dict):
    raise ValueError(f'expected names with values, not {value!r}.')
  return {_text(key): each for key, each in value.items()}


def _number(value: Any) -> float:
  if isinstance(value, bool) or not isinstance(value, (int, float)):
    raise ValueError(f'expected a number, not {value!r}.')
  if not abs(value) < 1e6:
    raise ValueError(f'expected a moderate number, not {value!r}.')
  return float(value)


def _numbers(value: Any, count: int) -> tuple[float, ...]:
  if not isinstance(value, list) or len(value) != count:
    raise ValueError(f'expected a list of {count} numbers, not {value!r}.')
  return tuple(_number(each) for each in value)


def _positive(value: Any) -> float:
  if _number(value) <= 0:
    raise ValueError(f'expected a positive number, not {value!r}.')
  return float(value)


def _flag(value: Any) -> bool:
  if not isinstance(value, bool):
    raise ValueError(f'expected true or false, not {value!r}.')
  return value


def _end(value: Any) -> End:
  if value not in ('lower', 'upper'):
    raise ValueError(f'expected lower or upper, not {value!r}.')
  return value


def _freedom(value: Any) -> Freedom:
  fields, known = _mapping(value), ('shift', 'turn', 'joint')
  for key in fields:
    if key not in known:
      raise ValueError(_unknown('key', key, known))
  shift = _numbers(fields.get('shift', [0, 0]), 2)
  joint = fields.get('joint')
  between = None if joint is None else _numbers(joint, 2)
  if between is not None and between[0] > between[1]:
    raise ValueError(f'expected the lower limit first, not {joint!r}.')
  return Freedom(
    shift=(abs(shift[0]), abs(shift[1])),
    turn=abs(_number(fields.get('turn', 0))),
    joint=None if between is None else (between[0], between[1]),
  )


_READERS: dict[str, Any] = {
  'names': lambda v: {k: _text(x) for k, x in _mapping(v).items()},
  'ignore': _texts,
  'about': lambda v: {k: _text(x) for k, x in _mapping(v).items()},
  'handles': lambda v: {k: _texts(x) for k, x in _mapping(v).items()},
  'containers': _texts,
  'closed': lambda v: {k: _end(x) for k, x in _mapping(v).items()},
  'randomise': lambda v: {k: _freedom(x) for k, x in _mapping(v).items()},
  'origin': lambda v: _numbers(v, 3),
  'yaw': _number,
  'table': _flag,
  'time_limit': _positive,
  'tasks': _texts,
}
