"""From chunks to servo commands: the loop that runs a policy on a robot.

NumPy and the standard library only. A robot needs a copy of this folder, at the
same place below `sdd`, and of `runtime.py`, or of the `client` instead.
"""
