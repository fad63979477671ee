"""From chunks to servo commands: the loop that runs a policy on a robot.

NumPy and the standard library only: on a robot the package is installed without
its dependencies.
"""
