"""The canonical text of an expression, which compiles to an equal one."""

from collections import Counter

from sdd.predicates import atoms
from sdd.predicates import expression as expression_lib

WIDTH = 80
SHORT = 40  # characters that are repeated rather than given a variable
DEEP = 10  # levels of an expression on one line

# How tightly each kind of expression binds, as in Python.
(
  _CONDITIONAL, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _MINUS, _POWER,
  _ATOM,
) = range(10)  # fmt: skip
_SYMBOLS = {'+': _SUM, '-': _SUM, '**': _POWER}


def function(expression: expression_lib.Expression) -> str:
  """The expression as a function of the two states.

  What it needs more than once, and what is too deep for one line, has a
  local variable.
  """
  shared = Counter(
    child
    for node in expression_lib.ordered(expression)
    for child in node.children
  )
  printer = _Printer()
  lines = ['def success(init_state, final_state):']
  for node in expression_lib.ordered(expression):
    shown = printer.add(node)
    if node == expression or not node.children:
      continue
    again = shared[node] > 1 and len(shown) > SHORT
    if again or printer.depth[node] >= DEEP:
      lines.append(f'  {printer.name(node)} = {shown}')
  result = f'  return {printer.texts[expression]}'
  if len(result) > WIDTH and isinstance(expression, expression_lib.Junction):
    parts = printer.operands(expression)
    joined = f'\n    {expression.operator} '.join(parts)
    result = f'  return (\n    {joined}\n  )'
  return '\n'.join((*lines, result))


class _Printer:
  """Texts of expressions, from children to parents.

  Attributes:
    texts: what stands for each expression.
    depth: levels of each text.
  """

  def __init__(self):
    self.texts: dict[expression_lib.Expression, str] = {}
    self.depth: dict[expression_lib.Expression, int] = {}
    self._named: set[expression_lib.Expression] = set()

  def add(self, node: expression_lib.Expression) -> str:
    """The text of `node`, all of whose children have been added."""
    self.texts[node] = self._text(node)
    below = (self.depth[child] for child in node.children)
    self.depth[node] = 1 + max(below, default=0)
    return self.texts[node]

  def name(self, node: expression_lib.Expression) -> str:
    """From now on a variable, whose name this is, stands for `node`."""
    self._named.add(node)
    self.texts[node], self.depth[node] = f'v{len(self._named)}', 1
    return self.texts[node]

  def operands(self, junction: expression_lib.Junction) -> list[str]:
    """The texts of what is joined, in brackets where needed."""
    least = _OR + 1 if junction.operator == 'or' else _AND + 1
    return [self._bracketed(each, least) for each in junction.operands]

  def _text(self, node: expression_lib.Expression) -> str:
    match node:
      case expression_lib.Truth(value):
        return repr(value)
      case expression_lib.Number(value):
        return _number(value)
      case expression_lib.Measurement():
        return _measurement(node)
      case expression_lib.Coordinate(state, link, axis, part):
        return f'get_pose({state}, {link!r}).{part}[{axis}]'
      case expression_lib.Not(operand):
        return f'not {self._bracketed(operand, _NOT)}'
      case expression_lib.Junction(operator):
        return f' {operator} '.join(self.operands(node))
      case expression_lib.Negation(operand):
        return f'-{self._bracketed(operand, _MINUS)}'
      case expression_lib.Function(name, operands):
        shown = ', '.join(self.texts[each] for each in operands)
        return f'sum([{shown}])' if name == 'sum' else f'{name}({shown})'
      case expression_lib.Conditional(test, then, otherwise):
        tested = self._bracketed(test, _OR)
        first = self._bracketed(then, _OR)
        return f'{first} if {tested} else {self.texts[otherwise]}'
      case _:
        return self._binary(node)

  def _binary(
    self, node: expression_lib.Comparison | expression_lib.Arithmetic
  ) -> str:
    """Left-associative, except that comparisons would chain."""
    strength = self._strength(node)
    alone = isinstance(node, expression_lib.Comparison) or strength == _POWER
    left = self._bracketed(node.left, strength + alone)
    right = self._bracketed(node.right, strength + (strength != _POWER))
    return f'{left} {node.operator} {right}'

  def _bracketed(self, node: expression_lib.Expression, least: int) -> str:
    shown = self.texts[node]
    return f'({shown})' if self._strength(node) < least else shown

  def _strength(self, node: expression_lib.Expression) -> int:
    if node in self._named:
      return _ATOM
    match node:
      case expression_lib.Conditional():
        return _CONDITIONAL
      case expression_lib.Junction(operator):
        return _OR if operator == 'or' else _AND
      case expression_lib.Not():
        return _NOT
      case expression_lib.Comparison():
        return _COMPARE
      case expression_lib.Arithmetic(operator):
        return _SYMBOLS.get(operator, _PRODUCT)
      case expression_lib.Negation():
        return _MINUS
      case _:
        return _ATOM


def _number(value: float) -> str:
  whole = float(value).is_integer() and abs(value) < 1e15
  return repr(int(value)) if whole else repr(float(value))


def _measurement(measurement: expression_lib.Measurement) -> str:
  atom = atoms.BY_NAME[measurement.atom]
  shown: list[str] = [measurement.state]
  for parameter, value in zip(
    atom.parameters, measurement.arguments, strict=True
  ):
    if parameter.default is None:
      shown.append(repr(value))
    elif isinstance(value, float) and value != parameter.default:
      shown.append(f'{parameter.name}={_number(value)}')
  return f'{atom.name}({", ".join(shown)})'
