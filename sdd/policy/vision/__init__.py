"""What the learner sees: pictures of cameras, as numbers."""
