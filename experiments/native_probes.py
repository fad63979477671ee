"""Probes that load native libraries and have them do a little work.

Each may crash or hang with a bad driver or a broken wheel: `probes.apart`
asks them in processes of their own.
"""

import os
import pathlib
import time
from typing import Any

from experiments import probes

_BALL = """
<mujoco><worldbody>
  <geom type="plane" size="1 1 1"/>
  <body pos="0 0 .5"><freejoint/><geom size=".1"/></body>
</worldbody></mujoco>
"""
_STEPS = 1000


def mujoco() -> probes.Finding:
  """C MuJoCo: a ball falls and lies still."""
  import mujoco

  model = mujoco.MjModel.from_xml_string(_BALL)
  data = mujoco.MjData(model)
  for _ in range(_STEPS):
    mujoco.mj_step(model, data)
  if not 0.05 < data.qpos[2] < 0.15:
    return probes.Finding(
      'problem', f'MuJoCo {mujoco.__version__} let a ball fall to '
      f'{data.qpos[2]:.2f} m', probes.install(),
    )  # fmt: skip
  return probes.Finding('ok', f'MuJoCo {mujoco.__version__} simulates')


def jax() -> probes.Finding:
  """JAX: its devices, and a compiled sum on the first."""
  import jax
  import jax.numpy as jnp

  kind = jax.default_backend()
  total = float(jax.jit(jnp.sum)(jnp.arange(4.0)))
  if total != 6:
    return probes.Finding('problem', f'0 + 1 + 2 + 3 is {total} on {kind}')
  devices = jax.devices()
  found = (
    f'JAX {jax.__version__} computes on {kind}: {len(devices)} x '
    f'{devices[0].device_kind}'
  )
  asked = os.environ.get('JAX_PLATFORMS', '')
  if kind != 'cpu' or asked == 'cpu':
    return probes.Finding('ok', found)
  if advice := _unused_accelerator():
    return probes.Finding('problem', found, advice)
  return probes.Finding('ok', f'{found}; no GPU or TPU seen')


def _unused_accelerator() -> str:
  """What to install for an accelerator that is there; empty if none is."""
  if pathlib.Path('/dev/nvidia0').exists():
    return 'There is an NVIDIA GPU: pip install "jax[cuda12]"'
  if pathlib.Path('/dev/accel0').exists() or os.environ.get('TPU_NAME'):
    return 'There is a TPU: pip install "jax[tpu]"'
  return ''


def mjx() -> probes.Finding:
  """MJX: it takes a model over; nothing is compiled."""
  import mujoco as mujoco_lib
  from mujoco import mjx as mjx_lib

  model = mujoco_lib.MjModel.from_xml_string(_BALL)
  mjx_lib.put_model(model)
  return probes.Finding('ok', 'MJX takes a model over, for --simulator=mjx')


def ompl() -> probes.Finding:
  """OMPL: RRT-Connect finds its way around a wall."""
  from ompl import base, geometric, util

  util.setLogLevel(util.LOG_NONE)
  util.RNG.setSeed(1)
  bounds = base.RealVectorBounds(2)
  bounds.setLow(0.0)
  bounds.setHigh(1.0)
  space = base.RealVectorStateSpace(2)
  space.setBounds(bounds)
  info = base.SpaceInformation(space)
  info.setStateValidityChecker(_free)
  info.setup()
  problem = base.ProblemDefinition(info)
  problem.setStartAndGoalStates(_state(info, 0.1), _state(info, 0.9))
  planner = geometric.RRTConnect(info)
  planner.setProblemDefinition(problem)
  planner.setup()
  rounds = iter(range(5000))
  began = time.process_time()
  stop = base.PlannerTerminationCondition(lambda: next(rounds, None) is None)
  planner.solve(stop)
  spent = time.process_time() - began
  if not problem.hasExactSolution():
    return probes.Finding(
      'problem', 'found no way around a wall', probes.install()
    )
  return probes.Finding(
    'ok', f'RRT-Connect planned around a wall in {spent * 1000:.0f} ms'
  )


def _free(state: Any) -> bool:
  """A wall with a way over it."""
  return abs(state[0] - 0.5) > 0.1 or state[1] > 0.8


def _state(info: Any, x: float) -> Any:
  state = info.allocState()
  state[0], state[1] = x, 0.2
  return state


def graphics() -> probes.Finding:
  """OpenGL without a screen, or the ray caster."""
  from sdd.simulation import gl_context

  if found := gl_context.find():
    what = 'a GPU' if found.hardware else 'the processor'
    return probes.Finding(
      'ok', f'OpenGL by {found.kind.upper()}, drawn by {what}: {found.driver}'
    )
  return probes.Finding(
    'missing', 'no OpenGL (EGL or OSMesa): the ray caster in JAX draws',
    'apt install libegl1 libgl1-mesa-dri libosmesa6',
  )  # fmt: skip


def film() -> probes.Finding:
  """FFmpeg with H.264: a film of a second."""
  import numpy as np

  from sdd.evaluation import video

  frames = np.zeros((4, 16, 16, 3), np.uint8)
  size = len(video.encode(frames, rate_hz=4))
  return probes.Finding('ok', f'FFmpeg encodes H.264 ({size} bytes a second)')
