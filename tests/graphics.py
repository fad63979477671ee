"""OpenGL for tests: asked for in CI, where launch/test.sh installs it."""

import os

import pytest

from sdd.simulation import gl_context

NO_GL = (
  'no OpenGL library here (EGL or OSMesa); on Debian and Ubuntu: apt install '
  'libegl1 libegl-mesa0 libgl1-mesa-dri libosmesa6'
)


def need():
  """Leaves the test out where there is no OpenGL; in CI that is a failure."""
  if gl_context.find() is None:
    if os.environ.get('SDD_NEEDS_GL'):
      pytest.fail(f'SDD_NEEDS_GL is set, and there is {NO_GL}')
    pytest.skip(NO_GL)
