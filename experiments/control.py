"""Runs a policy through the control loop that a real robot gets.

  python -m experiments.control --policy=policy.npz --scene=drawer \\
    --task="move the crayon box into the top drawer" --robot=simulated \\
    --latency_ms=50 --noise=1 --episodes=10
  python -m experiments.control --policy=ws://127.0.0.1:8000 --scene=drawer

The robot is simulated, in real time: it is sent twenty commands a second
whether the policy thinks or not, sees everything late and noisily, and is
limited in where and how fast it goes. Success is judged by the hand-written
rule, in the worlds of `experiments.evaluate` with the same seeds. With
--virtual_time nothing waits: a minute on the robot passes as fast as the
processor allows, and an inference takes --inference_ms. Ctrl-C is the
emergency stop.

Every episode is kept at once beside --out, and the same command goes on where
it stopped. `experiments.compare` puts the numbers beside an evaluation's:

  python -m experiments.compare \\
    --evaluations=runs/evaluation.json,runs/control.json

In real time, a processor that is busy with something else is a fault of the
robot, too: `lateness` and `overruns` say how much of one.

For a robot of yours, write the three methods of sdd/deployment/control/
robot.py's Robot and hand it to the ControlLoop of loop.py; both, and
runtime.py, need NumPy only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import signal
import time
from typing import Any

from absl import flags
from etils import epy

from experiments import program, urls
from sdd import errors

with epy.lazy_imports():
  import numpy as np

  from experiments import control_report, policies
  from sdd.deployment import sensor_noise, simulated_robot
  from sdd.deployment.control import limits as limits_lib
  from sdd.deployment.control import loop as loop_lib
  from sdd.deployment.control import robot as robot_lib
  from sdd.deployment.control import stopping, thinking
  from sdd.evaluation import frames, video
  from sdd.policy import protocol
  from sdd.scenes import registry, world_state
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import action, simulator

_POLICY = flags.DEFINE_string(
  'policy', None,
  'a policy.npz, a training --workdir, or ws://HOST:PORT of a policy server',
  required=True,
)  # fmt: skip
urls.accept('policy', 'ws', 'wss')
_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_TASK = flags.DEFINE_string(
  'task', 'all', 'all, or sentences with a semicolon in between'
)
_ROBOT = flags.DEFINE_enum('robot', 'simulated', ['simulated'], 'what moves')
_EPISODES = flags.DEFINE_integer(
  'episodes', 10, 'episodes of each task', lower_bound=1
)
_FIRST_SEED = flags.DEFINE_integer(
  'first_seed', 100000, 'seed of the first episode', lower_bound=0
)
_SECONDS = flags.DEFINE_float(
  'seconds', None, "of an episode at most; by default the scene's limit",
  lower_bound=0.25,
)  # fmt: skip
_LATENCY = flags.DEFINE_float(
  'latency_ms', 0.0, 'age of an observation when it arrives', lower_bound=0.0
)
_ACTUATION = flags.DEFINE_float(
  'actuation_ms', 0.0, 'until a command takes effect; rounded to whole servo '
  'periods', lower_bound=0.0,
)  # fmt: skip
_LEAD = flags.DEFINE_float(
  'lead_ms', 0.0, 'by which commands run ahead to make up for --actuation_ms',
  lower_bound=0.0,
)  # fmt: skip
_NOISE = flags.DEFINE_float(
  'noise', 0.0, 'of observations: 1 for 2 mm and 0.6 degrees of standard '
  'deviation, or that many times as much', lower_bound=0.0,
)  # fmt: skip
_DROPPED = flags.DEFINE_float(
  'dropped', 0.0, 'share of observations that never arrive',
  lower_bound=0.0, upper_bound=1.0,
)  # fmt: skip
_SERVO = flags.DEFINE_float(
  'servo_hz', 20.0, 'commands a second, a multiple of 4', lower_bound=4.0
)
_STALE = flags.DEFINE_float(
  'stale_ms', 500.0, 'age of observations beyond which the robot is held'
)
_DEADLINE = flags.DEFINE_float(
  'deadline_ms', 250.0, 'from an observation to its chunk; later is a miss'
)
_BOX = flags.DEFINE_list(
  'workspace', None, 'six numbers, metres: the lowest x, y, z of the tool and '
  'the highest',
)  # fmt: skip
_SPEED = flags.DEFINE_list(
  'speed', None, 'three numbers: m/s of the tool, rad/s of it, m/s of the '
  'fingers, at most',
)  # fmt: skip
_VIRTUAL = flags.DEFINE_boolean(
  'virtual_time', False, 'do not wait for the time to pass'
)
_INFERENCE = flags.DEFINE_float(
  'inference_ms', 30.0, 'what an inference takes in virtual time',
  lower_bound=0.0,
)  # fmt: skip
_OUT = flags.DEFINE_string(
  'out', 'runs/control.json', 'where the numbers go, episode by episode'
)
_MP4 = flags.DEFINE_string('mp4', None, 'film of the first episode')
_WIDTH = 480  # pixels of the film
_COUNTS = {'workspace': 6, 'speed': 3}  # numbers of a flag


def main(_: list[str]) -> int:
  scene = registry.load(_SCENE.value)
  tasks, limits, timing = _tasks(scene), _limits(scene), _timing()
  if _MP4.value:
    video.require_name(_MP4.value)
  policy = policies.load(_POLICY.value, scene)
  jobs = [
    (task, _FIRST_SEED.value + k) for k in range(_EPISODES.value)
    for task in tasks
  ]  # fmt: skip
  out, film = pathlib.Path(_OUT.value), []
  log = out.with_name(f'{out.stem}_episodes.jsonl')
  settings = _settings(scene, limits, timing)
  with contextlib.closing(control_report.Log(log, settings)) as kept:
    try:
      _control(policy, scene, jobs, limits, timing, kept, film)
    except KeyboardInterrupt:
      program.when_interrupted(
        f'Stopped. Every episode that ended is in {log}; the same command goes '
        'on from there.'
      )
      raise
    finally:
      done = [kept.done[job] for job in jobs if job in kept.done]
      if done:
        control_report.show(settings, done, len(jobs), out)
  if _MP4.value and film:
    _film(_MP4.value, scene, film)
  return 0


def _control(
  policy: protocol.Policy,
  scene: scene_lib.Scene,
  jobs: list[tuple[str, int]],
  limits: limits_lib.Limits,
  timing: loop_lib.Timing,
  kept: control_report.Log,
  film: list[world_state.WorldState],
) -> None:
  """Runs the jobs that were not; the first of all is filmed."""
  stop = stopping.EmergencyStop()
  over = [kept.done[job].outcome.success for job in jobs if job in kept.done]
  with (
    stop.on_signals(signal.SIGINT, signal.SIGTERM),
    program.progress('Controlling', len(jobs), done=len(over)) as meter,
  ):
    for job in jobs:
      if job in kept.done:
        continue
      first = film if job == jobs[0] else None
      episode = _run(policy, scene, *job, limits, timing, stop, first)
      if stop.pressed:  # what was stopped says nothing of the policy
        raise KeyboardInterrupt
      kept.add(episode)
      over.append(episode.outcome.success)
      meter.advance(1, status=f'{sum(over)}/{len(over)} succeeded')
      if episode.told.hung:
        raise errors.SddError(
          'The policy did not come back from an inference; it is not asked '
          'again.'
        )


def _run(
  policy: protocol.Policy,
  scene: scene_lib.Scene,
  task: str,
  index: int,
  limits: limits_lib.Limits,
  timing: loop_lib.Timing,
  stop: stopping.EmergencyStop,
  film: list[world_state.WorldState] | None,
) -> control_report.Episode:
  virtual = _VIRTUAL.value
  began, cpu = time.monotonic(), time.process_time()
  clock = robot_lib.VirtualClock() if virtual else robot_lib.SystemClock()

  def watch(sim: simulator.Simulator) -> None:
    if film is not None and _MP4.value:
      film.append(sim.world(0))

  def thinker() -> thinking.Thinker:
    if virtual:
      return thinking.Modelled(clock, _INFERENCE.value / 1e3)
    return thinking.InThread()

  with simulated_robot.SimulatedRobot(
    scene,
    task,
    clock=clock,
    seed=0,
    index=index,
    servo_hz=timing.servo_hz,
    faults=_faults(),
    wanted=protocol.wanted(policy),
    watch=watch,
  ) as robot:
    told = loop_lib.ControlLoop(
      policy, robot, limits=limits, timing=timing, clock=clock, stop=stop,
      thinker=thinker,
    ).run(
      task, seconds=_SECONDS.value or scene.time_limit + scene.rules.settle,
      seed=index, done=lambda: robot.ended != '',
    )  # fmt: skip
    error = told.reason if told.ended in ('policy', 'robot') else ''
    return control_report.Episode(
      robot.outcome(error), told,
      wall=time.monotonic() - began, cpu=time.process_time() - cpu,
    )  # fmt: skip


def _tasks(scene: scene_lib.Scene) -> list[str]:
  if _TASK.value == 'all':
    return [task.sentence for task in scene.tasks]
  asked = [' '.join(text.split()) for text in _TASK.value.split(';')]
  return [scene.task(text).sentence for text in asked if text]


def _faults() -> simulated_robot.Faults:
  return simulated_robot.Faults(
    observation_latency=_LATENCY.value / 1e3,
    actuation_latency=_ACTUATION.value / 1e3,
    noise=sensor_noise.Noise().scaled(_NOISE.value),
    dropped=_DROPPED.value,
  )


def _limits(scene: scene_lib.Scene) -> limits_lib.Limits:
  usual = limits_lib.Limits()
  box = _numbers(_BOX) or [*usual.low, *usual.high]
  fast = _numbers(_SPEED) or list(dataclasses.astuple(usual.speed))
  try:
    return limits_lib.Limits(
      low=(box[0], box[1], box[2]),
      high=(box[3], box[4], box[5]),
      stroke=scene.robot.stroke,
      speed=limits_lib.Rates(*fast),
      step=limits_lib.Rates(*(2 * each / _SERVO.value for each in fast)),
    )
  except ValueError as problem:
    raise errors.SddError(f'--workspace, --speed: {problem}') from problem


def _numbers(flag: flags.FlagHolder[list[str] | None]) -> list[float] | None:
  if flag.value is None:
    return None
  count = _COUNTS[flag.name]
  try:
    found = [float(text) for text in flag.value]
  except ValueError:
    found = []
  if len(found) != count:
    raise errors.SddError(
      f'--{flag.name}={",".join(flag.value)}: expected {count} numbers with '
      'commas in between.'
    )
  return found


def _timing() -> loop_lib.Timing:
  try:
    return loop_lib.Timing(
      policy_hz=action.ActionSpec().rate_hz,
      servo_hz=_SERVO.value,
      stale=_STALE.value / 1e3,
      deadline=_DEADLINE.value / 1e3,
      lead=_LEAD.value / 1e3,
    )
  except ValueError as problem:
    raise errors.SddError(str(problem)) from problem


def _settings(
  scene: scene_lib.Scene, limits: limits_lib.Limits, timing: loop_lib.Timing
) -> dict[str, Any]:
  """All that an episode depends on, beside its task and seed."""
  virtual, digest = _VIRTUAL.value, policies.digest(_POLICY.value)
  return {
    'policy': _POLICY.value,
    **({'policy_sha256': digest} if digest else {}),
    'scene': scene.name,
    'variation': scene.variation,
    'robot': _ROBOT.value,
    'faults': dataclasses.asdict(_faults()),
    'timing': dataclasses.asdict(timing),
    'limits': dataclasses.asdict(limits),
    'virtual_time': virtual,
    **({'inference_ms': _INFERENCE.value} if virtual else {}),
    **({'seconds': _SECONDS.value} if _SECONDS.value else {}),
  }


def _film(
  path: str, scene: scene_lib.Scene, worlds: list[world_state.WorldState]
) -> None:
  stage = frames.stage(scene, worlds[0])
  qpos = np.stack([world.qpos for world in worlds])
  pictures = frames.pictures(stage, qpos, frames.view('front', _WIDTH))
  film = video.encode(pictures, rate_hz=action.ActionSpec().rate_hz)
  print(f'Film: {video.write(path, film)}')


if __name__ == '__main__':
  program.run(main)
