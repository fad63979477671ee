"""From a user's MJCF to bodies with names: what is kept of it, and what not.

The file is compiled by MuJoCo, so that defaults, includes, frames and units
are all resolved; then bodies, hinges, slides and geoms are taken over.
"""

import dataclasses
import pathlib
import re

import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.scenes import parts, vocabulary
from sdd.scenes.own import finding, shapes
from sdd.scenes.own import notes as notes_lib

_JOINT = mujoco.mjtJoint
_LEFT_OUT = {
  'nu': 'actuators', 'nsensor': 'sensors', 'nkey': 'keyframes',
  'ntendon': 'tendons', 'neq': 'equality constraints', 'ncam': 'cameras',
  'nlight': 'lights', 'nflex': 'flexible bodies',
}  # fmt: skip


class OwnSceneError(errors.SddError):
  """A user's scene that cannot be used."""


@dataclasses.dataclass(frozen=True)
class Joint:
  """A hinge or slide; lower is closed or off, upper open or on.

  Attributes:
    slides: whether it slides; else it turns.
    position: of its anchor, in the body's frame, metres.
    axis: in the body's frame.
    limits: lower and upper, metres or radians.
    start: where the file has it.
    passive: stiffness, the position at which the spring is at rest, damping,
      friction loss and armature.
  """

  slides: bool
  position: Float[np.ndarray, ' 3']
  axis: Float[np.ndarray, ' 3']
  limits: tuple[float, float]
  start: float
  passive: dict[str, float]

  def flipped(self) -> 'Joint':
    """The same, counted the other way."""
    lower, upper = self.limits
    passive = {**self.passive, 'springref': -self.passive['springref']}
    return dataclasses.replace(
      self, axis=-self.axis, limits=(-upper, -lower), start=-self.start,
      passive=passive,
    )  # fmt: skip


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
  joint: Joint | None
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


def clean(name: str) -> str:
  """A name as language would say it: `Red_mug-1` -> `red mug 1`."""
  return ' '.join(re.sub(r'[^0-9a-z]+', ' ', name.lower()).split())


class _Reader:
  """Goes through the bodies of one file."""

  def __init__(
    self, path: pathlib.Path, model: mujoco.MjModel, notes: notes_lib.Notes
  ):
    self.path, self.model, self.notes = path, model, notes
    self.findings: list[finding.Finding] = []
    self.names = self._names()

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
      notes=self._resolved(bodies),
      findings=tuple(dict.fromkeys(self.findings)),
    )

  def _tell(self, found: finding.Finding) -> None:
    self.findings.append(found)

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
          self._tell(finding.warning(
            f'The body at {where} in {above!r} has no name, so language '
            f'cannot mean it. It is called {name!r} for now.'
          ))  # fmt: skip
      if vocabulary.normalise(name) in taken:
        self._tell(finding.warning(
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

  def _body(self, body: int) -> list[Body]:
    model, name = self.model, self.names[body]
    parent = int(model.body_parentid[body])
    free, joint = self._joint(body, name)
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

  def _joint(self, body: int, name: str) -> tuple[bool, Joint | None]:
    """Whether the body moves freely, and else its hinge or slide."""
    model = self.model
    first, count = model.body_jntadr[body], model.body_jntnum[body]
    kinds = [int(model.jnt_type[first + k]) for k in range(count)]
    if not kinds or kinds == [_JOINT.mjJNT_FREE]:
      return bool(kinds), None
    if count > 1 or kinds[0] == _JOINT.mjJNT_BALL:
      what = 'a ball joint' if count == 1 else f'{count} joints'
      self._tell(finding.fatal(
        f'{name!r} has {what}. A body may have one hinge or slide; put bodies '
        'between for more.'
      ))  # fmt: skip
      return False, None
    dof = int(model.jnt_dofadr[first])
    limits = model.jnt_range[first]
    if not model.jnt_limited[first] or limits[0] >= limits[1]:
      self._tell(finding.fatal(
        f'The joint of {name!r} has no range, so nobody knows when it is '
        'closed or open. Give it one: range="0 90" and limited="true".'
      ))  # fmt: skip
      limits = np.array([0.0, 1.0])
    start = model.qpos0[model.jnt_qposadr[first]]
    passive = {
      'stiffness': float(model.jnt_stiffness[first]),
      'springref': float(
        model.qpos_spring[model.jnt_qposadr[first]] - start
      ),
      'damping': float(model.dof_damping[dof]),
      'frictionloss': float(model.dof_frictionloss[dof]),
      'armature': float(model.dof_armature[dof]),
    }  # fmt: skip
    if not passive['damping'] and not passive['frictionloss']:
      self._tell(finding.warning(
        f'Nothing slows the joint of {name!r}: it will not stay where it was '
        'left. Give it some damping and frictionloss.'
      ))  # fmt: skip
    made = Joint(
      slides=kinds[0] == _JOINT.mjJNT_SLIDE,
      position=model.jnt_pos[first].copy(),
      axis=model.jnt_axis[first].copy(),
      limits=(float(limits[0] - start), float(limits[1] - start)),
      start=0.0,
      passive=passive,
    )
    ends = {self._meant(k): end for k, end in self.notes.closed.items()}
    return False, made.flipped() if ends.get(name) == 'upper' else made

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
    handles = {self._meant(k): v for k, v in self.notes.handles.items()}
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
      raw = clean(model.geom(geom).name)
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

  def _meant(self, name: str) -> str:
    """The body that a key of the notes means, by our name for it."""
    for body, ours in self.names.items():
      raw = self.model.body(body).name
      if body and clean(name) in (clean(raw), clean(ours)):
        return ours
    return clean(name)

  def _resolved(self, bodies: list[Body]) -> notes_lib.Notes:
    """The notes with our names, after a look whether all mean something."""
    known = {vocabulary.normalise(b.name): b.name for b in bodies if b.named}
    raw = [self.model.body(k).name for k in range(1, self.model.nbody)]
    cleaned = {clean(name) for name in raw if name}
    for name in self.notes.names:
      if clean(name) not in cleaned:
        raise self._unknown('names', name, [name for name in raw if name])

    def find(key: str, name: str) -> str:
      ours = known.get(vocabulary.normalise(self._meant(name)))
      if ours is None:
        raise self._unknown(key, name, list(known.values()))
      return ours

    notes = self.notes
    jointed = [b.name for b in bodies if b.joint is not None]
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
