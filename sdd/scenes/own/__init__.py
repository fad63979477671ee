"""Scenes of users: any MJCF of objects and furniture, and a YAML beside it."""
