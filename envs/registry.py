"""The registered environments: one row each, read by ``import gymcc``, ``gymcc list`` and the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A registered id: where its environment and its bare problem are made, and with which options."""

    id: str
    module: str  # its docstring is the documentation page
    summary: str
    options: dict[str, Any] = field(default_factory=dict)
    deterministic: bool = True  # False: costs are measured
    maker: str = "make_env"

    @property
    def entry_point(self) -> str:
        """What Gymnasium calls."""
        return f"{self.module}.env:{self.maker}"


ROWS = (
    Row(
        "looptune-mm-v0",
        "gymcc.envs.looptune",
        "Tune matrix-multiply loop nests, measured on this CPU",
        deterministic=False,
    ),
    Row(
        "looptune-mm-model-v0",
        "gymcc.envs.looptune",
        "The same with a deterministic analytic cost",
        {"backend": "model"},
    ),
    Row("jitcse-v0", "gymcc.envs.jitcse", "Keep common subexpressions in a JIT, one by one"),
    Row("jitcse-set-v0", "gymcc.envs.jitcse", "The same, all of a method in one step", maker="make_set_env"),
    Row("ocaml-inline-v0", "gymcc.envs.ocaml", "Inline calls of OCaml programs, one by one or copy by copy"),
    Row("nitta-synthesis-v0", "gymcc.envs.nitta", "Map a program onto the units of a NITTA processor"),
)
