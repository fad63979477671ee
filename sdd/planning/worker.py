"""What runs in a planner subprocess.

Imports nothing itself, so that what must be set before NumPy and MuJoCo are
imported still can be.
"""

import importlib
import os
from typing import Any

# Planning multiplies small matrices and draws nothing.
_ENVIRONMENT = {'OPENBLAS_NUM_THREADS': '1', 'MUJOCO_GL': 'disabled'}


def prepare(scene: str) -> None:
  """Runs first in each worker: imports what planning needs, loads the scene."""
  for name, value in _ENVIRONMENT.items():
    os.environ.setdefault(name, value)
  importlib.import_module('sdd.planning.skills')
  importlib.import_module('sdd.scenes.registry').load(scene)


def answer(request: Any) -> Any:
  """As `skills.answer`: a `motion.Request` to a `motion.Answer`."""
  return importlib.import_module('sdd.planning.skills').answer(request)
