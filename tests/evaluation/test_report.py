import base64
import io
import re

import numpy as np
import pytest
import web_page
from PIL import Image

from sdd import errors
from sdd.evaluation import film_strip, report_charts
from sdd.evaluation import report as report_lib

_EVIL = '<script>alert("x")</script> & \'quotes\''


def _frames(count: int, height: int = 40, width: int = 60) -> list[np.ndarray]:
  rng = np.random.default_rng(0)
  shape = (height, width, 3)
  return [rng.integers(0, 256, shape, np.uint8) for _ in range(count)]


def _full_report() -> report_lib.Report:
  strip = film_strip.film_strip(_frames(3), ['a', 'b', ''])
  return report_lib.Report(
    title=f'Title {_EVIL}',
    task=f'Task {_EVIL}',
    subtitle=_EVIL,
    highlights=[('82 %', _EVIL)],
    tree=[
      report_lib.TreeRow(0, f'Root {_EVIL}', '', "on('a', 'b') < 3", 4, 1, 3),
      report_lib.TreeRow(1, 'Leaf', f'grasp({_EVIL})', '', 5, 1, 4),
      report_lib.TreeRow(1, 'Never'),
    ],
    tables=[
      report_lib.Table(
        _EVIL, ['task', 'success'], [[_EVIL, 0.81234], ['b', None]], _EVIL
      )
    ],
    time_split={'physics': 100.0, _EVIL: 299.0, 'tiny': 1.0},
    curves=[
      report_lib.Curve('One', [0, 1, 2], [0.1, float('nan'), 0.3], 'x', 'y'),
      report_lib.Curve(_EVIL, [0, 1], {_EVIL: [1, 2], 'b': [2, 2]}, _EVIL, 'y'),
    ],
    strips=[(_EVIL, film_strip.encode_png(strip))],
    commands=[f'echo {_EVIL} && ls'],
    versions={'jax': '1.2', _EVIL: _EVIL},
  )


def test_page_is_well_formed_and_escapes_everything():
  page = web_page.Page(report_lib.to_html(_full_report()))
  assert 'script' not in {tag for tag, _ in page.tags}
  assert page.text.count('<script>alert("x")</script>') >= 12
  assert f'Root {_EVIL}' in page.text
  assert "on('a', 'b') < 3" in page.text
  assert '0.812' in page.text
  assert '0.81234' not in page.text


def test_page_needs_no_network():
  text = report_lib.to_html(_full_report())
  page = web_page.Page(text)
  assert not {'link', 'script', 'iframe'} & {tag for tag, _ in page.tags}
  assert all(url.startswith('data:') for url in page.attributes('img', 'src'))
  assert 'url(' not in text
  assert '@import' not in text
  assert not re.search(r'https?:', text)
  assert "default-src 'none'" in text


def test_pictures_survive_the_page():
  report = _full_report()
  (url,) = web_page.Page(report_lib.to_html(report)).attributes('img', 'src')
  assert base64.b64decode(url.partition(',')[2]) == report.strips[0][1]


def test_an_empty_report_has_no_empty_sections():
  page = web_page.Page(report_lib.to_html(report_lib.Report('Only a title')))
  assert 'h2' not in {tag for tag, _ in page.tags}


def test_writing_replaces_whole_files_only(tmp_path):
  path = tmp_path / 'new' / 'report.html'
  assert report_lib.write_report(path, _full_report()) == path
  before = path.read_text()
  broken = report_lib.Report('t', strips=[('c', b'not a picture')])
  with pytest.raises(errors.SddError, match='PNG'):
    report_lib.write_report(path, broken)
  assert path.read_text() == before
  report_lib.write_report(path, report_lib.Report('Second'))
  assert 'Second' in path.read_text()
  assert [each.name for each in path.parent.iterdir()] == ['report.html']


@pytest.mark.parametrize(
  ('report', 'message'),
  [
    (
      report_lib.Report('t', tables=[report_lib.Table('T', ['a'], [[1, 2]])]),
      '2 cells',
    ),
    (
      report_lib.Report('t', curves=[report_lib.Curve('C', [1, 2], [1])]),
      'one y for each x',
    ),
    (
      report_lib.Report('t', curves=[report_lib.Curve('C', [], [])]),
      'no finite',
    ),
    (report_lib.Report('t', time_split={'physics': -1.0}), 'physics'),
  ],
)
def test_reports_that_do_not_hold_together_are_refused(report, message):
  with pytest.raises(errors.SddError, match=message):
    report_lib.to_html(report)


