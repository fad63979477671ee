"""The canonical text of an expression, which compiles to an equal one."""

from sdd.predicates import atoms
from sdd.predicates import expression as expression_lib

WIDTH = 80

# How tightly each kind of expression binds, as in Python.
_CONDITIONAL, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _MINUS, _ATOM = range(
  9
)


def function(expression: expression_lib.Expression) -> str:
  """The expression as a function of the two states."""
  head = 'def success(init_state, final_state):\n'
  line = f'  return {text(expression)}'
  if len(line) <= WIDTH or not isinstance(expression, expression_lib.Junction):
    return head + line
  parts = _operands(expression)
  joined = f'\n    {expression.operator} '.join(parts)
  return f'{head}  return (\n    {joined}\n  )'


def text(expression: expression_lib.Expression) -> str:
  """The expression on one line, brackets only where Python needs them."""
  match expression:
    case expression_lib.Truth(value):
      return repr(value)
    case expression_lib.Number(value):
      return _number(value)
    case expression_lib.Measurement():
      return _measurement(expression)
    case expression_lib.Coordinate(state, link, axis):
      return f'get_pose({state}, {link!r}).position[{axis}]'
    case expression_lib.Not(operand):
      return f'not {_bracketed(operand, _NOT)}'
    case expression_lib.Junction(operator):
      return f' {operator} '.join(_operands(expression))
    case expression_lib.Negation(operand):
      return f'-{_bracketed(operand, _MINUS)}'
    case expression_lib.Builtin(name, operands):
      return f'{name}({", ".join(text(operand) for operand in operands)})'
    case expression_lib.Conditional(test, then, otherwise):
      tested = _bracketed(test, _OR)
      return f'{_bracketed(then, _OR)} if {tested} else {text(otherwise)}'
    case _:
      return _binary(expression)


def _binary(
  expression: expression_lib.Comparison | expression_lib.Arithmetic,
) -> str:
  """Left-associative, except that comparisons would chain."""
  strength = _strength(expression)
  chains = isinstance(expression, expression_lib.Comparison)
  left = _bracketed(expression.left, strength + chains)
  right = _bracketed(expression.right, strength + 1)
  return f'{left} {expression.operator} {right}'


def _operands(expression: expression_lib.Junction) -> list[str]:
  strength = _strength(expression)
  return [_bracketed(each, strength + 1) for each in expression.operands]


def _bracketed(expression: expression_lib.Expression, least: int) -> str:
  shown = text(expression)
  return f'({shown})' if _strength(expression) < least else shown


def _strength(expression: expression_lib.Expression) -> int:
  match expression:
    case expression_lib.Conditional():
      return _CONDITIONAL
    case expression_lib.Junction(operator):
      return _OR if operator == 'or' else _AND
    case expression_lib.Not():
      return _NOT
    case expression_lib.Comparison():
      return _COMPARE
    case expression_lib.Arithmetic(operator):
      return _SUM if operator in '+-' else _PRODUCT
    case expression_lib.Negation():
      return _MINUS
    case _:
      return _ATOM


def _number(value: float) -> str:
  whole = value.is_integer() and abs(value) < 1e15
  return repr(int(value)) if whole else repr(value)


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
