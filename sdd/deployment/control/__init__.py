"""From chunks to servo commands: the loop that runs a policy on a robot.

NumPy and the standard library only: this folder and `runtime.py` are what a
robot needs a copy of.
"""
