"""What the benchmarks compare is the same thing done in two ways."""

import dataclasses

import numpy as np
import pytest

from experiments.benchmarks import (
  ordinary,
  predicate_physics,
  predicate_tables,
  predicates,
  refusals,
)
from sdd import errors
from sdd.predicates import predicate
from sdd.scenes import registry
from sdd.simulation import simulator


def wrong(init_state, final_state):
  return not ordinary.picked_up(init_state, final_state)


def test_ordinary_python_and_the_compiled_code_agree(tmp_path):
  rows = []
  for code in (ordinary.PROGRAMS[0], ordinary.PROGRAMS[3]):
    rows += predicates.measure(code, [1, 16], drawn=512, repeats=1)
  table = predicate_tables.evaluations(rows)
  assert all(code.label in table for code in ordinary.PROGRAMS[::3])
  assert [row['count'] for row in rows if 'ratio' in row] == [1, 16] * 2
  physics = {'label': 'MJX, 1 worlds', 'on': 'MJX', 'count': 1, 'value': 1.0}
  predicate_tables.draw([*rows, physics], tmp_path / 'plot.png')
  assert (tmp_path / 'plot.png').stat().st_size > 5000


def test_a_difference_is_an_error(monkeypatch):
  code = dataclasses.replace(ordinary.PROGRAMS[2], function=wrong)
  text = ordinary.PROGRAMS[2].source
  monkeypatch.setattr(ordinary.Program, 'source', property(lambda _: text))
  with pytest.raises(errors.SddError, match='512 of 512 states'):
    predicates.measure(code, [1], drawn=512)


def test_rollouts_are_the_simulator_at_rest():
  scene = registry.load('drawer')
  worlds = [scene.initial(np.random.default_rng(k)) for k in range(2)]
  threaded = predicate_physics._Threaded(scene, worlds)
  threaded.step()
  found = threaded.scene_states()
  sim = simulator.make('mujoco', scene, size=2)
  for index, world in enumerate(worlds):
    sim.reset(index, world)
  hold = np.stack([sim.proprioception(index) for index in range(2)])
  sim.step(hold, np.ones(2, bool))
  for index in range(2):
    state = sim.scene_state(index)
    np.testing.assert_allclose(
      found.link_position[index], state.link_position, atol=1e-3
    )
    np.testing.assert_array_equal(found.contact[index], state.contact)


def test_what_is_not_refused_is_said():
  vocabulary = registry.load('drawer').vocabulary
  seconds, traced = refusals.refuse('import os', vocabulary)
  assert seconds >= 0
  assert traced == 0
  with pytest.raises(errors.SddError, match='not refused'):
    refusals.refuse('True', vocabulary)
  assert predicate.compile_predicate('True', vocabulary)


@pytest.mark.parametrize(
  ('value', 'shown'),
  [(9876, '9,876'), (70810, '70.8 k'), (5.38e7, '53.8 M'), (2e9, '2 G')],
)
def test_numbers_are_shown_in_their_unit(value, shown):
  assert predicate_tables._short(value) == shown
