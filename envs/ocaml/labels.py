"""The best decisions known of the shipped programs, ``data/labels.json``.

``python -m gymcc.scripts.ocaml_labels`` makes them, of the simulator under closure mode's rules with the default
size weight; they hold for the version of the simulator that they were made with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File

LABELS = File(__file__).parent / "data" / "labels.json"


@dataclass(frozen=True, slots=True)
class Label:
    """The best decisions known, as :mod:`gymcc.envs.ocaml.state` writes them, and whether nothing is better.

    ``version`` is that of the simulator.
    """

    letters: str
    proven: bool
    version: str


@cache
def shipped_labels() -> Mapping[str, Label]:
    """By ``<mode> <program>``."""
    known = json.loads(LABELS.read_text(encoding="utf-8")) if LABELS.is_file() else {}
    return {key: Label(**label) for key, label in known.items()}
