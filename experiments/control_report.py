"""What the control loop counted in many episodes, together."""

import collections
import dataclasses
from collections.abc import Sequence
from typing import Any

from rich import table as rich_table

from sdd.deployment.control import statistics


def summed(told: Sequence[statistics.Statistics]) -> dict[str, Any]:
  """All episodes together: numbers added up, times put together."""
  total = statistics.Statistics(ended='all')
  for each in told:
    for field in dataclasses.fields(each):
      ours, value = getattr(total, field.name), getattr(each, field.name)
      if isinstance(value, collections.Counter):
        ours.update(value)
      elif isinstance(value, collections.deque):
        ours.extend(value)
      elif isinstance(value, int | float) and not isinstance(value, bool):
        setattr(total, field.name, ours + value)
  return total.to_json()


def table(summed: dict[str, Any]) -> rich_table.Table:
  """For a terminal."""
  shown = rich_table.Table(title='The control loop')
  shown.add_column('what')
  shown.add_column('how often, or how long', justify='right')
  for name in ('commands', 'inferences', 'misses', 'skipped', 'errors'):
    shown.add_row(name, str(summed[name]))
  for name in ('holds', 'clipped'):
    kinds = ', '.join(f'{n} {kind}' for kind, n in summed[name].items())
    shown.add_row(name, kinds or '0')
  for name in ('inference_ms', 'latency_ms', 'lateness_ms'):
    times = ', '.join(f'{k} {v:.1f}' for k, v in summed[name].items())
    shown.add_row(name.replace('_', ', '), times)
  return shown
