"""Records: what was asked and answered once need not be asked again."""

import dataclasses
import json

import pytest

from sdd import errors
from sdd.language import (
  conversation,
  metering,
  planner,
  prompting,
  provider,
  record_store,
  recorded,
  registry,
)

TASK = 'move the crayon box into the top drawer'


class Live:
  """Answers as the package's records do, and counts."""

  def __init__(self, model='some-model'):
    self.model, self.asked = model, 0
    self.records = recorded.RecordedProvider()

  def complete(self, request):
    self.asked += 1
    text = self.records.complete(request).text
    return provider.Completion(
      provider.identifier(request, self.model, text),
      text, self.model, 'A test.', tokens_in=1000, tokens_out=10, seconds=0.5,
    )  # fmt: skip


def talk(live, folder, mode, **options):
  store = record_store.RecordStore(folder)
  return conversation.Conversation(
    lambda: live, mode=mode, sources=[store], store=store, **options
  )


def infer(vocabulary, provider, task=TASK, **options):
  return planner.infer_task_tree(
    task, 'drawer', vocabulary, provider, **options
  )


@pytest.fixture
def request_(vocabulary):
  return prompting.request('plan', TASK, vocabulary, scene='drawer')


def test_a_request_is_known_by_its_content(vocabulary, request_):
  def digest(**changed):
    return dataclasses.replace(request_, **changed).digest

  assert len(request_.digest) == 64
  assert digest(scene='moon', prompt='whatever') == request_.digest
  attempt = provider.Attempt('[]', 'It is a list.')
  others = [
    {'question': 'ground'}, {'version': 99}, {'instruction': 'go'},
    {'description': '- table'}, {'form': None}, {'attempts': (attempt,)},
    {'sample': 1},
  ]  # fmt: skip
  found = {digest(**changed) for changed in others}
  assert len(found) == len(others)
  assert request_.digest not in found


def test_same_records_same_trees(vocabulary, tmp_path):
  live = Live()
  first = infer(vocabulary, talk(live, tmp_path, 'auto'))
  asked = live.asked
  assert asked == len(list(tmp_path.iterdir())) == len(first.completions)
  again = talk(Live('another-model'), tmp_path, 'auto')
  assert infer(vocabulary, again).to_json() == first.to_json()
  assert (again.usage.calls, again.usage.replayed) == (0, asked)
  replayed = conversation.Conversation(
    None, mode='replay', sources=[record_store.RecordStore(tmp_path)]
  )
  assert infer(vocabulary, replayed).to_json() == first.to_json()


def test_what_a_mode_reads_and_writes(vocabulary, tmp_path):
  def run(mode, model):
    live = Live(model)
    tree = infer(vocabulary, talk(live, tmp_path, mode))
    return live.asked, {name.split('/')[0] for name in tree.completions}

  with pytest.raises(recorded.MissingCompletionError, match='record_mode'):
    run('replay', 'a')
  asked, models = run('live', 'a')
  assert models == {'a'}
  assert not list(tmp_path.iterdir())
  assert run('record', 'b') == (asked, {'b'})
  assert run('auto', 'c') == (0, {'b'})
  assert run('record', 'd') == (asked, {'d'})
  assert run('live', 'e') == (asked, {'e'})
  assert run('replay', 'f') == (0, {'d'})


def test_another_sample_is_another_question(vocabulary, tmp_path):
  live = Live()
  one = infer(vocabulary, talk(live, tmp_path, 'auto'))
  asked = live.asked
  two = infer(vocabulary, talk(live, tmp_path, 'auto'), sample=1)
  assert live.asked == 2 * asked
  assert one.root == two.root
  assert not {*one.completions} & {*two.completions}


def test_a_run_keeps_what_it_used(vocabulary, tmp_path):
  """Whoever answered; and it is all that is needed."""
  used = registry.make_provider('recorded')
  tree = infer(vocabulary, used)
  used.save(tmp_path / 'records')
  kept = conversation.Conversation(
    None,
    mode='replay',
    sources=[record_store.RecordStore(tmp_path / 'records')],
  )
  assert infer(vocabulary, kept).to_json() == tree.to_json()
  resumed = registry.make_provider('gemini:m', kept=tmp_path / 'records')
  assert infer(vocabulary, resumed).to_json() == tree.to_json()
  assert 'no key' not in resumed.report()
  before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*.json')}
  used.save(tmp_path / 'records')
  assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_record_is_for_people_too(vocabulary, request_, tmp_path):
  talk(Live(), tmp_path, 'auto').complete(request_)
  record = json.loads((tmp_path / f'{request_.digest}.json').read_text())
  assert record['request']['instruction'] == TASK
  assert '- cabinet' in record['request']['scene']
  assert record['completion']['model'] == 'some-model'
  assert record['completion']['tokens_in'] == 1000


