"""The policy server as openpi's clients see it, and our client."""

import threading
import time
import urllib.request

import msgpack
import numpy as np
import policy_server
import pytest
import websockets
from websockets.sync import client as websocket_client

from sdd.deployment import client, key_names, server, wire
from sdd.policy import protocol


def seen(number=0, **more):
  rng = np.random.default_rng(number)
  return {
    'proprioception': rng.normal(size=10),
    'state': rng.normal(size=2).astype(np.float32),
    'instruction': 'add up',
    **more,
  }


@pytest.fixture(scope='module')
def port():
  with policy_server.running(policy_server.Sum()) as found:
    yield found


def connect(port, **more):
  return websocket_client.connect(
    f'ws://127.0.0.1:{port}', compression=None, proxy=None, **more
  ).__enter__()


def by_hand(array):
  """An array as openpi's clients write it."""
  return {
    b'__ndarray__': True,
    b'data': array.tobytes(),
    b'dtype': array.dtype.str,
    b'shape': array.shape,
  }


def test_a_client_of_openpi_is_served(port):
  state = np.arange(12, dtype=np.float32)
  asked = {
    'observation/state': by_hand(state),
    'observation/image': by_hand(np.zeros((4, 4, 3), np.uint8)),
    'prompt': 'add up',
  }
  with connect(port) as link:
    metadata = msgpack.unpackb(link.recv(timeout=30))
    assert metadata['execution_horizon'] == 4
    assert metadata['state_names'] == list(policy_server.NAMES)
    assert metadata['action_spec']['rate_hz'] == 4
    for call in range(2):
      link.send(msgpack.packb(asked))
      told = msgpack.unpackb(link.recv(timeout=30))
      assert set(told) == {'actions', 'server_timing'}
      timing = {'infer_ms', 'prev_total_ms'} if call else {'infer_ms'}
      assert set(told['server_timing']) == timing
      actions = told['actions']
      assert actions[b'__ndarray__'] is True
      chunk = np.ndarray(actions[b'shape'], actions[b'dtype'], actions[b'data'])
      np.testing.assert_array_equal(chunk[:, 2], 21 * (call + 1))  # 10 + 11


def test_health_is_told_without_a_key():
  with policy_server.running(policy_server.Sum(), api_key='k') as port:
    address = f'http://127.0.0.1:{port}/healthz'
    with urllib.request.urlopen(address, timeout=30) as answer:
      assert (answer.status, answer.read()) == (200, b'OK\n')
    with pytest.raises(websockets.InvalidStatus, match='401'):
      connect(port)
    with pytest.raises(client.ServerError, match=r'401.*Api-Key'):
      client.RemotePolicy(f'ws://127.0.0.1:{port}', api_key='wrong')
    with client.RemotePolicy(f'ws://127.0.0.1:{port}', api_key='k') as policy:
      assert policy.infer(seen()).shape == (8, 10)


def test_a_complaint_is_text_and_the_connection_goes_on(port):
  with connect(port) as link:
    link.recv(timeout=30)
    for message, expected in (
      ('hello', 'binary'),
      (b'\xc1', 'msgpack'),
      (wire.pack([1]), 'Expected a map'),
      (wire.pack({}), 'nothing is asked'),
      (wire.pack(seen(state=np.zeros(3))), "'state' must be"),
      (wire.pack(seen(state='none')), 'state'),
      (wire.pack({'prompt': 'add up'}), "lacks 'proprioception'"),
      (wire.pack(seen(instruction='break')), 'RuntimeError: it broke'),
      (wire.pack(seen(reset=-1)), "'reset' is -1"),
      (wire.pack(seen(observe=[1])), "'observe' must be"),
    ):
      link.send(message)
      answer = link.recv(timeout=30)
      assert isinstance(answer, str)
      assert expected in answer
    link.send(wire.pack(seen(reset=5)))
    told = wire.unpack(link.recv(timeout=30))
    assert told['actions'][0, 0] == 5


def test_a_reset_alone_is_acknowledged(port):
  with connect(port) as link:
    link.recv(timeout=30)
    link.send(wire.pack({'reset': 3, 'observe': [seen(1), seen(2)]}))
    assert set(wire.unpack(link.recv(timeout=30))) == {'server_timing'}
    link.send(wire.pack(seen(3)))
    chunk = wire.unpack(link.recv(timeout=30))['actions']
    assert chunk[0, :2].tolist() == [3, 3]


def play(policy, number, calls=12):
  """What a policy answers in an episode of its own, number by number."""
  rng, answers = np.random.default_rng(number), []
  for call in range(calls):
    if call % 5 == 0:
      policy.reset(seed=number + call)
    for _ in range(int(rng.integers(4))):
      policy.observe(seen(int(rng.integers(1000))))
    answers.append(policy.infer(seen(int(rng.integers(1000)))))
  return answers


