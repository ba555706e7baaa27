"""What the blocks of a piece of residual code cost each time they run, and how many bytes they are."""

from __future__ import annotations

from typing import TypeAlias

from gymcc.envs.ocaml.ir import Path

TIME, WORDS, BYTES, RETURNS = 0, 1, 2, 3
Charge: TypeAlias = list[int]  # each time: instructions, words allocated; of the code: bytes, return addresses


class Charges:
    """Charges by path and block; ``at`` says to which block what comes next belongs."""

    __slots__ = ("by_path", "current")

    def __init__(self) -> None:
        self.by_path: dict[Path, dict[int, Charge]] = {}
        self.current: Charge = [0, 0, 0, 0]

    def at(self, path: Path, block: int) -> Charge:
        """What comes next belongs to a block or case; its charge so far."""
        blocks = self.by_path.get(path)
        if blocks is None:
            blocks = self.by_path[path] = {}
        charge = blocks.get(block)
        if charge is None:
            charge = blocks[block] = [0, 0, 0, 0]
        self.current = charge
        return charge

    def total(self, what: int) -> int:
        """Bytes or return addresses of all the code."""
        return sum(charge[what] for blocks in self.by_path.values() for charge in blocks.values())
