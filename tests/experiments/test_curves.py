"""Measured rates become points of pictures."""

import pytest

from experiments import curves, results

ROW = {'successes': 3, 'trials': 4, 'line': '100 episodes'}
MEASURED = [
  {'rows': [{**ROW, 'curve': 'one', 'at': 2000}, {'label': 'no point'}]},
  {'rows': [{**ROW, 'curve': 'two', 'at': 1}]},
  {'rows': [{**ROW, 'curve': 'one', 'at': 500, 'line': '389 episodes'}]},
]


def test_results_share_a_picture():
  assert curves.points(MEASURED) == {
    'one': [
      curves.Point('100 episodes', 2000, 3, 4),
      curves.Point('389 episodes', 500, 3, 4),
    ],
    'two': [curves.Point('100 episodes', 1, 3, 4)],
  }
  assert curves.points([]) == {}


@pytest.mark.parametrize('name', ['one', 'two'])
def test_a_picture_is_drawn(tmp_path, name):
  path = tmp_path / 'new' / 'curve.png'
  curves.draw(path, curves.Curve('Title', 'x'), curves.points(MEASURED)[name])
  assert path.read_bytes().startswith(b'\x89PNG')


def test_every_curve_has_points_and_is_on_the_page():
  kept = results.load()
  assert set(curves.points(kept)) == set(curves.OF_RESULTS)
  page = results.page(kept)
  for name, curve in curves.OF_RESULTS.items():
    assert f'![{curve.title}]({name}.png)' in page
    assert (results.FOLDER / f'{name}.png').is_file()
