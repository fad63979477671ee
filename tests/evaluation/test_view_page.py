"""The page of an episode, and the sheet of many: what is on them."""

import base64
import json
import re

import numpy as np
import pytest
import stored
import web_page

from sdd import errors
from sdd.evaluation import contact_sheet, frames, timeline, view_page

EVIL = '<script>alert("x")</script> & \'quotes\''
FILM = b'not really a film'
NODES = [1, 1, 3, 4, 2, 5]


def page(**changed):
  tree = stored.tree()
  verdict = np.random.default_rng(1).integers(-1, 2, (len(NODES), 6))
  about = {'task': EVIL, 'versions': {EVIL: '1'}, 'completions': (EVIL,)}
  episode = stored.episode(tree, NODES, verdict, **about)
  fields = {
    'title': EVIL,
    'episode': episode,
    'film': FILM,
    'rate_hz': 4.0,
    'rows': timeline.of_episode(tree, episode),
    'traces': view_page.traces(stored.scene(), episode, rate_hz=4.0),
    'origin': view_page.origin(
      stored.scene(), episode, data='runs/data', run={'llm': 'recorded'}
    ),
    'commands': [f'echo {EVIL}'],
  }
  return view_page.Page(**{**fields, **changed})


def read(text):
  return web_page.Page(text)


def test_it_is_one_file_that_needs_nothing():
  text = view_page.to_html(page())
  tags = [tag for tag, _ in read(text).tags]
  assert not {'link', 'iframe', 'img'} & set(tags)
  assert tags.count('script') == 1
  assert not re.search(r'https?:(?!//www\.w3\.org/2000/svg)', text)
  assert "default-src 'none'" in text
  (url,) = read(text).attributes('video', 'src')
  assert base64.b64decode(url.removeprefix('data:video/mp4;base64,')) == FILM


def test_everything_is_escaped():
  found = read(view_page.to_html(page()))
  assert found.text.count('<script>alert("x")</script>') >= 5
  assert 'alert("x")' not in found.script


def test_the_bars_say_at_each_step_what_the_timeline_says():
  made = page()
  found, node = read(view_page.to_html(made)), -1
  shown = [[''] * len(NODES) for _ in made.rows]
  for tag, attributes in found.tags:
    if tag == 'svg' and attributes['class'] == 'bar':
      node = int(attributes['data-node'] or '')
    if tag == 'rect' and attributes['class'] in timeline.STATES:
      start, length = (int(attributes[name] or '') for name in ('x', 'width'))
      kind = str(attributes['class'])
      shown[node][start : start + length] = [kind] * length
  assert shown == [list(row.states) for row in made.rows]


def test_the_script_knows_every_step():
  made = page()
  script = read(view_page.to_html(made)).script
  match = re.search(r'const moments = (.*);', script)
  assert match
  moments = json.loads(match[1])
  assert moments['steps'] == len(NODES)
  assert moments['skill'] == list(made.episode.skill)
  assert moments['sub'] == list(made.episode.sub_task)
  words = {'not yet asked': timeline.UNASKED}
  assert [
    tuple(words.get(said, said) for said in states)
    for states in moments['states']
  ] == list(zip(*(row.states for row in made.rows)))


def test_traces_and_origin_are_told():
  text = read(view_page.to_html(page())).text
  for expected in (
    'Gripper opening', 'Tool position', 'Arm joints', 'shoulder_pan',
    'top drawer', 'ur5e', 'recorded', 'not yet asked', stored.CODE,
    'move_joint(top drawer handle, max)',
  ):  # fmt: skip
    assert expected in text


@pytest.mark.parametrize(
  ('about', 'expected'),
  [
    ({}, ('holds', 'hand-written ground truth')),
    ({'judged': False}, ('no rule', 'hand-written ground truth')),
    ({'success': False, 'ground_truth': False}, ('failure', None)),
    (
      {'robustness': 0.5, 'robustness_copies': 8},
      ('50%', 'robust, of 8 copies'),
    ),
  ],
)
def test_the_first_things_to_see(about, expected):
  episode = stored.episode(stored.tree(), NODES, **about)
  found = view_page.highlights(episode.metadata)
  value, what = expected
  assert any(value == v and what in (w, None) for v, w in found)


def test_a_timeline_of_another_length_is_refused():
  short = stored.episode(stored.tree(), NODES[:3])
  rows = timeline.of_episode(stored.tree(), short)
  with pytest.raises(errors.SddError, match='3 steps'):
    view_page.to_html(page(rows=rows))


def test_an_episode_of_one_step_has_a_page():
  episode = stored.episode(stored.tree(), [0], ended='stuck', success=False)
  rows = timeline.of_episode(stored.tree(), episode)
  traces = view_page.traces(stored.scene(), episode, rate_hz=4.0)
  made = page(episode=episode, rows=rows, traces=traces)
  assert 'ended by stuck' in read(view_page.to_html(made)).text


def cards(count=3):
  tone = [np.full((20, 30, 3), 10 * k, np.uint8) for k in range(4)]
  return [
    contact_sheet.Card(
      k,
      k != 1,
      EVIL,
      'quick',
      tone[: k + 1],
      'episode_2.html' if k == 2 else '',
    )
    for k in range(count)
  ]


def test_a_sheet_has_a_card_for_each_and_links_to_what_there_is():
  found = read(contact_sheet.to_html('t', 's', cards()))
  assert len(found.attributes('img', 'src')) == 3
  assert found.attributes('a', 'href') == ['episode_2.html']
  assert found.attributes('figure', 'id') == [
    'episode-0', 'episode-2', 'episode-1',
  ]  # fmt: skip
  assert found.text.index('Success, 2') < found.text.index('Failure, 1')
  assert 'script' not in {tag for tag, _ in found.tags}


def test_sheets_need_a_card():
  assert contact_sheet.to_png(cards()).startswith(b'\x89PNG')
  for make in (
    contact_sheet.to_png,
    lambda x: contact_sheet.to_html('', '', x),
  ):
    with pytest.raises(errors.SddError, match='no episodes'):
      make([])


def test_pictures_are_those_of_the_states():
  episode = stored.episode(stored.tree(), NODES)
  stage = frames.stage_of(stored.scene(), episode)
  view = frames.view('front', 31)
  assert (view.width, view.height) == (30, 20)
  found = list(frames.pictures(stage, episode.world, view))
  assert len(found) == len(NODES)
  assert {each.shape for each in found} == {(20, 30, 3)}
  np.testing.assert_array_equal(found[0], found[-1])
  with pytest.raises(errors.UnknownNameError, match="mean 'front'"):
    next(frames.pictures(stage, episode.world, frames.view('frnt', 30)))
