"""From a call in success code to what it means, arguments checked."""

import ast
import math

from sdd.predicates import (
  atoms,
  builtin,
  folding,
  mathematics,
  naming,
  numeric,
  rejection,
  scoping,
  unrolling,
  values,
)
from sdd.predicates import expression as expression_lib

FUNCTIONS = (*atoms.BY_NAME, 'get_pose', *builtin.FUNCTIONS)
MODULE_FUNCTIONS = (*numeric.FUNCTIONS, *numeric.MATHEMATICAL)

_POSE = (atoms.Parameter('name'),)

unrolling.RESERVED.update(FUNCTIONS)


def path(node: ast.Call, scope: scoping.Scope) -> str:
  """The dotted name of what is called, e.g. `np.linalg.norm`.

  Raises:
    rejection.PredicateError: it is none that success code may call.
  """
  names, function = [], node.func
  while isinstance(function, ast.Attribute):
    names.append(function.attr)
    function = function.value
  if not isinstance(function, ast.Name):
    raise rejection.at(
      node, 'this call is not allowed', f'Call one of {", ".join(FUNCTIONS)}.'
    )
  dotted = '.'.join((function.id, *reversed(names)))
  choices = FUNCTIONS
  if function.id in values.MODULES and function.id not in scope.variables:
    choices = MODULE_FUNCTIONS
  if dotted in choices and function.id not in scope.variables:
    return dotted
  raise rejection.at(
    node,
    f'no function `{dotted[:60]}`',
    rejection.suggestion(dotted, choices),
  )


def call(
  node: ast.Call,
  function: str,
  positional: list[values.Value],
  keywords: dict[str, values.Value],
  scope: scoping.Scope,
) -> values.Value:
  """The value of calling `function` with arguments already checked.

  Raises:
    rejection.PredicateError: they do not fit.
    rejection.LinkError: an argument names no link of the vocabulary.
  """
  try:
    return _call(node, function, positional, keywords, scope)
  except folding.FoldingError as error:
    values.folded_badly(node, error)


def _call(
  node: ast.Call,
  function: str,
  positional: list[values.Value],
  keywords: dict[str, values.Value],
  scope: scoping.Scope,
) -> values.Value:
  if function in atoms.BY_NAME:
    return _measure(node, atoms.BY_NAME[function], positional, keywords, scope)
  if function == 'get_pose':
    state, (link,) = _bind(node, _POSE, positional, keywords, scope)
    return values.Pose(state, str(link))
  if function in numeric.FUNCTIONS:
    parameters, numerical = numeric.FUNCTIONS[function]
    given = _named(node, parameters, positional, keywords)
    return numerical(node, given, scope)
  if keywords:
    raise rejection.at(
      node, f'`{function}` with named arguments', 'Leave the names out.'
    )
  if function not in builtin.FUNCTIONS:
    name = mathematics.ALIASES.get(function, function)
    return builtin.mathematical(name, node, positional, scope)
  least, most, python = builtin.FUNCTIONS[function]
  if not least <= len(positional) <= most:
    count = f'{least}' if least == most else f'{least} to {most}'
    raise rejection.at(
      node,
      f'`{function}` with {len(positional)} arguments',
      f'Give it {count}.',
    )
  return python(node, positional, scope)


def _measure(
  node: ast.Call,
  atom: atoms.Atom,
  positional: list[values.Value],
  keywords: dict[str, values.Value],
  scope: scoping.Scope,
) -> expression_lib.Expression:
  state, bound = _bind(node, atom.parameters, positional, keywords, scope)
  return expression_lib.Measurement(atom.name, state, bound, atom.type)


def _bind(
  node: ast.Call,
  parameters: tuple[atoms.Parameter, ...],
  positional: list[values.Value],
  keywords: dict[str, values.Value],
  scope: scoping.Scope,
) -> tuple[expression_lib.StateName, tuple[str | float, ...]]:
  """The state and the arguments, in the order of `parameters`."""
  defaults = {'state': None} | {each.name: each.default for each in parameters}
  given = _named(node, defaults, positional, keywords)
  state = given['state']
  if not isinstance(state, values.State):
    raise rejection.at(
      node,
      f'{values.kind(state)} as the first argument',
      'Write init_state or final_state first.',
    )
  arguments = tuple(
    _argument(node, each, given[each.name], scope) for each in parameters
  )
  return state.name, arguments


def _named(
  node: ast.Call,
  parameters: dict[str, float | None],
  positional: list[values.Value],
  keywords: dict[str, values.Value],
) -> dict[str, values.Value]:
  """Every parameter's argument; `parameters` holds their defaults."""
  given = dict(zip(parameters, positional, strict=False))
  clash = [name for name in keywords if name in given or name not in parameters]
  given.update(keywords)
  for name, default in parameters.items():
    if default is not None:
      given.setdefault(name, folding.literal(default))
  if clash or len(given) != len(parameters) or len(positional) > len(given):
    function = ast.unparse(node.func)
    raise rejection.at(
      node,
      f'`{function}` with other arguments',
      f'It is called as {function}({", ".join(parameters)}).',
    )
  return given


def _argument(
  node: ast.Call,
  parameter: atoms.Parameter,
  value: values.Value,
  scope: scoping.Scope,
) -> str | float:
  if parameter.kind in ('fraction', 'angle'):
    return _constant(node, parameter, value)
  if not isinstance(value, values.Text):
    raise rejection.at(
      node,
      f'{values.kind(value)} as `{parameter.name}`',
      'Write the name of a link as a string.',
    )
  if parameter.kind == 'joint':
    return naming.jointed(value.value, scope.vocabulary, node)
  return naming.link(value.value, scope.vocabulary, node)


def _constant(
  node: ast.Call, parameter: atoms.Parameter, value: values.Value
) -> float:
  limit = 1.0 if parameter.kind == 'fraction' else math.pi
  if isinstance(value, expression_lib.Node):
    found = folding.constant(value)
    if found is not None and 0 <= found <= limit:
      return float(found)
  raise rejection.at(
    node,
    f'this `{parameter.name}`',
    f'Write a constant between 0 and {limit:.4g}.',
  )
