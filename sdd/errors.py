"""Errors a user can act on: the value, what was expected, what would work."""

import difflib
from collections.abc import Iterable


class SddError(Exception):
  """Bad input. Programs print it as one paragraph and exit with status 2."""


class UnknownNameError(SddError):
  """A name that is none of the valid choices.

  Attributes:
    kind: what the name should have been, e.g. `link` or `task`.
    name: the name as given.
    choices: the valid names.
  """

  def __init__(self, kind: str, name: str, choices: Iterable[str]):
    self.kind, self.name, self.choices = kind, name, tuple(choices)
    near = difflib.get_close_matches(name, self.choices, n=1, cutoff=0.5)
    guess = f' Did you mean {near[0]!r}?' if near else ''
    listed = ', '.join(repr(choice) for choice in self.choices) or 'none'
    super().__init__(f'Unknown {kind} {name!r}.{guess} Choices: {listed}.')

  def __reduce__(self):
    return type(self), (self.kind, self.name, self.choices)