def test_four_clients_at_once_get_what_a_local_policy_answers(port):
  got, ready = {}, threading.Barrier(4)

  def work(number):
    with client.RemotePolicy(f'ws://127.0.0.1:{port}') as remote:
      ready.wait(60)
      got[number] = play(remote, number)

  threads = [threading.Thread(target=work, args=[k]) for k in range(4)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  for number in range(4):
    expected = play(policy_server.Sum(), number)
    for ours, theirs in zip(expected, got[number], strict=True):
      assert ours.dtype == theirs.dtype
      np.testing.assert_array_equal(ours, theirs)


def test_the_client_is_a_policy(port):
  with client.RemotePolicy(f'ws://127.0.0.1:{port}') as remote:
    assert isinstance(remote, protocol.Policy)
    assert protocol.wanted(remote).cameras == ()
    assert remote.execution_horizon == 4
    chunk = remote.infer(seen())
    chunk[0, 0] = 1  # ours to change
    assert remote.timing['infer_ms'] >= 0
    with pytest.raises(client.ServerError, match='it broke'):
      remote.infer(seen(instruction='break'))
    assert remote.infer(seen()).shape == (8, 10)


def test_no_more_than_the_most_clients_are_taken():
  with policy_server.running(policy_server.Sum(), most_clients=1) as port:
    address = f'ws://127.0.0.1:{port}'
    with (
      client.RemotePolicy(address),
      pytest.raises(client.ServerError, match='503'),
    ):
      client.RemotePolicy(address, patience=0)
    with client.RemotePolicy(address, patience=30) as again:
      assert again.infer(seen()).shape == (8, 10)


def test_a_client_waits_for_a_server_and_finds_it_again():
  with pytest.raises(client.ServerError, match='Cannot connect'):
    client.RemotePolicy('ws://127.0.0.1:9', patience=0)
  with pytest.raises(client.ServerError, match='hello'):
    client.RemotePolicy('hello')
  with policy_server.running(policy_server.Sum()) as port:
    remote = client.RemotePolicy(f'ws://127.0.0.1:{port}')
    remote.reset(seed=9)
    remote.observe(seen(1))
    first = remote.infer(seen())
    assert first[0, :2].tolist() == [9, 2]
    assert remote._connection is not None
    remote._connection.socket.close()  # as when a cable is pulled
    remote.observe(seen(2))
    again = remote.infer(seen())
    assert again[0, :2].tolist() == [9, 2]  # it began anew, as it was told
  remote._patience = 0
  with pytest.raises(client.ServerError):
    remote.infer(seen())
  remote.close()


def test_inference_does_not_keep_others_from_being_heard():
  begun, freed = threading.Event(), threading.Event()

  class Slow(policy_server.Sum):
    def infer(self, observation):
      begun.set()
      assert freed.wait(60)
      return super().infer(observation)

  with policy_server.running(Slow()) as port, connect(port) as link:
    link.recv(timeout=30)
    link.send(wire.pack(seen()))
    assert begun.wait(30)
    address = f'http://127.0.0.1:{port}/healthz'
    with urllib.request.urlopen(address, timeout=30) as answer:
      assert answer.read() == b'OK\n'
    freed.set()
    assert 'actions' in wire.unpack(link.recv(timeout=30))


def test_the_server_ends_with_clients_connected():
  began = time.monotonic()
  with policy_server.running(policy_server.Sum()) as port:
    link = connect(port)
    link.recv(timeout=30)
  with pytest.raises(websockets.ConnectionClosed):
    link.recv(timeout=30)
  link.close()
  assert time.monotonic() - began < 60


NUMBERS = np.arange(12.0)


@pytest.mark.parametrize(
  ('sent', 'expected'),
  [
    ({'prompt': 'go'}, {'instruction': 'go'}),
    ({'prompt': 'go', 'instruction': 'stay'}, {'instruction': 'stay'}),
    ({'observation/state': NUMBERS[:10]}, {'proprioception': NUMBERS[:10]}),
    (
      {'observation/state': NUMBERS},
      {'proprioception': NUMBERS[:10], 'state': NUMBERS[10:]},
    ),
    ({'observation/environment_state': NUMBERS}, {'state': NUMBERS}),
    ({'observation/image': NUMBERS}, {'side_image': NUMBERS}),
    ({'observation/wrist_image': NUMBERS}, {'wrist_image': NUMBERS}),
    ({'observation/top_image': NUMBERS}, {'top_image': NUMBERS}),
    ({'state': [1, 2]}, {'state': np.array([1, 2])}),
  ],
)
def test_names_of_openpi(sent, expected):
  found = key_names.translate(sent, ('wrist', 'side'))
  assert set(found) == set(expected)
  for name, value in expected.items():
    np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize(
  'dtype', ['?', 'u1', 'i4', '>i8', 'f2', '<f4', 'f8', '>f4']
)
@pytest.mark.parametrize('shape', [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
def test_arrays_travel_unchanged(dtype, shape):
  rng = np.random.default_rng(0)
  array = np.asarray(100 * rng.random(shape)).astype(dtype)
  back = wire.unpack(wire.pack({'a': [array, {'b': array}]}))
  for each in (back['a'][0], back['a'][1]['b']):
    assert each.dtype == array.dtype
    np.testing.assert_array_equal(each, array)


def test_scalars_and_plain_values_travel_unchanged():
  plain = {'a': [1, 2.5, None, True, 'text', b'bytes', {}], 'b': -(2**40)}
  assert wire.unpack(wire.pack(plain)) == plain
  scalar = wire.unpack(wire.pack(np.float32(0.1)))
  assert scalar.dtype == np.float32
  for bad in (object(), np.array(['x']), np.array([object()]), 2**70, {1, 2}):
    with pytest.raises(wire.WireError, match='cannot be sent'):
      wire.pack(bad)


def test_what_is_served_is_described():
  told = server.describe(
    policy_server.Sum(), action_spec={'rate_hz': 4.0}, state_names=('a',),
    instructions=('go',), pictures={'cameras': ['top'], 'sizes': [[4, 6]]},
  )  # fmt: skip
  assert wire.unpack(wire.pack(told)) == told
  assert told['pictures']['cameras'] == ['top']
