"""Requests that end the planner process that reads or answers them."""

import os
import time


class Killing:
  """Ends the process that unpickles it."""

  def __reduce__(self):
    return os._exit, (1,)


class Hanging(str):
  """The name of a scene that takes forever to look up."""

  def __hash__(self):
    time.sleep(1000)
    return 0
