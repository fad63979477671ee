"""The learner, as functions."""
