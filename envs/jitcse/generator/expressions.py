"""Random expressions that repeat themselves as programs do: the same paths to the same fields and elements."""

from __future__ import annotations

from collections import deque
from random import Random

from gymcc.envs.jitcse.builder import Builder
from gymcc.envs.jitcse.generator.world import World
from gymcc.envs.jitcse.ir import STORES, Node, Op, Type
from gymcc.envs.jitcse.trees import NULL, binary, compare, constant, helper, length, local, static
from gymcc.envs.jitcse.trees import field as load_field

REPEAT = 0.3  # chance that a value was computed before in the same way
RECENT = 10  # expressions of a type that may come again
_ONCE = STORES | {Op.STORE_LOCAL, Op.CALL}
_WHOLE_OPS = (Op.ADD, Op.ADD, Op.ADD, Op.SUB, Op.SUB, Op.MUL, Op.MUL, Op.AND, Op.OR, Op.XOR, Op.DIV, Op.MOD)
_FLOAT_OPS = (Op.ADD, Op.ADD, Op.SUB, Op.MUL, Op.MUL, Op.DIV)
_SHIFTS = (Op.LSH, Op.RSH)
_RELATIONS = (Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE)
_CASTS = (Type.INT, Type.LONG, Type.FLOAT, Type.DOUBLE)
_INTS = (0, 1, 1, 2, 3, 4, 7, 8, 10, 16, 31, 32, 64, 100, 127, 255, 1000, 0x7FFFFFFF, -1)


