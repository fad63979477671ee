"""The error that says where success code leaves the language, and what fits."""

import ast

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


def at(node: ast.AST, construct: str, instead: str) -> PredicateError:
  """The error for `node`; nodes without a position count as the start."""
  line = getattr(node, 'lineno', 1)
  column = getattr(node, 'col_offset', 0) + 1
  return PredicateError(construct, instead, line, column)
