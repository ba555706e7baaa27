"""Methods for the tests of the front end: short ways to write them, and random ones of all shapes the rules allow.

The shipped generator makes methods as people write them; these have stores inside trees, throwing divisions, fields
that overlap, conditional entries to loops, and whatever else a pass might forget.
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse import trees as t
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type
from gymcc.envs.jitcse.wellformed import check

OTHER, INT, LONG, DOUBLE, STRUCT, VOID = Type.OTHER, Type.INT, Type.LONG, Type.DOUBLE, Type.STRUCT, Type.VOID


# Hand-written methods: locals 0 and 1 are references, 2 to 5 integers, 6 and 7 doubles, all parameters

LOCALS = (OTHER, OTHER, INT, INT, INT, INT, DOUBLE, DOUBLE)


def ref(number=0):
    return t.local(number, OTHER)


def i(number):
    return t.local(number, INT)


def d(number):
    return t.local(number, DOUBLE)


def add(left, right):
    return t.binary(Op.ADD, left, right)


def mul(left, right):
    return t.binary(Op.MUL, left, right)


def div(left, right):
    return t.binary(Op.DIV, left, right)


def const(value):
    return t.constant(INT, value)


def take(*values):
    """A statement that evaluates ``values`` and changes nothing."""
    return t.helper(VOID, "take", *values)


def call(*values):
    """A statement that may change all memory."""
    return t.call(VOID, "call", *values)


RETURN = Node(Op.RETURN, VOID)


def method(*blocks, locals=LOCALS, profiled=False):
    """A method of blocks ``(statements, successors)`` or with a weight as well; the last one returns."""
    made = [Block(tuple(statements), tuple(successors), *weight) for statements, successors, *weight in blocks]
    last = made[-1]
    made[-1] = Block((*last.statements, RETURN), (), last.weight)
    found = Method("test", locals, len(locals), tuple(made), profiled=profiled)
    check(found)
    return found


def straight(*statements):
    """A method of one block."""
    return method((statements, ()))


# Random methods

PARAMETERS = (OTHER, OTHER, INT, INT, LONG, DOUBLE)
KINDS = (*PARAMETERS, INT, INT, LONG, DOUBLE, OTHER, STRUCT)
_OPERATORS = {
    INT: (Op.ADD, Op.ADD, Op.SUB, Op.MUL, Op.AND, Op.XOR, Op.DIV, Op.MOD),
    LONG: (Op.ADD, Op.SUB, Op.MUL, Op.OR, Op.DIV),
    DOUBLE: (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD),
    OTHER: (Op.ADD,),
}


class _Trees:
    """Random trees over few locals, so that equal ones are common."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def leaf(self, kind):
        if kind is not STRUCT and self.random.random() < 0.25:
            return t.constant(kind, self.random.choice((0, 1, 2, 3, 1000)))
        return t.local(self.random.choice([n for n, each in enumerate(KINDS) if each is kind]), kind)

    def value(self, kind, depth):
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf(kind)
        shapes = [self._field]
        if kind is not STRUCT:
            shapes += [self._field, self._static, self._call, self._comma, *[self._operator] * 4]
        if kind in (INT, DOUBLE):
            shapes += [self._element, self._element]
        if kind is INT:
            shapes += [self._length, self._comparison, self._shift]
        return self.random.choice(shapes)(kind, depth - 1)

    def effect(self, depth):
        shapes = (*[self._store_local] * 5, self._store_field, self._store_static, self._store_element, self._bounds)
        return self.random.choice((*shapes, self._bare))(depth)

    def _field(self, kind, depth):
        return t.field(kind, self.value(OTHER, min(depth, 1)), self.random.choice((8, 12, 16)))

    def _static(self, kind, _):
        return t.static(kind, self.random.choice((1, 2)))

    def _call(self, kind, depth):
        make = t.call if self.random.random() < 0.4 else t.helper
        return make(kind, "f", self.value(self.random.choice((INT, LONG)), depth))

    def _comma(self, kind, depth):
        return t.comma(self.effect(depth), self.value(kind, depth))

    def _operator(self, kind, depth):
        return t.binary(self.random.choice(_OPERATORS[kind]), self.value(kind, depth), self.value(kind, depth))

    def _element(self, kind, depth):
        return t.element(kind, self.leaf(OTHER), self.value(INT, min(depth, 1)))

    def _length(self, _, depth):
        return t.length(self.value(OTHER, depth))

    def _comparison(self, _, depth):
        kind = self.random.choice((INT, LONG, DOUBLE))
        return t.compare(self.random.choice((Op.LT, Op.EQ)), self.value(kind, depth), self.value(kind, depth))

    def _shift(self, kind, depth):
        return Node(Op.LSH, kind, (self.value(kind, depth), self.value(INT, depth)))

    def _store_local(self, depth):
        number = self.random.randrange(len(KINDS))
        return t.store_local(number, self.value(KINDS[number], depth))

    def _store_field(self, depth):
        kind = self.random.choice((INT, LONG, DOUBLE, STRUCT))
        return t.store_field(self.value(OTHER, 1), self.random.choice((8, 12, 16)), self.value(kind, depth))

    def _store_static(self, depth):
        return Node(Op.STORE_STATIC, VOID, (self.value(INT, depth),), self.random.choice((1, 2)))

    def _store_element(self, depth):
        return Node(Op.STORE_ELEM, VOID, (self.leaf(OTHER), self.leaf(INT), self.value(INT, depth)))

    def _bounds(self, depth):
        return t.bounds(self.value(INT, 1), self.value(INT, depth))

    def _bare(self, depth):
        return self.value(self.random.choice((INT, DOUBLE)), depth)


