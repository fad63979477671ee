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
from typing import Any

import flax.struct
import jax
import mujoco
import numpy as np
from jax import numpy as jnp
from jaxtyping import Float

from sdd import errors
from sdd.simulation import mjx_barrier

mjx = mjx_barrier.mjx

_SEARCHED = 1e-3  # of the slope may be left when a line search ends
_ENOUGH = 1e-8  # of the trace of the mass matrix: a gain not worth going on


@flax.struct.dataclass
class Problem:
  """The problems of B worlds with n rows; see the module.

  Attributes:
    mass: M.
    force: f.
    jacobian: J; zero in the rows of what does not touch.
    target: aref; likewise.
    stiffness: second derivative of s where it is a parabola.
    loss: the most that dry friction can do; used in its rows only.
  """

  mass: Float[Any, 'B v v']
  force: Float[Any, 'B v']
  jacobian: Float[Any, 'B n v']
  target: Float[Any, 'B n']
  stiffness: Float[Any, 'B n']
  loss: Float[Any, 'B n']


@dataclasses.dataclass(frozen=True)
class Rows:
  """What the rows are, in MJX's order.

  Attributes:
    equalities: of those, the first.
    dry: rows of dry friction, after them.
    limits: rows of limits, and of contacts without friction, next.
    contacts: pyramids of contacts, last.
    slides: directions of friction a contact, each with two edges.
  """

  equalities: int
  dry: int
  limits: int
  contacts: int
  slides: int

  @property
  def single(self) -> int:
    """Rows that belong to no contact."""
    return self.equalities + self.dry + self.limits


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


def rows_of(model: mujoco.MjModel) -> Rows:
  """The rows of the problems that MJX makes of a model.

  Raises:
    errors.SddError: contacts have other cones than pyramids, or differ in
      their number of dimensions.
  """
  data = mjx.make_data(model)._impl
  dimensions = {int(each) for each in data.contact.dim}
  if model.opt.cone != mujoco.mjtCone.mjCONE_PYRAMIDAL or len(dimensions) > 1:
    raise errors.SddError(
      'MJX needs contacts with pyramidal cones, all of one condim; the model '
      f'has cone {model.opt.cone} and condim {sorted(dimensions)}.'
    )
  slides = max(dimensions, default=1) - 1
  contacts = data.ncon if slides else 0
  first = data.nefc - 2 * slides * contacts
  limits = first - data.ne - data.nf
  return Rows(data.ne, data.nf, limits, contacts, slides)


def problem_of(model: Any, data: Any) -> Problem:
  """The problem of one world of MJX that has all but accelerations."""
  rows = data._impl
  return Problem(
    mass=mjx.full_m(model, data),
    force=data.qfrc_smooth,
    jacobian=rows.efc_J,
    target=rows.efc_aref,
    stiffness=rows.efc_D,
    loss=rows.efc_frictionloss,
  )


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
  ordered = _ordered(problem, rows)

  def body(state: Any) -> Any:
    x, left = state
    pick = jax.lax.top_k(left, at_a_time)[1] if at_a_time < size else ...
    mine = jax.tree.map(lambda each: each[pick], ordered)
    found, done = _step(mine, x[pick], rows, effort.searches)
    go = left[pick] > 0
    found = jnp.where(go[:, None], found, x[pick])
    after = jnp.where(go & ~done, left[pick] - 1, 0)
    return x.at[pick].set(found), left.at[pick].set(after)

  left = jnp.full(size, effort.iterations)
  return jax.lax.while_loop(lambda s: (s[1] > 0).any(), body, (start, left))[0]


@flax.struct.dataclass
class _Ordered:
  """A problem, edges and axes ordered by direction, not by contact.

  Attributes:
    axes: the rows of J of no contact; normals of all contacts; their first
      slides; and so on.
    rows: (4, B, n) target, stiffness, and least and greatest slope of s: of
      no contact; all edges up, by slide; all edges down.
  """

  mass: Float[Any, 'B v v']
  force: Float[Any, 'B v']
  axes: Float[Any, 'B m v']
  target: Float[Any, 'B n']
  stiffness: Float[Any, 'B n']
  low: Float[Any, 'B n']
  high: Float[Any, 'B n']


def _ordered(problem: Problem, rows: Rows) -> _Ordered:
  row = np.arange(problem.loss.shape[-1])
  dry = (row >= rows.equalities) & (row < rows.equalities + rows.dry)
  low = jnp.where(dry, -problem.loss, -jnp.inf)
  high = jnp.where(row < rows.equalities, jnp.inf, 0.0)
  high = jnp.where(dry, problem.loss, high)
  edges = row[rows.single :].reshape(rows.contacts, rows.slides, 2)
  order = np.concatenate([row[: rows.single], edges.T.reshape(-1)])
  single, _ = jnp.split(problem.jacobian, [rows.single], axis=1)
  up, down = (problem.jacobian[:, edges[:, :, k].T] for k in range(2))
  axes = [(up + down)[:, 0] / 2]
  axes += [(up - down)[:, k] / 2 for k in range(rows.slides)]
  return _Ordered(
    mass=problem.mass,
    force=problem.force,
    axes=jnp.concatenate([single, *axes], axis=1),
    target=problem.target[:, order],
    stiffness=problem.stiffness[:, order],
    low=low[:, order],
    high=high[:, order],
  )


