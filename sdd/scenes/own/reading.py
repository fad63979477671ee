"""From a user's MJCF to bodies with names: what is kept of it, and what not.

The file is compiled by MuJoCo, so that defaults, includes, frames and units
are all resolved; then bodies, hinges, slides and geoms are taken over.
"""

import dataclasses
import pathlib

import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.scenes import parts, vocabulary
from sdd.scenes.own import articulation, finding, naming, shapes
from sdd.scenes.own import notes as notes_lib

_LEFT_OUT = {
  'nu': 'actuators', 'nsensor': 'sensors', 'nkey': 'keyframes',
  'ntendon': 'tendons', 'neq': 'equality constraints', 'ncam': 'cameras',
  'nlight': 'lights', 'nflex': 'flexible bodies',
}  # fmt: skip


class OwnSceneError(errors.SddError):
  """A user's scene that cannot be used."""


@dataclasses.dataclass(frozen=True)
class Inertia:
  """Mass (kg), its middle and main axes in the body's frame, moments."""

  mass: float
  position: Float[np.ndarray, ' 3']
  quaternion: Float[np.ndarray, ' 4']
  moments: Float[np.ndarray, ' 3']


@dataclasses.dataclass(frozen=True)
class Body:
  """One body of the scene.

  Attributes:
    name: how language calls it, and MJCF after us.
    kind: see `vocabulary.Link`.
    parent: name of the body it hangs on, or None.
    position: in the parent's frame, or the world's, metres.
    quaternion: likewise, wxyz.
    joint: what moves it against its parent, besides a free joint.
    inertia: None for what weighs nothing by itself.
    shapes: its geoms.
    named: whether language may name it.
  """

  name: str
  kind: vocabulary.Kind
  parent: str | None
  position: Float[np.ndarray, ' 3']
  quaternion: Float[np.ndarray, ' 4']
  joint: articulation.Joint | None
  inertia: Inertia | None
  shapes: tuple[shapes.Shape, ...]
  named: bool = True


@dataclasses.dataclass(frozen=True)
class Reading:
  """What a file says.

  Attributes:
    path: of the MJCF.
    bodies: parents before their parts.
    supports: geoms of the world itself, such as a counter.
    notes: from the YAML beside it.
    findings: what is to be said about it.
  """

  path: pathlib.Path
  bodies: tuple[Body, ...]
  supports: tuple[shapes.Shape, ...]
  notes: notes_lib.Notes
  findings: tuple[finding.Finding, ...]


def read(path: pathlib.Path) -> Reading:
  """Reads a scene and the notes beside it.

  Raises:
    OwnSceneError: there is no such file, or MuJoCo does not take it.
    notes.NotesError: the notes are not as they must be.
  """
  notes = notes_lib.read(notes_lib.beside(path))
  return _Reader(path, compiled(path), notes).reading()


def compiled(path: pathlib.Path) -> mujoco.MjModel:
  """The file as MuJoCo compiles it; raises OwnSceneError."""
  if not path.is_file():
    raise OwnSceneError(
      f'There is no file {path}. A scene is the name of one that ships with '
      'sdd, or the path of an MJCF file.'
    )
  try:
    return mujoco.MjModel.from_xml_path(str(path))
  except ValueError as problem:
    text = ' '.join(str(problem).split())
    advice = ''
    if 'mjMINVAL' in text:
      advice = ' What moves must weigh something: give it a mass or density.'
    raise OwnSceneError(
      f'MuJoCo does not take {path}: {text}.{advice}'
    ) from None


