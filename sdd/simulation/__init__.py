"""How the world moves and looks."""
