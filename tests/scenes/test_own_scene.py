"""A user's MJCF becomes a scene, and what is wrong with it is told."""

import dataclasses
import pathlib

import mujoco
import numpy as np
import pytest

from sdd import errors
from sdd.scenes import address, parts, registry, scene
from sdd.scenes.own import checking, loading, naming, notes, shapes

EXAMPLES = sorted(
  (pathlib.Path(registry.__file__).parent / 'examples').glob('*.xml')
)
MUG = '<body name="mug" pos=".4 0 .05"><freejoint/>{}</body>'
BOX = '<geom type="box" size=".02 .02 .05"/>'


def write(folder, bodies, text=''):
  path = folder / 'mine.xml'
  path.write_text(f'<mujoco><worldbody>{bodies}</worldbody></mujoco>')
  if text:
    notes.beside(path).write_text(text)
  return path


def loaded(path, more=''):
  return registry.load(f'{path}{more}')


def told(path, weight):
  found = checking.check(address.parse(str(path)))
  return [each.text for each in found.findings if each.weight == weight]


@pytest.mark.parametrize('path', EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize('robot', ['', '@panda'])
def test_the_examples_have_nothing_wrong(path, robot):
  checked = checking.check(address.parse(f'{path}{robot}'))
  assert checked.scene is not None
  assert {each.weight for each in checked.findings} <= {'note'}


@pytest.mark.parametrize('path', EXAMPLES, ids=lambda path: path.stem)
def test_worlds_repeat_and_rest(path):
  this = loaded(path)
  worlds = [this.initial(np.random.default_rng(k)) for k in (0, 0, 1)]
  np.testing.assert_array_equal(worlds[0].qpos, worlds[1].qpos)
  assert np.abs(worlds[0].qpos - worlds[2].qpos).max() > 0.01
  data = mujoco.MjData(this.model)
  data.qpos[:] = worlds[0].qpos
  data.mocap_pos[:] = worlds[0].mocap_pos
  data.mocap_quat[:] = worlds[0].mocap_quat
  data.ctrl[:] = this.ctrl(worlds[0].arm_target, worlds[0].gripper_target)
  for _ in range(100):
    mujoco.mj_step(this.model, data)
  for link in this.vocabulary.links:
    if link.kind == 'object':
      at = this.free_qpos(link.name)
      assert np.abs(data.qpos[at : at + 3] - worlds[0].qpos[at : at + 3]).max(
      ) < 0.003  # fmt: skip


def test_defaults_frames_and_units_of_the_file_are_kept(tmp_path):
  """The same masses, places and joint axes as MuJoCo sees in the file."""
  for path in EXAMPLES:
    theirs, this = mujoco.MjModel.from_xml_path(str(path)), loaded(path)
    ours = this.model
    data, mine = mujoco.MjData(theirs), mujoco.MjData(ours)
    mine.qpos[:] = this.rest.qpos
    for model, each in ((theirs, data), (ours, mine)):
      mujoco.mj_kinematics(model, each)
    names = {
      naming.clean(theirs.body(k).name): k for k in range(1, theirs.nbody)
    }
    found = notes.read(notes.beside(path)).names
    for raw, k in names.items():
      given = {naming.clean(a): b for a, b in found.items()}
      body = ours.body(given.get(raw, raw)).id
      np.testing.assert_allclose(mine.xpos[body], data.xpos[k], atol=1e-9)
      np.testing.assert_allclose(mine.xmat[body], data.xmat[k], atol=1e-9)
      assert ours.body_subtreemass[body] == pytest.approx(
        theirs.body_subtreemass[k]
      )
      if theirs.body_jntnum[k] and theirs.jnt_type[theirs.body_jntadr[k]] > 1:
        joint, other = theirs.body_jntadr[k], ours.body_jntadr[body]
        np.testing.assert_allclose(
          mine.xaxis[other], data.xaxis[joint], atol=1e-9
        )
        span = np.ptp(theirs.jnt_range[joint])
        assert np.ptp(ours.jnt_range[other]) == pytest.approx(span, abs=1e-5)


def test_kinds_follow_from_joints(tmp_path):
  cupboard = f"""
    <body name="cupboard" pos=".5 .4 0">{BOX}
      <body name="door"><joint range="0 90" damping="1"/>{BOX}
        <body name="knob">{BOX}</body></body></body>
    <body name="gate" pos=".5 -.4 0">
      <joint type="slide" axis="0 0 1" range="0 .1" damping="1"/>{BOX}</body>
    <geom name="stone" type="box" size=".05 .05 .05" pos=".7 0 .05"/>"""
  words = loaded(write(tmp_path, MUG.format(BOX) + cupboard)).vocabulary
  kinds = {link.name: (link.kind, link.joint) for link in words.links}
  assert kinds['mug'] == ('object', None)
  assert kinds['cupboard'] == ('furniture', None)
  assert kinds['door'] == kinds['knob'] == ('part', 'door')
  assert kinds['gate'] == ('part', 'gate')
  assert kinds['stone'] == kinds['table'] == ('support', None)
  assert words.joints == ('door', 'gate')
  assert words.find('knob').parent == 'door'


def test_notes_name_ignore_flip_and_move(tmp_path):
  bodies = (
    MUG.format(BOX).replace('mug', 'obj_03')
    + f"""
    <body name="bin" pos=".5 .4 0">{BOX}
      <body name="lid"><joint axis="0 1 0" range="0 90" damping="1"/>
        <geom name="knob" type="sphere" size=".02" pos=".1 0 0"/>{BOX}
      </body></body>
    <body name="screw" pos=".6 0 .06"><freejoint/>{BOX}</body>"""
  )
  this = loaded(write(tmp_path, bodies, """
    names: {obj_03: red mug}
    ignore: [screw]
    about: {bin: for paper}
    containers: [bin]
    handles: {lid: [knob]}
    closed: {lid: upper}
    origin: [0.1, 0, 0]
    time_limit: 30
    tasks: [put the red mug in the bin]
  """))  # fmt: skip
  words = this.vocabulary
  assert 'red mug' in words.names
  assert 'screw' not in words.names
  assert '- bin (for paper; things can be put into it)' in words.describe()
  assert words.find('lid handle').joint == 'lid'
  np.testing.assert_allclose(words.ranges, [[-np.pi / 2, 0]])
  assert this.rest.qpos[this.free_qpos('red mug')] == pytest.approx(0.3)
  assert this.time_limit == 30
  assert this.rule('put the red mug in the bin') is None
  assert not this.task('put the red mug in the bin').judged


def test_the_whole_scene_turns_with_the_robot(tmp_path):
  """Facing along y of the file, what was at its left is in front."""
  path = write(tmp_path, MUG.format(BOX), 'yaw: 90\norigin: [0.4, -0.5, 0]')
  this = loaded(path)
  at = this.free_qpos('mug')
  np.testing.assert_allclose(
    this.rest.qpos[at : at + 3], [0.5, 0, 0.05], atol=1e-9
  )


@pytest.mark.parametrize(
  ('geom', 'extent'),
  [
    ('type="cylinder" size=".03 .05"', (0.03, 0.03, 0.05)),
    ('type="ellipsoid" size=".02 .02 .05"', (0.02, 0.02, 0.05)),
  ],
)
def test_round_things_collide_as_primitives_of_their_size(
  tmp_path, geom, extent
):
  this = loaded(write(tmp_path, MUG.format(f'<geom {geom}/>')))
  names = this.vocabulary.find('mug').geoms
  kinds = {int(this.model.geom(name).type[0]) for name in names}
  assert kinds <= {int(parts.mujoco.mjtGeom.mjGEOM_BOX), 3}
  points = []
  for name in names:
    geom = this.model.geom(name)
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, geom.quat)
    size = geom.size if geom.type[0] != 3 else [geom.size[0]] * 2 + [
      geom.size[0] + geom.size[1]
    ]  # fmt: skip
    points.append(np.abs(turn.reshape(3, 3)) @ size)
  np.testing.assert_allclose(np.max(points, axis=0), extent, rtol=0.05)
  assert all(shapes.seen(name) == 'mug/0' for name in names)


