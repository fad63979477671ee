"""A thousand frames of strangers: each gets an error, the others are served.

Seeded. A frame is answered by a text message, by the websocket's own code for
what is broken, or by an HTTP status; connections that are cut get nothing.
"""

import collections
import contextlib
import gc
import socket
import struct
import tracemalloc
from typing import Any

import msgpack
import numpy as np
import policy_server
import pytest
import websockets
from websockets.sync import client as websocket_client

from sdd.deployment import wire

COUNT = 1000
MOST = 64 * 1024  # bytes of a message
KEY = 'open sesame'
HEADER = {'Authorization': f'Api-Key {KEY}'}
SEEN = {
  'proprioception': np.zeros(10),
  'state': np.ones(2),
  'instruction': 'add up',
}
ODD = (
  None, True, 3, -1, 2**63, 1e300, 'text', b'bytes', [], {}, [[1], [1, 2]],
  ['a'] * 10, [None] * 10, {'a': 1}, np.zeros(0), np.zeros((10, 1)),
  np.zeros(9), np.full(10, np.nan), np.full(2, -np.inf), np.zeros((50, 50)),
  np.float32(3), 'x' * 5000, [1e39] * 10,
)  # fmt: skip


def array(data: Any = bytes(40), dtype: Any = '<f4', shape: Any = (10,)):
  return {
    b'__ndarray__': True, b'data': data, b'dtype': dtype, b'shape': shape
  }  # fmt: skip


BAD_ARRAYS = (
  array(dtype='|O'), array(dtype='|V8'), array(dtype='|S999999999'),
  array(dtype='<c8'), array(dtype='f4,f4'), array(dtype='(9,9)f4'),
  array(dtype='<f3'), array(dtype=None), array(dtype='<M8[s]'),
  array(dtype="__import__('os')"), array(shape=(-10,)), array(shape=(11,)),
  array(shape=(2**40,)), array(shape=(2**62, 0), data=b''), array(shape=None),
  array(shape=(2**31 - 1,) * 8), array(shape=[1.5]), array(shape=['a']),
  array(shape=(1,) * 40), array(shape=(True,) * 10), array(data='text'),
  array(data=None), {b'__ndarray__': True},
  {b'__npgeneric__': True, b'data': [], b'dtype': '<f4'},
  {b'__npgeneric__': True, b'data': 2**40, b'dtype': '<i4'},
)  # fmt: skip


def valid():
  return wire.pack(SEEN)


def noise(rng):
  # From 0xc1 on: what follows is never a map of text.
  return bytes([0xC1]) + rng.bytes(int(rng.integers(0, 300)))


def cut_short(rng):
  whole = valid()
  return whole[: int(rng.integers(0, len(whole)))]


def two_at_once(rng):
  return valid() + rng.bytes(3)


def odd_field(rng):
  name = str(rng.choice(['proprioception', 'state']))
  good = {'proprioception': (10,), 'state': (2,)}[name]
  while True:
    value = ODD[int(rng.integers(len(ODD)))]
    found = np.shape(value) if isinstance(value, np.ndarray) else None
    if found != good or not np.isfinite(value).all():  # type: ignore[arg-type]
      return wire_bytes({**SEEN, name: value})


def odd_message(rng):
  value = ODD[int(rng.integers(len(ODD)))]
  return wire_bytes(value)


def bad_array(rng):
  name = str(rng.choice(['proprioception', 'state']))
  value = BAD_ARRAYS[int(rng.integers(len(BAD_ARRAYS)))]
  return msgpack.packb({'instruction': 'add up', name: value})


def lacking(rng):
  left = [[], ['proprioception'], ['state']][int(rng.integers(3))]
  return wire_bytes({name: SEEN[name] for name in (*left, 'instruction')})


def odd_key(rng):
  key = [b'bytes', b'', 'x' * 3000][int(rng.integers(3))]
  value = [None, {}, [[1], [2, 3]]][int(rng.integers(3))]
  return wire_bytes({**SEEN, key: value})


def odd_number_key(rng):
  return msgpack.packb({int(rng.integers(100)): 1, 'instruction': 'add up'})


def odd_reset(rng):
  value = [-1, 1.5, 'now', [], 2**63, True, {}][int(rng.integers(7))]
  return wire_bytes({**SEEN, 'reset': value})


