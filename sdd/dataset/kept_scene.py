"""The files of a user's scene, kept with the episodes collected in it.

A dataset goes on meaning the same when the scene's files have moved or
changed. Everything else that belongs to a dataset besides its episodes, such
as the answers of the language model, is carried on with `carry`.
"""

import dataclasses
import pathlib
import shutil
from collections.abc import Mapping
from typing import Any

import mujoco

from sdd.dataset import durable, reader, writer
from sdd.scenes import address, registry
from sdd.scenes import scene as scene_lib
from sdd.scenes.own import notes
from sdd.simulation import action

FOLDER, RECORDS = 'own_scene', 'records'  # beside the episodes
_REFERS = ('<include', 'file=')  # to other files


def open_writer(
  path: pathlib.Path | str,
  scene: scene_lib.Scene,
  *,
  run: Mapping[str, Any] | None = None,
) -> writer.DatasetWriter:
  """Creates, or continues, a dataset of a scene, whose files it keeps.

  Args:
    path: the dataset's own directory.
    scene: the scene of all episodes.
    run: what is asked for, as `writer.DatasetWriter` notes it.

  Raises:
    DatasetError: if the directory holds anything else, or is in use.
  """
  opened = writer.DatasetWriter(
    path,
    name=address.parse(scene.name).slug,
    scene=scene.name,
    state_names=scene.state_names,
    action_spec=action.ActionSpec(),
    scenes=scene.texts,
    run=run,
  )
  try:
    keep(path, scene)
  except BaseException:
    opened.close()
    raise
  return opened


def keep(path: pathlib.Path | str, scene: scene_lib.Scene) -> None:
  """Copies the files of a user's scene into a dataset.

  Does nothing for the scenes of the package, nor where they are already.
  """
  found = address.parse(scene.name)
  folder = pathlib.Path(path).expanduser() / FOLDER
  if not found.own or folder.exists():
    return
  source = pathlib.Path(found.scene).expanduser()
  texts = {source.name: _alone(source)}
  beside = notes.beside(source)
  if beside.exists():
    texts[beside.name] = beside.read_text(encoding='utf-8')
  folder.mkdir(parents=True)
  for name in sorted(texts, reverse=True):  # the MJCF last
    durable.write_text(folder / name, texts[name])


def load(path: pathlib.Path | str) -> scene_lib.Scene:
  """The scene of a dataset, as it was when it was collected.

  Raises:
    DatasetError: there is no dataset at `path`.
    errors.SddError: its scene is not known.
  """
  named = reader.load_spec(path).scene
  found = address.parse(named)
  kept = pathlib.Path(path).expanduser() / FOLDER
  kept /= pathlib.PurePath(found.scene).name
  if found.own and kept.exists():
    return registry.load(str(dataclasses.replace(found, scene=str(kept))))
  return registry.load(named)


def carry(path: pathlib.Path | str, out: pathlib.Path | str) -> None:
  """Copies what belongs to a dataset to one that is made from it."""
  for name in (RECORDS, FOLDER):
    source = pathlib.Path(path).expanduser() / name
    if source.is_dir():
      made = pathlib.Path(out).expanduser() / name
      shutil.copytree(source, made, dirs_exist_ok=True)


def _alone(path: pathlib.Path) -> str:
  """The text of an MJCF that needs no other file but meshes, by full path."""
  text = path.read_text(encoding='utf-8')
  if not any(word in text for word in _REFERS):
    return text
  spec = mujoco.MjSpec.from_file(str(path))
  spec.meshdir = str((path.parent / spec.meshdir).resolve())
  spec.texturedir = str((path.parent / spec.texturedir).resolve())
  spec.compile()
  return spec.to_xml()
