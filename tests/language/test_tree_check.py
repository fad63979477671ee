"""A whole tree is checked before anybody acts on it, and repaired."""

import json

import pytest

from sdd.language import asking, planner, provider, skill, task_tree, tree_check
from sdd.predicates import predicate
from sdd.scenes import reachable
from sdd.scenes import registry as scenes

OPEN = skill.Skill('move_joint', 'top drawer handle', direction='max')
CLOSE = skill.Skill('move_joint', 'top drawer', direction='min')
HORSE = skill.Skill('grasp', 'horse toy')
BOX = skill.Skill('grasp', 'crayon box')
HORSE_IN = skill.Skill('place', 'horse toy', target='top drawer')
HANDLE = skill.Skill('grasp', 'top drawer handle')


@pytest.fixture
def problems(vocabulary):
  """What is wrong with the leaves, two levels below the root."""
  true = predicate.compile_predicate('True', vocabulary)

  def problems(*skills, names=None, **options):
    leaves = tuple(
      task_tree.TaskNode(names[k] if names else f'step {k}', true, each)
      for k, each in enumerate(skills)
    )
    groups = [leaves[:1], leaves[1:]] if len(leaves) > 1 else [leaves]
    children = tuple(
      task_tree.TaskNode(f'part {k}', true, children=group)
      for k, group in enumerate(groups)
    )
    root = task_tree.TaskNode('all', true, children=children)
    return list(tree_check.problems(root, vocabulary, **options))

  return problems


@pytest.mark.parametrize(
  'skills',
  [
    [OPEN],
    [OPEN, HORSE, HORSE_IN, CLOSE],
    [HANDLE, OPEN, HORSE],
    [HORSE, HORSE_IN, HORSE, HORSE_IN],
    [OPEN, HANDLE, CLOSE],
  ],
)
def test_what_hangs_together(problems, skills):
  assert not problems(*skills)


@pytest.mark.parametrize(
  ('skills', 'where', 'what'),
  [
    ([OPEN, CLOSE], 'all', 'only undoes it'),
    ([OPEN, OPEN], 'all', 'does the same again'),
    ([HORSE, OPEN, HORSE, HORSE_IN], 'all', 'lets go of'),
    ([HORSE, BOX], 'all', 'lets go of'),
    ([OPEN, BOX, HORSE_IN], 'step 2', 'picked up in the step before'),
    ([HORSE_IN], 'step 0', 'not in the gripper'),
  ],
)
def test_what_does_not(problems, skills, where, what):
  found = problems(*skills)[0]
  assert (found.path[-1], found.question) == (where, 'plan')
  assert what in found.text


def test_the_same_sub_task_twice(problems):
  names = ['open', 'The toy', 'toy', 'close']
  (found,) = problems(OPEN, HORSE, HORSE_IN, CLOSE, names=names)
  assert found.path == ('all', 'part 1')
  assert "'toy' is listed twice" in found.text


def test_what_is_out_of_reach(problems):
  (found,) = problems(HORSE, HORSE_IN, out_of_reach=['top drawer'])
  assert (found.path[-1], found.question) == ('step 1', 'ground')
  assert 'out of the reach' in found.text


def test_a_fixed_part_cannot_be_taken():
  vocabulary = scenes.load('balance').vocabulary
  true = predicate.compile_predicate('True', vocabulary)
  root = task_tree.TaskNode('it', true, skill.Skill('grasp', 'block'))
  (found,) = tree_check.problems(root, vocabulary)
  assert (found.question, found.path) == ('ground', ('it',))
  assert 'has no joint' in found.text


@pytest.mark.parametrize('name', list(scenes.SCENES))
def test_everything_in_our_scenes_is_in_reach(name):
  assert reachable.out_of_reach(scenes.load(name)) == ()


