"""Random methods with every operator and type, denser than any program: food for the other tests."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.analysis import Analysis, Choice
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import Block, Method, Node, Op, Type
from gymcc.envs.jitcse.wellformed import check

KINDS = (Type.OTHER, Type.INT, Type.LONG, Type.FLOAT, Type.DOUBLE, Type.STRUCT, Type.SIMD)
NUMBERS = KINDS[:5]
WHOLE = KINDS[:3]
ARCHS = ("x64", "x64-windows", "arm64")
seeds = st.integers(0, 2**32)


class RandomTrees:
    """Draws trees; repeats some, so that there are common subexpressions."""

    def __init__(self, random: Random, types: tuple[Type, ...]) -> None:
        self.random, self.types = random, types
        self.known: dict[Type, list[Node]] = {kind: [] for kind in KINDS}

    def value(self, kind: Type, depth: int) -> Node:
        """A tree of a type."""
        if self.known[kind] and self.random.random() < 0.3:
            return self.random.choice(self.known[kind])
        tree = self._leaf(kind) if depth == 0 or self.random.random() < 0.15 else self._inner(kind, depth - 1)
        self.known[kind].append(tree)
        return tree

    def _leaf(self, kind: Type) -> Node:
        pick = self.random.randrange(5)
        if pick == 0 and kind is not Type.STRUCT:
            if kind.floating:
                return Node(Op.CONST, kind, (), self.random.choice([0.0, 1.5]))
            return Node(Op.CONST, kind, (), self.random.choice([-1, 0, 1, 2, 8, 100, 70000, 2**31 - 1]))
        if pick == 1:
            return Node(Op.STATIC, kind, (), self.random.randrange(3))
        if pick == 2 and kind in (Type.OTHER, Type.LONG):
            return Node(Op.HANDLE, kind, (), self.random.randrange(3))
        return self.local(kind)

    def local(self, kind: Type) -> Node:
        """A read of a local."""
        return Node(Op.LOCAL, kind, (), self.random.choice([n for n, each in enumerate(self.types) if each is kind]))

    def _inner(self, kind: Type, depth: int) -> Node:
        pick = self.random.randrange(12)
        if pick == 0:
            return Node(Op.FIELD, kind, (self.value(Type.OTHER, depth),), self.random.choice([0, 8, 200]))
        if pick == 1:
            return Node(Op.ELEM, kind, (self.value(Type.OTHER, depth), self.value(Type.INT, depth)))
        if pick == 2:
            return Node(Op.COMMA, kind, (self.effect(depth), self.value(kind, depth)))
        if pick == 3:
            return self.call(self.random.choice([Op.CALL, Op.HELPER]), kind, depth)
        if kind is Type.STRUCT:
            return self._leaf(kind)
        return self._operator(kind, depth)

    def call(self, op: Op, kind: Type, depth: int) -> Node:
        """A call with up to nine arguments."""
        count = self.random.choice([0, 1, 1, 2, 2, 3, 9])
        args = tuple(self.value(self.random.choice(KINDS), max(0, depth - 1)) for _ in range(count))
        return Node(op, kind, args, f"f{self.random.randrange(3)}")

    def _operator(self, kind: Type, depth: int) -> Node:
        ops = [Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD, Op.NEG]
        ops += [Op.AND, Op.OR, Op.XOR, Op.NOT] if kind in WHOLE else []
        ops += [Op.LSH, Op.RSH] if kind in (Type.INT, Type.LONG) else []
        ops += [Op.CAST] if kind in NUMBERS else []
        ops += [Op.LENGTH, Op.EQ, Op.LT, Op.GE] if kind is Type.INT else []
        op = self.random.choice(ops)
        if op is Op.LENGTH:
            return Node(op, kind, (self.value(Type.OTHER, depth),))
        if op in (Op.EQ, Op.LT, Op.GE, Op.CAST):
            other = self.random.choice(NUMBERS)
            return Node(op, kind, tuple(self.value(other, depth) for _ in range(1 if op is Op.CAST else 2)))
        if op in (Op.LSH, Op.RSH):
            return Node(op, kind, (self.value(kind, depth), self.value(Type.INT, depth)))
        return Node(op, kind, tuple(self.value(kind, depth) for _ in range(1 if op in (Op.NEG, Op.NOT) else 2)))

    def effect(self, depth: int) -> Node:
        """A tree for its effect, to be a statement or the first argument of a COMMA."""
        kind = self.random.choice(KINDS)
        pick = self.random.randrange(6)
        if pick == 0:
            return Node(Op.BOUNDS, Type.VOID, (self.value(Type.INT, depth), self.value(Type.INT, depth)))
        if pick == 1:
            return Node(Op.STORE_FIELD, Type.VOID, (self.value(Type.OTHER, depth), self.value(kind, depth)), 8)
        if pick == 2:
            args = (self.value(Type.OTHER, depth), self.value(Type.INT, depth), self.value(kind, depth))
            return Node(Op.STORE_ELEM, Type.VOID, args)
        if pick == 3:
            return self.call(Op.CALL, Type.VOID, depth)
        if pick == 4:
            return Node(Op.STORE_STATIC, Type.VOID, (self.value(kind, depth),), self.random.randrange(3))
        target = self.local(kind).payload
        self.known[kind] = [each for each in self.known[kind] if self.random.random() < 0.7]
        return Node(Op.STORE_LOCAL, Type.VOID, (self.value(kind, depth),), target)


def random_method(seed: int, depth: int = 3, size: int = 4) -> Method:
    """A well formed method with up to ``size`` statements in each of up to 6 blocks."""
    random = Random(seed)
    types = tuple(random.choice(KINDS) for _ in range(random.randrange(8))) + KINDS + KINDS
    trees = RandomTrees(random, types)
    count = random.randrange(1, 7)
    blocks = []
    for index in range(count):
        statements = [trees.effect(depth) for _ in range(random.randrange(size + 1))]
        following = index + 1
        weight = random.choice([0.0, 0.3, 1.0, 1.0, 8.0, 64.0])
        if following == count:
            statements.append(Node(Op.RETURN, Type.VOID, (trees.value(Type.INT, depth),)))
            blocks.append(Block(tuple(statements), (), weight))
        elif random.random() < 0.6:
            statements.append(Node(Op.BRANCH, Type.VOID, (trees.value(Type.INT, depth),)))
            targets = [following, random.randrange(1, count)]
            random.shuffle(targets)
            blocks.append(Block(tuple(statements), tuple(targets), weight))
        else:
            blocks.append(Block(tuple(statements), (following,), weight))
    return Method(f"random/{seed}", types, random.randrange(len(types)), tuple(blocks), Type.INT)


def some_choice(analysis: Analysis, seed: int) -> Choice:
    """A random set of candidates, viable or not."""
    random = Random(seed)
    share = random.choice([0.2, 0.5, 0.9])
    return frozenset(n for n in range(len(analysis.candidates)) if random.random() < share)


def any_analysis(seed: int) -> Analysis:
    """A method of the generator's or one with every operator."""
    return analyse(random_method(seed // 2) if seed % 2 else generate(seed // 2))


@settings(max_examples=50)
@given(seeds)
def test_random_methods_are_well_formed(seed):
    check(random_method(seed))


def test_random_methods_have_candidates_of_every_type():
    found = {candidate.type for seed in range(60) for candidate in analyse(random_method(seed)).candidates}
    assert found == set(KINDS)
