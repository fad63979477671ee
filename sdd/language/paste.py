"""Asks whoever sits at the terminal, so that any chat window will do."""

import pathlib
import sys
from typing import TextIO

from sdd import errors
from sdd.language import provider

END = '.'  # a line of its own: the answer is complete
FILE = '@'  # a line `@answer.txt`: the answer is in that file
_RULE = '=' * 72


class PasteError(errors.SddError):
  """Nobody has answered."""


class PasteProvider:
  """Shows prompts on the terminal and reads the answers from it."""

  def __init__(self, ask: TextIO | None = None, answer: TextIO | None = None):
    """Prompts go to `ask` (stdout), answers come from `answer` (stdin)."""
    self._ask, self._answer = ask or sys.stdout, answer or sys.stdin

  def complete(self, request: provider.Request) -> provider.Completion:
    """The pasted answer.

    Raises:
      PasteError: the input ended first, or a file cannot be read.
    """
    print(
      f'\n{_RULE}\n{request.prompt.rstrip()}\n{_RULE}\n'
      'Give the text between the lines to a language model and paste its '
      f'answer here,\nthen a line with just {END!r}; or type {FILE} and the '
      'name of a file that holds it:',
      file=self._ask,
      flush=True,
    )
    return _completion(request, self._read(request))

  def _read(self, request: provider.Request) -> str:
    lines: list[str] = []
    for line in self._answer:
      line = line.rstrip('\r\n')
      if not lines and line.startswith(FILE):
        return _content(pathlib.Path(line[1:].strip()))
      if line.strip() == END:
        return '\n'.join(lines)
      lines.append(line)
    if not lines:
      raise PasteError(
        f'Nobody answered the {request.question!r} question about '
        f'{request.instruction!r}: the input ended.'
      )
    return '\n'.join(lines)


class FolderProvider:
  """Writes prompts to a folder and finds the answers there.

  A prompt is `NAME.prompt.md`, its answer belongs in `NAME.answer.md`; the
  same command again goes on where an answer was missing.
  """

  def __init__(self, folder: pathlib.Path):
    self._folder = folder

  def complete(self, request: provider.Request) -> provider.Completion:
    """The answer in the folder.

    Raises:
      PasteError: there is none yet; the prompt is in the folder.
    """
    name = f'{request.question}-{request.digest[:12]}'
    answer = self._folder / f'{name}.answer.md'
    if answer.is_file():
      return _completion(request, _content(answer))
    prompt = self._folder / f'{name}.prompt.md'
    try:
      self._folder.mkdir(parents=True, exist_ok=True)
      prompt.write_text(request.prompt, encoding='utf-8')
    except OSError as error:
      raise PasteError(
        f'{prompt} cannot be written: {error.strerror}.'
      ) from None
    raise PasteError(
      f'Give {prompt} to a language model, write what it answers to {answer} '
      'and run the same command again.'
    )


def _content(path: pathlib.Path) -> str:
  try:
    return path.expanduser().read_text(encoding='utf-8')
  except (OSError, ValueError) as error:
    raise PasteError(f'The answer in {path} cannot be read: {error}.') from None


def _completion(request: provider.Request, text: str) -> provider.Completion:
  return provider.Completion(
    identifier=provider.identifier(request, 'paste', text),
    text=text,
    model='paste',
    provenance='Pasted by a person, from whatever language model they asked.',
  )
