"""How different the episodes of one task are."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd.evaluation import rollout


@dataclasses.dataclass(frozen=True)
class Spread:
  """Five-number summaries (5, 25, 50, 75 and 95 %) over episodes.

  Attributes:
    episodes: how many there were.
    seconds: simulated duration.
    path: metres that the tool travelled, where actions were noted.
    grasp_place: metres between where on the object two episodes' first
      grasps are, over all pairs.
    grasp_turn: degrees between their approach directions, over all pairs.
    alike: pairs of episodes with the same actions to a tenth of a millimetre;
      None where no actions were noted.
  """

  episodes: int
  seconds: tuple[float, ...]
  path: tuple[float, ...]
  grasp_place: tuple[float, ...]
  grasp_turn: tuple[float, ...]
  alike: int | None

  def to_json(self) -> dict[str, Any]:
    return dataclasses.asdict(self)


def spread(outcomes: Sequence[rollout.Outcome]) -> Spread:
  """The spread over the successes among the outcomes of one task."""
  won = [o for o in outcomes if o.success]
  grasps = np.array([o.grasp for o in won if o.grasp]).reshape(-1, 6)
  apart = np.linalg.norm(grasps[:, None, :3] - grasps[None, :, :3], axis=-1)
  cosine = np.clip(grasps[:, 3:] @ grasps[:, 3:].T, -1, 1)
  above = np.triu_indices(len(grasps), 1)
  noted = [o for o in won if o.digest]
  return Spread(
    episodes=len(won),
    seconds=_five([o.seconds for o in won]),
    path=_five([o.path for o in noted]),
    grasp_place=_five(apart[above]),
    grasp_turn=_five(np.degrees(np.arccos(cosine[above]))),
    alike=len(noted) - len({o.digest for o in noted}) if noted else None,
  )


def _five(
  values: Sequence[float] | Float[np.ndarray, ' n'],
) -> tuple[float, ...]:
  if not len(values):
    return ()
  return tuple(float(v) for v in np.percentile(values, (5, 25, 50, 75, 95)))
