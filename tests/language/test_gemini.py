"""The Gemini provider, against a server of our own on this machine."""

import http.server
import json
import sys
import threading

import pytest

from sdd.language import gemini, provider, registry

KEY = 'not-a-real-key-0123456789'
REQUEST = provider.Request('plan', 'drawer', 'go', 'The whole prompt.')


@pytest.fixture
def server():
  """A server that records requests and gives `server.answer`."""

  class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
      length = int(self.headers['Content-Length'])
      body = json.loads(self.rfile.read(length))
      found.seen.append((self.path, dict(self.headers), body))
      status, answer = found.answer
      content = json.dumps(answer).encode()
      self.send_response(status)
      self.send_header('Content-Type', 'application/json')
      self.send_header('Content-Length', str(len(content)))
      self.end_headers()
      self.wfile.write(content)

    def log_message(self, format, *arguments):
      del format, arguments

  class Server(http.server.ThreadingHTTPServer):
    seen: list = []  # noqa: RUF012
    answer: tuple = (200, {})

  found = Server(('127.0.0.1', 0), Handler)
  found.seen = []
  thread = threading.Thread(target=found.serve_forever, daemon=True)
  thread.start()
  yield found
  found.shutdown()
  found.server_close()
  thread.join()


@pytest.fixture
def key(monkeypatch):
  monkeypatch.delenv('GOOGLE_API_KEY', raising=False)
  monkeypatch.delenv('SDD_GEMINI_MODEL', raising=False)
  monkeypatch.setenv('GEMINI_API_KEY', KEY)


def _text(text):
  parts = [{'text': text}] if text else []
  content = {'role': 'model', 'parts': parts}
  return {'candidates': [{'content': content, 'finishReason': 'STOP'}]}


def _provider(server, **arguments):
  url = f'http://127.0.0.1:{server.server_port}'
  return gemini.GeminiProvider(base_url=url, **arguments)


@pytest.mark.usefixtures('key')
def test_the_prompt_goes_out_and_the_text_comes_back(server, monkeypatch):
  server.answer = 200, _text('{"subtasks": []}')
  monkeypatch.setenv('SDD_GEMINI_MODEL', 'some-model')
  completion = _provider(server).complete(REQUEST)
  assert completion.text == '{"subtasks": []}'
  assert completion.model == 'some-model'
  assert completion.identifier.startswith('some-model/plan/')
  ((path, headers, body),) = server.seen
  assert path.endswith('/models/some-model:generateContent')
  assert body['contents'][0]['parts'][0]['text'] == REQUEST.prompt
  assert body['generationConfig']['temperature'] == 0
  assert KEY in set(headers.values())
  assert KEY not in repr(completion)


@pytest.mark.usefixtures('key')
def test_equal_answers_have_equal_identifiers(server):
  server.answer = 200, _text('a')
  live = _provider(server, model='m')
  first, second = live.complete(REQUEST), live.complete(REQUEST)
  server.answer = 200, _text('b')
  assert first == second
  assert live.complete(REQUEST).identifier != first.identifier


@pytest.mark.usefixtures('key')
@pytest.mark.parametrize('status', [400, 403, 404, 429])
def test_a_refusal_is_told_without_the_key(server, status):
  server.answer = (
    status,
    {'error': {'code': status, 'message': f'no: {KEY}', 'status': 'REFUSED'}},
  )
  with pytest.raises(gemini.GeminiError, match=f'{status} REFUSED') as caught:
    _provider(server).complete(REQUEST)
  assert KEY not in str(caught.value)


@pytest.mark.usefixtures('key')
def test_an_empty_answer_is_told(server):
  server.answer = 200, _text('')
  with pytest.raises(gemini.GeminiError, match='no text'):
    _provider(server).complete(REQUEST)


@pytest.mark.usefixtures('key')
def test_an_unreachable_server_is_told():
  nowhere = gemini.GeminiProvider(base_url='http://127.0.0.1:9')
  with pytest.raises(gemini.GeminiError, match='--llm=recorded'):
    nowhere.complete(REQUEST)


def test_a_missing_key_is_told(monkeypatch):
  for name in gemini.KEY_VARIABLES:
    monkeypatch.delenv(name, raising=False)
  with pytest.raises(gemini.GeminiError, match='GEMINI_API_KEY'):
    registry.make_provider('gemini')


@pytest.mark.usefixtures('key')
def test_a_missing_package_is_told(monkeypatch):
  monkeypatch.setitem(sys.modules, 'google.genai', None)
  with pytest.raises(gemini.GeminiError, match=r'sdd\[gemini\]'):
    registry.make_provider('gemini')
