"""Building methods statement by statement: blocks in layout order, with RyuJIT's loop weights and block clean-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from gymcc.envs.jitcse.assigned import unassigned_reads
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type
from gymcc.envs.jitcse.trees import (
    NULL,
    branch,
    call,
    comma,
    constant,
    element,
    has_effects,
    local,
    repeatable,
    store_element,
    store_local,
)

LOOP_SCALE = 8.0  # BB_LOOP_WEIGHT_SCALE
MAX_LOOP_DEPTH = 4  # deeper loops weigh no more


@dataclass(slots=True, eq=False)
class Label:
    """A block to be: a place to jump to before and after it is placed."""

    number: int = -1  # in layout order, once placed
    weight: float = 1.0
    statements: list[Node] = field(default_factory=list)
    successors: tuple[Label, ...] = ()


class Builder:
    """A method under construction; statements go to the block placed last, until it is closed by a jump."""

    def __init__(self, name: str, parameters: tuple[Type, ...], result: Type = Type.VOID) -> None:
        self.name = name
        self.parameters = len(parameters)
        self.result = result
        self.locals = list(parameters)
        self.weights = [1.0]  # of the enclosing regions, innermost last
        self._blocks: list[Label] = []
        self._open = True
        self.place(Label())

    # Locals

    def new_local(self, kind: Type) -> int:
        """The number of a fresh local."""
        self.locals.append(kind)
        return len(self.locals) - 1

    def keep(self, value: Node) -> Node:
        """Evaluate ``value`` now, in a statement of its own, and return a read of the temporary that keeps it."""
        number = self.new_local(value.type)
        self.emit(store_local(number, value))
        return local(number, value.type)

    # Statements and jumps

    @property
    def size(self) -> int:
        """Statements so far."""
        return sum(len(block.statements) for block in self._blocks)

    @property
    def open(self) -> bool:
        """Whether control can reach the next statement."""
        return self._open

    def emit(self, statement: Node) -> None:
        """Append a statement; without effect where control cannot get to."""
        if self._open:
            self._blocks[-1].statements.append(statement)

    def place(self, label: Label) -> None:
        """Begin the block of ``label`` here; the block before falls through to it unless closed."""
        if self._blocks and self._open:
            self._close(label)
        label.number = len(self._blocks)
        label.weight = self.weights[-1]
        self._blocks.append(label)
        self._open = True

    def jump(self, target: Label) -> None:
        """Close the block with a jump."""
        if self._open:
            self._close(target)

    def branch(self, condition: Node, taken: Label, otherwise: Label) -> None:
        """Close the block with a conditional jump."""
        if self._open:
            self.emit(branch(condition))
            self._close(taken, otherwise)

    def returns(self, value: Node | None = None) -> None:
        """Close the block with a return; of 0 where the method has a result and ``value`` is None."""
        if value is None and self.result is not Type.VOID:
            value = constant(self.result, 0)
        if self._open:
            self.emit(Node(Op.RETURN, Type.VOID, () if value is None else (value,)))
            self._close()

    def rarely_run(self) -> None:
        """The block is known to be cold, as those that end in a throw are; the entry never is."""
        if len(self._blocks) > 1:
            self._blocks[-1].weight = 0.0

    def _close(self, *successors: Label) -> None:
        self._blocks[-1].successors = successors
        self._open = False

    @contextmanager
    def scaled(self, factor: float) -> Iterator[None]:
        """Blocks placed inside weigh ``factor`` times as much, at most what ``MAX_LOOP_DEPTH`` loops make."""
        self.weights.append(min(self.weights[-1] * factor, LOOP_SCALE**MAX_LOOP_DEPTH))
        yield
        self.weights.pop()

    # Arrays

    def element(self, kind: Type, array: Node, index: Node) -> Node:
        """A checked load; what must not be written out twice goes to a temporary inside the tree, in order."""
        array, keep_array = self._repeatable(array)
        index, keep_index = self._repeatable(index)
        tree = element(kind, array, index)
        for store in (*keep_index, *keep_array):
            tree = comma(store, tree)
        return tree

    def store_element(self, array: Node, index: Node, value: Node) -> None:
        """A checked store, in statements: the value is evaluated before the check, as in C#.

        A reference goes through the runtime's call that checks the array's type (CORINFO_HELP_ARRADDR_ST).
        """
        if value.type is Type.OTHER and value != NULL:
            self.emit(call(Type.VOID, "StoreElement", array, index, value))
            return
        array, index = (each if repeatable(each) else self.keep(each) for each in (array, index))
        if has_effects(value):
            value = self.keep(value)
        for statement in store_element(array, index, value):
            self.emit(statement)

    def _repeatable(self, tree: Node) -> tuple[Node, tuple[Node, ...]]:
        """A tree to write out in place of ``tree``, and the store that must come before, if any."""
        if repeatable(tree):
            return tree, ()
        number = self.new_local(tree.type)
        return local(number, tree.type), (store_local(number, tree),)

    # The result

    def finish(self, profiled: bool = False) -> Method:
        """The method, closed by a return, without unreachable, empty or needlessly split blocks.

        Locals that some path reads before anything is stored to them start as 0, as in C#.
        """
        self.returns()
        _skip_empty(self._blocks)
        blocks = _merged(self._blocks)
        numbers = {label: index for index, label in enumerate(blocks)}
        final = tuple(
            Block(tuple(each.statements), tuple(numbers[target] for target in each.successors), each.weight)
            for each in blocks
        )
        draft = Method(self.name, tuple(self.locals), self.parameters, final, self.result, profiled)
        return _initialised(_without_unused_locals(draft))


def _skip_empty(blocks: list[Label]) -> None:
    """Send jumps to an empty block on to where it leads; of a branch with one target left only effects remain."""
    onward = {each: each.successors[0] for each in blocks[1:] if not each.statements and len(each.successors) == 1}

    def final(label: Label) -> Label:
        seen = {label}
        while (after := onward.get(label)) is not None and after not in seen:
            seen.add(after)
            label = after
        return label

    for each in blocks:
        each.successors = tuple(final(target) for target in each.successors)
        if len(each.successors) == 2 and each.successors[0] is each.successors[1]:
            each.successors = each.successors[:1]
            condition = each.statements.pop().args[0]
            each.statements += [condition] if has_effects(condition) else []


def _merged(blocks: list[Label]) -> list[Label]:
    """The blocks that the entry reaches, each joined with its successor where neither has another neighbour."""
    live = _reached(blocks[0])
    entries = Counter(target for each in live for target in each.successors)
    merged: list[Label] = []
    gone: set[Label] = set()
    for each in (each for each in blocks if each in live):
        while each not in gone and len(each.successors) == 1:
            (follower,) = each.successors
            if entries[follower] > 1 or follower is each or follower.weight != each.weight:
                break
            gone.add(follower)
            each.statements += follower.statements
            each.successors = follower.successors
        merged.append(each)
    return [each for each in merged if each not in gone]


def _reached(entry: Label) -> set[Label]:
    found, todo = {entry}, [entry]
    while todo:
        fresh = set(todo.pop().successors) - found
        found |= fresh
        todo += fresh
    return found


def _without_unused_locals(method: Method) -> Method:
    """The method with only the locals it mentions, renumbered in order, and all its parameters."""
    trees = [tree for block in method.blocks for tree in block.statements]
    used = {node.payload for tree in trees for node in tree.walk() if node.op in (Op.LOCAL, Op.STORE_LOCAL)}
    kept = [number for number in range(len(method.locals)) if number < method.parameters or number in used]
    renumber = {old: new for new, old in enumerate(kept)}

    def rebuilt(node: Node) -> Node:
        args = tuple(rebuilt(arg) for arg in node.args)
        if node.op in (Op.LOCAL, Op.STORE_LOCAL):
            assert isinstance(node.payload, int)
            return replace(node, args=args, payload=renumber[node.payload])
        return replace(node, args=args) if args else node

    blocks = tuple(replace(block, statements=tuple(map(rebuilt, block.statements))) for block in method.blocks)
    return replace(method, locals=tuple(method.locals[number] for number in kept), blocks=blocks)


def _initialised(method: Method) -> Method:
    """The method with stores of 0 at its start to locals that may be read unwritten."""
    zeros = tuple(store_local(n, constant(method.locals[n], 0)) for n in unassigned_reads(method))
    entry = replace(method.blocks[0], statements=zeros + method.blocks[0].statements)
    return replace(method, blocks=(entry, *method.blocks[1:])) if zeros else method
