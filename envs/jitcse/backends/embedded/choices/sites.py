"""Statements that a choice may change, in each of their forms, made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping

from gymcc.envs.jitcse.analysis import MAX_CANDIDATES
from gymcc.envs.jitcse.backends.embedded.code.lowering import Lowering
from gymcc.envs.jitcse.backends.embedded.code.statement import Code
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import extra_intervals
from gymcc.envs.jitcse.backends.embedded.registers.linear_scan import Interval
from gymcc.envs.jitcse.backends.embedded.registers.liveness import bits
from gymcc.envs.jitcse.frontend.perform import Rewriter
from gymcc.envs.jitcse.ir import Node, Op

DEAD = MAX_CANDIDATES  # the bit of a key that stands for local 0 being dead
_CANDIDATES = (1 << DEAD) - 1
NO_CODE = Code(0, 0, 0, 0, 0, 0, False, False, {}, ())


class Form:
    """A statement under some choices: its code as an evaluation wants it."""

    __slots__ = ("call", "code", "crossing", "floats", "integers", "price", "reads", "uses", "writes")

    def __init__(self, code: Code, position: int) -> None:
        self.code = code
        self.price = code.price
        self.reads = code.reads
        self.writes = code.writes
        self.uses = code.uses
        self.crossing = code.crossing if code.calls else 0
        self.call = 1 << position if code.calls else 0
        extras = extra_intervals(code, position)
        self.integers: list[Interval] = [interval for floating, interval in extras if not floating]
        self.floats: list[Interval] = [interval for floating, interval in extras if floating]


class Site:
    """A statement with trees of the candidates ``mask``, or assigning locals ``stores`` that may go unread.

    ``forms`` has those made so far, by the candidates of it that are kept and, above, the locals of it that are dead.
    """

    __slots__ = ("block", "forms", "group", "mask", "number", "position", "stores")

    def __init__(self, block: int, number: int, position: int, group: int, mask: int, stores: int) -> None:
        self.block = block
        self.number = number  # of the statement in its block
        self.position = position
        self.group = group
        self.mask = mask
        self.stores = stores
        self.forms: dict[int, Form] = {}

    def make(self, key: int, rewriter: Rewriter, temporaries: Mapping[int, int], lowering: Lowering) -> Form:
        """The form for ``key``: candidates of ``mask``, and locals of ``stores`` << :data:`DEAD`."""
        kept = {number: temporaries[number] for number in bits(key & _CANDIDATES)}
        tree = rewriter.statement(self.block, self.number, kept)
        form = Form(NO_CODE if tree is None else lowering.lower(tree, key >> DEAD), self.position)
        self.forms[key] = form
        return form


def must_call(tree: Node) -> bool:
    """Whether the statement calls under every choice: only pure helpers can be candidates."""
    return tree.op is Op.CALL or any(must_call(arg) for arg in tree.args)


def may_stop_calling(tree: Node) -> bool:
    """Whether the statement has calls that a choice may do without."""
    if tree.op is Op.HELPER or (tree.op is Op.MOD and tree.type.floating):
        return True
    return any(may_stop_calling(arg) for arg in tree.args)


def mentioned(tree: Node) -> set[int]:
    """The locals that a statement reads or writes under some choice."""
    return {part.payload for part in tree.walk() if part.op in _LOCALS and isinstance(part.payload, int)}


def stored(tree: Node) -> set[int]:
    """The locals that a statement assigns."""
    return {part.payload for part in tree.walk() if part.op is Op.STORE_LOCAL and isinstance(part.payload, int)}


def exposed(tree: Node) -> set[int]:
    """The locals whose value before the statement some choice may read."""
    found: set[int] = set()
    stored: set[int] = set()
    for part in tree.walk():
        number = part.payload
        if part.op is Op.LOCAL and isinstance(number, int) and number not in stored:
            found.add(number)
        elif part.op is Op.STORE_LOCAL and isinstance(number, int):
            stored.add(number)
    return found


_LOCALS = (Op.LOCAL, Op.STORE_LOCAL)
