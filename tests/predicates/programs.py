"""Programs of the predicate language, written at random."""

import random

OBJECTS = ('vitamin bottle', 'purple pencilcase', 'crayon box', 'horse toy')
LEVELS = ('top', 'middle', 'bottom')
ANY = (*OBJECTS, 'table', 'cabinet', *(f'{level} drawer' for level in LEVELS))
HEAD = 'def success(init_state, final_state):'


class Writer:
  """Writes one program; `scope` is what its variables are."""

  def __init__(self, seed):
    self.dice = random.Random(seed)
    self.scope = {}
    self.count = 0

  def pick(self, *choices):
    return self.dice.choice(choices)

  def of(self, kind):
    return [name for name, its in self.scope.items() if its == kind]

  def fresh(self, kind):
    self.count += 1
    self.scope[f'x{self.count}'] = kind
    return f'x{self.count}'

  def state(self):
    return self.pick('final_state', 'final_state', 'init_state')

  def link(self):
    known = self.of('link')
    if known and self.dice.random() < 0.6:
      return self.pick(*known)
    return self.pick(
      *map(repr, ANY),
      "'horse' + ' toy'",
      'f\'{"crayon"} box\'',
      "'horse_toy'",
      "['crayon box', 'table'][-1]",
    )

  def drawer(self):
    known = self.of('drawer')
    if known and self.dice.random() < 0.6:
      return self.pick(*known)
    level = self.pick(*LEVELS)
    return self.pick(
      f"'{level} drawer'", f"'{level} drawer handle'", f"'{level}' + ' drawer'"
    )

  def constant(self):
    return self.pick(
      '0', '1', '2', '3', '0.25', '0.5', '0.125', '0.1', '0.07', '1.5', '-0.5'
    )

  def number(self, depth=2):
    known = self.of('number')
    if known and self.dice.random() < 0.25:
      return self.pick(*known)
    if depth == 0:
      state = self.state()
      return self.pick(
        self.constant(),
        f'get_pose({state}, {self.link()}).position[{self.dice.randrange(3)}]',
        f'get_joint_position({state}, {self.drawer()})',
        f'get_distance({state}, {self.link()}, {self.link()})',
        f'gripper_command({state})',
        f'get_pose({state}, {self.link()}).orientation[2]',
      )
    a, b = self.number(depth - 1), self.number(depth - 1)
    v, t = self.vector(depth - 1), self.truth(depth - 1)
    return self.pick(
      f'({a} + {b})', f'({a} - {b})', f'{a} * {b}', f'({a}) / 3',
      f'({a}) / (abs({b}) + 0.5)', f'({a}) // 0.25', f'({a}) % 0.5',
      f'-({a})', f'abs({a})', f'min({a}, {b})', f'max({a}, {b}, 0)',
      f'sum([{a}, {b}, {self.constant()}])', f'round({a}, 2)',
      f'int(({a}) * 8)', f'math.sqrt(abs({a}))', f'math.hypot({a}, {b})',
      f'np.linalg.norm({v})', f'np.sum({v})', f'max({v})', f'np.min({v})',
      f'float({t})', f'int({t})', f'sum([{t}, {t}])',
      f'({a} if {t} else {b})', f'({a}) ** 2', f'np.dot({v}, {v})',
      f'({v})[{self.dice.randrange(-3, 3)}]', f'math.floor({a} * 4)',
      f'np.clip({a}, -0.25, 0.25)', f'np.mean({v})', f'len([{a}, {b}])',
      f'round({a} * 4)', f'math.sin({a})', f'math.atan2({a}, 1 + abs({b}))',
      f'math.dist({v}, {v})', f'math.degrees({a})', f'math.ceil({a} * 4)',
      self.counted(depth - 1),
    )  # fmt: skip

  def vector(self, depth=1):
    known = self.of('vector')
    if known and self.dice.random() < 0.3:
      return self.pick(*known)
    state = self.state()
    pose = f'get_pose({state}, {self.link()})'
    if depth == 0:
      return self.pick(f'{pose}.position', f'{pose}.orientation[1:]')
    v, w = self.vector(depth - 1), self.vector(depth - 1)
    a = self.number(depth - 1)
    return self.pick(
      f'({v} - {w})', f'({v} + {w})', f'({v}) * ({a})', f'np.abs({v})',
      f'np.array([{a}, 0.5, {a}])', f'(-({v}))', f'({v} + [0.25, 0, 0])',
      f'({v} / 2)', f'({v})[::-1]', f'{v}',
    )  # fmt: skip

  def truth(self, depth=2):
    known = self.of('truth')
    if known and self.dice.random() < 0.2:
      return self.pick(*known)
    state = self.state()
    if depth == 0:
      return self.pick(
        f'check_contact({state}, {self.link()}, {self.link()})',
        f"check_inside({state}, {self.link()}, 'cabinet', 0.1)",
        f"check_on_top_of({state}, {self.link()}, 'table')",
        f'check_opened({state}, {self.drawer()})',
        f'check_closed({state}, {self.drawer()})',
        f'check_grasped({state}, {self.link()})',
        f'is_upright({state}, {self.link()}, max_angle=1.2)',
        'True',
        'False',
      )
    a, b = self.number(depth - 1), self.number(depth - 1)
    p, q = self.truth(depth - 1), self.truth(depth - 1)
    v, w = self.vector(depth - 1), self.vector(depth - 1)
    compare = self.pick('<', '<=', '>', '>=', '==', '!=')
    return self.pick(
      f'({p} and {q})', f'({p} or {q})', f'(not {p})',
      f'({a} {compare} {b})', f'({a} {compare} {self.constant()})',
      f'(-0.25 < {a} <= {b})', f'({p} if {q} else {self.truth(0)})',
      f'np.all(np.abs({v}) < 0.3)', f'np.any({v} > {w})',
      f'np.allclose({v}, {w}, atol=0.3)', f'all([{p}, {q}])',
      f'any([{p}, {q}])', f'(({p}) == ({q}))', f'(({p}) != ({q}))',
      f'bool({a})', f'math.isclose({a}, {b}, abs_tol=0.2)',
      self.quantified(depth - 1), self.quantified(depth - 1),
    )  # fmt: skip

  def quantified(self, depth):
    kind, listed = self.listed()
    name = self.fresh(kind)
    inner = self.truth(depth)
    del self.scope[name]
    test = f" if {name} != 'crayon box'" if kind == 'link' else ''
    return f'{self.pick("any", "all")}({inner} for {name} in {listed}{test})'

  def counted(self, depth):
    kind, listed = self.listed()
    name = self.fresh(kind)
    inner = self.pick(self.truth(depth), self.number(depth))
    del self.scope[name]
    return f'sum([{inner} for {name} in {listed}])'

  def listed(self):
    return self.pick(
      ('link', f'{list(self.dice.sample(OBJECTS, 3))}'),
      ('drawer', "[f'{level} drawer' for level in ['top', 'middle']]"),
      ('number', 'range(3)'),
      ('number', '(1, 0.5)'),
    )

  def value(self, kind):
    if kind in ('link', 'drawer'):
      return getattr(self, kind)()
    return getattr(self, kind)(self.dice.randrange(1, 3))

  def block(self, indent, *, depth, loop=False):
    lines = []
    for _ in range(self.dice.randrange(1, 3)):
      lines += self.statement(indent, depth, loop)
    return lines

  def branch(self, indent, depth, loop):
    """What a branch first assigns is not known outside of it."""
    before = dict(self.scope)
    lines = self.block(indent, depth=depth, loop=loop)
    self.scope = before
    return lines

  def statement(self, indent, depth, loop):
    pad = '  ' * indent
    roll = self.dice.randrange(10 if depth else 5)
    changing = [n for n in self.scope if self.scope[n] in ('number', 'truth')]
    if roll < 2 or (roll < 4 and not changing):
      kind = self.pick('number', 'truth', 'vector', 'link', 'drawer')
      value = self.value(kind)
      return [f'{pad}{self.fresh(kind)} = {value}']
    if roll < 4:
      name = self.pick(*changing)
      if self.scope[name] == 'number' and self.dice.random() < 0.7:
        return [f'{pad}{name} {self.pick("+=", "-=", "*=")} {self.number(1)}']
      return [f'{pad}{name} = {self.value(self.scope[name])}']
    if roll == 4:
      state, link = self.state(), self.link()
      names = ', '.join(self.fresh('number') for _ in range(3))
      return [f'{pad}{names} = get_pose({state}, {link}).position']
    if roll < 8:
      return self.conditional(pad, indent, depth, loop)
    return self.loop(pad, indent, depth)

  def conditional(self, pad, indent, depth, loop):
    lines = [f'{pad}if {self.truth()}:']
    lines += self.branch(indent + 1, depth - 1, loop)
    leave = self.pick(
      *(['break', 'continue'] if loop else []), f'return {self.truth(1)}', ''
    )
    lines += [f'{pad}  {leave}'] * bool(leave)
    if self.dice.random() < 0.3:
      lines.append(f'{pad}elif {self.truth(1)}:')
      lines += self.branch(indent + 1, depth - 1, loop)
    if self.dice.random() < 0.4:
      lines.append(f'{pad}else:')
      lines += self.branch(indent + 1, depth - 1, loop)
    return lines

  def loop(self, pad, indent, depth):
    kind, listed = self.listed()
    before = dict(self.scope)
    name = self.fresh(kind)
    target = name
    if self.dice.random() < 0.2:
      target = f'{self.fresh("number")}, {name}'
      listed = f'enumerate({listed})'
    lines = [f'{pad}for {target} in {listed}:']
    lines += self.block(indent + 1, depth=depth - 1, loop=True)
    self.scope = before
    return lines


def write(seed):
  """One program."""
  writer = Writer(seed)
  lines = []
  for _ in range(writer.dice.randrange(1, 4)):
    lines += writer.statement(1, 2, False)
  return '\n'.join((HEAD, *lines, f'  return {writer.truth()}'))
