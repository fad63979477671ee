"""The language benchmark, asked of a server that plans well and badly."""

import json
import os
import re
import shlex

import checkout
import many_runs
import model_server
import pytest
import teleport

from sdd.evaluation import judged_states, line_log
from sdd.language import provider, recorded

KEY = 'not-a-real-key-0123456789'
TASK, OTHER = teleport.TASK, 'move the crayon box into the middle drawer'
INSIDE = "check_inside(final_state, 'crayon box', 'top drawer')"
SHUT = "check_closed(final_state, 'top drawer')"
OPEN, CLOSE = 'open the top drawer', 'close the top drawer'
PUT = 'with the top drawer opened, put the crayon box in the top drawer'
PICK = 'with the top drawer opened, pick up the crayon box'
PLACE = 'with the top drawer opened, place the crayon box in the top drawer'
ELSEWHERE = (
  'with the middle drawer opened, put the crayon box in the middle drawer'
)


def plan(*steps):
  return {('plan', TASK): {'subtasks': list(steps)}}


def code(text):
  return {('success', TASK): text}


def upper(word):
  return {
    ('ground', OPEN): {
      'verb': 'move_joint', 'link': f'{word} drawer', 'direction': 'max',
    },
  }  # fmt: skip


# What each sample answers otherwise than the records; is its plan right, is
# its success code, and why not.
MISTAKES = {
  'none': ({}, True, True, ''),
  'forgets to open': (
    plan(PUT, CLOSE), False, True,
    'place(crayon box, top drawer): the top drawer is closed',
  ),
  'wrong drawer': (
    plan('open the middle drawer', ELSEWHERE, 'close the middle drawer'),
    False, True, 'is at the middle drawer, not in the top drawer',
  ),
  'forgets to close': (
    plan(OPEN, PUT), False, True, 'the top drawer is not closed',
  ),
  'places without grasping': (
    plan(OPEN, PLACE, CLOSE), False, False,
    'no tree. The task tree of',
  ),
  'unknown names': (upper('upper'), False, False, 'no tree. No usable'),
  'always true': (
    code('def success(init_state, final_state):\n  return True'), True, False,
    'holds in 100% of',
  ),
  'true at reset': (code(SHUT), True, False, 'the crayon box is where it was'),
  'off by threshold': (
    code(f"{INSIDE} and get_joint_position(final_state, 'top drawer') < 0.3"),
    True, False, 'is in the top drawer, and the top drawer is not closed',
  ),
  'does not hold': (
    code(f"{INSIDE} and {SHUT} and check_grasped(final_state, 'crayon box')"),
    True, False, 'does not hold in 100% of 5 cases',
  ),
  'mends its answer': (upper('upper') | {'once': True}, True, True, ''),
  'says it differently': (
    plan('open the bottom drawer', OPEN, PUT, CLOSE, 'close the bottom drawer'),
    True, True, '',
  ),
}  # fmt: skip
SMALL = [
  '--scenes=drawer', '--states=5', '--attempts=5', '--workers=0',
]  # fmt: skip
COUNT = len(MISTAKES)
PROTOCOL = model_server.OpenAi()
REFUSED = ('status-401', 'status-404', 'status-429')


class Model:
  """Answers as recorded, but for the mistakes of the sample it is at."""

  def __init__(self, *, odd=0):
    """Refuses the success code of the first task's sample `odd`, once."""
    self.begun: dict[str, int] = dict.fromkeys((TASK, OTHER), 0)
    self.task, self.said, self.odd = TASK, set(), odd

  def __call__(self, body):
    question, instruction = PROTOCOL.asked(body)
    if question == 'resolve':
      self.task = instruction
      self.begun[instruction] += 1
      self.said = set()
    number = self.begun[self.task] - 1
    if self.odd and (question, self.task, number) == (
      'success',
      TASK,
      self.odd,
    ):
      self.odd = 0
      return model_server.Response(400, PROTOCOL.error(400, 'Too odd.'))
    wrong = list(MISTAKES.values())[number][0] if self.task == TASK else {}
    asked = (question, instruction)
    if asked in wrong and not ('once' in wrong and asked in self.said):
      self.said.add(asked)
      answer = wrong[asked]
      text = answer if isinstance(answer, str) else json.dumps(answer)
    else:
      request = provider.Request(question, 'drawer', instruction, '')
      text = recorded.RecordedProvider().complete(request).text
    return PROTOCOL.text(text)


