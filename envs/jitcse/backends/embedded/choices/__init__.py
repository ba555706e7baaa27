"""Many choices for one method, fast: what no choice changes is done once."""
