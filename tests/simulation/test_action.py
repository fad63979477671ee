"""The action vector and its specification."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies
from hypothesis.extra import numpy as hypothesis_numpy

from sdd.planning import trajectory
from sdd.scenes import robots
from sdd.simulation import action

numbers = strategies.floats(-3, 3)


@hypothesis.given(
  hypothesis_numpy.arrays(float, 3, elements=numbers),
  hypothesis_numpy.arrays(float, 3, elements=numbers),
  strategies.floats(0, robots.DEFAULT.stroke),
)
def test_decode_undoes_encode(position, turn, opening):
  rotation = trajectory.rotation_matrix(turn)
  found = action.decode(np, action.encode(position, rotation, opening))
  for got, wanted in zip(found, (position, rotation, opening), strict=True):
    np.testing.assert_allclose(got, wanted, atol=1e-6)


@hypothesis.given(hypothesis_numpy.arrays(float, 10, elements=numbers))
def test_any_six_numbers_that_span_a_plane_are_a_rotation(command):
  area = np.linalg.norm(np.cross(command[3:6], command[6:9]))
  hypothesis.assume(area > 1e-2)
  _, rotation, _ = action.decode(np, command)
  np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-4)
  assert np.linalg.det(rotation) > 0.99


def test_the_specification_survives_json_and_names_differences():
  spec = action.ActionSpec()
  assert action.ActionSpec.from_json(spec.to_json()) == spec
  assert len(spec.layout) == action.DIMENSION
  spec.require(spec, mine='one', theirs='another')
  other = action.ActionSpec(rate_hz=10.0, reference='delta')
  with pytest.raises(action.SpecMismatchError) as caught:
    spec.require(other, mine='the dataset', theirs='the robot')
  assert 'rate_hz: the dataset has 4.0, the robot has 10.0' in str(caught.value)
  assert 'reference' in str(caught.value)