def test_a_mesh_becomes_the_box_around_it(tmp_path):
  path = tmp_path / 'mesh.xml'
  path.write_text(
    '<mujoco><asset><mesh name="wedge" vertex="0 0 0 .06 0 0 0 .04 0 0 0 .02"/>'
    '</asset><worldbody><body name="wedge" pos=".4 0 .02"><freejoint/>'
    '<geom type="mesh" mesh="wedge"/></body></worldbody></mujoco>'
  )
  this = loaded(path)
  (name,) = this.vocabulary.find('wedge').geoms
  size = np.sort(this.model.geom(name).size)
  np.testing.assert_allclose(size, [0.01, 0.02, 0.03], atol=0.006)


def test_the_table_and_cameras_are_as_chosen(tmp_path):
  counter = '<geom name="counter" type="box" size=".4 .4 .02" pos=".5 0 -.02"/>'
  path = write(tmp_path, MUG.format(BOX) + counter)
  with_, without = loaded(path), loaded(path, ',table=no,cameras=wrist')
  assert 'table' in with_.vocabulary.names
  assert 'table' not in without.vocabulary.names
  assert 'counter' in without.vocabulary.names
  assert (with_.model.ncam, without.model.ncam) == (3, 1)
  without.initial(np.random.default_rng(0))  # it stands on the counter


