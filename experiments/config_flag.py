"""A `--config` flag whose mistakes are explained."""

import dataclasses
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

from absl import flags
from ml_collections import config_flags

from sdd import errors

flags.disclaim_key_flags()  # the flag belongs to the program that defines it

_ROOT = pathlib.Path(__file__).parents[1]


def define(name: str, default: str, text: str) -> flags.FlagHolder[Any]:
  """`--name=file.py`, and `--name.field=value` to override its fields.

  The file's `get_config()` returns a dataclass that is not frozen. A missing
  file or a misspelt field ends the program with status 2 here, while flags
  are still being defined: overrides take their types from the config, so the
  library needs it now and would raise a bare KeyError.

  Args:
    name: of the flag, usually `config`.
    default: path of the config taken without the flag, from the top folder.
    text: the flag's help.
  """
  if not pathlib.Path(default).exists():  # not started in the top folder
    default = str(_ROOT / default)
  try:
    check(name, default, sys.argv[1:])
  except errors.SddError as error:
    print(f'error: {error}', file=sys.stderr)
    sys.exit(2)
  return config_flags.DEFINE_config_file(name, default, text)


def check(name: str, default: str, arguments: Sequence[str]) -> None:
  """Looks for mistakes in `--name=` and `--name.field=` arguments.

  Raises:
    errors.SddError: the file does not exist, or has no such field.
  """
  path, overrides = default, []
  for argument in arguments:
    left, _, right = argument.lstrip('-').partition('=')
    if left == name:
      path = right
    elif left.startswith(f'{name}.') and argument.startswith('-'):
      overrides.append(left.split('.')[1:])
  if path != default and not pathlib.Path(path.split(':')[0]).is_file():
    raise errors.SddError(f'--{name}={path}: no such file.')
  if not overrides:
    return
  config = config_flags.config_flags.ConfigFileFlagParser(name).parse(path)
  for fields in overrides:
    _check_field(config, fields, f'field of --{name}={path}')


def _check_field(config: Any, fields: Sequence[str], kind: str) -> None:
  for depth, field in enumerate(fields):
    if not dataclasses.is_dataclass(config):
      return  # a dict or a list: the library says what is wrong
    known = [known.name for known in dataclasses.fields(config)]
    if field not in known:
      before = ''.join(f'{part}.' for part in fields[:depth])
      choices = [before + name for name in known]
      raise errors.UnknownNameError(kind, '.'.join(fields), choices)
    config = getattr(config, field)