class _Blocks:
    """Random structured control flow; a block is [statements, successors, weight]."""

    def __init__(self, random: Random) -> None:
        self.random, self.trees, self.blocks = random, _Trees(random), []

    def method(self, depth):
        entry = self._new(1.0)
        for number in range(len(PARAMETERS), len(KINDS)):
            first = t.field(STRUCT, ref(), 8) if KINDS[number] is STRUCT else t.constant(KINDS[number], number)
            self.blocks[entry][0].append(t.store_local(number, first))
        last = self._body(entry, 1.0, depth)
        self.blocks[last][0].append(Node(Op.RETURN, VOID, (self.trees.value(INT, 3),)))
        blocks = tuple(Block(tuple(statements), tuple(to), weight) for statements, to, weight in self.blocks)
        return Method("random", KINDS, len(PARAMETERS), blocks, INT, profiled=self.random.random() < 0.2)

    def _new(self, weight):
        self.blocks.append([[], [], weight])
        return len(self.blocks) - 1

    def _branch(self, block):
        self.blocks[block][0].append(t.branch(self.trees.value(INT, 2)))

    def _body(self, block, weight, depth):
        """Statements from ``block`` on; the block they end in."""
        for _ in range(self.random.randrange(1, 4)):
            for _ in range(self.random.randrange(3)):
                self.blocks[block][0].append(self.trees.effect(3))
            shape = self.random.choice((None, self._if, self._while, self._do)) if depth > 0 else None
            if shape:
                block = shape(block, weight, depth - 1)
        return block

    def _if(self, block, weight, depth):
        self._branch(block)
        arms = [self._new(weight)]
        ends = [self._body(arms[0], weight, depth)]
        if self.random.random() < 0.5:
            arms.append(self._new(weight))
            ends.append(self._body(arms[1], weight, depth))
        join = self._new(weight)
        for end in ends:
            self.blocks[end][1] = [join]
        self.blocks[block][1] = [*arms, join][:2]
        return join

    def _while(self, block, weight, depth):
        header = self._new(weight * 8)
        self.blocks[block][1] = [header]
        if self.random.random() < 0.5:
            self.blocks[header][0].append(self.trees.effect(2))
        self._branch(header)
        body = self._new(weight * 8)
        self.blocks[self._body(body, weight * 8, depth)][1] = [header]
        after = self._new(weight)
        self.blocks[header][1] = [body, after]
        return after

    def _do(self, block, weight, depth):
        guarded = self.random.random() < 0.4
        if guarded:
            self._branch(block)
        header = self._new(weight * 8)
        end = self._body(header, weight * 8, depth)
        self._branch(end)
        after = self._new(weight)
        self.blocks[end][1] = [header, after]
        self.blocks[block][1] = [header, after] if guarded else [header]
        return after


def random_method(seed):
    """The method of a seed: up to two levels of branches and loops, 10 to 300 nodes."""
    random = Random(seed)
    return _Blocks(random).method(random.choice((0, 1, 1, 2)))


methods = st.integers(0, 2**32 - 1).map(random_method)


@settings(max_examples=100, deadline=None)
@given(methods)
def test_random_methods_obey_the_rules(found):
    check(found)
