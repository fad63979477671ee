"""What the bodies of a user's scene are called, and whom its notes mean."""

import dataclasses
import pathlib
import re

import mujoco
import numpy as np

from sdd import errors
from sdd.scenes import vocabulary
from sdd.scenes.own import finding
from sdd.scenes.own import notes as notes_lib


def clean(name: str) -> str:
  """A name as language would say it: `Red_mug-1` -> `red mug 1`."""
  return ' '.join(re.sub(r'[^0-9a-z]+', ' ', name.lower()).split())


class Names:
  """The names of one file's bodies.

  Attributes:
    of_body: number of a body to its name, unlike all others.
    findings: what is to be said about them.
  """

  def __init__(
    self, path: pathlib.Path, model: mujoco.MjModel, notes: notes_lib.Notes
  ):
    self.path, self.model, self.notes = path, model, notes
    self.findings: list[finding.Finding] = []
    self.of_body = self._names()

  def meant(self, name: str) -> str:
    """The body that a key of the notes means, by our name for it."""
    for body, ours in self.of_body.items():
      raw = self.model.body(body).name
      if body and clean(name) in (clean(raw), clean(ours)):
        return ours
    return clean(name)

  def resolved(self, named: list[str], jointed: list[str]) -> notes_lib.Notes:
    """The notes with our names, after a look whether all mean something.

    Args:
      named: bodies that language may name.
      jointed: bodies with a hinge or slide.

    Raises:
      notes.NotesError: a name means nothing.
    """
    known = {vocabulary.normalise(name): name for name in named}
    raw = [self.model.body(k).name for k in range(1, self.model.nbody)]
    cleaned = {clean(name) for name in raw if name}
    for name in self.notes.names:
      if clean(name) not in cleaned:
        raise self._unknown('names', name, [name for name in raw if name])

    def find(key: str, name: str) -> str:
      ours = known.get(vocabulary.normalise(self.meant(name)))
      if ours is None:
        raise self._unknown(key, name, list(known.values()))
      return ours

    notes = self.notes
    for key, names in (
      ('closed', notes.closed),
      ('randomise', [k for k, v in notes.randomise.items() if v.joint]),
    ):
      for name in names:
        if find(key, name) not in jointed:
          raise self._unknown(key, name, jointed, 'articulated body')
    return dataclasses.replace(
      notes,
      ignore=tuple(find('ignore', n) for n in notes.ignore),
      containers=tuple(find('containers', n) for n in notes.containers),
      about={find('about', k): v for k, v in notes.about.items()},
      handles={find('handles', k): v for k, v in notes.handles.items()},
      closed={find('closed', k): v for k, v in notes.closed.items()},
      randomise={find('randomise', k): v for k, v in notes.randomise.items()},
    )

  def _unknown(
    self, key: str, name: str, choices: list[str], what: str = 'body'
  ) -> notes_lib.NotesError:
    unknown = errors.UnknownNameError(what, name, choices)
    return notes_lib.NotesError(
      f'{notes_lib.beside(self.path)}, {key}: {unknown}'
    )

  def _names(self) -> dict[int, str]:
    """A name for every body, unlike all others."""
    model, names, taken = self.model, {0: 'world'}, {'world'}
    given = {clean(k): v for k, v in self.notes.names.items()}
    for body in range(1, model.nbody):
      raw = model.body(body).name
      name = given.get(clean(raw), clean(raw)) if raw else ''
      if not name:
        above = names[int(model.body_parentid[body])]
        name = f'{above} piece' if above != 'world' else 'thing'
        if above == 'world' or model.body_jntnum[body]:
          where = np.round(model.body_pos[body], 3).tolist()
          self.findings.append(finding.warning(
            f'The body at {where} in {above!r} has no name, so language '
            f'cannot mean it. It is called {name!r} for now.'
          ))  # fmt: skip
      if vocabulary.normalise(name) in taken:
        self.findings.append(finding.warning(
          f'Two bodies are called {name!r}. Give them different names, in the '
          'file or under `names` in the YAML.'
        )) if raw else None  # fmt: skip
        k = 2
        while vocabulary.normalise(f'{name} {k}') in taken:
          k += 1
        name = f'{name} {k}'
      taken.add(vocabulary.normalise(name))
      names[body] = name
    return names