def test_what_stands_on_furniture_moves_along(tmp_path):
  board = '<geom type="box" size=".2 .2 .1"/>'
  shelf = f'<body name="shelf" pos=".5 .2 .1">{board}</body>'
  mug = MUG.format(BOX).replace('.4 0 .05', '.5 .2 .25')
  this = loaded(write(
    tmp_path, shelf + mug,
    'randomise: {shelf: {shift: [.2, .2]}, mug: {turn: 10}}',
  ))  # fmt: skip
  at = this.free_qpos('mug')
  for seed in range(5):
    world = this.initial(np.random.default_rng(seed))
    np.testing.assert_allclose(
      world.qpos[at : at + 2], world.mocap_pos[0][:2], atol=0.005
    )


@pytest.mark.parametrize(
  ('bodies', 'said'),
  [
    (MUG.format('<geom type="box" size=".02 .02 .02" mass="0"/>'), 'weigh'),
    ('<body name="a"><joint type="ball"/>' + BOX + '</body>', 'ball joint'),
    ('<body name="a"><joint/>' + BOX + '</body>', 'no range'),
    (
      f'<body name="a"><joint range="0 1"/><joint range="0 1" axis="1 0 0"/>'
      f'{BOX}</body>',
      '2 joints',
    ),
    (MUG.format(BOX).replace('mug', 'hand'), "'hand' is taken by the robot"),
    ('<body name="a">', 'MuJoCo does not take'),
    (MUG.format(BOX).replace('.4 0 .05', '.6 .3 .3'), 'falls'),
  ],
)
def test_what_cannot_be_used_is_refused_in_words(tmp_path, bodies, said):
  path = write(tmp_path, bodies)
  (problem, *_) = told(path, 'fatal')
  assert said in problem
  with pytest.raises(errors.SddError, match=said):
    loaded(path).initial(np.random.default_rng(0))


@pytest.mark.parametrize(
  ('bodies', 'said'),
  [
    (MUG.format(BOX).replace(' name="mug"', ''), 'has no name'),
    (f'<body name="shelf" pos=".5 0 .1">{BOX}</body>', 'be picked up'),
    (MUG.format('<geom type="box" size=".06 .06 .06"/>'), 'wider than'),
    (MUG.format('<geom type="box" size=".04 .1 .1" pos="0 0 .1"/>'), 'weighs'),
    (
      MUG.format(BOX) + MUG.format(BOX).replace('mug', 'cup'),
      'in each other',
    ),
    (MUG.format(BOX).replace('.4 0', '.4 3'), 'reaches'),
    (
      MUG.format(BOX) + f'<body name="shelf" pos="3 0 0">{BOX}</body>',
      "'shelf' is out of the reach",
    ),
    (
      MUG.format(BOX)
      + f'<body name="a" pos=".6 0 0"><joint range="0 90"/>{BOX}</body>',
      'Nothing slows the joint',
    ),
    (
      MUG.format(BOX) + f'<body name="m u g" pos=".6 0 .05">{BOX}</body>',
      '',
    ),
    (
      MUG.format(BOX) + f'<body name="Mug" pos=".6 0 .05">{BOX}</body>',
      'Two bodies are called',
    ),
  ],
)
def test_what_will_not_work_is_told(tmp_path, bodies, said):
  warnings = told(write(tmp_path, bodies), 'warning')
  if said:
    assert any(said in text for text in warnings), warnings
  else:
    assert not warnings


