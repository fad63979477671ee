"""A policy that runs on another machine.

    policy = RemotePolicy('ws://gpu-machine:8000')
    chunk = policy.infer({'proprioception': ..., 'state': ...,
                          'instruction': 'open the drawer'})

The robot's side of `server`, whose docstring has the protocol. It satisfies
`Policy`. A policy that remembers is told what `observe` noted together with
the next question, so observing costs no journey.

Needs NumPy, websockets and msgpack, from the extra `serve`, and of this
package `wire` alone.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import websockets
from websockets.sync import client as websocket_client

from sdd.deployment import wire

_MOST_BYTES = 64 * 2**20  # of an answer
_MOST_PASSED = 64  # observations told with the next question
_PAUSE = 0.25  # seconds between two tries to connect
_IMAGE = '_image'


class ServerError(RuntimeError):
  """The server cannot be reached, or complains; the text says of what."""


class RemotePolicy:
  """What a server serves, as a policy.

  Attributes:
    metadata: what the server says of it.
    execution_horizon: actions to execute before the next `infer`.
    instructions: the sentences it knows.
    action_spec: the meaning of an action, as JSON values.
    state_names: name of each entry of the observed `state`.
    pictures: what cameras deliver: `cameras`, and the `sizes` of each.
    timing: `infer_ms` and `prev_total_ms` of the last answer.
  """

  def __init__(
    self,
    address: str,
    *,
    api_key: str = '',
    patience: float = 30.0,
    timeout: float = 30.0,
  ):
    """Connects.

    Args:
      address: such as `ws://127.0.0.1:8000`.
      api_key: of the server, if it wants one.
      patience: seconds to go on trying to connect.
      timeout: seconds to wait for an answer.

    Raises:
      ServerError: there is no such server, or it refuses.
    """
    self._address, self._api_key = address, api_key
    self._patience, self._timeout = patience, timeout
    self._seed, self._forget = 0, True
    self._passed: list[dict[str, Any]] = []
    self.timing: dict[str, float] = {}
    self._connection: websocket_client.ClientConnection | None = None
    self.metadata = self._connect()
    self.execution_horizon = int(self.metadata.get('execution_horizon', 1))
    self.instructions = tuple(self.metadata.get('instructions', ()))
    self.action_spec = dict(self.metadata.get('action_spec', {}))
    self.state_names = tuple(self.metadata.get('state_names', ()))
    self.pictures = dict(
      self.metadata.get('pictures', {'cameras': [], 'sizes': []})
    )

  def reset(self, seed: int = 0) -> None:
    """Forgets the episode; the server is told with the next question."""
    self._seed, self._forget = int(seed), True
    self._passed.clear()

  def observe(self, observation: Mapping[str, Any]) -> None:
    """Takes note of a step that needs no new chunk, without its pictures."""
    self._passed.append(
      {k: v for k, v in observation.items() if not k.endswith(_IMAGE)}
    )
    del self._passed[:-_MOST_PASSED]

  def infer(self, observation: Mapping[str, Any]) -> np.ndarray:
    """Asks for a chunk (Ta, 10) of absolute actions in raw units.

    A connection that was lost is made again, and the policy then begins
    anew, with the seed of the last `reset`.

    Raises:
      ServerError: the server cannot be reached, takes too long, or complains.
    """
    told = self._ask(observation)
    if not isinstance(told, dict) or not isinstance(
      told.get('actions'), np.ndarray
    ):
      raise ServerError(f'{self._address} answered without actions.')
    self._forget = False
    self.timing = told.get('server_timing', {})
    return told['actions'].copy()

  def close(self) -> None:
    """Ends the connection; may be repeated."""
    if self._connection is not None:
      self._connection.close()
      self._connection = None

  def __enter__(self) -> 'RemotePolicy':
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _ask(self, observation: Mapping[str, Any]) -> Any:
    for last in (False, True):
      if self._connection is None:
        self._connect()
      assert self._connection is not None
      try:
        self._connection.send(self._message(observation))
        answer = self._connection.recv(timeout=self._timeout)
        break
      except TimeoutError as problem:  # a late answer would be the wrong one
        self.close()
        raise ServerError(
          f'{self._address} gave no answer in {self._timeout:g} s.'
        ) from problem
      except websockets.ConnectionClosed as problem:
        self._connection = None
        too_large = problem.rcvd is not None and problem.rcvd.code == 1009
        if last or too_large:
          raise ServerError(f'{self._address}: {problem}') from problem
    self._passed.clear()
    return self._read(answer)

  def _message(self, observation: Mapping[str, Any]) -> bytes:
    extra: dict[str, Any] = {'observe': self._passed} if self._passed else {}
    if self._forget:
      extra['reset'] = self._seed
    return wire.pack({**observation, **extra})

  def _read(self, answer: bytes | str) -> Any:
    if isinstance(answer, str):
      raise ServerError(f'{self._address} says: {answer}')
    return wire.unpack(answer)

  def _connect(self) -> dict[str, Any]:
    """Tries until it succeeds, is refused, or patience ends."""
    key = self._api_key
    end = time.monotonic() + self._patience
    while True:
      try:
        connection = websocket_client.connect(
          self._address,
          compression=None,
          max_size=_MOST_BYTES,
          proxy=None,
          additional_headers={'Authorization': f'Api-Key {key}'} if key else {},
        ).__enter__()  # which is `self.close`'s to end
        break
      except (OSError, TimeoutError, websockets.InvalidHandshake) as problem:
        if _final(problem) or time.monotonic() > end:
          raise ServerError(
            f'Cannot connect to {self._address}: {_reason(problem)}'
          ) from problem
        time.sleep(_PAUSE)
      except (ValueError, websockets.InvalidURI) as problem:
        raise ServerError(f'{self._address!r}: {problem}') from problem
    try:
      metadata = self._read(connection.recv(timeout=self._timeout))
    except (TimeoutError, websockets.ConnectionClosed, ValueError) as problem:
      connection.close()
      raise ServerError(
        f'{self._address} is no policy server: {_reason(problem)}'
      ) from problem
    self._connection, self._forget = connection, True
    return metadata if isinstance(metadata, dict) else {}


def _final(problem: Exception) -> bool:
  """Whether trying again would change nothing."""
  if isinstance(problem, websockets.InvalidStatus):
    return problem.response.status_code in range(400, 500)
  return False


def _reason(problem: Exception) -> str:
  if isinstance(problem, websockets.InvalidStatus):
    body = bytes(problem.response.body or b'').decode(errors='replace')
    return f'{problem}. {body.strip()}'
  return str(problem) or type(problem).__name__
