"""Methods for tests of the LLVM back end."""

from __future__ import annotations

from random import Random

from gymcc.envs.jitcse.analysis import Analysis, Choice
from gymcc.envs.jitcse.builder import Builder, Label
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import COMPARISONS, Method, Node, Op, Type
from gymcc.envs.jitcse.trees import (
    binary,
    comma,
    compare,
    constant,
    element,
    field,
    length,
    local,
    store_element,
    store_field,
    store_local,
)
from gymcc.envs.jitcse.wellformed import check

WHOLE = (Type.INT, Type.LONG, Type.OTHER)
NUMBERS = (*WHOLE, Type.FLOAT, Type.DOUBLE)
KINDS = (*NUMBERS, Type.SIMD, Type.STRUCT)
PARAMETERS = (Type.OTHER, Type.OTHER, *NUMBERS)
OBJECT, ARRAY = local(0, Type.OTHER), local(1, Type.OTHER)
USED = 4  # elements of the array, of type LONG
FIELDS = {16 * (1 + place): kind for place, kind in enumerate(KINDS * 2)}  # by offset: free for all
RESULTS = 16 * (1 + len(FIELDS))  # offset of the first field that a local is stored to at the end
CONSTANTS = (0, 1, -1, 2, 7, 255, 65536, 2**31 - 1, -(2**31))
LONG_CONSTANTS = (*CONSTANTS, 2**31, 2**40 + 3, -(2**63), 2**63 - 1)
DIVISORS = (1, -1, 2, -4, 3, -5, 7, 10, 641, 2**30, -(2**31), 2**31 - 1)
LONG_DIVISORS = (*DIVISORS, 2**31, 2**40 + 3, -(2**62), -(2**63), 2**63 - 1)
OPERATIONS = ("add", "sub", "mul", "and", "or", "xor", "div", "mod", "neg", "not", "cast", "lsh", "rsh", "compare")
FLOATS = (0.0, -0.0, 1.0, -2.5, 1024.0, 2.0**40, -(2.0**70))


