"""Prompts on the terminal, or in a folder, and answers from there."""

import io

import pytest

from sdd.language import paste, planner, prompting, recorded, registry

TASK = 'move the crayon box into the top drawer'


@pytest.fixture
def request_(vocabulary):
  return prompting.request('plan', 'go', vocabulary, scene='drawer')


def test_a_prompt_is_shown_and_an_answer_read(request_, tmp_path):
  (tmp_path / 'answer.md').write_text('from a file')
  shown = io.StringIO()
  typed = f'{{"subtasks":\n\n []}}\n.\n@{tmp_path}/answer.md\nand the end'
  by_hand = paste.PasteProvider(shown, io.StringIO(typed))
  first = by_hand.complete(request_)
  assert request_.prompt.rstrip() in shown.getvalue()
  assert first.text == '{"subtasks":\n\n []}'
  assert (first.model, first.tokens_in) == ('paste', None)
  assert by_hand.complete(request_).text == 'from a file'
  assert by_hand.complete(request_).text == 'and the end'
  with pytest.raises(paste.PasteError, match='input ended'):
    by_hand.complete(request_)


def test_a_missing_file_is_told(request_):
  by_hand = paste.PasteProvider(io.StringIO(), io.StringIO('@nowhere.md\n'))
  with pytest.raises(paste.PasteError, match=r'nowhere\.md'):
    by_hand.complete(request_)


def test_a_folder_is_filled_one_answer_at_a_time(vocabulary, tmp_path):
  """Each run goes on where an answer was missing."""
  records = recorded.RecordedProvider()
  for _ in range(100):
    by_files = registry.make_provider(f'paste:{tmp_path}')
    try:
      tree = planner.infer_task_tree(TASK, 'drawer', vocabulary, by_files)
      break
    except paste.PasteError as missing:
      told = str(missing)
    (prompt,) = [
      path
      for path in tmp_path.glob('*.prompt.md')
      if not answer_of(path).exists()
    ]
    assert str(prompt) in told
    answer_of(prompt).write_text(answer(records, prompt, vocabulary))
  assert len(tree.nodes) == 6
  assert tree.completions[0].startswith('paste/resolve/')


def answer_of(prompt):
  return prompt.with_name(prompt.name.replace('.prompt.', '.answer.'))


def answer(records, prompt, vocabulary):
  """What the package has recorded for a prompt in a file."""
  question = prompt.name.split('-')[0]
  lines = prompt.read_text().splitlines()
  instruction = next(
    line.removeprefix('Instruction: ')
    for line in reversed(lines)
    if line.startswith('Instruction: ')
  )
  asked = prompting.request(question, instruction, vocabulary, scene='drawer')
  return records.complete(asked).text
