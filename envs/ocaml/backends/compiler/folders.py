"""Where what is made once and kept lies: the tool, a private compiler, what has been measured."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "GYMCC_CACHE"


def cache_folder() -> Path:
    """``$GYMCC_CACHE/ocaml``, else ``gymcc/ocaml`` in the user's cache folder; it need not be there yet."""
    if own := os.environ.get(VARIABLE):
        return Path(own).absolute() / "ocaml"
    user = os.environ.get("XDG_CACHE_HOME")
    return (Path(user) if user else Path.home() / ".cache") / "gymcc" / "ocaml"
