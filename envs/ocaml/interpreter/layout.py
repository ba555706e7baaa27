"""What the code of a program needs to know of all of its functions before it is written.

A tail call must not grow the stack where it can recur. So it is a jump inside of its own function, a call where it
cannot come back to its function by tail calls alone, and else left to the caller, to whom the function returns
``TAIL``.
"""

from __future__ import annotations

from collections.abc import Iterator

from gymcc.envs.ocaml.ir import Atom, Block, Call, Function, Let, LetFunctions, Match, Program
from gymcc.envs.ocaml.walk import atoms, bindings, decided, inner_blocks

UNKNOWN = -1  # stands for the functions that are called as values


class Layout:
    """The functions of a program by number, in an order of ours; copies of one function have numbers of their own.

    ``groups`` has for each function those that are defined together with it.
    """

    def __init__(self, program: Program) -> None:
        groups = [(program.main,), *_groups(program.main.body)]
        self.functions = [function for group in groups for function in group]
        self.groups = [group for group in groups for _ in group]
        self.numbers = {function.variable.id: index for index, function in enumerate(self.functions)}
        self.globals = set(program.globals)
        self._tail = [tuple(tail_calls(function.body)) for function in self.functions]
        self.values = self._used_as_values(program.main.body)
        self._reaches = self._reachable()
        self.returns_tail = self._returning_tail()

    def callee(self, function: Atom) -> int | None:
        """Number of the function that a variable is known to hold."""
        return self.numbers.get(function) if isinstance(function, int) else None

    def target(self, call: Call) -> int:
        """Number of the function that a call of all of its parameters goes to, or UNKNOWN."""
        number = self.callee(call.function)
        exact = number is not None and len(self.functions[number].params) == len(call.args)
        return number if number is not None and exact else UNKNOWN

    def recurs(self, caller: int, target: int) -> bool:
        """Whether a tail call can come back to its function by tail calls."""
        return caller in self._reaches[target]

    def may_return_tail(self, target: int) -> bool:
        """Whether what a call returns may be TAIL."""
        return target in self.returns_tail

    def _used_as_values(self, main: Block) -> set[int]:
        return {number for number in map(self.callee, _value_uses(main, self)) if number is not None}

    def _edges(self, number: int) -> set[int]:
        return set(self.values) if number == UNKNOWN else {self.target(call) for call in self._tail[number]}

    def _reachable(self) -> dict[int, set[int]]:
        """Functions that tail calls lead to, from each, itself included."""
        reaches = {}
        for start in (UNKNOWN, *range(len(self.functions))):
            seen, todo = {start}, [start]
            while todo:
                new = self._edges(todo.pop()) - seen
                seen |= new
                todo += new
            reaches[start] = seen
        return reaches

    def _returning_tail(self) -> set[int]:
        found: set[int] = set()
        while True:
            more = {n for n in self._reaches if n not in found and self._gives_tail(n, found)}
            if not more:
                return found
            found |= more

    def _gives_tail(self, number: int, known: set[int]) -> bool:
        if number == UNKNOWN:
            return bool(self.values & known)
        targets = self._edges(number) - {number}
        return any(target in known or self.recurs(number, target) for target in targets)


def _groups(block: Block) -> Iterator[tuple[Function, ...]]:
    return (binding.functions for binding in bindings(block) if isinstance(binding, LetFunctions))


def tail_calls(block: Block) -> Iterator[Call]:
    """The calls in tail position of a function's body."""
    todo = [block]
    while todo:
        block = todo.pop()
        last = block.bindings[-1] if block.bindings else None
        if not isinstance(last, Let) or last.variable.id != block.result:
            continue
        if isinstance(last.operation, Call):
            yield last.operation
        elif isinstance(last.operation, Match):
            todo += (arm.body for arm in last.operation.arms)


def _value_uses(main: Block, layout: Layout) -> Iterator[Atom]:
    """Atoms that are used otherwise than called with all their parameters at least."""
    yield main.result
    for binding in bindings(main):
        if isinstance(binding, LetFunctions):
            yield from (function.body.result for function in binding.functions)
            continue
        operation = binding.operation
        used = atoms(operation)
        if isinstance(operation, Call):
            number = layout.callee(operation.function)
            full = number is not None and len(operation.args) >= len(layout.functions[number].params)
            used = operation.args if full else used
        yield from used
        yield from (block.result for block in inner_blocks(operation))
        if isinstance(operation, Match):
            yield from decided(operation)