class _Reader:
  """Goes through the bodies of one file."""

  def __init__(
    self, path: pathlib.Path, model: mujoco.MjModel, notes: notes_lib.Notes
  ):
    self.path, self.model, self.notes = path, model, notes
    self.called = naming.Names(path, model, notes)
    self.names = self.called.of_body
    self.findings = list(self.called.findings)

  def reading(self) -> Reading:
    model = self.model
    for count, what in _LEFT_OUT.items():
      if getattr(model, count, 0):
        self._tell(finding.note(f'The {what} of the file are left out.'))
    bodies: list[Body] = []
    for body in range(1, model.nbody):
      bodies += self._body(body)
    if not any(body.kind == 'object' for body in bodies):
      self._tell(finding.warning(
        'Nothing can be picked up: no body has a free joint. Give what shall '
        'be moved about a <freejoint/>.'
      ))  # fmt: skip
    return Reading(
      path=self.path,
      bodies=tuple(bodies),
      supports=tuple(self._supports()),
      notes=self.called.resolved(
        [body.name for body in bodies if body.named],
        [body.name for body in bodies if body.joint is not None],
      ),
      findings=tuple(dict.fromkeys(self.findings)),
    )

  def _tell(self, found: finding.Finding) -> None:
    self.findings.append(found)

  def _body(self, body: int) -> list[Body]:
    model, name = self.model, self.names[body]
    parent = int(model.body_parentid[body])
    ends = {self.called.meant(k): v for k, v in self.notes.closed.items()}
    free, joint, told = articulation.read(
      model, body, name, flipped=ends.get(name) == 'upper'
    )
    self.findings += told
    position, quaternion = model.body_pos[body], model.body_quat[body]
    if not parent:
      position, quaternion = self._from_origin(position, quaternion)
    kind: vocabulary.Kind = 'part'
    if not parent and not joint:
      kind = 'object' if free else 'furniture'
    made = self._shapes(body, name)
    whole = Body(
      name=name,
      kind=kind,
      parent=self.names[parent] if parent else None,
      position=np.array(position),
      quaternion=np.array(quaternion),
      joint=joint,
      inertia=self._inertia(body),
      shapes=made,
      named=bool(model.body(body).name) or not parent or joint is not None,
    )
    return self._split(whole)

  def _inertia(self, body: int) -> Inertia | None:
    model = self.model
    if model.body_mass[body] <= 0:
      return None
    return Inertia(
      mass=float(model.body_mass[body]),
      position=model.body_ipos[body].copy(),
      quaternion=model.body_iquat[body].copy(),
      moments=model.body_inertia[body].copy(),
    )

  def _shapes(self, body: int, name: str) -> tuple[shapes.Shape, ...]:
    model, made = self.model, []
    first = model.body_geomadr[body]
    for k in range(model.body_geomnum[body]):
      own = model.geom(first + k).name or str(k)
      some, told = shapes.shapes(model, first + k, f'{name}/{own}')
      made += some
      self.findings += told
    if not any(shape.collides for shape in made):
      if not model.body_geomnum[body] and not model.body(body).name:
        return ()
      self._tell(finding.warning(
        f'{name!r} has no geom that collides: nothing can touch it.'
      ))  # fmt: skip
    return tuple(made)

  def _split(self, whole: Body) -> list[Body]:
    """The body, and its handle as a part of its own if notes name one."""
    handles = {self.called.meant(k): v for k, v in self.notes.handles.items()}
    if whole.name not in handles:
      return [whole]
    wanted = {f'{whole.name}/{geom}' for geom in handles[whole.name]}
    known = {shape.source for shape in whole.shapes}
    for name in wanted - known:
      choices = [each.partition('/')[2] for each in sorted(known)]
      raise notes_lib.NotesError(
        f'{notes_lib.beside(self.path)}, handles, {whole.name}: '
        + str(errors.UnknownNameError('geom', name.partition('/')[2], choices))
      )
    held = [shape for shape in whole.shapes if shape.source in wanted]
    middle = np.mean([shape.position for shape in held], axis=0)
    handle = Body(
      name=f'{whole.name} handle',
      kind='part',
      parent=whole.name,
      position=middle,
      quaternion=np.array([1.0, 0, 0, 0]),
      joint=None,
      inertia=None,
      shapes=tuple(
        dataclasses.replace(shape, position=shape.position - middle)
        for shape in held
      ),
    )
    rest = tuple(shape for shape in whole.shapes if shape.source not in wanted)
    return [dataclasses.replace(whole, shapes=rest), handle]

  def _supports(self) -> list[shapes.Shape]:
    """Geoms of the world itself; a floor only where there is no table."""
    model, made = self.model, []
    for geom in range(model.body_geomnum[0]):
      raw = naming.clean(model.geom(geom).name)
      name = raw or f'scenery {geom}'
      if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_PLANE:
        self._tell(finding.note(
          f'The plane {name!r} is left out: below everything there is a floor '
          'already.'
        ))  # fmt: skip
        continue
      some, told = shapes.shapes(model, geom, name)
      self.findings += told
      for shape in some:
        position, quaternion = self._from_origin(
          shape.position, shape.quaternion
        )
        made.append(dataclasses.replace(
          shape, position=position, quaternion=quaternion
        ))  # fmt: skip
    return made

  def _from_origin(
    self, position: np.ndarray, quaternion: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """A pose of the file as the robot sees it."""
    back = np.array(parts.rotation_z(-np.radians(self.notes.yaw)))
    moved, turned = np.zeros(3), np.zeros(4)
    mujoco.mju_rotVecQuat(
      moved, np.asarray(position, float) - self.notes.origin, back
    )
    mujoco.mju_mulQuat(turned, back, np.asarray(quaternion, float))
    return moved, turned
