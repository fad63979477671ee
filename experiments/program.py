"""How every program starts, complains, shows its progress and stops.

A program is a module with absl flags and a `main`:

    if __name__ == '__main__':
      program.run(main)

What only its work needs is imported `with epy.lazy_imports():`, when it is
first used, so that `--help` and complaints about flags come at once. Such
modules must not be touched while the program itself is imported: hence `from
__future__ import annotations`, and flags whose choices are written out.
"""

import hashlib
import importlib.machinery
import inspect
import logging as standard_logging
import os
import pathlib
import platform
import sys
import textwrap
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from absl import app, flags, logging

from experiments import meter, urls
from sdd import errors

progress = meter.progress
BAD_INPUT, INTERRUPTED = 2, 130  # exit statuses
_HELP = frozenset(
  dash + name
  for dash in ('-', '--')
  for name in ('h', 'help', 'helpshort', '?')
)
_interrupt_message = 'Interrupted.'


def run(
  main: Callable[[list[str]], Any], *, passes_on: bool = False
) -> NoReturn:
  """Runs `main([program])` as `absl.app.run` does, with plain complaints.

  With `passes_on`, what follows a lone `--` is another program's: it is not
  looked at, and `main([program, *rest])` gets it.

  Exit status: what `main` returns, or 0; 2 with one paragraph on stderr for
  an `SddError`, a bad flag or an unexpected argument; 130 after Ctrl-C.
  Other exceptions are defects and keep their traceback.
  """
  quiet()
  cache_compilations()
  _keep_out_of_subprocesses()
  try:
    app.run(main, flags_parser=_parse_some if passes_on else _parse)
  except errors.SddError as error:
    _complain(str(error))
  except BrokenPipeError:  # whoever read the output has seen enough
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
  except KeyboardInterrupt:
    print(f'\n{_interrupt_message}', file=sys.stderr)
    sys.exit(INTERRUPTED)
  sys.exit(0)


def when_interrupted(message: str) -> None:
  """Sets what Ctrl-C prints, e.g. how to resume."""
  global _interrupt_message
  _interrupt_message = message


def quiet() -> None:
  """Silences third-party remarks that a user can do nothing about."""
  warnings.filterwarnings(
    'ignore', category=FutureWarning, module=r'google\.api_core.*'
  )
  warnings.filterwarnings(
    'ignore', r'\s*All support for the `google.generativeai`', FutureWarning
  )
  warnings.filterwarnings('ignore', r'os\.fork\(\) was', RuntimeWarning)
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '1')  # XLA's C++ chatter
  handler = logging.get_absl_handler()
  handler.setFormatter(standard_logging.Formatter('%(message)s'))


def cache_compilations() -> None:
  """Lets JAX keep compiled programs between runs; does not import JAX.

  `JAX_COMPILATION_CACHE_DIR`, if set, says where; an empty value turns the
  cache off. Compiled code is for one kind of processor, and home folders may
  be shared between several, hence one folder for each.
  """
  if 'JAX_COMPILATION_CACHE_DIR' in os.environ:
    return
  cache = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
  folder = str(pathlib.Path(cache) / 'sdd' / f'jax-{_processor_tag()}')
  os.environ['JAX_COMPILATION_CACHE_DIR'] = folder  # for our subprocesses too
  if 'jax' in sys.modules:  # it has read the environment already
    sys.modules['jax'].config.update('jax_compilation_cache_dir', folder)


def _keep_out_of_subprocesses() -> None:
  """Spares spawned processes the import of this program and all it imports.

  They run functions of the library. `multiprocessing` would make each import
  the main module of its parent, except where that has the name `__main__`.
  """
  main = sys.modules['__main__']
  main.__spec__ = importlib.machinery.ModuleSpec('__main__', None)


def usage() -> str:
  """The main module's docstring and its own flags."""
  main = sys.modules['__main__']
  parts = [inspect.cleandoc(main.__doc__ or ''), 'Flags:']
  own = flags.FLAGS.get_key_flags_for_module(sys.argv[0])
  parts += [_describe(flag) for flag in own] if own else ['  none']
  return '\n\n'.join(part for part in parts if part)


def _parse(arguments: Sequence[str]) -> list[str]:
  """Parses flags; all other arguments are mistakes."""
  if any(argument in _HELP for argument in arguments[1:]):
    print(usage())
    sys.exit(0)
  try:
    rest = flags.FLAGS(arguments)
  except flags.Error as error:
    _complain(f'{error}\n`--help` lists the flags.')
  if len(rest) > 1:
    listed = ' '.join(repr(argument) for argument in rest[1:])
    _complain(f'Unexpected argument {listed}. Flags look like --name=value.')
  urls.require_paths(flags.FLAGS)
  if flags.FLAGS['verbosity'].using_default_value:
    flags.FLAGS.verbosity = logging.WARNING  # absl would choose INFO
  return rest


def _parse_some(arguments: Sequence[str]) -> list[str]:
  """Parses the flags before `--`."""
  arguments = list(arguments)
  end = arguments.index('--') if '--' in arguments else len(arguments)
  return _parse(arguments[:end]) + arguments[end + 1 :]


def _complain(message: str) -> NoReturn:
  print(f'error: {message}', file=sys.stderr)
  sys.exit(BAD_INPUT)


def _describe(flag: flags.Flag) -> str:
  """One flag: how to write it, what it does, its default."""
  choices = getattr(flag.parser, 'enum_values', None)
  value = '|'.join(choices) if choices else flag.name.upper()
  form = f'--[no]{flag.name}' if flag.boolean else f'--{flag.name}={value}'
  text, note = (flag.help or '').removeprefix(f'<{value}>: '), ''
  if any('other than None' in check.message for check in flag.validators):
    note = ' (required)'
  elif flag.boolean:
    note = f' (default: {"yes" if flag.default else "no"})'
  elif flag.default_as_str is not None:
    note = f' (default: {flag.default_as_str.strip(chr(39))})'
  wrapper = textwrap.TextWrapper(
    width=78,
    initial_indent='      ',
    subsequent_indent='      ',
    break_on_hyphens=False,
    break_long_words=False,
  )
  return f'  {form}\n' + wrapper.fill(' '.join(text.split()) + note)


def _processor_tag() -> str:
  """Differs between processors with different instruction sets."""
  described = platform.machine() + platform.processor()
  cpuinfo = pathlib.Path('/proc/cpuinfo')
  if cpuinfo.exists():
    lines = cpuinfo.read_text(errors='replace').splitlines()
    described += next((x for x in lines if x.startswith('flags')), '')
  return hashlib.sha256(described.encode()).hexdigest()[:8]
