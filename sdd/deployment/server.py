"""A policy server: openpi's websocket protocol, with a memory for each client.

A connection begins with one msgpack message of the server, what it serves
(`describe`). Then every binary message of the client is answered by exactly
one message. It asks with an observation, a map of arrays and text in our names
or openpi's (`key_names`), and the answer is

    {'actions': (Ta, 10), 'server_timing': {'infer_ms': ..., 'prev_total_ms':
    ...}}

with `prev_total_ms`, from the second answer on, the time from the previous
message to the end of its answer. Three more keys are ours, and optional:

  `reset`: an integer; the policy forgets the episode and takes it for a seed,
    before all else.
  `observe`: a list of observations, oldest first, of the steps since the last
    inference that needed no chunk. A policy that remembers takes note of them
    (`Policy.observe`) before it infers, so nothing is lost that it would see
    on the robot itself. Pictures may be left out of them.
  A message with `reset` or `observe` and no observation is answered by its
  `server_timing` alone.

What is wrong with a message is said in one text message, as openpi does; an
openpi server then closes with code 1011, this one keeps the connection, and
the next message is served. Where the websocket protocol itself is broken
(a message beyond the size limit, a frame that is none) the connection closes
with the code it has for that, such as 1009; without the API key it is not
opened (HTTP 401), nor beyond the most clients (HTTP 503), and who speaks no
HTTP is hung up on. `GET /healthz` answers `OK` and asks for no key.

Inference runs in one thread beside the event loop, a client after the other.

Needs NumPy, websockets and msgpack, from the extra `serve`.
"""

import asyncio
import copy
import dataclasses
import hmac
import http
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any

import numpy as np
import websockets
from websockets.asyncio import server as websocket_server

from sdd.deployment import key_names, wire

PORT = 8000
MOST_PASSED = 64  # observations in `observe`
MOST_SAID = 2000  # characters of a complaint
# Everything a stranger does wrong would be a traceback in the log.
_LOGGER = logging.getLogger('sdd.deployment.server')
_LOGGER.setLevel(logging.CRITICAL)


@dataclasses.dataclass(frozen=True)
class Settings:
  """Where and for whom a server is.

  Attributes:
    host: network address to listen at; '' for all.
    port: 0 for any that is free.
    api_key: what clients have to send as `Authorization: Api-Key ...`; empty
      for anybody.
    most_bytes: of one message.
    most_clients: connected at once.
  """

  host: str = '127.0.0.1'
  port: int = PORT
  api_key: str = ''
  most_bytes: int = 16 * 2**20
  most_clients: int = 64


def describe(
  policy: Any,
  *,
  action_spec: Mapping[str, Any],
  state_names: Sequence[str],
  instructions: Sequence[str],
  pictures: Mapping[str, Any],
) -> dict[str, Any]:
  """The metadata that every client gets first.

  Args:
    policy: what is served.
    action_spec: the meaning of an action, as JSON values.
    state_names: of each entry of the observed `state`.
    instructions: sentences that it knows.
    pictures: what cameras deliver: `cameras` and their `sizes`, at least.
  """
  return {
    'server': 'sdd policy',
    'execution_horizon': int(policy.execution_horizon),
    'action_spec': dict(action_spec),
    'state_names': list(state_names),
    'instructions': list(instructions),
    'pictures': {'cameras': [], 'sizes': [], **pictures},
  }


class Session:
  """What the server knows of one client."""

  def __init__(self, policy: Any, cameras: Sequence[str] = ()):
    """Takes a copy that shares the weights, which `reset` makes new."""
    self._policy, self._cameras = copy.copy(policy), tuple(cameras)
    self._policy.reset()
    self._previous: float | None = None

  def answer(self, message: bytes | str) -> bytes | str:
    """The message that answers one; text says what is wrong with it."""
    try:
      with np.errstate(all='ignore'):  # numbers not finite are complained of
        return wire.pack(self._answer(message))
    # Whatever a policy raises is the answer to this client, and no more.
    except Exception as problem:  # noqa: BLE001
      return f'{type(problem).__name__}: {problem}'[:MOST_SAID]

  def took(self, seconds: float) -> None:
    """How long the answer took altogether, for the next one to tell."""
    self._previous = seconds

  def _answer(self, message: bytes | str) -> dict[str, Any]:
    if isinstance(message, str):
      raise wire.WireError('Expected a binary message; got a text message.')
    fields = wire.unpack(message)
    if not isinstance(fields, dict):
      raise wire.WireError(
        f'Expected a map; got a message that is {type(fields).__name__}.'
      )
    seed, passed = _seed(fields), _passed(fields)
    seen = key_names.translate(fields, self._cameras)
    if seed is None and not passed and not seen:
      raise wire.WireError('The message is an empty map; nothing is asked.')
    earlier = [key_names.translate(each, self._cameras) for each in passed]
    if seed is not None:
      self._policy.reset(seed)
    for each in earlier:
      self._policy.observe(each)
    told: dict[str, Any] = {}
    began = time.perf_counter()
    if seen:
      told['actions'] = self._infer(seen)
    timing = {'infer_ms': 1e3 * (time.perf_counter() - began)}
    if self._previous is not None:
      timing['prev_total_ms'] = 1e3 * self._previous
    return {**told, 'server_timing': timing}

  def _infer(self, seen: dict[str, Any]) -> np.ndarray:
    actions = np.asarray(self._policy.infer(seen))
    if not np.isfinite(actions).all():
      raise FloatingPointError('The policy answered a number not finite.')
    return actions


