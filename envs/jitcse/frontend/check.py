"""Whether a method is well formed."""
