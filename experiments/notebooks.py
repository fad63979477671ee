"""Writes where the notebooks are found, and what they install, into them.

One place says where the project is public: `Repository` in `[project.urls]`
of pyproject.toml. With it, the first cell of every notebook installs sdd from
there, and badges open the notebooks in Colab. Without it, a notebook installs
the checkout that it belongs to, and pages link to the files.

  python -m experiments.notebooks            prints the list of notebooks
  python -m experiments.notebooks --write    writes it into README.md and
                                             experiments/README.md, between
                                             their markers, and the first cells
"""

import json
import os
import pathlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from absl import flags

from experiments import program
from sdd import errors

ROOT = pathlib.Path(__file__).parents[1]
FOLDER = ROOT / 'experiments' / 'colabs'
PAGES = (ROOT / 'README.md', ROOT / 'experiments' / 'README.md')
BEGIN, END = '<!-- notebooks:begin -->', '<!-- notebooks:end -->'
HERE = '../..'  # the checkout, seen from a notebook
_GITHUB = 'https://github.com/'
_COLAB = 'https://colab.research.google.com'
_SOURCE = re.compile(r"^SOURCE = '.*'$", re.MULTILINE)


def main(_: list[str]) -> int:
  public = address()
  if not flags.FLAGS.write:
    print(listing(ROOT, public))
    return 0
  for path in paths():
    path.write_text(to_text(installing(load(path), public)))
  for page in PAGES:
    text = page.read_text()
    if BEGIN in text:
      page.write_text(insert(text, listing(page.parent, public)))
  return 0


def address() -> str | None:
  """Where the project is public; None if pyproject.toml does not say."""
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  found = project.get('urls', {}).get('Repository')
  return found.removesuffix('/').removesuffix('.git') if found else None


def paths() -> list[pathlib.Path]:
  """The notebooks, in the order in which they are read."""
  return sorted(FOLDER.glob('*.ipynb'))


def load(path: pathlib.Path) -> dict[str, Any]:
  """A notebook as JSON values."""
  return json.loads(path.read_text())


def to_text(notebook: Mapping[str, Any]) -> str:
  """What `load` would read it from."""
  return json.dumps(notebook, indent=1, ensure_ascii=False) + '\n'


def installing(
  notebook: Mapping[str, Any], public: str | None
) -> dict[str, Any]:
  """The notebook with a first code cell that installs from that place."""
  source = f"SOURCE = '{f'git+{public}' if public else HERE}'"
  cells = [dict(cell) for cell in notebook['cells']]
  first = next(cell for cell in cells if cell['cell_type'] == 'code')
  text, count = _SOURCE.subn(source, ''.join(first['source']))
  if count != 1:
    raise errors.SddError(
      f'A notebook begins with {count} lines SOURCE = ...; expected 1.'
    )
  first['source'] = text.splitlines(keepends=True)
  return {**notebook, 'cells': cells}


def listing(folder: pathlib.Path, public: str | None) -> str:
  """The notebooks as Markdown, linked as seen from that folder."""
  return '\n'.join(_lines(folder, public))


def _lines(folder: pathlib.Path, public: str | None) -> Iterator[str]:
  for path in paths():
    title = ''.join(load(path)['cells'][0]['source']).splitlines()[0]
    link = pathlib.PurePath(os.path.relpath(path, folder)).as_posix()
    line = f'- [{title.removeprefix("# ")}]({link})'
    if public and public.startswith(_GITHUB):
      place = f'{public.removeprefix(_GITHUB)}/blob/main'
      file = path.relative_to(ROOT).as_posix()
      line += (
        f' [![Open in Colab]({_COLAB}/assets/colab-badge.svg)]'
        f'({_COLAB}/github/{place}/{file})'
      )
    yield line


def insert(page: str, markdown: str) -> str:
  """The page with that between its markers."""
  before, _, rest = page.partition(BEGIN)
  _, _, after = rest.partition(END)
  return f'{before}{BEGIN}\n\n{markdown}\n\n{END}{after}'


if __name__ == '__main__':
  flags.DEFINE_boolean(
    'write', False, 'write them; by default, only print the list'
  )
  program.run(main)