def test_what_is_far_away_is_named(monkeypatch):
  monkeypatch.setattr(reachable, 'MARGIN', -1.0)
  scene = scenes.load('drawer', 'paper')
  reachable.out_of_reach.cache_clear()
  assert 'top drawer' in reachable.out_of_reach(scene)
  reachable.out_of_reach.cache_clear()


class Model:
  """Plans badly until it is told so.

  Attributes:
    fault: the question that it answers badly at first.
  """

  plans = (
    ['open the top drawer', 'close the top drawer'],
    ['open the top drawer', 'pick up the toy', 'place the toy'],
  )
  skills = {  # noqa: RUF012
    'open the top drawer': OPEN, 'close the top drawer': CLOSE,
    'pick up the toy': HORSE, 'place the toy': HORSE_IN,
  }  # fmt: skip

  def __init__(self, *, learns=True):
    self.learns, self.requests = learns, []

  def complete(self, request):
    self.requests.append(request)
    answer = {'subtasks': []}
    if request.question == 'resolve':
      answer = {'instruction': request.instruction}
    elif request.question == 'ground':
      answer = self.skills[request.instruction].to_json()
    elif request.question == 'plan' and request.instruction == 'go':
      answer = {'subtasks': self.plans[bool(request.attempts and self.learns)]}
    text = 'True' if request.question == 'success' else json.dumps(answer)
    name = f'{request.question}-{len(self.requests)}'
    return provider.Completion(name, text, 'm', 'A test.')


def test_a_tree_is_repaired_with_what_was_wrong(vocabulary):
  model = Model()
  tree = planner.infer_task_tree('go', 'drawer', vocabulary, model)
  assert [n.skill for n in tree.nodes if n.skill] == [OPEN, HORSE, HORSE_IN]
  plans = [
    each
    for each in model.requests
    if (each.question, each.instruction) == ('plan', 'go')
  ]
  assert len(plans) == 2
  assert 'only undoes it' in plans[1].prompt
  # Nothing else is asked twice.
  digests = [each.digest for each in model.requests]
  assert len(set(digests)) == len(digests)
  assert len(tree.completions) == len(digests)


def test_a_tree_that_stays_wrong_is_a_typed_failure(vocabulary):
  model = Model(learns=False)
  with pytest.raises(planner.LanguageError, match='hang together') as caught:
    planner.infer_task_tree('go', 'drawer', vocabulary, model)
  assert len(caught.value.attempts) == planner.REPAIRS + 1
  assert str(caught.value).count('only undoes it') == planner.REPAIRS + 2


@pytest.mark.parametrize(
  ('finish', 'text', 'problem'),
  [
    ('length', '{"subtasks": ["a"', 'cut off'),
    ('stop', '', 'empty'),
    ('stop', '<think>What a', 'one JSON object'),
  ],
)
def test_half_an_answer_is_asked_for_again(vocabulary, finish, text, problem):
  good = Model()

  class Breaks:
    def complete(self, request):
      if request.question == 'resolve' and not request.attempts:
        return provider.Completion('half', text, 'm', 'A test.', finish)
      seen.extend(request.attempts)
      return good.complete(request)

  seen = []
  planner.infer_task_tree('go', 'drawer', vocabulary, Breaks())
  assert problem in seen[0].problem
  assert seen[0].answer == text


def test_a_refusal_is_not_argued_with(vocabulary):
  class Refuses:
    asked = 0

    def complete(self, request):
      del request
      self.asked += 1
      return provider.Completion(
        'no', 'That is unsafe.', 'm', 'A test.', finish='refused'
      )

  model = Refuses()
  with pytest.raises(asking.RefusedError, match='That is unsafe') as caught:
    planner.infer_task_tree('go', 'drawer', vocabulary, model)
  assert model.asked == 1
  assert isinstance(caught.value, planner.LanguageError)


def test_the_depth_can_be_chosen(vocabulary):
  with pytest.raises(planner.LanguageError, match='1 levels'):
    planner.infer_task_tree('go', 'drawer', vocabulary, Model(), depth=1)
