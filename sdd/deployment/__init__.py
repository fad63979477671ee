"""The policy on a robot."""
