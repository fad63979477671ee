"""From a call in success code to a measurement, arguments checked."""

import ast
from typing import cast

from sdd.predicates import atoms, rejection, values
from sdd.predicates import expression as expression_lib
from sdd.scenes import vocabulary as vocabulary_lib

BUILTINS = ('abs', 'min', 'max')
FUNCTIONS = (*atoms.BY_NAME, 'get_pose', *BUILTINS)

_POSE = (atoms.Parameter('name'),)


def call(
  node: ast.Call,
  positional: list[values.Value],
  keywords: dict[str, values.Value],
  vocabulary: vocabulary_lib.Vocabulary,
) -> values.Value:
  """The value of calling `node.func` with arguments already checked.

  Raises:
    rejection.PredicateError: no such function, or it does not fit.
    errors.UnknownNameError: an argument names no link of the vocabulary.
  """
  if not isinstance(node.func, ast.Name):
    raise rejection.at(
      node, 'this call is not allowed', f'Call one of {", ".join(FUNCTIONS)}.'
    )
  name = node.func.id
  if name in BUILTINS:
    return _builtin(node, name, positional, keywords)
  if name == 'get_pose':
    state, (link,) = _bind(node, _POSE, positional, keywords, vocabulary)
    return values.Pose(state, str(link))
  if name not in atoms.BY_NAME:
    raise rejection.at(
      node, f'no function `{name}`', values.suggestion(name, FUNCTIONS)
    )
  atom = atoms.BY_NAME[name]
  state, bound = _bind(node, atom.parameters, positional, keywords, vocabulary)
  return expression_lib.Measurement(atom.name, state, bound, atom.type)


def _builtin(
  node: ast.Call,
  name: str,
  positional: list[values.Value],
  keywords: dict[str, values.Value],
) -> expression_lib.Expression:
  fits = len(positional) == 1 if name == 'abs' else len(positional) > 1
  if keywords or not fits:
    wanted = 'one number' if name == 'abs' else 'two or more numbers'
    raise rejection.at(
      node, f'`{name}` with other arguments', f'Give it {wanted}.'
    )
  operands = tuple(values.number(value, node) for value in positional)
  return values.bounded(
    expression_lib.Builtin(cast('expression_lib.BuiltinName', name), operands),
    node,
  )


def _bind(
  node: ast.Call,
  parameters: tuple[atoms.Parameter, ...],
  positional: list[values.Value],
  keywords: dict[str, values.Value],
  vocabulary: vocabulary_lib.Vocabulary,
) -> tuple[expression_lib.StateName, tuple[str | float, ...]]:
  """The state and the arguments, in the order of `parameters`."""
  order = ('state', *(parameter.name for parameter in parameters))
  given = dict(zip(order, positional, strict=False))
  clash = [name for name in keywords if name in given or name not in order]
  given.update(keywords)
  missing = [
    name
    for name, parameter in zip(order, (None, *parameters), strict=True)
    if name not in given and (parameter is None or parameter.default is None)
  ]
  if clash or missing or len(positional) > len(order):
    function = ast.unparse(node.func)
    raise rejection.at(
      node,
      f'`{function}` with other arguments',
      f'It is called as {function}({", ".join(order)}).',
    )
  state = given['state']
  if not isinstance(state, values.State):
    raise rejection.at(
      node,
      f'{values.kind(state)} as the first argument',
      'Write init_state or final_state first.',
    )
  arguments = tuple(
    _argument(node, parameter, given.get(parameter.name), vocabulary)
    for parameter in parameters
  )
  return state.name, arguments


def _argument(
  node: ast.Call,
  parameter: atoms.Parameter,
  value: values.Value | None,
  vocabulary: vocabulary_lib.Vocabulary,
) -> str | float:
  if parameter.kind == 'fraction':
    return _fraction(node, parameter, value)
  if not isinstance(value, values.Text):
    shown = 'nothing' if value is None else values.kind(value)
    raise rejection.at(
      node,
      f'{shown} as `{parameter.name}`',
      'Write the name of a link as a string.',
    )
  if parameter.kind == 'joint':
    vocabulary.joint_index(value.value)
  return vocabulary.find(value.value).name


def _fraction(
  node: ast.Call, parameter: atoms.Parameter, value: values.Value | None
) -> float:
  if value is None and parameter.default is not None:
    return parameter.default
  if isinstance(value, expression_lib.Number) and 0 <= value.value <= 1:
    return value.value
  raise rejection.at(
    node, f'this `{parameter.name}`', 'Write a constant between 0 and 1.'
  )