def _seed(fields: dict[Any, Any]) -> int | None:
  seed = fields.pop('reset', None)
  if seed is not None and (type(seed) is not int or not 0 <= seed < 2**63):
    raise wire.WireError(
      f"'reset' is {seed!r:.80}; expected a seed, an integer of at least 0."
    )
  return seed


def _passed(fields: dict[Any, Any]) -> list[dict[Any, Any]]:
  passed = fields.pop('observe', [])
  good = isinstance(passed, list) and len(passed) <= MOST_PASSED
  if not good or not all(isinstance(each, dict) for each in passed):
    raise wire.WireError(
      f"'observe' must be a list of at most {MOST_PASSED} observations."
    )
  return passed


class PolicyServer:
  """Serves one policy to many clients.

  Attributes:
    answered: messages answered so far.
    connected: clients that came so far.
  """

  def __init__(
    self, policy: Any, metadata: Mapping[str, Any], settings: Settings
  ):
    """Prepares to serve.

    Args:
      policy: satisfies `Policy`; a copy of it after `reset` must share
        nothing with it that `infer` or `observe` change, but buffers.
      metadata: what `describe` made.
      settings: where and for whom.
    """
    self._policy, self._settings = policy, settings
    self._cameras = tuple(metadata['pictures']['cameras'])
    self._metadata = wire.pack(metadata)
    self.answered = self.connected = 0

  async def run(self, ready: Callable[[int], None] | None = None) -> None:
    """Serves until cancelled; `ready` is told the port.

    Raises:
      OSError: it cannot listen there.
    """
    settings = self._settings
    self._thread = futures.ThreadPoolExecutor(1, 'policy')
    try:
      async with websocket_server.serve(
        self._serve,
        settings.host,
        settings.port,
        compression=None,
        max_size=settings.most_bytes,
        max_queue=1,
        close_timeout=2,
        process_request=self._admit,
        logger=_LOGGER,
      ) as listening:
        if ready is not None:
          ready(next(iter(listening.sockets)).getsockname()[1])
        await listening.wait_closed()
    finally:
      self._thread.shutdown(wait=False, cancel_futures=True)

  def _admit(
    self,
    connection: websocket_server.ServerConnection,
    request: websockets.Request,
  ) -> websockets.Response | None:
    if request.path == '/healthz':
      return connection.respond(http.HTTPStatus.OK, 'OK\n')
    if not self._knows(request.headers.get_all('Authorization')):
      return connection.respond(
        http.HTTPStatus.UNAUTHORIZED,
        "Expected the header 'Authorization: Api-Key KEY' with the server's "
        'key.\n',
      )
    if len(connection.server.connections) >= self._settings.most_clients:
      return connection.respond(
        http.HTTPStatus.SERVICE_UNAVAILABLE,
        f'{self._settings.most_clients} clients are connected, the most that '
        'this server takes.\n',
      )
    return None

  def _knows(self, sent: list[str]) -> bool:
    if not self._settings.api_key:
      return True
    asked = f'Api-Key {self._settings.api_key}'.encode()
    given = sent[0].encode(errors='replace') if len(sent) == 1 else b''
    return hmac.compare_digest(asked, given)

  async def _serve(self, connection: websocket_server.ServerConnection) -> None:
    loop = asyncio.get_running_loop()
    self.connected += 1
    try:
      session = await loop.run_in_executor(
        self._thread, Session, self._policy, self._cameras
      )
      await connection.send(self._metadata)
      async for message in connection:
        began = time.perf_counter()
        told = await loop.run_in_executor(self._thread, session.answer, message)
        await connection.send(told)
        session.took(time.perf_counter() - began)
        self.answered += 1
    except websockets.ConnectionClosed:
      pass  # clients come and go, and some are cut off
