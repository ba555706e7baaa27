"""The code of a choice for people to read."""
