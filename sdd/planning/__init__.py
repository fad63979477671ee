"""From a skill to a motion."""
