"""A policy server on this machine, and policies that are easy to check."""

import asyncio
import contextlib
import threading

import numpy as np

from sdd.deployment import server
from sdd.simulation import action

NAMES = ('box/x', 'box/y')


class Sum:
  """Remembers what it observed; its chunk says what that was."""

  execution_horizon = 4

  def __init__(self):
    self.reset()

  def reset(self, seed=0):
    self._seed, self._seen = seed, []

  def observe(self, observation):
    self._note(observation)

  def infer(self, observation):
    self._note(observation)
    if observation['instruction'] == 'break':
      raise RuntimeError('it broke')
    chunk = np.zeros((8, 10))
    chunk[:, 0] = self._seed
    chunk[:, 1] = len(self._seen)
    chunk[:, 2] = sum(self._seen)
    chunk[:, 3:9] = [1, 0, 0, 0, 1, 0]
    return chunk

  def _note(self, observation):
    for name, size in (('proprioception', 10), ('state', len(NAMES))):
      if name not in observation:
        raise ValueError(f'The observation lacks {name!r}.')
      value = np.asarray(observation[name], np.float32)
      if value.shape != (size,) or not np.isfinite(value).all():
        raise ValueError(f'{name!r} must be ({size},) finite numbers.')
    self._seen.append(float(np.sum(observation['state'])))


def facts(policy, names=NAMES, instructions=()):
  return server.describe(
    policy,
    action_spec=action.ActionSpec().to_json(),
    state_names=names,
    instructions=instructions,
    pictures={},
  )


@contextlib.contextmanager
def running(policy, metadata=None, **settings):
  """Serves a policy meanwhile; gives the port."""
  serving = server.PolicyServer(
    policy, metadata or facts(policy), server.Settings(port=0, **settings)
  )
  started, found = threading.Event(), {}

  async def serve():
    def ready(port):
      found.update(port=port)
      started.set()

    found['loop'] = asyncio.get_running_loop()
    found['task'] = asyncio.current_task()
    with contextlib.suppress(asyncio.CancelledError):
      await serving.run(ready)

  thread = threading.Thread(target=lambda: asyncio.run(serve()))
  thread.start()
  try:
    assert started.wait(30)
    yield found['port']
  finally:
    found['loop'].call_soon_threadsafe(found['task'].cancel)
    thread.join()
