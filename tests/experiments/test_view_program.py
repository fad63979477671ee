"""Pages, films and sheets of a small dataset, and bad input."""

import io

import imageio_ffmpeg
import many_runs
import pytest
import web_page
from PIL import Image

from sdd.dataset import chosen, reader, spec, writer
from sdd.scenes import registry
from sdd.simulation import action

TASK = 'move the toy into the left bin'
DATA, SMALL = '--data={there}/data', '--width=48'
GOOD = {
  'page': [DATA, SMALL, '--episode=1', '--out={there}/episode_1.html'],
  'film': [DATA, SMALL, '--episode=1', '--mp4={there}/film.mp4'],
  'sheet': [DATA, SMALL, '--contact_sheet', '--out={there}/sheet.html'],
  'picture': [
    DATA, SMALL, '--contact_sheet', '--frames=3', '--out={there}/sheet.png',
  ],
}  # fmt: skip
BAD = {
  'no data': ([], 'data'),
  'no dataset': (['--data={there}/nowhere'], 'no such directory'),
  'empty': (['--data={there}/empty'], 'holds no episode'),
  'no episode': ([DATA, '--episode=9'], 'The nearest of its 2: 0, 1'),
  'camera': ([DATA, '--camera=frnt'], "Did you mean 'front'?"),
  'film name': ([DATA, '--mp4={there}/film.avi'], '.mp4'),
  'sheet name': ([DATA, '--contact_sheet', '--out=x.gif'], '.png'),
  'a film of many': (
    [DATA, '--contact_sheet', '--mp4={there}/x.mp4'],
    'one episode',
  ),
}


@pytest.fixture(scope='module')
def there(tmp_path_factory):
  """A folder with a dataset of two episodes, and an empty one."""
  folder = tmp_path_factory.mktemp('view')
  ((status, _, complaint, _),) = many_runs.run(
    'collect',
    [
      [
        '--scene=transport', f'--task={TASK}', '--episodes=2', '--workers=0',
        '--environments=2', f'--out={folder / "data"}',
      ]
    ],
    folder=folder,
  )  # fmt: skip
  assert status == 0, complaint
  scene = registry.load('transport')
  with writer.DatasetWriter(
    folder / 'empty', name=scene.name, scenes=scene.texts,
    state_names=scene.state_names, action_spec=action.ActionSpec(),
  ):  # fmt: skip
    pass
  return folder


@pytest.fixture(scope='module')
def told(there):
  """Status, output and complaint of each case."""
  runs = {**GOOD, **{name: given for name, (given, _) in BAD.items()}}
  asked = [[word.format(there=there) for word in x] for x in runs.values()]
  found = many_runs.run('view', asked, folder=there)
  return dict(zip(runs, found, strict=True))


@pytest.mark.parametrize('case', GOOD)
def test_it_ends_well_and_says_where_things_are(told, there, case):
  status, shown, complaint, _ = told[case]
  assert status == 0, complaint
  out = GOOD[case][-1].partition('=')[2].format(there=there)
  assert out in shown


def test_the_page_is_of_that_episode(told, there):
  found = web_page.Page((there / 'episode_1.html').read_text())
  episode = chosen.episode(there / 'data', 1)
  assert TASK in found.text
  assert episode.metadata.nodes[1] in found.text
  assert '--episode=1' in found.text
  assert 'experiments.collect' in found.text


def test_the_film_has_a_frame_for_every_step(told, there):
  episode = chosen.episode(there / 'data', 1)
  count, seconds = imageio_ffmpeg.count_frames_and_secs(there / 'film.mp4')
  assert count == len(episode.action)
  assert seconds == pytest.approx(len(episode.action) / 4, abs=0.05)


def test_a_film_alone_makes_no_page(told):
  _, shown, *_ = told['film']
  assert 'Film: ' in shown
  assert 'Page: ' not in shown


def test_sheets_show_every_episode_and_link_to_its_page(told, there):
  found = web_page.Page((there / 'sheet.html').read_text())
  assert len(found.attributes('img', 'src')) == 2
  assert found.attributes('a', 'href') == ['episode_1.html']
  image = Image.open(io.BytesIO((there / 'sheet.png').read_bytes()))
  assert image.width >= 3 * 48


@pytest.mark.parametrize('case', BAD)
def test_bad_input_is_one_paragraph_and_status_2(told, case):
  status, _, complaint, _ = told[case]
  assert status == 2
  assert BAD[case][1] in complaint
  assert 'Traceback' not in complaint


def test_some_episodes_are_shared_out_between_the_splits(there):
  found = list(chosen.some(there / 'data', 1))
  assert len(found) == 1
  everything = list(reader.read_episodes(there / 'data'))
  assert [e.metadata.index for e in chosen.some(there / 'data', 9)] == [
    e.metadata.index for e in everything
  ]
  first = chosen.episode(there / 'data', None)
  assert first.metadata.index == 0
  with pytest.raises(spec.DatasetError, match='no episode yet'):
    chosen.episode(there / 'empty', None)