class Expressions:
    """Draws trees over the locals known so far."""

    def __init__(self, random: Random, builder: Builder, world: World) -> None:
        self.random, self.builder, self.world = random, builder, world
        self.values: dict[Type, list[int]] = {}  # locals by type
        self.references: list[tuple[int, int]] = [(0, 0)]  # local and shape; `this` first
        self.counters: list[int] = []  # of the enclosing loops
        self._recent: dict[tuple[Type, int], deque[Node]] = {}
        for number, (kind, shape) in enumerate(world.parameters, start=1):
            self.declare(number, kind, shape)

    def declare(self, number: int, kind: Type, shape: int = -1) -> None:
        """Let a local be used from now on."""
        if kind is Type.OTHER:
            self.references.append((number, shape))
        else:
            self.values.setdefault(kind, []).append(number)

    # Values

    def value(self, kind: Type, depth: int = 2) -> Node:
        """A value of a type other than OTHER."""
        recent = self._recent.get((kind, -1))
        if recent and self.random.random() < REPEAT:
            return self.random.choice(recent)
        tree = self._leaf(kind) if depth == 0 or self.random.random() < 0.2 else self._compound(kind, depth)
        return self._remember(tree, -1)

    def _remember(self, tree: Node, shape: int) -> Node:
        if tree.args and not any(node.op in _ONCE for node in tree.walk()):
            self._recent.setdefault((tree.type, shape), deque(maxlen=RECENT)).append(tree)
        return tree

    def _leaf(self, kind: Type) -> Node:
        locals_ = self.values.get(kind, [])
        if locals_ and self.random.random() < 0.7:
            return local(self.random.choice(locals_), kind)
        if kind is Type.STRUCT:
            return self.field(kind, 1)
        return self.constant(kind)

    def constant(self, kind: Type) -> Node:
        """A constant as programs have them."""
        if kind.floating:
            return constant(kind, self.random.choice((0.0, 0.5, 1.0, 2.0, 3.25, 100.0)))
        if kind is Type.LONG and self.random.random() < 0.2:
            return constant(kind, self.random.getrandbits(40))
        return constant(kind, self.random.choice(_INTS))

    def _compound(self, kind: Type, depth: int) -> Node:
        choice = self.random.random()
        if choice < 0.30 or kind is Type.STRUCT:
            return self.field(kind, depth)
        if choice < 0.50:
            return self._element(kind, depth)
        if choice < 0.55:
            return static(kind, self.random.randrange(4))
        if choice < 0.68 and kind is not Type.SIMD:
            return self._special(kind, depth)
        return self._arithmetic(kind, depth)

    def field(self, kind: Type, depth: int) -> Node:
        """A field of some object; a static one where no class has such a field."""
        found = [(n, f) for n, shape in enumerate(self.world.shapes) for f in shape.fields if f.kind is kind]
        if not found:
            return static(kind, self.random.randrange(4))
        owned = [(n, f) for n, f in found if n == 0]
        shape, wanted = self.random.choice(owned if owned and self.random.random() < 0.6 else found)
        return load_field(kind, self.reference(shape, depth - 1), wanted.offset)

    def _element(self, kind: Type, depth: int) -> Node:
        arrays = self.world.arrays(kind)
        if not arrays:
            return self._leaf(kind)
        return self.builder.element(kind, self.reference(self.random.choice(arrays), depth - 1), self.index(depth - 1))

    def index(self, depth: int = 1) -> Node:
        """An index: most often the counter of a loop or one beside it, else small, so that checks tend to pass."""
        choice = self.random.random()
        if self.counters and choice < 0.75:
            counter = local(self.random.choice(self.counters[-2:]), Type.INT)
            if choice < 0.12:
                return binary(self.random.choice((Op.ADD, Op.SUB)), counter, constant(Type.INT, 1))
            return counter
        if choice < 0.85:
            return constant(Type.INT, self.random.randrange(3))
        value = self.value(Type.INT, max(depth, 0))
        return value if choice < 0.92 else binary(Op.AND, value, constant(Type.INT, 3))

    def _special(self, kind: Type, depth: int) -> Node:
        """A length, comparison, shift or pure helper for whole numbers; else a cast."""
        if kind is Type.INT and self.random.random() < 0.5:
            return length(self.reference(self.array(), depth - 1))
        if kind is Type.INT and self.random.random() < 0.4:
            return self.condition(depth - 1)
        if not kind.floating and self.random.random() < 0.5:
            return Node(self.random.choice(_SHIFTS), kind, (self.value(kind, depth - 1), self.constant(Type.INT)))
        if self.random.random() < 0.3:
            return helper(kind, "Math.Scale", self.value(kind, depth - 1))
        others = [other for other in self.world.kinds if other in _CASTS and other is not kind]
        return Node(Op.CAST, kind, (self.value(self.random.choice(others), depth - 1),)) if others else self._leaf(kind)

    def _arithmetic(self, kind: Type, depth: int) -> Node:
        op = self.random.choice(_FLOAT_OPS if kind.floating else _WHOLE_OPS)
        left = self.value(kind, depth - 1)
        if op in (Op.DIV, Op.MOD) and not kind.floating:
            return binary(op, left, constant(kind, self.random.choice((2, 3, 8, 10, 60))))
        return binary(op, left, self.value(kind, depth - 1))

    def condition(self, depth: int = 2) -> Node:
        """A comparison."""
        if self.random.random() < 0.25:
            shape = self.random.randrange(len(self.world.shapes))
            return compare(self.random.choice((Op.EQ, Op.NE)), self.reference(shape, depth), NULL)
        kind = self.random.choice([kind for kind in self.world.kinds if kind not in (Type.STRUCT, Type.SIMD)])
        right = self.constant(kind) if self.random.random() < 0.5 else self.value(kind, depth - 1)
        return compare(self.random.choice(_RELATIONS), self.value(kind, depth), right)

    # References

    def array(self) -> int:
        """The shape of some array."""
        return self.random.choice([n for n, shape in enumerate(self.world.shapes) if shape.element is not None])

    def reference(self, shape: int, depth: int) -> Node:
        """A reference to a shape: a local, an expression seen before, or a path of fields or an element."""
        recent = self._recent.get((Type.OTHER, shape))
        if recent and self.random.random() < REPEAT:
            return self.random.choice(recent)
        known = [number for number, of in self.references if of == shape]
        if known and (depth <= 0 or self.random.random() < 0.6):
            return local(self.random.choice(known), Type.OTHER)
        return self._remember(self._path(shape, depth), shape)

    def _path(self, shape: int, depth: int) -> Node:
        owners = [(n, f) for n, each in enumerate(self.world.shapes) for f in each.fields if f.shape == shape]
        near = [(n, f) for n, f in owners if any(of == n for _, of in self.references)]
        if near and (depth <= 0 or self.random.random() < 0.7):
            owners = near
        if not owners or (depth <= 0 and not near):
            return static(Type.OTHER, 8 + shape)
        if depth > 0 and self.random.random() < 0.15 and (tree := self._cast_path(shape, depth)):
            return tree
        owner, wanted = self.random.choice(owners)
        return load_field(Type.OTHER, self.reference(owner, depth - 1), wanted.offset)

    def _cast_path(self, shape: int, depth: int) -> Node | None:
        """An element of an array of such references, or one cast to its class by the runtime."""
        arrays = [n for n, each in enumerate(self.world.shapes) if each.element_shape == shape]
        if arrays and self.random.random() < 0.7:
            return self.builder.element(Type.OTHER, self.reference(arrays[0], depth - 1), self.index())
        if self.world.shapes[shape].element is not None:
            return None
        owner = self.random.randrange(len(self.world.shapes))
        handle = Node(Op.HANDLE, Type.OTHER, (), 0x1000 + 8 * shape)
        return helper(Type.OTHER, "CastClass", handle, self.reference(owner, depth - 1))