def refusing(status, **headers):
  error = PROTOCOL.error(status, 'No.')
  return lambda body: model_server.Response(status, error, headers)


# By name of the model that is asked for.
MODELS = {
  'some-model': Model(),
  'odd': Model(odd=1),
  'MODEL': Model(),
  'status-401': refusing(401),
  'status-404': refusing(404),
  'status-429': refusing(429, **{'Retry-After': '3600'}),
}
BAD = {
  'unseen toys': (['--scenes=transport_test'], 'judge plans of'),
  'unknown scene': (['--scenes=drawr'], "Did you mean 'drawer'?"),
  'unknown task': (
    ['--scenes=drawer', '--tasks=tidy up'], 'Unknown drawer task',
  ),
  'of no scene': (
    ['--scenes=drawer,mailbox', '--tasks=tidy up'], '--tasks=tidy up',
  ),
  'one sample': (['--llm_sample=2'], '--samples'),
  'no page': (['--samples=0'], 'holds no samples'),
}  # fmt: skip


def readme():
  """The arguments of the command in the guide."""
  text = (checkout.ROOT / 'experiments' / 'GUIDE.md').read_text()
  pattern = r'^python -m experiments.benchmark_language (.*)$'
  (command,) = re.findall(pattern, text, re.MULTILINE)
  return shlex.split(command)


def runs(folder, url):
  """The arguments of each run, by name, in order."""

  def ask(model, out):
    return [
      *SMALL, f'--llm=openai:{model}', f'--llm_url={url}/v1',
      f'--out={folder}/{out}',
    ]  # fmt: skip

  one = f'--tasks={TASK}'
  prices = ['--llm_price_in=2', '--llm_price_out=10']
  live = [*ask('some-model', 'live'), one, *prices]
  odd = [*ask('odd', 'odd'), '--samples=2', f'--tasks={TASK};{OTHER}']
  known = [*SMALL, one, f'--out={folder}/recorded']
  return {
    'few': [*live, '--samples=3'],
    'few again': [*live, '--samples=3'],
    'all': [*live, f'--samples={COUNT}'],
    'other': [*live, f'--samples={COUNT}', '--seed=3'],
    'page': ['--samples=0', f'--out={folder}/live'],
    'recorded': [*known, '--samples=3'],
    'one': [*known, '--samples=1'],
    'executed': [*known, '--samples=1', '--execute=1'],
    'executed again': [*known, '--samples=1', '--execute=1'],
    'odd': odd,
    'odd again': odd,
    'readme': [
      *readme(),
      *ask('MODEL', 'readme'),
      one,
      '--samples=1',
    ],
    **{name: [*ask(name, name), one] for name in REFUSED},
    **{
      name: [*words, f'--out={folder}/none'] for name, (words, _) in BAD.items()
    },
  }


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  folder = tmp_path_factory.mktemp('out')
  for name in ('live', 'recorded', 'odd', 'readme', *REFUSED):
    teleport.keep(folder / name / 'states', judged_states.Size(5, 5, 7))
  return folder


@pytest.fixture(scope='module')
def told(folder):
  """Status, output, complaint and files of each run; models asked, in order."""
  env = {**os.environ, 'OPENAI_API_KEY': KEY, 'COLUMNS': '200'}
  with model_server.running() as server:
    server.responses = [
      model_server.Response(200, lambda body: MODELS[body['model']](body))
    ]
    every = runs(folder, server.url)
    found = many_runs.run(
      'benchmark_language', every.values(), folder=folder, env=env
    )
    asked = [body['model'] for _, _, body in server.seen]
  return dict(zip(every, found, strict=True)), asked


@pytest.fixture(scope='module')
def samples(told, folder):
  del told
  _, lines = line_log.load(folder / 'live' / 'openai_some_model.jsonl')
  return {name: lines[k] for k, name in enumerate(MISTAKES)}


@pytest.mark.parametrize('case', MISTAKES)
def test_each_mistake_is_found(samples, told, folder, case):
  _, planning, success, reason = MISTAKES[case]
  sample = samples[case]
  assert (sample['planning'], sample['code']) == (planning, success)
  number = list(MISTAKES).index(case)
  page = (folder / 'live' / 'language.md').read_text()
  faults = re.findall(
    rf'^- crayon box, top, sample {number}: (.*)$', page, re.M
  )
  assert len(faults) == (reason != '')
  assert all(reason in fault for fault in faults)
  assert told[0]['all'][0] == 0


