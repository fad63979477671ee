"""Joins the slices of one run into the dataset that one run would have made.

  python -m experiments.collect --slice=0/2 --out=runs/slices/0 ...
  python -m experiments.collect --slice=1/2 --out=runs/slices/1 ...
  python -m experiments.merge --data=runs/slices/0,runs/slices/1 --out=runs/data

The slices stay as they are. Each episode comes once, however many of them
hold it, and the same command again adds what they have gained since.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import flags
from etils import epy

from experiments import program

with epy.lazy_imports():
  from sdd.dataset import (
    cost,
    derived,
    durable,
    kept_scene,
    reader,
    record,
    spec,
  )

_DATA = flags.DEFINE_list(
  'data', None, 'the datasets, with commas in between', required=True
)
_OUT = flags.DEFINE_string(
  'out', None, 'the directory of the new dataset', required=True
)


def main(_: Sequence[str]) -> int:
  sources = [pathlib.Path(path).expanduser() for path in _DATA.value]
  out = pathlib.Path(_OUT.value).expanduser()
  _require_one_run(sources, out)
  cameras = reader.load_spec(sources[0]).cameras
  with derived.open_writer(
    sources[0], out, run={}, free=('episodes',)
  ) as dataset:
    done, total = set(dataset.done), sum(map(derived.count, sources))
    with program.progress('Merging', total) as meter:
      for source in sources:
        kept_scene.carry(source, out)
        for data in reader.read_records(source):
          if (index := record.index(data)) not in done:
            views = derived.views(data, cameras)
            dataset.add(record.decode(data), views=views)
            done.add(index)
          meter.advance(1)
  noted = [source / cost.FILE for source in sources]
  text = ''.join(file.read_text() for file in noted if file.exists())
  durable.write_text(out / cost.FILE, text)
  print(reader.summary(out))
  return 0


def _require_one_run(
  sources: Sequence[pathlib.Path], out: pathlib.Path
) -> None:
  """Raises DatasetError unless all are of one run, and none is `out`."""
  first = reader.load_spec(sources[0])
  for source in sources:
    if source.resolve() == out.resolve():
      raise spec.DatasetError(
        f'{out} is one of the slices, which stay as they are. Name another '
        'directory.'
      )
    other = reader.load_spec(source)
    if differing := spec.differences(first, other, free=('episodes',)):
      raise spec.DatasetError(
        f'{sources[0]} and {source} are not of one run. '
        f'{"; ".join(differing)}, in {source}.'
      )


if __name__ == '__main__':
  program.run(main)
