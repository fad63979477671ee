"""Success code as a pure function over scene states."""

import dataclasses
import functools
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jaxtyping import Array, Bool, Int8

from sdd.predicates import (
  atoms,
  evaluation,
  parsing,
  printing,
  reading,
  statements,
)
from sdd.predicates import expression as expression_lib
from sdd.scenes import vocabulary as vocabulary_lib
from sdd.simulation import scene_state

TRUE, FALSE, UNKNOWN = 1, 0, -1  # verdicts
MAX_SIZE = 1500  # distinct expressions in a predicate


@dataclasses.dataclass(frozen=True, eq=False)
class Predicate:
  """Whether something is so, given the state before and the state now.

  Made by `compile_predicate`. Two predicates are equal when their
  vocabularies and their canonical texts are. `str(p)` is the canonical
  text: a function that compiles to `p` again, with a local variable for
  whatever it needs more than once.

  Attributes:
    expression: what is computed.
    vocabulary: the links and joints that the names stand for.
    source: the code as it was written, without the prose around it.
  """

  expression: expression_lib.Expression
  vocabulary: vocabulary_lib.Vocabulary
  source: str

  def __call__(
    self, initial: scene_state.SceneState, final: scene_state.SceneState
  ) -> Bool[Array, '*b']:
    """Whether it is known to hold: `verdict` is 1.

    Pure, so it may be jitted and vmapped. The batch axes of the two states
    broadcast against each other.
    """
    return self.verdict(initial, final) == TRUE

  def verdict(
    self,
    initial: scene_state.SceneState,
    final: scene_state.SceneState,
    xp: Any = jnp,
  ) -> Int8[Array, '*b']:
    """1 where it holds, 0 where it does not, -1 where nobody can say.

    Unknown are those batch entries where any number that the predicate
    reads is not finite, or where Python would have divided by zero or taken
    the root of a negative number to get at the result; what a variable holds
    that the result does not need is not looked at.

    Args:
      initial: the state before.
      final: the state now.
      xp: `jax.numpy`, compiled once for equal predicates and shapes, or
        `numpy`, which compiles nothing and takes and gives NumPy arrays.
    """
    if xp is np:
      with np.errstate(all='ignore'):
        return _verdict(self, initial, final, np)
    return _compiled_verdict(self, initial, final)

  @functools.cached_property
  def text(self) -> str:
    """The canonical text, as `str(self)`."""
    return printing.function(self.expression)

  @functools.cached_property
  def digest(self) -> str:
    """32 hexadecimal digits of the content; the same on every machine."""
    return self.expression.key.hex()

  @functools.cached_property
  def reads(self) -> tuple[str, ...]:
    """Names of the links it asks about, in the vocabulary's order."""
    found = set()
    for node in expression_lib.ordered(self.expression):
      if isinstance(node, expression_lib.Coordinate):
        found.add(node.link)
      elif isinstance(node, expression_lib.Measurement):
        found.update(name for name in node.arguments if isinstance(name, str))
    return tuple(name for name in self.vocabulary.names if name in found)

  @functools.cached_property
  def joints(self) -> tuple[str, ...]:
    """Names of the joints it asks about, in the vocabulary's order."""
    found = {
      self.vocabulary.find(str(node.arguments[0])).joint
      for node in expression_lib.ordered(self.expression)
      if isinstance(node, expression_lib.Measurement)
      and any(
        parameter.kind == 'joint'
        for parameter in atoms.BY_NAME[node.atom].parameters
      )
    }
    return tuple(name for name in self.vocabulary.joints if name in found)

  @functools.cached_property
  def pairs(self) -> tuple[tuple[str, str], ...]:
    """Pairs of links it asks about together, as written, sorted."""
    found = {
      tuple(map(str, node.arguments[:2]))
      for node in expression_lib.ordered(self.expression)
      if isinstance(node, expression_lib.Measurement)
      and [type(name) for name in node.arguments[:2]] == [str, str]
    }
    return tuple(sorted(found))  # pyright: ignore[reportReturnType]

  @functools.cached_property
  def addresses(self) -> reading.Addresses:
    """Where in a scene state those links are."""
    return reading.Addresses.of(self.vocabulary, self.reads)

  def __str__(self) -> str:
    return self.text

  def __eq__(self, other: object) -> bool:
    if not isinstance(other, Predicate):
      return NotImplemented
    return self.text == other.text and self.vocabulary == other.vocabulary

  def __hash__(self) -> int:
    return hash(self.text)


def _verdict(
  predicate: Predicate,
  initial: scene_state.SceneState,
  final: scene_state.SceneState,
  xp: Any = jnp,
) -> Any:
  batch = np.broadcast_shapes(
    np.shape(initial.gripper_command), np.shape(final.gripper_command)
  )
  value, faults = evaluation.evaluate(
    predicate.expression, predicate.addresses, initial, final, xp
  )
  fault = functools.reduce(xp.logical_or, faults, xp.zeros(batch, bool))
  verdict = xp.where(fault, UNKNOWN, value.astype(np.int8))
  return xp.broadcast_to(verdict, batch).astype(np.int8)


_compiled_verdict = jax.jit(_verdict, static_argnums=0)


def compile_predicate(
  source: str, vocabulary: vocabulary_lib.Vocabulary
) -> Predicate:
  """The predicate that success code means; nothing of it is ever run.

  Args:
    source: `def any_name(init_state, final_state): ...`, or an expression;
      bare, or in a Markdown fence with prose around it.
    vocabulary: the names it may use.

  Raises:
    rejection.PredicateError: it is not in the predicate language; says
      where, what was found, and what to write instead.
    errors.UnknownNameError: it names no link, or no joint, of the scene.
  """
  code, skipped = parsing.extract(source)
  tree = parsing.parse(code, skipped)
  expression = statements.module(tree, vocabulary)
  predicate = Predicate(expression, vocabulary, code)
  nodes = len(expression_lib.ordered(expression))
  if nodes > MAX_SIZE or len(predicate.text) > parsing.MAX_SOURCE:
    raise parsing.too_large('too long once its loops are written out')
  return predicate