def test_repairs_and_failures_are_counted(samples, told, folder):
  repaired = {name for name, each in samples.items() if each['repairs']}
  assert repaired == {
    'places without grasping', 'unknown names', 'mends its answer',
  }  # fmt: skip
  (run_,) = json.loads((folder / 'live' / 'language.json').read_text()).values()
  total = run_['all']
  assert total['samples'] == COUNT
  assert total['without_tree'] == 2
  assert total['repaired'] == 3
  assert (total['planning'], total['success_code']) == (7, 6)
  assert total['tokens_in'] == 70 * total['answers']
  page = told[0]['all'][1]
  assert f'{(70 * 2 + 9 * 10) * total["answers"] / 1e6:.4f}' in page
  for figures in ('42.0', '48.3', '91.1'):
    assert figures in page


def test_it_goes_on_where_it_stopped(told, folder):
  found, asked = told
  assert found['few'][0] == found['few again'][0] == 0
  records = [x for x in found['all'][3] if x.startswith('live/records/')]
  assert len(records) == asked.count('some-model')
  log = 'live/openai_some_model.jsonl'
  assert found['few'][3][log] == found['few again'][3][log]
  assert 'Language model' not in found['few again'][1]
  assert len((folder / log).read_text().splitlines()) == 1 + COUNT


def test_other_settings_are_refused(told):
  status, _, complaint, left = told[0]['other']
  assert status == 2
  assert 'seed: 0 there, 3 now' in complaint
  assert (
    left['live/openai_some_model.jsonl']
    == told[0]['all'][3]['live/openai_some_model.jsonl']
  )


def test_the_page_can_be_written_anew(told):
  assert told[0]['page'][0] == 0
  assert 'openai:some-model' in told[0]['page'][1]


def test_records_are_one_sample(told, folder):
  status, output, complaint, _ = told[0]['recorded']
  assert status == 0, complaint
  assert '2 further samples are not recorded and not counted' in output
  figures = json.loads((folder / 'recorded' / 'language.json').read_text())
  (found,) = figures.values()
  assert found['all']['samples'] == 1
  assert 'not counted' not in told[0]['one'][1]


def test_a_sample_that_fails_loses_no_other(told, folder):
  first, second = told[0]['odd'], told[0]['odd again']
  assert first[0] == second[0] == 0, first[2] + second[2]
  assert 'One sample was not answered and is left out' in first[1]
  assert 'Too odd' in first[1]
  assert 'left out' not in second[1]
  _, lines = line_log.load(folder / 'odd' / 'openai_odd.jsonl')
  assert [(x['task'], x['index']) for x in lines] == [
    (TASK, 0), (OTHER, 0), (OTHER, 1), (TASK, 1),
  ]  # fmt: skip


@pytest.mark.parametrize('name', REFUSED)
def test_what_would_hit_every_request_stops(told, name):
  status, _, complaint, _ = told[0][name]
  assert status == 2
  assert 'every further question would fail too' in complaint
  assert f'answered {name.removeprefix("status-")}' in complaint
  assert 'goes on from there' in complaint
  assert KEY not in complaint
  assert told[1].count(name) == 1


@pytest.mark.parametrize('case', BAD)
def test_bad_input_is_refused(told, case):
  status, _, complaint, left = told[0][case]
  assert status == 2
  assert BAD[case][1] in complaint
  assert not any(name.startswith('none/') for name in left)


def test_the_command_in_the_readme_works(told):
  status, output, complaint, _ = told[0]['readme']
  assert status == 0, complaint
  assert 'openai:MODEL' in output


def test_trees_are_carried_out_once(told, folder):
  first, second = told[0]['executed'], told[0]['executed again']
  assert first[0] == second[0] == 0, first[2] + second[2]
  log = 'recorded/recorded_executed.jsonl'
  assert first[3][log] == second[3][log]
  _, (line,) = line_log.load(folder / log)
  assert (line['task'], line['sample'], line['episode']) == (TASK, 0, 100000)
  assert 'executed' in second[1]
  assert f'{int(line["success"])}/1' in second[1]
