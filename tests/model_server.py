"""A server on this machine that speaks as language-model servers do."""

import contextlib
import dataclasses
import http.server
import json
import threading
import time
from typing import Any


@dataclasses.dataclass
class Response:
  """What the server does with one request.

  Attributes:
    status: HTTP status.
    body: the JSON, or the bytes as they are; or what makes it, or a whole
      response, of the request's body.
    headers: further ones.
    missing: how many bytes it promises and does not send.
    delay: seconds before it answers.
  """

  status: int = 200
  body: Any = None
  headers: dict[str, str] = dataclasses.field(default_factory=dict)
  missing: int = 0
  delay: float = 0.0


class Server(http.server.ThreadingHTTPServer):
  """Gives its responses in order, the last one ever after."""

  daemon_threads = True

  def __init__(self):
    super().__init__(('127.0.0.1', 0), _Handler)
    self.responses: list[Response] = []
    self.seen: list[tuple[str, dict[str, str], Any]] = []

  @property
  def url(self):
    return f'http://127.0.0.1:{self.server_port}'


class _Handler(http.server.BaseHTTPRequestHandler):
  server: Server

  def do_POST(self):
    length = int(self.headers['Content-Length'])
    body = json.loads(self.rfile.read(length))
    self.server.seen.append((self.path, dict(self.headers), body))
    responses = self.server.responses
    response = responses.pop(0) if len(responses) > 1 else responses[0]
    if callable(response.body):
      made = response.body(body)
      whole = isinstance(made, Response)
      response = made if whole else dataclasses.replace(response, body=made)
    time.sleep(response.delay)
    content = response.body
    if not isinstance(content, bytes):
      content = json.dumps(content).encode()
    with contextlib.suppress(ConnectionError):  # it did not want to wait
      self.send_response(response.status)
      self.send_header('Content-Type', 'application/json')
      self.send_header('Content-Length', str(len(content) + response.missing))
      for name, value in response.headers.items():
        self.send_header(name, value)
      self.end_headers()
      self.wfile.write(content)
      if response.missing:
        self.close_connection = True

  def log_message(self, format, *arguments):
    del format, arguments


@contextlib.contextmanager
def running():
  server = Server()
  thread = threading.Thread(target=server.serve_forever, args=(0.01,))
  thread.start()
  try:
    yield server
  finally:
    server.shutdown()
    server.server_close()
    thread.join()


class Protocol:
  """What servers of all kinds are asked."""

  def form(self, body) -> tuple[Any, Any]:
    """Whether a request asks for JSON, and its schema."""
    raise LookupError(body)

  def prompt(self, body) -> str:
    raise LookupError(body)

  def asked(self, body) -> tuple[Any, str]:
    """Which question, and about which instruction."""
    _, schema = self.form(body)
    marks = {'subtasks': 'plan', 'verb': 'ground', 'impossible': 'resolve'}
    fields = (schema or {}).get('properties', {})
    question = next((marks[k] for k in fields if k in marks), 'success')
    lines = self.prompt(body).splitlines()
    start = 'Instruction: '
    said = [line[len(start) :] for line in lines if line.startswith(start)]
    return question, said[-1]


class Gemini(Protocol):
  """Bodies as Gemini's server sends them."""

  name = 'gemini'
  key_variable = 'GEMINI_API_KEY'
  stops = {'stop': 'STOP', 'length': 'MAX_TOKENS', 'refused': 'SAFETY'}  # noqa: RUF012

  def path(self, url):
    return url

  def text(self, text, finish='stop'):
    parts = [{'text': text}] if text else []
    return {
      'candidates': [
        {
          'content': {'role': 'model', 'parts': parts},
          'finishReason': self.stops[finish],
          'index': 0,
        }
      ],
      'usageMetadata': {
        'promptTokenCount': 70,
        'candidatesTokenCount': 9,
        'totalTokenCount': 79,
      },
      'modelVersion': 'served-model',
    }

  def blocked(self):
    return {'promptFeedback': {'blockReason': 'PROHIBITED_CONTENT'}}

  def nothing(self):
    return {'candidates': [], 'modelVersion': 'served-model'}

  def error(self, status, message):
    return {
      'error': {'code': status, 'message': message, 'status': 'SOME_STATUS'}
    }

  def prompt(self, body) -> str:
    return body['contents'][0]['parts'][0]['text']

  def form(self, body) -> tuple[Any, Any]:
    config = body.get('generationConfig', {})
    schema = config.get('responseJsonSchema') or config.get('responseSchema')
    return config.get('responseMimeType'), schema

  def temperature(self, body):
    return body.get('generationConfig', {}).get('temperature')


class GenerativeAi(Gemini):
  name = 'generativeai'


class OpenAi(Protocol):
  """Bodies as servers of OpenAI's chat protocol send them."""

  name = 'openai'
  key_variable = 'OPENAI_API_KEY'

  def path(self, url):
    return f'{url}/v1'

  def text(self, text, finish='stop'):
    names = {'refused': 'content_filter'}
    return {
      'id': 'chatcmpl-1',
      'object': 'chat.completion',
      'created': 1,
      'model': 'served-model',
      'choices': [
        {
          'index': 0,
          'message': {'role': 'assistant', 'content': text or None},
          'finish_reason': names.get(finish, finish),
        }
      ],
      'usage': {
        'prompt_tokens': 70, 'completion_tokens': 9, 'total_tokens': 79,
      },
    }  # fmt: skip

  def blocked(self):
    body = self.text('')
    body['choices'][0]['message']['refusal'] = 'I will not.'
    return body

  def nothing(self):
    return {**self.text(''), 'usage': None}

  def error(self, status, message):
    return {'error': {'message': message, 'type': 'some', 'code': str(status)}}

  def prompt(self, body) -> str:
    return body['messages'][0]['content']

  def form(self, body) -> tuple[Any, Any]:
    asked = body.get('response_format')
    if asked is None:
      return None, None
    return 'application/json', asked['json_schema']['schema']

  def temperature(self, body):
    return body.get('temperature')


PROTOCOLS = (Gemini(), GenerativeAi(), OpenAi())