def _step(
  problem: _Ordered, x: Float[Any, 'B v'], rows: Rows, searches: int
) -> tuple[Any, Any]:
  """One step of Newton's method, and whether that was enough."""
  mass, axes = problem.mass, problem.axes
  momentum = _times(mass, x) - problem.force
  off = _spread(_times(axes, x), rows) - problem.target
  slope, curvature = _slope(problem, off)
  uphill = momentum + jnp.einsum('bmv,bm->bv', axes, _gather(slope, rows))
  hessian = mass + jnp.einsum('bmv,bmw->bvw', axes, _bent(axes, curvature, rows))
  factor = jax.scipy.linalg.cho_factor(hessian)
  step = -jax.scipy.linalg.cho_solve(factor, uphill[..., None])[..., 0]
  along = _spread(_times(axes, step), rows)
  line = _Line(
    free=(momentum * step).sum(axis=-1),
    bend=(_times(mass, step) * step).sum(axis=-1),
    off=off,
    along=along,
  )
  gain = -(uphill * step).sum(axis=-1)
  far = _search(problem, line, gain, searches)
  _, after = _slope(problem, off + far[:, None] * along)
  exact = (far == 1) & (after == curvature).all(axis=-1)
  least = _ENOUGH * jnp.trace(mass, axis1=-2, axis2=-1)
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
  problem: _Ordered, line: _Line, gain: Float[Any, ' B'], searches: int
) -> Float[Any, ' B']:
  """How far to go along a step; one is all the way.

  Newton's method again, between the nearest points to both sides. `gain` is
  the slope downhill at the beginning.
  """

  def slopes(far: Any) -> tuple[Any, Any]:
    force, bend = _slope(problem, line.off + far[:, None] * line.along)
    first = line.free + far * line.bend + (force * line.along).sum(axis=-1)
    return first, line.bend + (bend * line.along**2).sum(axis=-1)

  def searching(state: Any) -> Any:
    return abs(state[3]) > _SEARCHED * gain

  def body(state: Any) -> Any:
    near, beyond, far, first, second, count = state
    near = jnp.where(first < 0, far, near)
    beyond = jnp.where(first > 0, far, beyond)
    middle = jnp.where(jnp.isinf(beyond), 2 * far, (near + beyond) / 2)
    other = far - first / second
    other = jnp.where((near < other) & (other < beyond), other, middle)
    far = jnp.where(searching(state), other, far)
    return near, beyond, far, *slopes(far), count + 1

  start = jnp.ones_like(gain)
  bounds = jnp.zeros_like(gain), jnp.full_like(gain, jnp.inf)
  return jax.lax.while_loop(
    lambda state: (state[-1] < searches) & searching(state).any(),
    body,
    (*bounds, start, *slopes(start), 0),
  )[2]


def _slope(problem: _Ordered, off: Float[Any, 'B n']) -> tuple[Any, Any]:
  """First and second derivative of s."""
  slope = problem.stiffness * off
  inside = (problem.low < slope) & (slope < problem.high)
  slope = jnp.clip(slope, problem.low, problem.high)
  return slope, jnp.where(inside, problem.stiffness, 0)


def _times(matrix: Float[Any, 'B r v'], vector: Float[Any, 'B v']) -> Any:
  return jnp.einsum('brv,bv->br', matrix, vector)


def _parts(of: Any, rows: Rows, groups: int) -> tuple[Any, list[Any]]:
  """The single rows, and what follows by groups of one row a contact."""
  begin = rows.single + np.arange(groups + 1) * rows.contacts
  pairs = zip(begin[:-1], begin[1:], strict=True)
  return of[:, : rows.single], [of[:, a:b] for a, b in pairs]


def _spread(along: Float[Any, 'B m'], rows: Rows) -> Float[Any, 'B n']:
  """From what is along the axes to what is along the edges."""
  single, (normal, *slides) = _parts(along, rows, 1 + rows.slides)
  up, down = [normal + s for s in slides], [normal - s for s in slides]
  return jnp.concatenate([single, *up, *down], axis=1)


def _gather(on: Float[Any, 'B n'], rows: Rows) -> Float[Any, 'B m']:
  """From forces on the edges to forces on the axes; transposes `_spread`."""
  single, edges = _parts(on, rows, 2 * rows.slides)
  up, down = edges[: rows.slides], edges[rows.slides :]
  slides = [a - b for a, b in zip(up, down, strict=True)]
  return jnp.concatenate([single, sum(edges), *slides], axis=1)


def _bent(
  axes: Float[Any, 'B m v'], curvature: Float[Any, 'B n'], rows: Rows
) -> Float[Any, 'B m v']:
  """The axes times the curvature along the edges, as the axes feel it."""
  alone, (normal, *slides) = _parts(axes, rows, 1 + rows.slides)
  single, edges = _parts(curvature[..., None], rows, 2 * rows.slides)
  up, down = edges[: rows.slides], edges[rows.slides :]
  both = [a + b for a, b in zip(up, down, strict=True)]
  odd = [a - b for a, b in zip(up, down, strict=True)]
  bent = sum(both) * normal
  bent += sum(a * b for a, b in zip(odd, slides, strict=True))
  across = [b * s + o * normal for b, s, o in zip(both, slides, odd, strict=True)]
  return jnp.concatenate([single * alone, bent, *across], axis=1)
