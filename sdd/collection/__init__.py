"""Try, verify, retry, label."""
