"""What "done" means."""