def odd_observe(rng):
  value = [
    3, 'all', {}, [1, 2], [{}], [SEEN] * 65, [{'state': 1}], [None],
    [{**SEEN, 'state': np.full(2, np.nan)}],
  ][int(rng.integers(9))]  # fmt: skip
  return wire_bytes({**SEEN, 'observe': value})


def deep(rng):
  return bytes([0x91]) * int(rng.integers(600, 60_000)) + b'\xc0'


def wide(rng):
  inner = int(rng.integers(6_000, 64_000))
  return b'\xdd' + struct.pack('>I', inner) + b'\x80' * inner


def false_length(rng):
  start = rng.choice([b'\xdd', b'\xdf', b'\xdb', b'\xc6', b'\xc9'])
  return bytes(start) + struct.pack('>I', 2**32 - 1) + rng.bytes(20)


def extension(rng):
  return msgpack.packb(
    {'instruction': 'add up', 'state': msgpack.ExtType(5, rng.bytes(9))}
  )


def text(rng):
  return rng.bytes(20).hex()


def breaking(rng):
  del rng
  return wire_bytes({**SEEN, 'instruction': 'break'})


def wire_bytes(message) -> Any:
  """What `wire.pack` would make, of things that it refuses, too."""
  return msgpack.packb(message, default=wire._plain)


MESSAGES = (
  noise, cut_short, two_at_once, odd_field, odd_message, bad_array, lacking,
  odd_key, odd_number_key, odd_reset, odd_observe, deep, wide, false_length,
  extension, text, breaking,
)  # fmt: skip


def frame(opcode, payload=b'', *, masked=True, final=True, length=None):
  """A websocket frame as it should be, or nearly."""
  size = len(payload) if length is None else length
  first = bytes([(0x80 if final else 0) | opcode])
  mask = 0x80 if masked else 0
  if size < 126:
    head = bytes([mask | size])
  elif size < 2**16:
    head = bytes([mask | 126]) + struct.pack('>H', size)
  else:
    head = bytes([mask | 127]) + struct.pack('>Q', size)
  return first + head + (b'\0\0\0\0' if masked else b'') + payload


BROKEN_FRAMES = {
  'unmasked': frame(2, b'abc', masked=False),
  'reserved opcode': frame(3, b'abc'),
  'reserved bits': frame(0x42, b'abc'),
  'long ping': frame(9, b'x' * 126),
  'cut ping': frame(9, b'x', final=False),
  'no UTF-8': frame(1, b'\xff\xfe'),
  'nothing to continue': frame(0, b'abc'),
  'huge': frame(2, b'', length=2**62),
  'too large': frame(2, b'', length=MOST + 1),
  'bad close': frame(8, b'\x00'),
}


def upgrade(key=KEY, **changed):
  lines = {
    'Host': 'here', 'Upgrade': 'websocket', 'Connection': 'Upgrade',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version': '13', 'Authorization': f'Api-Key {key}',
  }  # fmt: skip
  lines = {**lines, **changed}
  said = ''.join(f'{k}: {v}\r\n' for k, v in lines.items() if v is not None)
  return f'GET / HTTP/1.1\r\n{said}\r\n'.encode('latin-1')


BAD_REQUESTS = {
  'no key': (upgrade(Authorization=None), b' 401 '),
  'wrong key': (upgrade(key='guess'), b' 401 '),
  'empty key': (upgrade(key=''), b' 401 '),
  'key of odd letters': (upgrade(key='\xe4\xf6'), b' 401 '),
  'two keys': (
    upgrade(Authorization=f'Api-Key {KEY}\r\nAuthorization: x'),
    b' 401 ',
  ),
  'no upgrade': (b'GET / HTTP/1.1\r\nHost: here\r\n\r\n', b' 401 '),
  # Who speaks no HTTP is hung up on.
  'another method': (b'POST / HTTP/1.1\r\nHost: here\r\n\r\n', b''),
  'no HTTP': (b'\x16\x03\x01 hello\r\n\r\n', b''),
  'long line': (b'GET /' + b'a' * 20_000 + b' HTTP/1.1\r\n\r\n', b''),
  'many headers': (
    b'GET / HTTP/1.1\r\n' + b'A: b\r\n' * 500 + b'\r\n', b'',
  ),
  'wrong version': (upgrade(**{'Sec-WebSocket-Version': '7'}), b' 4'),
}  # fmt: skip


