"""The accelerations that the constraints of many worlds lead to.

The problem is MuJoCo's, and so is Newton's method. The acceleration x is
where this is least:

  1/2 x' M x - x' f + the sum over the constraint rows of s(J x - aref)

M is the mass matrix and f the force of all but the constraints; s is half a
parabola for limits and for the edges of friction pyramids, a whole one for
equalities, and for dry friction one that goes on straight.

MJX solves it world by world, and `vmap` makes a batch of that: all worlds
iterate for as long as the slowest needs, and all their line searches make all
the steps there are. Here a few worlds at a time take one step of Newton's
method, and a world that is done is not taken again. And since the edges of a
contact are sums of fewer axes, its matrix is made of four rows, not six.
"""

import dataclasses
import itertools
from typing import Any

import flax.struct
import jax
import numpy as np
from jax import numpy as jnp
from jaxtyping import Float

_SEARCHED = 1e-3  # of the slope may be left when a line search ends
_ENOUGH = 1e-8  # of the trace of the mass matrix: a gain not worth going on


@dataclasses.dataclass(frozen=True)
class Rows:
  """How the rows of a problem are arranged.

  The axes are, after the single rows, the normals of all contacts; then, in
  the same order of contacts, their first slides; and so on. The edges are,
  after the single rows, those along the first slides of all contacts; and so
  on; and then those against the slides.

  Attributes:
    single: m and n begin with so many rows that belong to no contact.
    contacts: pyramids of contacts.
    slides: directions of friction a contact, each with two edges.
  """

  single: int
  contacts: int
  slides: int

  def spread(
    self, along: Float[Any, 'B m'], *, alone: bool = True
  ) -> Float[Any, 'B n']:
    """From what is along the axes to what is along the edges.

    With `alone` false, single rows are neither there nor made.
    """
    single, (normal, *slides) = self.parts(along, 1 + self.slides, alone=alone)
    up, down = [normal + s for s in slides], [normal - s for s in slides]
    return jnp.concatenate([single, *up, *down], axis=1)

  def gather(self, on: Float[Any, 'B n']) -> Float[Any, 'B m']:
    """From forces on the edges to forces on the axes; transposes `spread`."""
    single, edges = self.parts(on, 2 * self.slides)
    up, down = edges[: self.slides], edges[self.slides :]
    slides = [a - b for a, b in zip(up, down, strict=True)]
    return jnp.concatenate([single, sum(edges), *slides], axis=1)

  def bent(
    self, axes: Float[Any, 'B m v'], curvature: Float[Any, 'B n']
  ) -> Float[Any, 'B m v']:
    """The axes times the curvature along the edges, as the axes feel it."""
    alone, (normal, *slides) = self.parts(axes, 1 + self.slides)
    single, edges = self.parts(curvature[..., None], 2 * self.slides)
    pairs = list(zip(edges[: self.slides], edges[self.slides :], strict=True))
    both, odd = [a + b for a, b in pairs], [a - b for a, b in pairs]
    bent = sum(both) * normal
    for slide, factor in zip(slides, odd, strict=True):
      bent = bent + factor * slide
    across = [
      b * slide + o * normal
      for slide, b, o in zip(slides, both, odd, strict=True)
    ]
    return jnp.concatenate([single * alone, bent, *across], axis=1)

  def parts(
    self, of: Any, groups: int, *, alone: bool = True
  ) -> tuple[Any, list[Any]]:
    """Single rows of (B, rows, ...), and groups of one row a contact."""
    single = self.single if alone else 0
    begin = single + np.arange(groups + 1) * self.contacts
    pairs = itertools.pairwise(begin)
    return of[:, :single], [of[:, a:b] for a, b in pairs]


@flax.struct.dataclass
class Problem:
  """The problems of B worlds; see the module, and for the order `Rows`.

  Attributes:
    mass: M.
    force: f.
    axes: J, of axes where it is of edges in the formula.
    target: aref.
    stiffness: second derivative of s where it is a parabola.
    low: least slope of s.
    high: greatest slope of s.
  """

  mass: Float[Any, 'B v v']
  force: Float[Any, 'B v']
  axes: Float[Any, 'B m v']
  target: Float[Any, 'B n']
  stiffness: Float[Any, 'B n']
  low: Float[Any, 'B n']
  high: Float[Any, 'B n']


@dataclasses.dataclass(frozen=True)
class Effort:
  """How long to go on.

  Attributes:
    iterations: steps of Newton's method, at most.
    searches: steps of a line search, at most.
    together: worlds that take a step at a time.
  """

  iterations: int
  searches: int
  together: int


