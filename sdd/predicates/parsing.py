"""From a model's answer to a checked Python syntax tree, running none of it.

The text is only ever handed to `ast.parse`. Whatever the tree then holds
must be on the allow-list below; everything else is a `PredicateError`.
"""

import ast
import io
import re
import textwrap
import tokenize
import warnings

from sdd.predicates import rejection

MAX_ANSWER = 40_000  # characters, prose and all
MAX_SOURCE = 12_000  # characters of code
MAX_NODES = 6000  # of the Python syntax tree
MAX_DEPTH = 50  # of the Python syntax tree
MAX_OPEN = 40  # brackets within each other

ALLOWED: tuple[type[ast.AST], ...] = (
  ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return,
  ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.For, ast.Break,
  ast.Continue, ast.Import, ast.alias, ast.Expr, ast.Pass, ast.BoolOp,
  ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp,
  ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
  ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In,
  ast.NotIn, ast.Call, ast.keyword, ast.IfExp, ast.Attribute,
  ast.Subscript, ast.Slice, ast.Constant, ast.JoinedStr, ast.FormattedValue,
  ast.Name, ast.Load, ast.Store, ast.Tuple, ast.List, ast.ListComp,
  ast.GeneratorExp, ast.comprehension,
)  # fmt: skip

# Construct and advice for what models write most often out of bounds.
ADVICE: dict[type[ast.AST], tuple[str, str]] = {
  ast.ImportFrom: ('import', 'Leave it out; every check is available.'),
  ast.While: ('while loop', 'Use `for` over a list or `range(n)`.'),
  ast.Set: ('set', 'Write a list.'),
  ast.Dict: ('dict', 'Write a list of pairs.'),
  ast.SetComp: ('set comprehension', 'Write a list comprehension.'),
  ast.DictComp: ('dict comprehension', 'Write a list comprehension.'),
  ast.Lambda: ('lambda', 'Assign the value to a local variable.'),
  ast.NamedExpr: ('assignment expression', 'Assign on a line of its own.'),
  ast.Is: ('`is`', 'Compare with `==`, or use the truth directly.'),
  ast.IsNot: ('`is not`', 'Compare with `!=`, or use `not`.'),
  ast.BitAnd: ('operator `&`', 'Use `and`.'),
  ast.BitOr: ('operator `|`', 'Use `or`.'),
  ast.Invert: ('operator `~`', 'Use `not`.'),
  ast.MatMult: ('operator `@`', 'Use `np.dot`.'),
  ast.Starred: ('star', 'Write the items out.'),
  ast.Try: ('try statement', 'Leave it out; an error counts as unknown.'),
  ast.ClassDef: ('class', 'Write one function that returns a truth.'),
  ast.AsyncFunctionDef: ('async function', 'Write a plain function.'),
}

_FENCE = re.compile(
  r'^[ \t]*```[ \t]*(?P<tag>\w*)[^\n]*\n(?P<code>.*?)(?:^[ \t]*```|\Z)',
  re.MULTILINE | re.DOTALL,
)


def extract(text: str) -> tuple[str, int]:
  """The code of a model's answer, and the lines of the text before it.

  Of several Markdown fences the first that defines a function is taken,
  else the first. Text without a fence is code.

  Raises:
    rejection.PredicateError: the answer is too long.
  """
  if len(text) > MAX_ANSWER:
    raise too_large(f'{len(text)} characters, at most {MAX_ANSWER} may be')
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
  if _open_brackets(code) > MAX_OPEN:
    raise too_large('too many brackets within each other')
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
  if not code.isascii():
    _require_plain_names(code, skipped)
  if skipped:
    ast.increment_lineno(module, skipped)
  _require_allowed(module)
  return module


def _open_brackets(code: str) -> int:
  """Most brackets open at once, were there no strings and comments."""
  # Before the parser sees them: some of what it does takes exponential time.
  most = current = 0
  for bracket in re.findall(r'[()\[\]{}]', code):
    current = current + 1 if bracket in '([{' else max(0, current - 1)
    most = max(most, current)
  return most


def _require_plain_names(code: str, skipped: int) -> None:
  """Letters that only look like ours are for strings and comments.

  Raises:
    rejection.PredicateError: a name holds one.
  """
  try:
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
  except (tokenize.TokenError, SyntaxError):
    raise too_large('unusual characters') from None
  for token in tokens:
    prefix = token.string.split('"')[0].split("'")[0].lower()
    quoted = token.type == tokenize.STRING and 'f' not in prefix
    if token.string.isascii() or quoted or token.type == tokenize.COMMENT:
      continue
    if token.type == getattr(tokenize, 'FSTRING_MIDDLE', None):
      continue
    line, column = token.start
    raise rejection.PredicateError(
      f'{token.string[:60]!r} has unusual letters',
      'Use plain ASCII for all but strings and comments.',
      line + skipped,
      column + 1,
    )


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
