"""Serves a policy over the network, to robots and to any client of openpi.

  python -m experiments.serve --policy=policy.npz --port=8000
  python -m experiments.evaluate --policy=ws://127.0.0.1:8000 --scene=drawer

The protocol is openpi's: websocket and msgpack, with openpi's names of what is
observed or ours; sdd/deployment/server.py and key_names.py describe it. GET
/healthz answers OK. Every client has a memory of its own, and all are served
in turn by one inference thread. By default only this machine may connect;
--host=0.0.0.0 lets others, and then a key is in order: in a file named by
--api_key_file, or in the environment variable SDD_API_KEY. The connection is
not encrypted; put a proxy in front where the network is not yours.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
from collections.abc import Coroutine
from typing import Any

from absl import flags
from etils import epy

from experiments import program
from sdd import errors

with epy.lazy_imports():
  from experiments import policies
  from sdd.deployment import runtime
  from sdd.policy import policy as policy_lib
  from sdd.scenes import registry
  from sdd.training import checkpoint

_POLICY = flags.DEFINE_string(
  'policy', None, 'a policy.npz, or a training --workdir', required=True
)
_SCENE = flags.DEFINE_string(
  'scene', None, 'in which scene it acts; may be left out if it knows only one'
)
_HOST = flags.DEFINE_string(
  'host', '127.0.0.1', 'address to listen at; 0.0.0.0 for all networks'
)
_PORT = flags.DEFINE_integer(
  'port', 8000, 'port to listen at; 0 for any that is free',
  lower_bound=0, upper_bound=65535,
)  # fmt: skip
_KEY = flags.DEFINE_string(
  'api_key_file', None,
  'file with the key that clients must send; by default the environment '
  'variable SDD_API_KEY, and if that is empty, none',
)  # fmt: skip
_BYTES = flags.DEFINE_integer(
  'max_megabytes', 16, 'size of a message at most', lower_bound=1
)
_CLIENTS = flags.DEFINE_integer(
  'max_clients', 64, 'clients connected at once, at most', lower_bound=1
)


def main(_: list[str]) -> int:
  try:
    from sdd.deployment import server
  except ModuleNotFoundError as problem:
    raise policies.missing_extra(problem) from problem
  settings = server.Settings(
    host=_HOST.value,
    port=_PORT.value,
    api_key=_api_key(),
    most_bytes=_BYTES.value * 2**20,
    most_clients=_CLIENTS.value,
  )
  policy, facts = _load(_POLICY.value)
  serving = server.PolicyServer(
    policy, server.describe(policy, **facts), settings
  )
  key = 'with a key' if settings.api_key else 'without a key'

  def ready(port: int) -> None:
    print(
      f'{_POLICY.value} at ws://{settings.host}:{port}, {key}. Ctrl-C ends.',
      flush=True,
    )

  program.when_interrupted('The server has ended.')
  try:
    asyncio.run(_serve(serving.run(ready)))
  except asyncio.CancelledError:
    raise KeyboardInterrupt from None
  except OSError as problem:
    raise errors.SddError(
      f'--host={settings.host} --port={settings.port}: {problem.strerror}.'
    ) from problem
  finally:
    print(f'{serving.answered} messages of {serving.connected} clients.')
  return 0


async def _serve(running: Coroutine[Any, Any, None]) -> None:
  """Until Ctrl-C, or until a service manager says so."""
  loop, task = asyncio.get_running_loop(), asyncio.current_task()
  assert task is not None
  for number in (signal.SIGINT, signal.SIGTERM):
    loop.add_signal_handler(number, task.cancel)
  await running


def _api_key() -> str:
  if _KEY.value is None:
    return os.environ.get(policies.API_KEY, '')
  try:
    key = pathlib.Path(_KEY.value).read_text(encoding='utf-8').strip()
  except (OSError, UnicodeDecodeError) as problem:
    raise errors.SddError(f'--api_key_file: {problem}') from problem
  if not key:
    raise errors.SddError(f'--api_key_file={_KEY.value} is empty.')
  return key


def _load(path: str) -> tuple[Any, dict[str, Any]]:
  """The policy, and what `server.describe` is told of it."""
  scene = registry.load(_SCENE.value) if _SCENE.value else None
  if scene is not None:
    policy, names = policies.load(path, scene), scene.state_names
  elif pathlib.Path(path).is_dir():
    policy, names = checkpoint.load_policy(path), None
  else:
    try:
      policy, names = runtime.NumpyPolicy.load(path), None
    except (ValueError, OSError) as problem:
      raise errors.SddError(f'--policy={path}: {problem}') from problem
  if isinstance(policy, policy_lib.DiffusionPolicy):
    spec = policy.spec
    return policy, {
      'action_spec': spec.action_spec.to_json(),
      'state_names': names or next(iter(spec.scenes.values()), ()),
      'instructions': spec.instructions,
      'pictures': policy.pictures.to_json(),
    }
  if not isinstance(policy, runtime.NumpyPolicy):
    raise errors.SddError(
      f'--policy={path}: expected a policy.npz, or the --workdir of a training '
      'run.'
    )
  return policy, {
    'action_spec': policy.action_spec,
    'state_names': policy.state_names,
    'instructions': policy.instructions,
    'pictures': getattr(policy, 'pictures', {}),
  }


if __name__ == '__main__':
  program.run(main)