def raw(port, *parts):
  """Sends bytes and returns all that comes back until the end."""
  with socket.create_connection(('127.0.0.1', port), timeout=30) as link:
    got = b''
    for part in parts:
      link.sendall(part)
      if part is not parts[-1]:
        got += link.recv(65536)
    with contextlib.suppress(ConnectionError):  # reset is an end, too
      while some := link.recv(65536):
        got += some
  return got


def connect(port):
  return websocket_client.connect(
    f'ws://127.0.0.1:{port}', compression=None, proxy=None,
    additional_headers=HEADER,
  ).__enter__()  # fmt: skip


def cut(port, rng):
  """Leaves in the middle of something, politely or not."""
  with socket.create_connection(('127.0.0.1', port), timeout=30) as link:
    sent = upgrade() + frame(2, valid())
    link.sendall(sent[: int(rng.integers(1, len(sent)))])
    if rng.random() < 0.5:  # reset instead of end
      linger = struct.pack('ii', 1, 0)
      link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextlib.contextmanager
def memory():
  """Watches memory from where it is told to, as that makes all slow.

  What it yields begins, and then tells: bytes that were allocated since and
  are still there, and the most there were at once.
  """

  def told():
    if not tracemalloc.is_tracing():
      gc.collect()
      tracemalloc.start()
    gc.collect()
    return tracemalloc.get_traced_memory()

  try:
    yield told
  finally:
    tracemalloc.stop()


class Strangers:
  """Sends one bad thing after the other, and looks at what comes back."""

  def __init__(self, port):
    self.port, self.rng = port, np.random.default_rng(8)
    self.told = collections.Counter()
    self.link = connect(port)
    self.link.recv(timeout=30)

  def send(self):
    kind = self.rng.random()
    if kind < 0.85:
      self._message()
    elif kind < 0.9:
      name = str(self.rng.choice(list(BROKEN_FRAMES)))
      got = raw(self.port, upgrade(), BROKEN_FRAMES[name])
      # The last thing is a close frame with a code from 1002 on.
      code = [
        struct.unpack('>H', got[k + 2 : k + 4])[0]
        for k in range(len(got) - 3)
        if got[k] == 0x88
      ]
      assert code, name
      assert code[-1] in (1002, 1007, 1009), name
      self.told['closed'] += 1
    elif kind < 0.95:
      name = str(self.rng.choice(list(BAD_REQUESTS)))
      request, status = BAD_REQUESTS[name]
      got = raw(self.port, request)
      first = got.split(b'\r\n')[0]
      assert status in first, (name, first)
      assert b' 101 ' not in first, name
      self.told['refused'] += 1
    elif kind < 0.98:
      cut(self.port, self.rng)
      self.told['cut'] += 1
    else:
      self._too_large()

  def _message(self):
    make = MESSAGES[int(self.rng.integers(len(MESSAGES)))]
    message: Any = make(self.rng)
    self.link.send(message)
    answer = self.link.recv(timeout=30)
    assert isinstance(answer, str), make
    assert 0 < len(answer) <= 2000
    self.told['answered'] += 1

  def _too_large(self):
    with connect(self.port) as link:
      link.recv(timeout=30)
      with pytest.raises(websockets.ConnectionClosed) as caught:
        link.send(bytes(MOST + 1))
        link.recv(timeout=30)
    assert caught.value.rcvd is None or caught.value.rcvd.code == 1009
    self.told['too large'] += 1


def test_a_thousand_hostile_frames():
  policy = policy_server.Sum()
  with (
    policy_server.running(policy, api_key=KEY, most_bytes=MOST) as port,
    memory() as watch,
  ):
    strangers, local = Strangers(port), policy_server.Sum()
    with connect(port) as friend:
      friend.recv(timeout=30)
      for number in range(COUNT):
        strangers.send()
        if number % 25 == 0:
          seen = {**SEEN, 'state': np.array([number, 1.0])}
          reset = {'reset': number} if number % 100 == 0 else {}
          if reset:
            local.reset(number)
          friend.send(wire.pack({**seen, **reset}))
          answer = friend.recv(timeout=30)
          assert isinstance(answer, bytes)
          told = wire.unpack(answer)
          np.testing.assert_array_equal(told['actions'], local.infer(seen))
        if number == COUNT // 4:
          watch()
      grown, peak = watch()
    strangers.link.close()
    assert sum(strangers.told.values()) == COUNT
    assert min(strangers.told.values()) >= 10
    assert grown < 500_000, 'memory grows'
    assert peak < 30_000_000, 'one message took too much'
    assert raw(port, b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n').endswith(
      b'OK\n'
    )
