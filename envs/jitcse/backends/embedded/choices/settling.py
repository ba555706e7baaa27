"""Which of the chosen candidates are made: the front end's ``settle``, on bit masks and remembered."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.jitcse.backends.embedded.registers.liveness import bits
from gymcc.envs.jitcse.frontend.roles import Role


class Uses:
    """Whether some use of one candidate is left, as it depends on the candidates of the trees around them."""

    __slots__ = ("around", "bit", "certain", "left", "trees")

    def __init__(self, number: int, table: Sequence[Role]) -> None:
        self.bit = 1 << number
        uses = [role for role in table if role.candidate == number and not role.is_def]
        self.trees = [
            (role.hoisted, [(1 << table[p].candidate, table[p].is_def) for p in role.parents]) for role in uses
        ]
        self.around = 0
        for _, parents in self.trees:
            for bit, _ in parents:
                self.around |= bit
        self.certain = any(not hoisted and not parents for hoisted, parents in self.trees)
        self.left: dict[int, bool] = {}

    def any_left(self, choice: int) -> bool:
        """Whether ``choice`` makes some use."""
        key = choice & self.around
        found = self.left.get(key)
        if found is None:
            found = self.left[key] = any(_made(hoisted, parents, key) for hoisted, parents in self.trees)
        return found


def _made(hoisted: bool, parents: list[tuple[int, bool]], choice: int) -> bool:
    for bit, is_def in parents:
        if choice & bit:
            return is_def
    return not hoisted


class Settling:
    """Settles choices of one method."""

    __slots__ = ("doubtful", "uses", "viable")

    def __init__(self, table: Sequence[Role]) -> None:
        numbers = {role.candidate for role in table}
        self.viable = sum(1 << number for number in numbers)
        self.uses = {number: Uses(number, table) for number in numbers}
        self.doubtful = sum(each.bit for each in self.uses.values() if not each.certain)

    def settled(self, choice: int) -> int:
        """The candidates of ``choice`` that are made."""
        choice &= self.viable
        while doubtful := choice & self.doubtful:
            left = choice
            for number in bits(doubtful):
                uses = self.uses[number]
                if not uses.any_left(choice):
                    left &= ~uses.bit
            if left == choice:
                break
            choice = left
        return choice