def test_what_is_left_out_is_told(tmp_path):
  bodies = MUG.format('<geom type="cylinder" size=".02 .05"/>') + (
    '<geom type="plane" size="1 1 .1"/><light pos="0 0 1"/>'
  )
  noted = ' '.join(told(write(tmp_path, bodies), 'note'))
  assert 'lights of the file are left out' in noted
  assert 'plane' in noted
  assert 'prism of eight sides' in noted


@pytest.mark.parametrize(
  ('text', 'said'),
  [
    ('- a', 'must map keys'),
    ('nmaes: {mug: cup}', "did you mean 'names'"),
    ('names: {mgu: cup}', "did you mean 'mug'"),
    ('containers: [mugg]', "did you mean 'mug'"),
    ('closed: {mug: upper}', 'articulated'),
    ('closed: {mug: sideways}', 'lower or upper'),
    ('handles: {mug: [ear]}', 'ear'),
    ('randomise: {mug: {shift: 3}}', '2 numbers'),
    ('randomise: {mug: {trun: 3}}', "did you mean 'turn'"),
    ('randomise: {mug: {joint: [0, 1]}}', 'articulated'),
    ('origin: [1, 2]', '3 numbers'),
    ('table: 7', 'true or false'),
    ('time_limit: -1', 'positive'),
    ('tasks: put the mug down', 'list of texts'),
    ('names: {mug: [', 'cannot be read'),
    ('yaw: .nan', 'moderate'),
  ],
)
def test_wrong_notes_name_the_key_and_what_was_expected(tmp_path, text, said):
  path = write(tmp_path, MUG.format(BOX), text)
  with pytest.raises(notes.NotesError) as raised:
    loaded(path)
  assert said.lower() in str(raised.value).lower()
  assert 'mine.yaml' in str(raised.value)


def test_a_changed_file_is_read_again(tmp_path):
  path = write(tmp_path, MUG.format(BOX))
  assert 'mug' in loaded(path).vocabulary.names
  path.write_text(path.read_text().replace('mug', 'vase'))
  assert 'vase' in loaded(path).vocabulary.names


@pytest.mark.parametrize(
  'text',
  [
    'drawer', 'drawer@panda', 'a/b.xml', 'a@b/c.xml', 'a,b.xml@panda+wide',
    'a.xml,table=no', 'a.xml@panda,table=yes,cameras=front+wrist',
    'a.xml,cameras=none',
  ],
)  # fmt: skip
def test_addresses_round_trip(text):
  found = address.parse(text)
  assert str(found) == text
  assert address.parse(str(found)) == found


@pytest.mark.parametrize(
  'text', ['', '@panda', 'drawer@', 'a.xml,tabel=no', 'a.xml,table=maybe',
           'a.xml,cameras=fornt'],
)  # fmt: skip
def test_bad_addresses_are_refused(text):
  with pytest.raises(errors.SddError):
    address.parse(text)


def test_only_scenes_of_users_have_their_surroundings_chosen():
  with pytest.raises(errors.SddError, match='MJCF file of your own'):
    address.join('drawer', None, table=False)


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(errors.SddError, match='no file'):
    loaded(tmp_path / 'none.xml')


def test_shared_fields_of_scenes_are_those_of_the_package(tmp_path):
  """Whatever reads a scene finds in a user's what it finds in ours."""
  this = loaded(write(tmp_path, MUG.format(BOX)))
  assert dataclasses.fields(this) == dataclasses.fields(scene.Scene)
  assert this.model.opt.timestep == registry.load('drawer').model.opt.timestep
  assert loading.load(address.parse(this.name)) is this
