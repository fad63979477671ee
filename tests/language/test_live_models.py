"""The live providers, against a server that speaks their wire formats."""

import logging
import sys

import model_server
import pytest

from sdd import errors
from sdd.language import (
  live,
  planner,
  prompting,
  provider,
  recorded,
  registry,
)

KEY = 'not-a-real/key-0123456789'
SUBTASKS = '{"reasoning": "", "subtasks": []}'
Response = model_server.Response


@pytest.fixture(params=model_server.PROTOCOLS, ids=lambda each: each.name)
def protocol(request):
  return request.param


@pytest.fixture
def server():
  with model_server.running() as found:
    yield found


@pytest.fixture(autouse=True)
def key(monkeypatch):
  for name in ('GEMINI_API_KEY', 'GOOGLE_API_KEY', 'OPENAI_API_KEY'):
    monkeypatch.delenv(name, raising=False)
  monkeypatch.setenv('GEMINI_API_KEY', KEY)
  monkeypatch.setenv('OPENAI_API_KEY', KEY)


@pytest.fixture
def slept():
  return []


@pytest.fixture
def ask(protocol, server, slept, vocabulary):
  """Asks a question of a server that gives these responses."""
  clock = live.Clock(sleep=slept.append, jitter=lambda: 1.0)

  def ask(*responses, question: provider.Question = 'plan', **options):
    server.responses[:] = responses
    options.setdefault('timeout', 20.0)
    made = registry.make_provider(
      f'{protocol.name}:some-model',
      url=protocol.path(server.url),
      clock=clock,
      **options,
    )
    request = prompting.request(question, 'go', vocabulary, scene='drawer')
    return made.complete(request)

  return ask


def told(ask, *responses, **options):
  """The complaint, which never holds the key."""
  with pytest.raises(live.ServiceError) as caught:
    ask(*responses, **options)
  assert KEY not in repr(caught.value)
  return str(caught.value)


def test_a_question_goes_out_and_the_answer_comes_back(
  ask, protocol, server, vocabulary
):
  completion = ask(Response(200, protocol.text(SUBTASKS)))
  assert completion.text == SUBTASKS
  assert (completion.model, completion.finish) == ('served-model', 'stop')
  assert (completion.tokens_in, completion.tokens_out) == (70, 9)
  assert completion.identifier.startswith('served-model/plan/')
  assert "'some-model'" in completion.provenance
  ((path, headers, body),) = server.seen
  assert 'some-model' in path or body['model'] == 'some-model'
  assert any(KEY in value for value in headers.values())
  assert KEY not in path
  assert protocol.prompt(body) == prompting.fill('plan', 'go', vocabulary)


def test_the_form_is_asked_for_and_no_temperature(ask, protocol, server):
  ask(Response(200, protocol.text(SUBTASKS)))
  kind, schema = protocol.form(server.seen[0][2])
  assert kind == 'application/json'
  assert set(schema['properties']) == {'reasoning', 'subtasks'}
  assert protocol.temperature(server.seen[0][2]) is None
  ask(Response(200, protocol.text('x')), question='success')
  assert protocol.form(server.seen[1][2]) == (None, None)
  ask(Response(200, protocol.text(SUBTASKS)), temperature=0.5)
  assert protocol.temperature(server.seen[2][2]) == 0.5


def test_closed_choices_are_enums(ask, protocol, server, vocabulary):
  ask(Response(200, protocol.text('{}')), question='ground')
  _, schema = protocol.form(server.seen[0][2])
  choices = {k: v.get('enum') for k, v in schema['properties'].items()}
  assert choices['verb'] == ['grasp', 'place', 'move_joint']
  assert 'top drawer handle' in choices['link']
  assert 'table' not in choices['link']
  assert set(choices['target']) == {*vocabulary.names, 'none'}
  assert choices['direction'] == ['min', 'max', 'none']


@pytest.mark.parametrize('status', [429, 500, 503])
def test_what_may_pass_is_asked_again_after_a_while(
  ask, protocol, server, slept, status
):
  bad = Response(status, protocol.error(status, 'Busy.'))
  good = Response(200, protocol.text(SUBTASKS))
  assert ask(bad, bad, bad, good).text == SUBTASKS
  assert len(server.seen) == 4
  assert slept == [1.0, 2.0, 4.0]


