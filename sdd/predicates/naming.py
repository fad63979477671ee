"""Which link a string in success code means."""

import ast

from sdd import errors
from sdd.predicates import rejection
from sdd.scenes import vocabulary as vocabulary_lib

# What a scene may leave unnamed although it moves with what it is part of.
PARTS = frozenset(
  ('handle', 'knob', 'pull', 'grip', 'door', 'front', 'face', 'panel', 'lever')
)


def link(
  name: str, vocabulary: vocabulary_lib.Vocabulary, node: ast.AST
) -> str:
  """The link called `name`: case, underscores and articles do not matter.

  Raises:
    rejection.LinkError: there is none.
  """
  if name in vocabulary.names:
    return name
  try:
    return vocabulary.find(_plain(name)).name
  except errors.UnknownNameError:
    pass
  raise rejection.LinkError(
    'link', name, vocabulary.names, *rejection.place(node)
  )


def jointed(
  name: str, vocabulary: vocabulary_lib.Vocabulary, node: ast.AST
) -> str:
  """The link with a joint that `name` means in a question about joints.

  That is the link itself; else the nearest thing with a joint that it is a
  part of; else, if a single joint moves its parts, the part that moves. Of a
  name that no link has, the same holds of what it begins with (`top drawer
  knob`) or is the short form of (`lid`), if one joint alone fits.

  Raises:
    rejection.LinkError: there is none, or more than one.
  """
  try:
    found = [vocabulary.find(_plain(name))]
  except errors.UnknownNameError:
    found = _resembling(name, vocabulary)
    if not found:
      raise rejection.LinkError(
        'link', name, vocabulary.names, *rejection.place(node)
      ) from None
  meant = [
    moved for each in found for moved in _moved(each, vocabulary) if moved
  ]
  if len({moved.joint for moved in meant}) == 1:
    return meant[0].name
  movable = [
    each.name
    for each in vocabulary.links
    if each.joint and each.name in vocabulary.names
  ]
  raise rejection.LinkError(
    'articulated link', name, movable, *rejection.place(node)
  )


def _plain(name: str) -> str:
  return name.replace('-', ' ')


def _moved(
  link: vocabulary_lib.Link, vocabulary: vocabulary_lib.Vocabulary
) -> list[vocabulary_lib.Link]:
  """The links whose joints a question about `link` can mean."""
  above: vocabulary_lib.Link | None = link
  while above is not None:
    if above.joint is not None:
      return [above]
    above = vocabulary.find(above.parent) if above.parent else None
  parts = [vocabulary.links[index] for index in vocabulary.parts_of(link.name)]
  return [part for part in parts if part.joint is not None]


def _resembling(
  name: str, vocabulary: vocabulary_lib.Vocabulary
) -> list[vocabulary_lib.Link]:
  """Links whose name begins `name`, the longest; else that contain it."""
  wanted = vocabulary_lib.normalise(_plain(name)).split()
  begun, containing = [], []
  for each in vocabulary.links:
    words = vocabulary_lib.normalise(each.name).split()
    if each.kind == 'robot' or not wanted:
      continue
    if wanted[: len(words)] == words and PARTS.issuperset(wanted[len(words) :]):
      begun.append((len(words), each))
    elif each.joint is not None and wanted == words[-len(wanted) :]:
      containing.append(each)
  if begun:
    return [max(begun, key=lambda pair: pair[0])[1]]
  return containing
