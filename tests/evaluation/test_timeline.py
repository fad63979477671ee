"""The timeline says at each step what was stored for that step."""

import numpy as np
import pytest
import stored

from sdd.evaluation import timeline

SAID = {1: timeline.TRUE, 0: timeline.FALSE, -1: timeline.UNKNOWN}


@pytest.fixture(scope='module')
def tree():
  return stored.tree()


# Of stored.tree(): 0 root, 1 open, 2 put (3 pick up, 4 place), 5 close.
STORIES = {
  'all in order': ([1, 1, 3, 3, 4, 5], [0, 0, 2, 2, 4, 5]),
  'the first again': ([1, 1, 3, 1, 3, 4, 5], [0, 0, 2, 2, 5, 6]),
  'open already': ([3, 4, 5, 5], [0, 0, 0, 0, 1, 2]),
  'at rest in between': ([1, 2, 3, 4, 2, 5], [0, 0, 1, 2, 3, 5]),
  'closed by itself': ([1, 3, 4, 4], [0, 0, 1, 1, 2, 3]),
  'in its drawer already': ([1, 1, 5, 5], [0, 0, 2, 4, 4, 2]),
}


@pytest.mark.parametrize('story', STORIES)
def test_a_verdict_is_shown_at_its_step_once_asked(tree, story):
  nodes, asked = STORIES[story]
  verdict = np.random.default_rng(0).integers(-1, 2, (len(nodes), 6), np.int8)
  episode = stored.episode(tree, nodes, verdict)
  rows = timeline.of_episode(tree, episode)
  for number, row in enumerate(rows):
    for step in range(len(nodes)):
      shown = SAID[int(verdict[step, number])]
      early = step < asked[number]
      assert row.states[step] == (timeline.UNASKED if early else shown)


@pytest.mark.parametrize('story', STORIES)
def test_what_was_worked_on_is_marked_up_to_the_root(tree, story):
  nodes, _ = STORIES[story]
  episode = stored.episode(tree, nodes)
  assert timeline.active_nodes(tree, episode) == nodes
  rows = timeline.of_episode(tree, episode)
  above = {0: {0}, 1: {0, 1}, 2: {0, 2}, 3: {0, 2, 3}, 4: {0, 2, 4}, 5: {0, 5}}
  for step, node in enumerate(nodes):
    assert {n for n, row in enumerate(rows) if row.active[step]} == above[node]


def test_nothing_is_asked_below_a_node_that_was_done_at_once(tree):
  asked = timeline.asked_from(tree, [0], success=True)
  assert asked == [0, 1, 1, 1, 1, 1]


def test_a_failure_leaves_the_rest_unasked(tree):
  asked = timeline.asked_from(tree, [1, 1, 3], success=False)
  assert asked == [0, 0, 2, 2, 3, 3]


def test_rows_are_the_nodes_of_the_tree(tree):
  rows = timeline.of_episode(tree, stored.episode(tree, [1, 3]))
  assert [row.instruction for row in rows] == [
    node.instruction for node in tree.nodes
  ]
  assert [row.depth for row in rows] == [0, 1, 1, 2, 2, 1]
  assert [bool(row.skill) for row in rows] == [
    node.skill is not None for node in tree.nodes
  ]


@pytest.mark.parametrize('values', ['aabca', 'a', '', 'abab'])
def test_spans_cover_all_steps_in_order(values):
  found = timeline.spans(values)
  assert ''.join(str(span.value) * span.length for span in found) == values
  assert [span.start for span in found] == [
    sum(before.length for before in found[:number])
    for number in range(len(found))
  ]