def test_it_waits_as_long_as_the_server_asks(ask, protocol, slept):
  body = protocol.error(429, 'Busy.')
  good = Response(200, protocol.text(SUBTASKS))
  ask(Response(429, body, {'Retry-After': '7'}), good)
  assert slept == [7.0]
  told(ask, Response(429, body, {'Retry-After': '3600'}))
  assert slept == [7.0]  # not for an hour


@pytest.mark.parametrize('protocol', model_server.PROTOCOLS[:2], indirect=True)
def test_it_waits_as_long_as_the_body_asks(ask, protocol, slept):
  body = protocol.error(429, 'Busy.')
  kind = 'type.googleapis.com/google.rpc.RetryInfo'
  body['error']['details'] = [{'@type': kind, 'retryDelay': '8.5s'}]
  ask(Response(429, body), Response(200, protocol.text(SUBTASKS)))
  assert slept == [8.5]


def test_it_gives_up_in_the_end(ask, protocol, server, slept, caplog):
  message = told(ask, Response(500, protocol.error(500, f'Broken, {KEY}.')))
  assert len(server.seen) == live.TRIES
  assert len(slept) == live.TRIES - 1
  assert max(slept) <= live.LONGEST_WAIT
  for part in ('500', 'Broken', 'asked 5 times', "'plan'", "'go'"):
    assert part in message
  assert 'Trying again' in caplog.text
  assert KEY not in caplog.text


@pytest.mark.parametrize('status', [401, 403, 404])
def test_what_will_not_pass_is_asked_once(ask, protocol, slept, status):
  body = protocol.error(status, f'No: {KEY}')
  message = told(ask, Response(status, body))
  assert 'asked once' in message
  assert not slept
  assert str(status) in message
  assert 'No: [key]' in message


def test_a_server_that_does_not_answer_in_time(ask, protocol, server, slept):
  slow = Response(200, protocol.text('late'), delay=1.0)
  good = Response(200, protocol.text(SUBTASKS))
  assert ask(slow, good, timeout=0.3).text == SUBTASKS
  assert len(server.seen) == 2
  assert len(slept) == 1


def test_an_answer_that_breaks_off_on_the_way(ask, protocol, server):
  broken = Response(200, protocol.text('half'), missing=50)
  good = Response(200, protocol.text(SUBTASKS))
  assert ask(broken, good).text == SUBTASKS
  assert len(server.seen) == 2


@pytest.mark.parametrize(
  'body', [b'', b'<html>Bad gateway</html>', b'{"candidates": [', [], [3],
           {'candidates': 3, 'choices': 3}, 'text'],
)  # fmt: skip
def test_an_answer_that_is_malformed(ask, protocol, server, body):
  good = Response(200, protocol.text(SUBTASKS))
  found = ask(Response(200, body), good)
  if len(server.seen) == 1:  # empty, as far as this package can tell
    assert found.text == ''
  else:
    assert found.text == SUBTASKS


def test_an_unreachable_server(protocol, slept, vocabulary):
  made = registry.make_provider(
    f'{protocol.name}:m',
    url='http://127.0.0.1:9',
    clock=live.Clock(sleep=slept.append),
  )
  request = prompting.request('plan', 'go', vocabulary, scene='drawer')
  with pytest.raises(live.ServiceError, match='--llm=recorded'):
    made.complete(request)
  assert len(slept) == live.TRIES - 1


def test_how_an_answer_ends(ask, protocol):
  assert ask(Response(200, protocol.text('{', 'length'))).finish == 'length'
  stopped = ask(Response(200, protocol.text('I', 'refused')))
  assert stopped.finish == 'refused'
  blocked = ask(Response(200, protocol.blocked()))
  assert (blocked.finish, bool(blocked.text)) == ('refused', True)
  for body in (protocol.text(''), protocol.nothing()):
    empty = ask(Response(200, body))
    assert (empty.finish, empty.text) == ('stop', '')
  assert empty.tokens_in is None


