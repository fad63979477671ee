"""Probes as bad drivers and broken wheels make them."""

import os
import time

from experiments import probes


def crash():
  os.abort()


def hang():
  time.sleep(60)


def fail():
  raise OSError('libgpu.so: cannot open shared object file')


def chatter():
  print('a driver says hello')
  return probes.Finding('ok', 'well')