class Program:
    """Random methods over two locals of each type, one object and one array; loops run three times at most."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.out = Builder(f"program/{seed}", PARAMETERS, Type.LONG)
        self.locals = {kind: [2 + NUMBERS.index(kind)] if kind in NUMBERS else [] for kind in KINDS}
        for kind in KINDS:
            while len(self.locals[kind]) < 2:
                first = field(kind, OBJECT, self.place(kind))
                self.locals[kind].append(self.out.new_local(kind))
                self.out.emit(store_local(self.locals[kind][-1], first))

    def method(self) -> Method:
        self.statements(self.random.randint(4, 12), 2)
        offset = RESULTS
        for kind, numbers in self.locals.items():
            for number in numbers:
                self.out.emit(store_field(OBJECT, offset, local(number, kind)))
                offset += 16
        self.out.returns(self.tree(Type.LONG, 2))
        method = self.out.finish()
        check(method)
        return method

    def object(self, depth: int) -> Node:
        """The object, perhaps after something else."""
        return self.after(OBJECT, depth) if self.random.random() < 0.2 else OBJECT

    def after(self, value: Node, depth: int) -> Node:
        """A value after a store to a local, which must not come earlier or later."""
        kind = self.random.choice(KINDS)
        return comma(store_local(self.random.choice(self.locals[kind]), self.tree(kind, depth)), value)

    def place(self, kind: Type) -> int:
        return self.random.choice([offset for offset, each in FIELDS.items() if each is kind])

    def statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            shape = self.random.random()
            if depth and shape < 0.15:
                self.loop(depth - 1)
            elif depth and shape < 0.3:
                self.fork(depth - 1)
            else:
                self.simple(self.random.choice(KINDS))

    def simple(self, kind: Type) -> None:
        value = self.tree(kind, 3)
        where = self.random.random()
        if where < 0.6:
            self.out.emit(store_local(self.random.choice(self.locals[kind]), value))
        elif where < 0.8 or kind is not Type.LONG:
            self.out.emit(store_field(self.object(2), self.place(kind), value))
        else:
            for each in store_element(ARRAY, self.index(), value):
                self.out.emit(each)

    def loop(self, depth: int) -> None:
        fuel = self.out.new_local(Type.INT)
        head, end = Label(), Label()
        self.out.emit(store_local(fuel, constant(Type.INT, 3)))
        with self.out.scaled(8.0):
            self.out.place(head)
            self.statements(self.random.randint(1, 3), depth)
            left = local(fuel, Type.INT)
            self.out.emit(store_local(fuel, binary(Op.SUB, left, constant(Type.INT, 1))))
            again = compare(Op.GT, left, constant(Type.INT, 0))
            self.out.branch(binary(Op.AND, again, self.condition()), head, end)
        self.out.place(end)

    def fork(self, depth: int) -> None:
        yes, no, end = Label(), Label(), Label()
        self.out.branch(self.condition(), yes, no)
        self.out.place(yes)
        self.statements(self.random.randint(1, 2), depth)
        self.out.jump(end)
        self.out.place(no)
        self.statements(self.random.randint(0, 2), depth)
        self.out.place(end)

    def condition(self) -> Node:
        kind = self.random.choice(NUMBERS)
        return compare(self.random.choice(sorted(COMPARISONS)), self.tree(kind, 1), self.tree(kind, 1))

    def index(self) -> Node:
        number = local(self.locals[Type.INT][0], Type.INT)
        return self.random.choice(
            (binary(Op.AND, number, constant(Type.INT, USED - 1)), constant(Type.INT, self.random.randrange(USED)))
        )

    def tree(self, kind: Type, depth: int) -> Node:
        if depth == 0 or kind is Type.STRUCT or self.random.random() < 0.15:
            return self.leaf(kind)
        if self.random.random() < 0.1:
            return self.after(self.tree(kind, depth - 1), depth - 1)
        return self.whole(kind, depth - 1) if kind in WHOLE else self.floating(kind, depth - 1)

    def leaf(self, kind: Type) -> Node:
        shape = self.random.random()
        if shape < 0.5:
            return local(self.random.choice(self.locals[kind]), kind)
        if shape < 0.7 or kind is Type.STRUCT:
            return field(kind, self.object(0), self.place(kind))
        if kind is Type.INT and shape < 0.75:
            return length(ARRAY)
        if kind is Type.LONG and shape < 0.8:
            return element(kind, ARRAY, self.index())
        numbers = CONSTANTS if kind is Type.INT else LONG_CONSTANTS if kind in WHOLE else FLOATS
        return constant(kind, self.random.choice(numbers))

    def whole(self, kind: Type, depth: int) -> Node:
        op = self.random.choice(OPERATIONS)
        if op in ("neg", "not"):
            return Node(Op(op), kind, (self.tree(kind, depth),))
        if op == "cast":
            return Node(Op.CAST, kind, (self.tree(self.random.choice(NUMBERS), depth),))
        if op in ("lsh", "rsh"):
            shifted = Type.INT if kind is Type.OTHER else kind
            result = Node(Op(op), shifted, (self.tree(shifted, depth), self.tree(Type.INT, depth)))
            return result if shifted is kind else Node(Op.CAST, kind, (result,))
        if op == "compare":
            return Node(Op.CAST, kind, (self.condition(),))
        right = self.tree(kind, depth)
        if op in ("div", "mod") and self.random.random() < 0.5:
            right = constant(kind, self.random.choice(DIVISORS if kind is Type.INT else LONG_DIVISORS))
        elif op in ("div", "mod"):  # by 1, 3, 5 or 7
            right = binary(Op.OR, binary(Op.AND, right, constant(kind, 7)), constant(kind, 1))
        return binary(Op(op), self.tree(kind, depth), right)

    def floating(self, kind: Type, depth: int) -> Node:
        op = self.random.choice((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.NEG, Op.MOD, Op.CAST))
        if op is Op.NEG:
            return Node(op, kind, (self.tree(kind, depth),))
        if kind is Type.SIMD:
            op = op if op not in (Op.MOD, Op.CAST) else Op.ADD
        elif op is Op.CAST:
            return Node(op, kind, (self.tree(self.random.choice(NUMBERS), depth),))
        return binary(op, self.tree(kind, depth), self.tree(kind, depth))


def chosen(seed: int) -> tuple[Analysis, Choice]:
    """A generated method and a random choice of its candidates."""
    analysis = analyse(generate(seed))
    random = Random(seed)
    return analysis, frozenset(n for n in range(len(analysis.candidates)) if random.random() < 0.5)
