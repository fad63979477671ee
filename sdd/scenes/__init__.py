"""The world a task happens in."""
