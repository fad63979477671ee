"""Which OpenGL there is, and contexts of it, without any window.

MuJoCo chooses its graphics library once, when it is imported, by the
environment variable MUJOCO_GL, and by default takes one that needs a
screen. Here the choice is made when it is needed: EGL if it works, else
OSMesa, else none. MUJOCO_GL=egl or osmesa leaves only that one to try, and
MUJOCO_GL=off none.
"""

import dataclasses
import functools
import os
import subprocess
import sys
from typing import Any

from sdd import errors

KINDS = ('egl', 'osmesa')
_OFF = ('disable', 'disabled', 'off', 'false', '0')
_TIME_LIMIT = 60  # seconds for a library to show that it works
# In a process of its own: a bad driver may crash it, and PyOpenGL can be
# told only once which library to load.
_TRIAL = """
import importlib, sys
context = importlib.import_module('mujoco.' + sys.argv[1]).GLContext(8, 8)
context.make_current()
from OpenGL import GL
print((GL.glGetString(GL.GL_RENDERER) or b'').decode())
context.free()
"""
_SOFTWARE = ('llvmpipe', 'softpipe', 'swrast', 'swr', 'software')


@dataclasses.dataclass(frozen=True)
class Graphics:
  """An OpenGL that works.

  Attributes:
    kind: `egl` or `osmesa`.
    driver: what it calls itself.
  """

  kind: str
  driver: str

  @property
  def hardware(self) -> bool:
    """Whether a GPU draws; if not, it is this machine's processor."""
    named = self.driver.lower()
    return not any(word in named for word in _SOFTWARE)


class NoGraphicsError(errors.SddError):
  """No OpenGL that draws without a screen."""


@functools.cache
def find() -> Graphics | None:
  """The OpenGL that works here, EGL before OSMesa, or None.

  Takes a second the first time.
  """
  asked = os.environ.get('MUJOCO_GL', '').lower().strip()
  if asked in _OFF or not sys.platform.startswith('linux'):
    return None
  loaded = os.environ.get('PYOPENGL_PLATFORM', '').lower()
  for kind in KINDS:
    wanted = asked not in KINDS or asked == kind
    if wanted and loaded in ('', kind):
      driver = _try(kind)
      if driver is not None:
        return Graphics(kind, driver)
  return None


def make(width: int, height: int) -> Any:
  """A context for pictures up to that size: `make_current()`, `free()`.

  Raises:
    NoGraphicsError: there is no OpenGL.
  """
  found = find()
  if found is None:
    raise NoGraphicsError(
      'No OpenGL found that draws without a screen (tried EGL and OSMesa). '
      'On Debian and Ubuntu: apt install libegl1 libgl1-mesa-dri libosmesa6. '
      "Or use the renderer 'raycast', which needs none."
    )
  if found.kind == 'egl':
    from mujoco import egl as library
  else:
    from mujoco import osmesa as library
  return library.GLContext(width, height)


def _try(kind: str) -> str | None:
  """What the driver calls itself; None if it does not work."""
  environment = {**os.environ, 'MUJOCO_GL': kind, 'PYOPENGL_PLATFORM': kind}
  try:
    ran = subprocess.run(
      [sys.executable, '-c', _TRIAL, kind],
      env=environment,
      check=True,
      capture_output=True,
      text=True,
      timeout=_TIME_LIMIT,
    )
  except (OSError, subprocess.SubprocessError):
    return None
  return ran.stdout.strip()
