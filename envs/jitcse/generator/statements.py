"""Random statements: assignments, stores, calls, short-circuit branches and loops, in RyuJIT's shapes."""

from __future__ import annotations

from random import Random

from gymcc.envs.jitcse.builder import LOOP_SCALE, Builder, Label
from gymcc.envs.jitcse.generator.expressions import Expressions
from gymcc.envs.jitcse.ir import Node, Op, Type
from gymcc.envs.jitcse.trees import (
    NULL,
    binary,
    call,
    compare,
    constant,
    field,
    length,
    local,
    store_field,
    store_local,
)

MAX_NESTING = 3
_STATIC_FIELDS = 4


class Statements:
    """Emits statements into a builder until it has the size wanted."""

    def __init__(self, random: Random, builder: Builder, expressions: Expressions) -> None:
        self.random, self.builder, self.expressions = random, builder, expressions
        self.nesting = 0
        self.calls = random.choice((0.0, 0.05, 0.1, 0.2))  # share of calls among the statements

    def body(self, target: int) -> None:
        """The whole method, of about ``target`` statements."""
        while self.builder.size < target:
            self.statement()
        self._return()

    def statement(self) -> None:
        """One statement, with what is nested in it."""
        choice = self.random.random()
        if choice < self.calls:
            self._call()
        elif self.nesting < MAX_NESTING and choice > 0.75:
            self.nesting += 1
            self.random.choice((self._if, self._if, self._for, self._while))()
            self.nesting -= 1
        else:
            self.random.choice((self._assign, self._assign, self._store_field, self._store_element, self._take))()

    def _several(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.statement()

    def _return(self) -> None:
        kind = self.builder.result
        if kind is Type.VOID:
            self.builder.returns()
        else:
            self.builder.returns(self._reference() if kind is Type.OTHER else self.expressions.value(kind))

    def _reference(self) -> Node:
        return self.expressions.reference(self.random.randrange(len(self.expressions.world.shapes)), 1)

    # Without control flow

    def _kind(self) -> Type:
        return self.random.choice(self.expressions.world.kinds)

    def _assign(self) -> None:
        """A value to a local, new or known."""
        kind = self._kind()
        known = [n for n in self.expressions.values.get(kind, []) if n not in self.expressions.counters]
        if known and (self.nesting > 0 or self.random.random() < 0.4):
            target, value = self.random.choice(known), self.expressions.value(kind, 3)
            if value.args:
                self.builder.emit(store_local(target, value))
        elif self.nesting == 0:
            self.expressions.declare(self._keep(self.expressions.value(kind, 3)), kind)

    def _keep(self, value: Node) -> int:
        number = self.builder.new_local(value.type)
        self.builder.emit(store_local(number, value))
        return number

    def _take(self) -> None:
        """A reference to a local, as ``var items = this.items``."""
        if self.nesting == 0:
            shape = self.random.randrange(len(self.expressions.world.shapes))
            self.expressions.declare(self._keep(self.expressions.reference(shape, 2)), Type.OTHER, shape)

    def _store_field(self) -> None:
        """``object.field = value`` or ``object.field += value``, sometimes a static field."""
        kind = self._kind()
        if self.random.random() < 0.1:
            self.builder.emit(Node(Op.STORE_STATIC, Type.VOID, (self.expressions.value(kind),), self._static_field()))
            return
        shapes = self.expressions.world.shapes
        owners = [(n, f) for n, shape in enumerate(shapes) for f in shape.fields if f.kind is kind]
        if not owners:
            return
        shape, wanted = self.random.choice([owner for owner in owners if owner[0] == 0] or owners)
        base = self.expressions.reference(shape, 1)
        value = self.expressions.value(kind)
        if kind is not Type.STRUCT and self.random.random() < 0.4:
            value = binary(Op.ADD, field(kind, base, wanted.offset), value)
        self.builder.emit(store_field(base, wanted.offset, value))

    def _static_field(self) -> int:
        return self.random.randrange(_STATIC_FIELDS)

    def _store_element(self) -> None:
        """``array[index] = value`` or ``array[index] += value``."""
        kind = self._kind()
        arrays = self.expressions.world.arrays(kind)
        array = self.expressions.reference(self.random.choice(arrays), 1)
        index, value = self.expressions.index(), self.expressions.value(kind)
        if kind is not Type.STRUCT and self.random.random() < 0.4:
            value = binary(Op.ADD, self.builder.element(kind, array, index), value)
        self.builder.store_element(array, index, value)

    def _call(self) -> None:
        """A call for its effects, or for a value."""
        name = f"Class{self.random.randrange(3)}.Method{self.random.randrange(6)}"
        args = [self.expressions.value(self._kind(), 1) for _ in range(self.random.randrange(3))]
        receiver = self.expressions.reference(self.random.randrange(2), 1)
        kind = self._kind()
        if self.nesting > 0 or self.random.random() < 0.5:
            self.builder.emit(call(Type.VOID, name, receiver, *args))
        else:
            self.expressions.declare(self._keep(call(kind, name, receiver, *args)), kind)

    # Control flow

    def _if(self) -> None:
        """``if`` with one to three short-circuit conditions, sometimes an else or an early return."""
        taken, otherwise, end = Label(), Label(), Label()
        self._conditions(taken, otherwise)
        self.builder.place(taken)
        self._several()
        if self.random.random() < 0.15:
            self._return()
        self.builder.jump(end)
        self.builder.place(otherwise)
        if self.random.random() < 0.4:
            self._several()
        self.builder.place(end)

    def _conditions(self, taken: Label, otherwise: Label) -> None:
        """Conditions joined by and, or by or."""
        disjunction = self.random.random() < 0.4
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            following = Label()
            targets = (taken, following) if disjunction else (following, otherwise)
            self.builder.branch(self.expressions.condition(), *targets)
            self.builder.place(following)
        self.builder.branch(self.expressions.condition(), taken, otherwise)

    def _for(self) -> None:
        """``for (i = 0; i < limit; i++)``, the test repeated at the end as loop inversion leaves it."""
        counter = self.builder.new_local(Type.INT)
        self.builder.emit(store_local(counter, constant(Type.INT, 0)))
        limit = self._limit()
        again = compare(Op.LT, local(counter, Type.INT), limit)
        self.expressions.declare(counter, Type.INT)
        self.expressions.counters.append(counter)
        self._loop(again, store_local(counter, binary(Op.ADD, local(counter, Type.INT), constant(Type.INT, 1))))
        self.expressions.counters.pop()

    def _limit(self) -> Node:
        """An array's length, written out in every test, or a number from a field."""
        if self.random.random() < 0.6:
            return length(self.expressions.reference(self.expressions.array(), 1))
        return local(self._keep(self.expressions.field(Type.INT, 1)), Type.INT)

    def _while(self) -> None:
        """A walk along a chain of objects: ``while (node != null) node = node.next``."""
        shapes = self.expressions.world.shapes
        links = [(n, f) for n, shape in enumerate(shapes) for f in shape.fields if f.shape == n]
        if not links:
            self._for()
            return
        shape, link = self.random.choice(links)
        node = self._keep(self.expressions.reference(shape, 1))
        self.expressions.declare(node, Type.OTHER, shape)
        here = local(node, Type.OTHER)
        self._loop(compare(Op.NE, here, NULL), store_local(node, field(Type.OTHER, here, link.offset)))

    def _loop(self, again: Node, step: Node) -> None:
        before, inside, after = Label(), Label(), Label()
        self.builder.branch(again, before, after)
        self.builder.place(before)
        with self.builder.scaled(LOOP_SCALE):
            self.builder.place(inside)
            self._several()
            self.builder.emit(step)
            self.builder.branch(again, inside, after)
        self.builder.place(after)
