"""Services that give trained models to compilers."""

from __future__ import annotations
