"""Collecting with a language model: any sentence, and its answers are kept."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import checkout
import many_runs
import model_server
import pytest
import tensorflow_datasets as tfds

from sdd.dataset import reader
from sdd.language import planner, provider, recorded, registry
from sdd.scenes import registry as scenes

LANGUAGE = checkout.ROOT / 'tests' / 'language'
SENTENCES = LANGUAGE / 'data' / 'sentences'
KEY = 'not-a-real-key-0123456789'
KNOWN = '--task=move the toy into the left bin'
NEW = '--task=the toy goes into the right-hand bin'
ONE = ['--scene=transport', '--episodes=1', '--workers=0']


def answer(body):
  """What the package has recorded, after some thought."""
  protocol = model_server.OpenAi()
  question, instruction = protocol.asked(body)
  request = provider.Request(question, 'transport', instruction, '')
  text = recorded.RecordedProvider().complete(request).text
  return protocol.text(f'<think>Hm.</think>{text}')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  return tmp_path_factory.mktemp('out')


@pytest.fixture(scope='module')
def told(folder):
  """Status, output and complaint of each run, and how often it asked."""
  with model_server.running() as server:
    server.responses = [model_server.Response(200, answer)]
    asks = ['--llm=openai:some-model', f'--llm_url={server.url}/v1']
    live = [*ONE, KNOWN, *asks, f'--out={folder}/live']
    own = [*ONE, NEW, f'--records={SENTENCES}', f'--out={folder}/own']
    kept = f'--records={folder}/live/records'
    runs = {
      'own': own,
      'own again': own,
      'live': live,
      'live again': live,
      'replayed': [
        *ONE, KNOWN, '--llm=openai:some-model', '--record_mode=replay', kept,
        f'--out={folder}/replayed',
      ],
      'impossible': [
        *ONE, '--task=fold the towel', f'--out={folder}/none',
        f'--records={LANGUAGE}/data/odd_tasks.json',
      ],
      'limited': [
        *ONE, KNOWN, *asks, '--llm_max_calls=3', f'--out={folder}/none',
      ],
      'unknown': [*ONE, NEW, f'--out={folder}/none'],
      'no price': [*ONE, KNOWN, '--llm_max_money=1', f'--out={folder}/none'],
    }  # fmt: skip
    env = {**os.environ, 'OPENAI_API_KEY': KEY}
    found = many_runs.run('collect', runs.values(), folder=folder, env=env)
    return dict(zip(runs, found, strict=True)), list(server.seen)


def test_a_new_sentence_works_with_a_file_of_answers(told, folder):
  status, output, *_ = told[0]['own']
  assert status == 0
  assert 'hand-written rule judges' in output
  (made,) = reader.read_episodes(folder / 'own')
  assert made.metadata.task == NEW.removeprefix('--task=')
  assert made.metadata.success
  assert not made.metadata.ground_truth
  status, again, *_ = told[0]['own again']
  assert (status, 'Nothing was left to do.' in again) == (0, True)


def test_a_live_model_is_asked_once(told):
  runs, seen = told
  status, output, *_ = runs['live']
  assert status == 0
  assert f'Language model: {len(seen) - 3} calls, ' in output
  status, output, *_ = runs['live again']
  assert status == 0
  assert f'Language model: {len(seen) - 3} answers from records.' in output


def test_records_are_all_it_takes(told, folder):
  """The same episodes come out, without the model."""
  assert told[0]['replayed'][0] == 0
  files = [
    {
      path.relative_to(folder / name): path.read_bytes()
      for path in (folder / name).rglob('*')
      if 'array_record' in path.name or path.parent.name == 'records'
    }
    for name in ('live', 'replayed')
  ]
  assert files[0] == files[1]
  assert len(files[0]) > 5


def test_readers_do_not_mind_the_records(told, folder):
  del told
  builder = tfds.builder_from_directory(str(folder / 'live'))
  splits = builder.info.splits
  assert sum(split.num_examples for split in splits.values()) == 1


@pytest.mark.parametrize(
  ('case', 'expected'),
  [
    ('impossible', 'There is no towel'),
    ('limited', '--llm_max_calls=3'),
    ('unknown', '--llm=paste'),
    ('no price', '--llm_price_in'),
  ],
)
def test_what_does_not_work_leaves_nothing(told, folder, case, expected):
  status, _, complaint, left = told[0][case]
  assert status == 2
  assert expected in complaint
  assert 'Traceback' not in complaint
  assert not any(name.startswith('none/') for name in left)


def test_the_key_is_in_nothing_that_is_written(told, folder):
  runs, seen = told
  assert all(f'Bearer {KEY}' in sent.values() for _, sent, _ in seen)
  texts = [text for _, out, err, _ in runs.values() for text in (out, err)]
  assert not any(KEY in text for text in texts)
  files = [path for path in folder.rglob('*') if path.is_file()]
  assert not any(KEY.encode() in path.read_bytes() for path in files)


def test_the_command_in_the_readme_asks_at_the_terminal(tmp_path):
  readme = (checkout.ROOT / 'experiments' / 'GUIDE.md').read_text()
  (command,) = re.findall(r'^python .*--llm=paste.*$', readme, re.MULTILINE)
  program, arguments = shlex.split(command)[2], shlex.split(command)[3:]
  (task,) = (a[7:] for a in arguments if a.startswith('--task='))
  ran = subprocess.run(
    [
      sys.executable, '-m', program, *arguments, '--episodes=1',
      '--workers=0', f'--out={tmp_path / "tidy"}',
    ],
    cwd=checkout.ROOT,
    input=''.join(f'{text}\n.\n' for text in typed(task)),
    capture_output=True,
    text=True,
  )  # fmt: skip
  assert ran.returncode == 0, ran.stderr
  assert 'Instruction: ' + task in ran.stdout
  assert 'move_joint(bottom drawer, min)' in ran.stdout
  assert len(list((tmp_path / 'tidy' / 'records').iterdir())) == 17


def typed(task):
  """The answers to every question about a drawer task, in order."""
  answers = []
  source = registry.make_provider(records=pathlib.Path(SENTENCES))

  class Typist:
    def complete(self, request):
      completion = source.complete(request)
      answers.append(completion.text)
      return completion

  vocabulary = scenes.load('drawer').vocabulary
  planner.infer_task_tree(task, 'drawer', vocabulary, Typist())
  return answers
