"""Random programs mean what an independent interpreter says they mean."""

import jax
import numpy as np
import programs
import pytest
import reference

BATCH = 20
SEEDS = 45


@pytest.fixture(scope='module')
def states(random_state):
  """Numbers that single precision holds exactly, so that ties are ties."""

  def exact(state, seed):
    rng = np.random.default_rng(seed)
    quaternion = rng.normal(size=state.link_quaternion.shape)
    quaternion /= np.linalg.norm(quaternion, axis=-1, keepdims=True)
    return state.replace(
      link_position=rounded(state.link_position),
      link_quaternion=rounded(quaternion) + np.float32(1 / 128),
      joint_position=rounded(state.joint_position),
      gripper_command=rounded(state.gripper_command),
    )

  def rounded(numbers):
    return (np.round(numbers * 64) / 64).astype(np.float32)

  return exact(random_state(0, BATCH), 2), exact(random_state(1, BATCH), 3)


@pytest.fixture(scope='module')
def compare(compiled, vocabulary, states):
  singles = [
    jax.tree.map(lambda leaf, i=i: leaf[i], states) for i in range(BATCH)
  ]

  def run(seed):
    """Verdicts of the batch, and the reference's where it dares to say."""
    source = programs.write(seed)
    predicate = compiled(source)
    assert compiled(str(predicate)) == predicate, source
    found = predicate.verdict(*states, xp=np)
    expected = [
      reference.run(source, vocabulary, *single) for single in singles
    ]
    known = np.array([verdict is not None for verdict in expected])
    wanted = [verdict for verdict in expected if verdict is not None]
    np.testing.assert_array_equal(found[known], wanted, err_msg=source)
    return predicate, found, known.mean()

  return run


def test_batches_agree_with_the_reference(compare):
  results = [compare(seed) for seed in range(SEEDS)]
  assert np.mean([known for *_, known in results]) > 0.95
  undecided = [len(set(found.tolist())) > 1 for _, found, _ in results]
  assert np.mean(undecided) > 0.5  # They are not all trivial.


@pytest.mark.long
def test_many_batches_agree_with_the_reference(compare):
  for seed in range(SEEDS, 3000):
    compare(seed)


@pytest.mark.parametrize('first', [0, 3, 6])
def test_jitted_agrees_with_numpy(compare, states, first):
  for seed in range(first, first + 3):
    predicate, found, _ = compare(seed)
    np.testing.assert_array_equal(jax.jit(predicate.verdict)(*states), found)


@pytest.mark.long
def test_jitted_agrees_with_numpy_often(compare, states):
  for seed in range(10, 100):
    predicate, found, _ = compare(seed)
    np.testing.assert_array_equal(predicate.verdict(*states), found)


def test_generated_programs_obey_boolean_algebra(compiled, states):
  """De Morgan and double negation, of whole bodies bound to variables."""

  def verdict(first, second, result):
    body = '\n'.join((*first, *second))
    source = f'{programs.HEAD}\n{body}\n  return {result}'
    return compiled(source).verdict(*states, xp=np)

  for seed in range(30):
    p, q = (
      assigned(programs.write(1000 + 2 * seed + k), f'p{k}') for k in (0, 1)
    )
    if p is None or q is None:
      continue
    for one, two in (
      ('not (p0 and p1)', 'not p0 or not p1'),
      ('not (p0 or p1)', 'not p0 and not p1'),
      ('not not p0', 'p0'),
      ('(not p0) == (not p1)', 'p0 == p1'),
      ('p0 if p1 else not p0', 'p0 == p1'),
    ):
      np.testing.assert_array_equal(verdict(p, q, one), verdict(p, q, two))


def assigned(source, name):
  """The lines of a program with its last `return` an assignment.

  None for those that return earlier too.
  """
  lines = source.splitlines()[1:]
  if sum('return ' in line for line in lines) > 1:
    return None
  return [*lines[:-1], lines[-1].replace('return ', f'{name} = ')]
