"""Where synthesis trees come from: the embedded model is the default, a live NITTA server the other."""

from __future__ import annotations