def test_a_missing_key_a_missing_model_a_missing_package(
  protocol, monkeypatch, vocabulary
):
  request = prompting.request('plan', 'go', vocabulary, scene='drawer')
  with pytest.raises(errors.SddError, match=f'--llm={protocol.name}:MODEL'):
    registry.make_provider(protocol.name)
  made = registry.make_provider(f'{protocol.name}:m')
  with monkeypatch.context() as patched:
    patched.delenv(protocol.key_variable)
    with pytest.raises(live.ServiceError, match=protocol.key_variable):
      made.complete(request)
  package = {'openai': 'openai', 'gemini': 'google.genai'}
  monkeypatch.setitem(
    sys.modules, package.get(protocol.name, 'google.generativeai'), None
  )
  with pytest.raises(live.ServiceError, match=rf'sdd\[{protocol.name}\]'):
    made.complete(request)


def test_the_old_package_says_that_its_support_has_ended(server, caplog):
  server.responses = [Response(200, model_server.Gemini().text('x'))]
  request = provider.Request('success', 'drawer', 'go', 'A prompt.')
  made = registry.make_provider('generativeai:m', url=server.url)
  made.complete(request)
  assert 'no longer supported' in caplog.text
  assert '--llm=gemini:m' in caplog.text


def test_a_whole_tree_over_the_wire(protocol, server, vocabulary):
  """With a first answer that has the wrong form."""
  records = recorded.RecordedProvider()

  def answer(body):
    question, instruction = protocol.asked(body)
    about = provider.Request(question, 'drawer', instruction, '')
    return protocol.text(records.complete(about).text)

  server.responses = [
    Response(200, protocol.text('{"sentence": "I will."}')),
    Response(200, answer),
  ]
  made = registry.make_provider(
    f'{protocol.name}:m', url=protocol.path(server.url)
  )
  task = 'move the crayon box into the top drawer'
  tree = planner.infer_task_tree(task, 'drawer', vocabulary, made)
  expected = planner.infer_task_tree(task, 'drawer', vocabulary, records)
  assert tree.root == expected.root
  again = protocol.prompt(server.seen[1][2])
  assert 'It cannot be used: Answer with a JSON object of the fields' in again
  assert made.usage.calls == len(server.seen)
  assert made.usage.tokens_in == 70 * len(server.seen)


class TestServersOfOnesOwn:
  """What only the chat protocol has to cope with."""

  protocol = model_server.OpenAi()
  request = provider.Request(
    'plan', 'drawer', 'go', 'A prompt.', form={'type': 'object'}
  )

  def provider(self, server):
    return registry.make_provider('openai:m', url=f'{server.url}/v1')

  def test_they_need_no_key(self, server, monkeypatch):
    monkeypatch.delenv('OPENAI_API_KEY')
    server.responses = [Response(200, self.protocol.text(SUBTASKS))]
    assert self.provider(server).complete(self.request).text == SUBTASKS

  def test_they_need_not_know_forms(self, server):
    server.responses = [
      Response(400, self.protocol.error(400, 'What is response_format?')),
      Response(200, self.protocol.text(SUBTASKS)),
    ]
    made = self.provider(server)
    assert made.complete(self.request).text == SUBTASKS
    other = provider.Request('plan', 's', 'stop', 'B', form={'type': 'object'})
    made.complete(other)
    asked = [self.protocol.form(body)[0] for *_, body in server.seen]
    assert asked == ['application/json', None, None]

  def test_a_bad_request_stays_one(self, server):
    server.responses = [Response(400, self.protocol.error(400, 'No such.'))]
    with pytest.raises(live.ServiceError, match=r'400: .*No such'):
      self.provider(server).complete(self.request)
    assert len(server.seen) == 2


def test_the_key_is_in_nothing_that_is_written(
  ask, protocol, caplog, capfd, tmp_path
):
  """Not even if the server says it aloud."""
  caplog.set_level(logging.DEBUG)
  completion = ask(
    Response(500, protocol.error(500, KEY)),
    Response(200, {**protocol.text(f'Your key is {KEY}!')}),
    records=tmp_path,
    mode='record',
  )
  told(ask, Response(403, protocol.error(403, KEY)))
  assert completion.text == 'Your key is [key]!'
  written = [path.read_text() for path in tmp_path.rglob('*') if path.is_file()]
  assert written
  seen = [*capfd.readouterr(), caplog.text, repr(completion), *written]
  assert not any(KEY in text for text in seen)
