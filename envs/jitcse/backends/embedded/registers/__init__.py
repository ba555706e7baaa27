"""Lifetimes of values, and who of them gets a register."""
