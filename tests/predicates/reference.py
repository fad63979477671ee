"""A second opinion: success code walked over one state, in plain Python.

Shares nothing with `sdd.predicates`: it follows Python's syntax tree with
Python's own numbers, takes the branch that the state takes, and goes round
the loops. Whether a comparison is too close for single precision to tell is
noted, as there the two may differ.
"""

import ast
import math
import operator
import random
from typing import Any

import numpy as np

CLOSE = 1e-4
GRID = 2.0**16  # Multiples of its inverse are exact in single precision.


class TooCloseError(Exception):
  """Single precision may decide this otherwise."""


class ReturnedError(Exception):
  """Carries the value of `return` out of its blocks."""


class BrokenError(Exception):
  """`break`."""


class ContinuedError(Exception):
  """`continue`."""


BINARY = {
  ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
  ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv,
  ast.Mod: operator.mod, ast.Pow: operator.pow,
}  # fmt: skip
COMPARE = {
  ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
  ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def _settled(left, right):
  """The two differ by more than rounding, or are both exact."""
  gap = np.abs(np.subtract(left, right, dtype=float))
  scale = np.maximum(1.0, np.maximum(np.abs(left), np.abs(right)))
  exact = (gap == 0) & (np.multiply(left, GRID) % 1 == 0)
  if np.any((gap < CLOSE * scale) & ~exact):
    raise TooCloseError


def _stepped(function):
  """`function` jumps where its argument is whole, or half."""

  def call(number, *more):
    doubled = 2 * number * 10 ** (more[0] if more else 0)
    _settled(doubled, round(doubled))
    return function(number, *more)

  return call


def _over(function):
  return lambda array: np.array([function(x) for x in array])


FUNCTIONS = {
  'abs': abs, 'min': min, 'max': max, 'sum': sum, 'len': len, 'any': any,
  'all': all, 'round': _stepped(round), 'float': float, 'bool': bool,
  'int': lambda x: x if isinstance(x, bool) else _stepped(int)(x),
  'range': range, 'enumerate': enumerate, 'zip': zip, 'list': list,
  'tuple': tuple, 'str': str, 'math.floor': _stepped(math.floor),
  'math.ceil': _stepped(math.ceil), 'math.sqrt': math.sqrt,
  'math.hypot': math.hypot, 'math.sin': math.sin, 'math.cos': math.cos,
  'math.atan2': math.atan2, 'math.exp': math.exp, 'math.dist': math.dist,
  'math.degrees': math.degrees, 'np.array': np.array, 'np.abs': np.abs,
  'np.linalg.norm': lambda v: float(np.linalg.norm(v)),
  'np.dot': lambda a, b: float(np.dot(a, b)),
  'np.sum': lambda v: float(np.sum(v)), 'np.mean': lambda v: float(np.mean(v)),
  'np.min': lambda v: float(np.min(v)), 'np.max': lambda v: float(np.max(v)),
  'np.all': lambda v: bool(np.all(v)), 'np.any': lambda v: bool(np.any(v)),
  'np.sqrt': np.sqrt, 'np.round': _over(_stepped(round)),
  'np.clip': lambda x, low, high: float(np.clip(x, low, high)),
}  # fmt: skip


def _close(a, b, rtol=1e-5, atol=1e-8):
  allowed = atol + rtol * np.abs(b)
  gap = np.abs(np.subtract(a, b))
  _settled(gap, allowed)
  return gap <= allowed


class World:
  """The atoms, over one pair of states without batch axes."""

  def __init__(self, vocabulary, initial, final):
    self.links = vocabulary.links
    self.vocabulary = vocabulary
    self.states = initial, final

  def find(self, name):
    plain = ' '.join(name.replace('_', ' ').lower().split())
    return [link.name for link in self.links].index(plain)

  def family(self, name):
    names = {self.links[self.find(name)].name}
    while True:
      more = {link.name for link in self.links if link.parent in names}
      if more <= names:
        return [i for i, link in enumerate(self.links) if link.name in names]
      names |= more

  def check_contact(self, state, a, b):
    return any(
      bool(state.contact[i, j]) for i in self.family(a) for j in self.family(b)
    )

  def check_inside(self, state, a, b, containment_threshold=0.75):
    share = 1.0
    inner, outer = (
      np.asarray(state.link_bounds[self.find(name)], float) for name in (a, b)
    )
    for axis in range(3):
      low = max(inner[0, axis], outer[0, axis])
      high = min(inner[1, axis], outer[1, axis])
      share *= max(0.0, high - low) / (inner[1, axis] - inner[0, axis])
    _settled(share, containment_threshold)
    return share > containment_threshold

  def check_on_top_of(self, state, a, b):
    i, j = self.find(b), self.find(a)
    up = float(state.contact_normal[i, j, 2])
    _settled(up, 0.9)
    return bool(state.contact[i, j]) and up > 0.9

  def get_joint_position(self, state, name):
    joint = self.links[self.find(name)].joint
    return float(state.joint_position[self.vocabulary.joints.index(joint)])

  def _fraction(self, state, name):
    joint = self.links[self.find(name)].joint
    low, high = self.vocabulary.joint_range[self.vocabulary.joints.index(joint)]
    return (self.get_joint_position(state, name) - low) / (high - low)

  def check_opened(self, state, name):
    fraction = self._fraction(state, name)
    _settled(fraction, 0.8)
    return fraction >= 0.8

  def check_closed(self, state, name):
    fraction = self._fraction(state, name)
    _settled(fraction, 0.2)
    return fraction <= 0.2

  def check_grasped(self, state, name):
    fingers = [i for i, link in enumerate(self.links) if link.kind == 'robot']
    return all(
      any(bool(state.contact[finger, i]) for i in self.family(name))
      for finger in fingers
    )

  def is_upright(self, state, name, max_angle=0.35):
    w, x, y, z = map(float, state.link_quaternion[self.find(name)])
    cosine = (w * w - x * x - y * y + z * z) / (w * w + x * x + y * y + z * z)
    _settled(cosine, math.cos(max_angle))
    return cosine >= math.cos(max_angle)

  def get_distance(self, state, a, b):
    first, second = (
      np.asarray(state.link_position[self.find(name)], float) for name in (a, b)
    )
    return float(np.linalg.norm(first - second))

  def gripper_command(self, state):
    return float(state.gripper_command)

  def get_pose(self, state, name):
    index = self.find(name)
    return {
      'position': np.asarray(state.link_position[index], float),
      'orientation': np.asarray(state.link_quaternion[index], float),
    }


class Interpreter:
  """Walks one function; `jitter` moves what single precision rounds."""

  def __init__(self, world, jitter=None):
    self.world = world
    self.jitter = jitter
    self.locals = {}

  def run(self, source):
    """True or False; None where Python would raise."""
    (function,) = [
      node
      for node in ast.parse(source).body
      if isinstance(node, ast.FunctionDef)
    ]
    names = [argument.arg for argument in function.args.args]
    self.locals = dict(zip(names, self.world.states, strict=True))
    try:
      self.block(function.body)
    except ReturnedError as returned:
      return bool(returned.args[0])
    except (ZeroDivisionError, ValueError, OverflowError):
      return None
    raise AssertionError('no return')

  def block(self, statements):
    for statement in statements:
      getattr(self, type(statement).__name__)(statement)

  def Return(self, node):
    raise ReturnedError(self.value(node.value))

  def Break(self, node):
    raise BrokenError

  def Continue(self, node):
    raise ContinuedError

  def Pass(self, node):
    pass

  def Expr(self, node):
    if isinstance(node.value, ast.Call):
      called = node.value.func
      assert isinstance(called, ast.Attribute)
      assert isinstance(called.value, ast.Name)
      assert called.attr == 'append'
      self.locals[called.value.id].append(self.value(node.value.args[0]))

  def Assign(self, node):
    self.store(node.targets[0], self.value(node.value))

  def AugAssign(self, node):
    before = self.locals[node.target.id]
    after = BINARY[type(node.op)](before, self.value(node.value))
    self.locals[node.target.id] = after

  def If(self, node):
    self.block(node.body if self.value(node.test) else node.orelse)

  def For(self, node):
    for item in self.value(node.iter):
      self.store(node.target, item)
      try:
        self.block(node.body)
      except ContinuedError:
        continue
      except BrokenError:
        break

  def store(self, target, value):
    if isinstance(target, ast.Name):
      self.locals[target.id] = value
    else:
      for each, item in zip(target.elts, value, strict=True):
        self.store(each, item)

  def value(self, node: ast.AST) -> Any:
    found = getattr(self, type(node).__name__)(node)
    found = found.item() if isinstance(found, np.generic) else found
    inexact = isinstance(found, float) and found * GRID % 1
    if self.jitter and inexact:
      return found * (1 + 1e-6 * self.jitter.uniform(-1, 1))
    return found

  def Constant(self, node):
    return node.value

  def Name(self, node):
    return self.locals[node.id]

  def List(self, node):
    return [self.value(item) for item in node.elts]

  def Tuple(self, node):
    return tuple(self.value(item) for item in node.elts)

  def JoinedStr(self, node):
    return ''.join(
      str(part.value)
      if isinstance(part, ast.Constant)
      else format(self.value(part.value))
      for part in node.values
    )

  def BoolOp(self, node):
    stop = isinstance(node.op, ast.Or)
    return stop if any(
      bool(self.value(each)) == stop for each in node.values
    ) else not stop  # fmt: skip

  def UnaryOp(self, node):
    operand = self.value(node.operand)
    return not operand if isinstance(node.op, ast.Not) else -operand

  def BinOp(self, node):
    left, right = self.value(node.left), self.value(node.right)
    if isinstance(node.op, ast.FloorDiv | ast.Mod):
      _settled(left / right, round(left / right))
    return BINARY[type(node.op)](left, right)

  def Compare(self, node):
    left = self.value(node.left)
    result = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
      right = self.value(comparator)
      if isinstance(op, ast.In | ast.NotIn):
        return (left in right) == isinstance(op, ast.In)
      if not isinstance(left, str):
        _settled(left, right)
      compared = COMPARE[type(op)](left, right)
      if isinstance(compared, np.ndarray):
        return compared
      result = result and bool(compared)
      left = right
    return result

  def IfExp(self, node):
    return self.value(node.body if self.value(node.test) else node.orelse)

  def Attribute(self, node):
    if ast.unparse(node) == 'math.pi':
      return math.pi
    return self.value(node.value)[node.attr]

  def Slice(self, node):
    bounds = (node.lower, node.upper, node.step)
    return slice(*(each and self.value(each) for each in bounds))

  def Subscript(self, node):
    return self.value(node.value)[self.value(node.slice)]

  def ListComp(self, node):
    kept, items = dict(self.locals), []

    def fill(clause):
      if clause == len(node.generators):
        items.append(self.value(node.elt))
        return
      generator = node.generators[clause]
      for item in self.value(generator.iter):
        self.store(generator.target, item)
        if all(self.value(test) for test in generator.ifs):
          fill(clause + 1)

    fill(0)
    self.locals = kept
    return items

  GeneratorExp = ListComp

  def Call(self, node):
    name = ast.unparse(node.func)
    arguments = [self.value(argument) for argument in node.args]
    keywords = {each.arg: self.value(each.value) for each in node.keywords}
    if name in ('np.allclose', 'np.isclose', 'math.isclose'):
      if name == 'math.isclose':
        keywords = {'rtol': 0.0, 'atol': keywords['abs_tol']}
      return bool(np.all(_close(*arguments, **keywords)))
    function = FUNCTIONS.get(name) or getattr(self.world, name)
    return function(*arguments, **keywords)


def run(source, vocabulary, initial, final):
  """1, 0 or -1 as a verdict; None where that is too close to call."""
  world = World(vocabulary, initial, final)
  found = set()
  for jitter in (None, random.Random(0), random.Random(1)):
    try:
      found.add(Interpreter(world, jitter).run(source))
    except TooCloseError:
      return None
  if len(found) > 1:
    return None
  (only,) = found
  return -1 if only is None else int(only)