def solve(
  problem: Problem, start: Float[Any, 'B v'], rows: Rows, effort: Effort
) -> Float[Any, 'B v']:
  """The accelerations.

  Args:
    problem: the problems.
    start: where to begin; best the solution of a little earlier.
    rows: what their rows are.
    effort: how long to go on.
  """
  size = len(start)
  at_a_time = min(effort.together, size)

  def body(state: Any) -> Any:
    x, left = state
    mine, pick = problem, ...
    if at_a_time < size:
      pick = jax.lax.top_k(left, at_a_time)[1]
      mine = jax.tree.map(lambda each: _taken(each, pick), problem)
    found, done = _step(mine, x[pick], rows, effort.searches)
    go = left[pick] > 0
    found = jnp.where(go[:, None], found, x[pick])
    after = jnp.where(go & ~done, left[pick] - 1, 0)
    return x.at[pick].set(found), left.at[pick].set(after)

  left = jnp.full(size, float(effort.iterations))
  return jax.lax.while_loop(lambda s: (s[1] > 0).any(), body, (start, left))[0]


def _taken(each: Any, pick: Any) -> Any:
  """Rows one by one, which XLA copies whole; it gathers number by number."""
  return jnp.stack(
    [jax.lax.dynamic_index_in_dim(each, k, keepdims=False) for k in pick]
  )


def _step(
  problem: Problem, x: Float[Any, 'B v'], rows: Rows, searches: int
) -> tuple[Any, Any]:
  """One step of Newton's method, and whether that was enough."""
  mass, axes = problem.mass, problem.axes
  momentum = _times(mass, x) - problem.force
  off = rows.spread(_times(axes, x)) - problem.target
  slope, curvature = _slope(problem, off)
  uphill = momentum + jnp.einsum('bmv,bm->bv', axes, rows.gather(slope))
  hessian = mass + jnp.einsum('bmv,bmw->bvw', axes, rows.bent(axes, curvature))
  factor = jax.scipy.linalg.cho_factor(hessian)
  step = -jax.scipy.linalg.cho_solve(factor, uphill[..., None])[..., 0]
  along = rows.spread(_times(axes, step))
  line = _Line(
    free=(momentum * step).sum(axis=-1),
    bend=(_times(mass, step) * step).sum(axis=-1),
    off=off,
    along=along,
  )
  gain = -(uphill * step).sum(axis=-1)
  least = _ENOUGH * jnp.trace(mass, axis1=-2, axis2=-1)
  enough = jnp.maximum(_SEARCHED * gain, least)
  far = _search(problem, line, enough, searches)
  _, after = _slope(problem, off + far[:, None] * along)
  exact = (far == 1) & (after == curvature).all(axis=-1)
  return x + far[:, None] * step, exact | ~(gain / 2 > least)


@flax.struct.dataclass
class _Line:
  """What is to be made least along a step.

  Attributes:
    free: slope without constraints at the beginning.
    bend: its second derivative.
    off: J x - aref at the beginning.
    along: how much that changes.
  """

  free: Float[Any, ' B']
  bend: Float[Any, ' B']
  off: Float[Any, 'B n']
  along: Float[Any, 'B n']


def _search(
  problem: Problem, line: _Line, enough: Float[Any, ' B'], searches: int
) -> Float[Any, ' B']:
  """How far to go along a step; one is all the way.

  Newton's method again, between the nearest points to both sides, until the
  slope is no steeper than `enough`.
  """

  def slopes(far: Any) -> tuple[Any, Any]:
    force, bend = _slope(problem, line.off + far[:, None] * line.along)
    first = line.free + far * line.bend + (force * line.along).sum(axis=-1)
    return first, line.bend + (bend * line.along**2).sum(axis=-1)

  def searching(state: Any) -> Any:
    return abs(state[3]) > enough

  def body(state: Any) -> Any:
    near, beyond, far, first, second, count = state
    near = jnp.where(first < 0, far, near)
    beyond = jnp.where(first > 0, far, beyond)
    middle = jnp.where(jnp.isinf(beyond), 2 * far, (near + beyond) / 2)
    other = far - first / second
    other = jnp.where((near < other) & (other < beyond), other, middle)
    far = jnp.where(searching(state), other, far)
    return near, beyond, far, *slopes(far), count + 1

  start = jnp.ones_like(enough)
  bounds = jnp.zeros_like(enough), jnp.full_like(enough, jnp.inf)
  return jax.lax.while_loop(
    lambda state: (state[-1] < searches) & searching(state).any(),
    body,
    (*bounds, start, *slopes(start), 0),
  )[2]


def _slope(problem: Problem, off: Float[Any, 'B n']) -> tuple[Any, Any]:
  """First and second derivative of s."""
  slope = problem.stiffness * off
  inside = (problem.low < slope) & (slope < problem.high)
  slope = jnp.clip(slope, problem.low, problem.high)
  return slope, jnp.where(inside, problem.stiffness, 0)


def _times(matrix: Float[Any, 'B r v'], vector: Float[Any, 'B v']) -> Any:
  return jnp.einsum('brv,bv->br', matrix, vector)
