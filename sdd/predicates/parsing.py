"""From a model's answer to a checked Python syntax tree, running none of it.

The text is only ever handed to `ast.parse`. Whatever the tree then holds
must be on the allow-list below; everything else is a `PredicateError`.
"""

import ast
import re
import textwrap
import warnings

from sdd.predicates import rejection

MAX_SOURCE = 8000  # characters
MAX_NODES = 4000  # of the Python syntax tree
MAX_DEPTH = 50  # of the Python syntax tree

ALLOWED: tuple[type[ast.AST], ...] = (
  ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return,
  ast.Assign, ast.AnnAssign, ast.If, ast.Expr, ast.Pass, ast.BoolOp,
  ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp,
  ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare, ast.Lt, ast.LtE, ast.Gt,
  ast.GtE, ast.Eq, ast.NotEq, ast.Call, ast.keyword, ast.IfExp,
  ast.Attribute, ast.Subscript, ast.Constant, ast.Name, ast.Load, ast.Store,
  ast.Tuple,
)  # fmt: skip

# Construct and advice for what models write most often out of bounds.
ADVICE: dict[type[ast.AST], tuple[str, str]] = {
  ast.Import: ('import', 'Leave it out; every check is already available.'),
  ast.ImportFrom: ('import', 'Leave it out; every check is available.'),
  ast.While: ('while loop', 'Write each condition out and join with `and`.'),
  ast.For: ('for loop', 'Write each condition out and join with `and`.'),
  ast.ListComp: ('list comprehension', 'Write each condition out.'),
  ast.SetComp: ('set comprehension', 'Write each condition out.'),
  ast.DictComp: ('dict comprehension', 'Write each condition out.'),
  ast.GeneratorExp: ('generator', 'Write each condition out.'),
  ast.Lambda: ('lambda', 'Assign the value to a local variable.'),
  ast.Pow: ('power operator `**`', 'Multiply, e.g. `x * x`.'),
  ast.AugAssign: ('augmented assignment', 'Write `x = x + 1`.'),
  ast.JoinedStr: ('f-string', 'Write the name as a plain string.'),
  ast.NamedExpr: ('assignment expression', 'Assign on a line of its own.'),
  ast.Is: ('`is`', 'Compare with `==`, or use the truth directly.'),
  ast.IsNot: ('`is not`', 'Compare with `!=`, or use `not`.'),
  ast.In: ('`in`', 'Use check_inside for containment.'),
  ast.NotIn: ('`not in`', 'Use `not check_inside(...)`.'),
  ast.BitAnd: ('operator `&`', 'Use `and`.'),
  ast.BitOr: ('operator `|`', 'Use `or`.'),
  ast.Invert: ('operator `~`', 'Use `not`.'),
  ast.Try: ('try statement', 'Leave it out; an error counts as unknown.'),
  ast.ClassDef: ('class', 'Write one function that returns a truth.'),
  ast.AsyncFunctionDef: ('async function', 'Write a plain function.'),
  ast.Slice: ('slice', 'Index with 0, 1 or 2.'),
}

_FENCE = re.compile(
  r'^[ \t]*```[ \t]*(?P<tag>\w*)[^\n]*\n(?P<code>.*?)(?:^[ \t]*```|\Z)',
  re.MULTILINE | re.DOTALL,
)


def extract(text: str) -> tuple[str, int]:
  """The code of a model's answer, and the lines of the text before it.

  Of several Markdown fences the first that defines a function is taken,
  else the first. Text without a fence is code.
  """
  fences = list(_FENCE.finditer(text))
  if not fences:
    return textwrap.dedent(text).strip('\n'), _blank_lines(text)
  defining = [fence for fence in fences if 'def ' in fence['code']]
  chosen = (defining or fences)[0]
  code, start = chosen['code'], chosen.start('code')
  before = text.count('\n', 0, start) + _blank_lines(code)
  return textwrap.dedent(code).strip('\n'), before


def parse(code: str, skipped: int) -> ast.Module:
  """The allow-listed syntax tree of `code`; `skipped` shifts line numbers.

  Raises:
    rejection.PredicateError: the code does not parse, is too large or too
      deep, or holds anything that is not on the allow-list.
  """
  if len(code) > MAX_SOURCE:
    raise too_large(f'{len(code)} characters, at most {MAX_SOURCE} may be')
  try:
    with warnings.catch_warnings():
      warnings.simplefilter('ignore')  # Doubtful escapes; not our code.
      module = ast.parse(code)
  except SyntaxError as error:
    line = skipped + (error.lineno or 1)
    raise rejection.PredicateError(
      f'not Python ({error.msg})',
      'Answer with one function and nothing else.',
      line,
      error.offset or 1,
    ) from None
  except (ValueError, RecursionError, MemoryError, OverflowError):
    raise too_large('too deeply nested or not text') from None
  ast.increment_lineno(module, skipped)
  _require_allowed(module)
  return module


def _blank_lines(text: str) -> int:
  return len(text) - len(text.lstrip('\n'))


def too_large(construct: str) -> rejection.PredicateError:
  """The error for code that is out of bounds as a whole."""
  return rejection.PredicateError(
    construct, 'Say it with fewer and simpler conditions.', 1, 1
  )


def _require_allowed(module: ast.Module) -> None:
  level: list[ast.AST] = [module]
  count, depth = 0, 0
  while level:
    count, depth = count + len(level), depth + 1
    if count > MAX_NODES or depth > MAX_DEPTH:
      raise too_large('too long or too deeply nested')
    below: list[ast.AST] = []
    for node in level:
      children = list(ast.iter_child_nodes(node))
      for child in children:
        if not isinstance(child, ALLOWED):
          raise _forbidden(child, node)
      below.extend(children)
    level = below


def _forbidden(node: ast.AST, parent: ast.AST) -> rejection.PredicateError:
  construct, instead = ADVICE.get(
    type(node),
    (
      f'{type(node).__name__}',
      'Use checks, comparisons, and/or/not, if and local variables only.',
    ),
  )
  # Operators have no position of their own.
  place = node if hasattr(node, 'lineno') else parent
  return rejection.at(place, f'{construct} is not allowed', instead)
