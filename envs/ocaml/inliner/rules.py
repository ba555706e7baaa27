"""What a middle end of ocamlopt is able to inline and to see through; two presets, after its two middle ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Abilities and limits of an inliner.

    ``arguments``: inside a copied body it knows the functions and blocks that were passed to it, so that unknown calls
    become direct ones and tuples meet their consumers. ``blocks``: what is loaded from a known block, or tested of one,
    is known; without it, only from blocks in the program's data, and functions from any. ``closures``: it copies bodies
    that define functions. ``drops``: functions that nobody can name are dropped. ``depth``: longest path.
    ``size``: operations in one function after which nothing more is copied into it.
    """

    name: str
    arguments: bool
    blocks: bool
    closures: bool
    drops: bool
    depth: int = 6
    size: int = 4000

    def __post_init__(self) -> None:
        if self.depth < 0 or self.size < 0:
            raise ValueError(f"depth {self.depth} and size {self.size}: neither may be negative")


FLAMBDA = Rules("flambda", arguments=True, blocks=True, closures=True, drops=True)
CLOSURE = Rules("closure", arguments=False, blocks=False, closures=False, drops=False)  # middle_end/closure/closure.ml
