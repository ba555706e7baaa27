"""The commands, a file by family. Each file has a ``TABLE`` from names to handlers and the number of their words."""

from __future__ import annotations
