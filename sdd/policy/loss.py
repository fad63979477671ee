"""What the learner minimises: the error of one answer of the network."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from sdd.dataset import object_layout
from sdd.policy import acting
from sdd.policy import schedule as schedule_lib
from sdd.policy.vision import object_finder
from sdd.simulation import action as actions

ASKED = np.array([0, 1, 2, 9])  # of an object's numbers: place and joint
FINE = 0.03  # metres, or radians of a joint
Batch = Mapping[str, Any]
"""`observation` (B, To, F) in raw units, `text` (B, M, E), the sentence and the
names of the objects, `action` (B, Ta, 10), normalised to [-1, 1], and
`position` (B,), each example's place in the global batch; of
policies that see, `pictures` (B, cameras, height, width, 3), bytes, or what is
`seen` of them."""


def draw(
  key: PRNGKeyArray | Shaped[Array, '2'],
  position: Int[Array, 'B'],
  *,
  shape: tuple[int, ...],
  training_steps: int,
) -> tuple[Float[Array, 'B T D'], Int[Array, 'B']]:
  """Noise and diffusion step of each example.

  They depend on the example's place in the global batch and not on which
  device holds it, so any number of devices takes the same gradient step.
  All of an example's bits are drawn at once: every further call of
  `jax.random` would add a second to the compilation.
  """
  size = math.prod(shape)

  def one(place: Array) -> tuple[Array, Array]:
    bits = jax.random.bits(jax.random.fold_in(key, place), (size + 1,))
    # 23 bits, centred in their cells: never 0 nor 1, so never infinite.
    uniform = (bits[1:] >> 9).astype(jnp.float32) * 2.0**-23 + 2.0**-24
    noise = 2**0.5 * jax.lax.erf_inv(2 * uniform - 1)
    time = (bits[0] % training_steps).astype(jnp.int32)
    return noise.reshape(shape), time

  return jax.vmap(one)(position)


def denoising_loss(
  apply: Callable[..., Any],
  params: Any,
  batch: Batch,
  *,
  schedule: schedule_lib.Schedule,
  key: PRNGKeyArray | Shaped[Array, '2'],
  finding: float = 0.0,
) -> Float[Array, '']:
  """Mean squared error of the network's prediction over the batch.

  Args:
    apply: of the network.
    params: its parameters.
    batch: see `Batch`.
    schedule: of the noise.
    key: of the step.
    finding: weight of `finding_error`, which is added.
  """
  clean = batch['action']
  noise, time = draw(
    key,
    batch['position'],
    shape=clean.shape[1:],
    training_steps=len(schedule.signal),
  )
  noisy = schedule.add_noise(clean, noise, time)
  output, error = _answer(apply, params, batch, noisy, time, finding=finding)
  missed = jnp.square(output - schedule.target(clean, noise, time))
  return jnp.mean(missed) + error


def regression_loss(
  apply: Callable[..., Any], params: Any, batch: Batch, *, finding: float = 0.0
) -> Float[Array, '']:
  """As `denoising_loss`, of the chunk itself; see `acting` for its head."""
  clean = batch['action']
  start = jnp.broadcast_to(acting.start(clean.shape[1]), clean.shape)
  time = jnp.zeros(len(clean), jnp.int32)
  output, error = _answer(apply, params, batch, start, time, finding=finding)
  return jnp.mean(jnp.square(output - clean)) + error


def finding_error(
  found: Float[Array | np.ndarray, 'B N 10'],
  observation: Float[Array | np.ndarray, 'B To F'],
  text: Float[Array | np.ndarray, 'B M E'],
) -> Float[Array, '']:
  """How far the objects that were found are from where they are.

  Mean over positions and joints, of every example's own objects: where scenes
  learn together, one that holds few is asked as much as one that holds many.
  Squares of what is less than `FINE` off, and then distances: what is hidden
  must not count most. How objects are turned is left to the loss of the chunk:
  many look the same from several sides, and guessing which one it is drowns
  what can be seen.
  """
  rows = observation[:, -1, actions.DIMENSION :]
  true = rows.reshape(len(rows), -1, object_layout.DIMENSION)
  apart = ((found - true) / FINE)[..., ASKED]
  there = jnp.any(text[:, 1:] != 0, axis=-1)
  share = there / jnp.maximum(jnp.sum(there, axis=-1, keepdims=True), 1)
  missed = jnp.mean(jnp.sqrt(1 + jnp.square(apart)) - 1, axis=-1)
  return jnp.mean(jnp.sum(share * missed, axis=-1))


def _answer(
  apply: Callable[..., Any],
  params: Any,
  batch: Batch,
  noisy: Float[Array, 'B Ta 10'],
  time: Int[Array, 'B'],
  *,
  finding: float,
) -> tuple[Any, Any]:
  """The network's answer, and what is added to the loss for finding."""
  given = {'params': params}, noisy, time, batch['observation'], batch['text']
  if not finding:
    return apply(*given, batch.get('seen')), 0.0
  answer, beside = apply(*given, batch['seen'], mutable=[object_finder.FOUND])
  (found,) = beside[object_finder.FOUND]['rows']
  error = finding_error(found, batch['observation'], batch['text'])
  return answer, finding * error
