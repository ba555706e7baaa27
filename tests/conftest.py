"""Hypothesis draws the same examples on every run and knows no deadline: slow machines are no failures."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("gymcc", deadline=None, derandomize=True)
settings.load_profile("gymcc")
