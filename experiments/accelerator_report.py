"""What `experiments.accelerator` measured, as rows of one result."""

import json
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax

from sdd.evaluation import outcome_log


def summary(out: pathlib.Path, size: str) -> dict[str, Any]:
  """What was measured, as rows of a result."""
  device = jax.devices()[0]
  rows = []
  for path in sorted((out / 'measured').glob('*.json')):
    rows += _plain(_read(path)['rows'])
  lines = (out / 'train' / 'metrics.jsonl').read_text().splitlines()
  rates = [json.loads(line).get('windows_per_second') for line in lines]
  rates = sorted(rate for rate in rates if rate)
  rows.append(
    {
      'label': 'training, median',
      'value': rates[len(rates) // 2],
      'unit': 'windows/s',
    }
  )
  rows += list(_success(out / 'benchmark'))
  return {
    'title': f'One accelerator, {size}: {device.device_kind} '
    f'({device.platform}, {jax.device_count()}); {_network(out / "train")}',
    'rows': rows,
  }


def _network(workdir: pathlib.Path) -> str:
  """What was trained, in words."""
  described = _read(workdir / 'policy.json')
  config = described['policy']['config']
  channels = 'x'.join(str(width) for width in config['channels'])
  return (
    f'{config["denoiser"]} {channels} with {config["vision"]["encoder"]}, '
    f'{described["training"]["steps"]} steps of '
    f'{described["training"]["batch_size"]}'
  )


def _plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
  """By the wall clock where there is one: an accelerator is no CPU."""
  plain = []
  for row in rows:
    label, value, unit = row['label'], row['value'], row.get('unit', '')
    if 'wall' in row:
      value, unit = row['wall'], unit.replace('CPU-second', 's')
    plain.append({'label': label, 'value': value, 'unit': unit})
  return plain


def _success(folder: pathlib.Path) -> Iterator[dict[str, Any]]:
  """A row a scene, and as a detail one a task, from the evaluation's log."""
  won: dict[tuple[str, str], list[bool]] = {}
  for log in sorted(folder.glob('*.jsonl')):
    for (scene, task, _), outcome in outcome_log.load(log)[1].items():
      won.setdefault((scene, ''), []).append(outcome.success)
      won.setdefault((scene, task), []).append(outcome.success)
  for (scene, task), each in won.items():
    yield {
      'label': f'{scene}: {task}' if task else f'{scene}, all tasks',
      'successes': sum(each),
      'trials': len(each),
      **({'detail': True} if task else {}),
    }


def name() -> str:
  """Of the result: the device's."""
  kind = jax.devices()[0].device_kind.lower()
  return 'accelerator_' + re.sub(r'[^a-z0-9]+', '_', kind).strip('_')


def _read(path: pathlib.Path) -> dict[str, Any]:
  return json.loads(path.read_text())