@pytest.mark.parametrize(
  'y', [[3, 1, 2], [0, 0, 0], [1e-7, 2e-7, 0], [-5e8, 2, 5e8], [7, 7.001, 7]]
)
def test_curves_stay_inside_their_axes(y):
  chart = report_charts.chart(report_charts.Curve('c', [0, 3, 10], y))
  (line,) = chart.lines
  numbers = np.array(re.findall(r'[ML](\S+) ([\d.]+)', line.path), float)
  assert numbers.shape == (3, 2)
  inner = report_charts.WIDTH - report_charts.RIGHT
  assert np.all(
    (numbers[:, 0] >= report_charts.LEFT) & (numbers[:, 0] <= inner)
  )
  floor = report_charts.HEIGHT - report_charts.BOTTOM
  assert np.all((numbers[:, 1] >= report_charts.TOP) & (numbers[:, 1] <= floor))
  assert list(np.argsort(-numbers[:, 1], kind='stable')) == list(
    np.argsort(y, kind='stable')
  )
  for ticks in (chart.x_ticks, chart.y_ticks):
    assert 2 <= len(ticks) <= 8
    assert len({tick.text for tick in ticks}) == len(ticks)


def test_gaps_interrupt_lines():
  curve = report_charts.Curve('c', range(5), [1, 2, float('nan'), 3, 4])
  (line,) = report_charts.chart(curve).lines
  assert line.path.count('M') == 2


def test_time_shares_fill_the_bar():
  parts = report_charts.shares({'a': 1.0, 'b': 2.0, 'c': 5.0})
  assert parts[-1].start + parts[-1].width == pytest.approx(100)
  assert [part.name for part in parts] == ['a', 'b', 'c']
  assert report_charts.shares({'a': 0.0})[0].width == 0
  assert report_charts.duration(8.44) == '8.44 s'
  assert report_charts.duration(600) == '10 min'
  assert report_charts.duration(9000) == '2.5 h'


def test_film_strip_shows_every_frame_unchanged():
  frames = _frames(5, 15, 25)
  captions = ['short', 'a caption that is far longer than its frame', '', 'd']
  sheet = film_strip.film_strip(
    frames, [*captions, 'averyveryverylongword' * 3]
  )
  windows = np.lib.stride_tricks.sliding_window_view(sheet, frames[0].shape)
  found = [np.argwhere((windows[:, :, 0] == f).all((2, 3, 4))) for f in frames]
  assert all(len(each) == 1 for each in found)
  columns = [int(each[0, 1]) for each in found]
  assert columns == sorted(columns[:4]) + columns[:1]
  one = film_strip.film_strip(frames[:1], ['x'], columns=4)
  assert one.shape[1] < sheet.shape[1] / 2


def test_png_round_trip():
  (frame,) = _frames(1)
  png = film_strip.encode_png(frame)
  assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), frame)
  with pytest.raises(errors.SddError, match='float64'):
    film_strip.encode_png(frame / 255.0)


def test_bad_film_strips_are_refused():
  frames = _frames(2)
  with pytest.raises(errors.SddError, match='caption'):
    film_strip.film_strip(frames, ['one'])
  with pytest.raises(errors.SddError, match='caption'):
    film_strip.film_strip([], [])
  with pytest.raises(errors.SddError, match='columns'):
    film_strip.film_strip(frames, ['a', 'b'], columns=0)
  with pytest.raises(errors.SddError, match='Frame 1'):
    film_strip.film_strip([frames[0], frames[1][:5]], ['a', 'b'])


@pytest.mark.parametrize(
  'labels', ['aaaabbbbcc', 'a', 'ab', 'abcdefgh', 'aaaa']
)
@pytest.mark.parametrize('count', [1, 2, 3, 5, 20])
def test_key_frames_tell_the_story(labels, count):
  chosen = film_strip.key_frames(labels, count)
  assert len(chosen) == min(count, len(labels))
  assert chosen == sorted(set(chosen))
  assert chosen[-1] == len(labels) - 1
  assert count == 1 or chosen[0] == 0
  changes = [i for i in range(1, len(labels)) if labels[i] != labels[i - 1]]
  if count >= len(changes) + 2:
    assert set(changes) <= set(chosen)


def test_key_frames_need_steps():
  with pytest.raises(errors.SddError, match='of 0 steps'):
    film_strip.key_frames([], 3)