@pytest.mark.parametrize(
  'damage',
  [
    lambda record: '',
    lambda record: '[]',
    lambda record: '{}',
    lambda record: json.dumps({**record, 'format': 9}),
    lambda record: json.dumps({**record, 'completion': {'text': 'x'}}),
    lambda record: json.dumps(
      {**record, 'completion': {**record['completion'], 'finish': 'maybe'}}
    ),
    lambda record: json.dumps(
      {**record, 'completion': {**record['completion'], 'text': 3}}
    ),
  ],
)
def test_a_damaged_record_is_a_typed_error(request_, tmp_path, damage):
  talk(Live(), tmp_path, 'auto').complete(request_)
  path = tmp_path / f'{request_.digest}.json'
  path.write_text(damage(json.loads(path.read_text())))
  with pytest.raises(record_store.RecordsError, match=request_.digest):
    talk(Live(), tmp_path, 'auto').complete(request_)


def test_a_folder_that_cannot_be_written_to(request_, tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(errors.SddError, match='cannot be'):
    talk(Live(), tmp_path / 'file' / 'records', 'record').complete(request_)


def test_readable_records_come_first_from_a_file_or_a_folder(
  vocabulary, tmp_path
):
  own = {
    'provenance': 'Ours.',
    'resolve': {'tidy up': {'instruction': TASK}},
  }
  (tmp_path / 'drawer.json').write_text(json.dumps(own))
  for path in (tmp_path, tmp_path / 'drawer.json'):
    tree = infer(
      vocabulary, registry.make_provider(records=path), task='Tidy up.'
    )
    assert tree.explicit == TASK
    assert tree.completions[0] == 'drawer.json/resolve/tidy up'
    assert len(tree.nodes) == 6
  own['resolve']['tidy up']['instruction'] = TASK.replace('top', 'middle')
  (tmp_path / 'drawer.json').write_text(json.dumps(own))
  tree = infer(vocabulary, registry.make_provider(records=path), 'tidy up')
  assert 'middle' in tree.explicit


@pytest.mark.parametrize(
  ('options', 'match'),
  [
    ({'name': 'recorded:m'}, 'no model'),
    ({'name': 'openai'}, 'openai:MODEL'),
    ({'mode': 'rewind'}, 'record mode'),
    ({'mode': 'live'}, 'nobody|there is none'),
    ({'name': 'openai:m', 'mode': 'record'}, '--records=DIR'),
    ({'records': 'nowhere/some.json'}, 'no such file'),
    ({'name': 'Openai:m'}, "Did you mean 'openai'"),
  ],
)
def test_what_does_not_go_together_is_told(options, match):
  with pytest.raises(errors.SddError, match=match):
    registry.make_provider(**options)


class TestBudget:
  def infer(self, vocabulary, tmp_path, **limits):
    budget = metering.Budget(**limits)
    talking = talk(Live(), tmp_path, 'auto', budget=budget)
    try:
      infer(vocabulary, talking)
    finally:
      self.usage, self.report = talking.usage, talking.report()

  def test_what_it_came_to_is_told(self, vocabulary, tmp_path):
    prices = {'price_in': 2.0, 'price_out': 100.0}
    self.infer(vocabulary, tmp_path, **prices)
    calls = self.usage.calls
    assert self.usage.tokens_in == 1000 * calls
    assert f'{calls} calls, {1000 * calls:,} tokens in' in self.report
    assert f'price of {calls * 0.003:.4f}' in self.report
    self.infer(vocabulary, tmp_path)
    assert self.report == f'Language model: {calls} answers from records.'

  @pytest.mark.parametrize(
    ('limits', 'calls'),
    [
      ({'calls': 4}, 4),
      ({'tokens': 3030}, 3),
      ({'tokens': 3031}, 4),
      ({'money': 0.005, 'price_in': 2.0, 'price_out': 100.0}, 2),
    ],
  )
  def test_it_ends_at_the_limit(self, vocabulary, tmp_path, limits, calls):
    with pytest.raises(metering.BudgetError, match=f'max_{next(iter(limits))}'):
      self.infer(vocabulary, tmp_path, **limits)
    assert self.usage.calls == calls
    # Raised, it goes on from the records.
    self.infer(vocabulary, tmp_path)
    assert self.usage.replayed == calls

  def test_a_limit_that_cannot_be_kept_is_told(self, vocabulary, tmp_path):
    with pytest.raises(errors.SddError, match='--llm_price_in'):
      metering.Budget(money=1.0)
    silent = Live()
    silent.complete = lambda request: dataclasses.replace(
      Live.complete(silent, request), tokens_out=None
    )
    talking = talk(
      silent, tmp_path, 'auto', budget=metering.Budget(tokens=10**9)
    )
    with pytest.raises(metering.BudgetError, match='does not say'):
      infer(vocabulary, talking)
    assert talking.usage.calls == 1
