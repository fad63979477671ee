"""The errors that say where success code leaves the language, and what fits."""

import ast
import difflib
from collections.abc import Iterable

from sdd import errors


class PredicateError(errors.SddError):
  """Success code that is not in the predicate language.

  Attributes:
    construct: what was found, e.g. `while loop`.
    instead: what to write instead, a sentence.
    line: line in the text as given, from 1.
    column: column in that line, from 1.
  """

  def __init__(self, construct: str, instead: str, line: int, column: int):
    self.construct, self.instead = construct, instead
    self.line, self.column = line, column
    super().__init__(
      f'Success code, line {line}, column {column}: {construct}. {instead}'
    )

  def __reduce__(self):
    return type(self), (self.construct, self.instead, self.line, self.column)


class LinkError(errors.UnknownNameError):
  """A name that is not one of the scene's, and where it stands.

  Attributes:
    line: line in the text as given, from 1.
    column: column in that line, from 1.
  """

  def __init__(
    self, kind: str, name: str, choices: Iterable[str], line: int, column: int
  ):
    super().__init__(kind, name, choices)
    self.line, self.column = line, column
    place = f'Success code, line {line}, column {column}'
    self.args = (f'{place}: {self.args[0]}',)

  def __reduce__(self):
    return type(self), (
      self.kind, self.name, self.choices, self.line, self.column,
    )  # fmt: skip


def at(node: ast.AST, construct: str, instead: str) -> PredicateError:
  """The error for `node`; nodes without a position count as the start."""
  return PredicateError(construct, instead, *place(node))


def place(node: ast.AST) -> tuple[int, int]:
  """Line and column of `node`, from 1."""
  return getattr(node, 'lineno', 1), getattr(node, 'col_offset', 0) + 1


def suggestion(name: str, choices: Iterable[str]) -> str:
  """`Did you mean ...? Choices: ...`, for names in the code itself."""
  choices = tuple(choices)
  near = difflib.get_close_matches(name[:60], choices, n=1, cutoff=0.5)
  guess = f'Did you mean `{near[0]}`? ' if near else ''
  return f'{guess}Choices: {", ".join(choices)}.'
