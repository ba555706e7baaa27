"""The calls and functions of a program as its source has them: what is known before anything is compiled.

The same facts, by the same names and rules, as the tool of :mod:`gymcc.envs.ocaml.backends.compiler` finds in the typed
syntax trees of the real compiler; here they come from our own front end, so that the simulator has them without OCaml.
"""

from __future__ import annotations

from gymcc.envs.ocaml.source.listing import Listing, list_source
from gymcc.envs.ocaml.source.records import Definition, Site

__all__ = ["Definition", "Listing", "Site", "list_source"]
