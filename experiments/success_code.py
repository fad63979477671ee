"""Success code in a text file, as --predicate names it."""

import pathlib

from sdd import errors
from sdd.predicates import predicate
from sdd.scenes import vocabulary as vocabulary_lib


def read(
  path: str, vocabulary: vocabulary_lib.Vocabulary
) -> predicate.Predicate:
  """The predicate that a file's text means.

  Raises:
    errors.SddError: there is no such file, or its text is no predicate.
  """
  try:
    text = pathlib.Path(path).expanduser().read_text(encoding='utf-8')
  except (OSError, ValueError) as problem:
    raise errors.SddError(
      f'--predicate={path} cannot be read: {problem}. Name a text file with '
      'success code.'
    ) from problem
  try:
    return predicate.compile_predicate(text, vocabulary)
  except errors.SddError as problem:
    raise errors.SddError(f'{path}: {problem}') from problem
