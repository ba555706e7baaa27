"""What LLVM's code computes is what the interpreter computes: methods run natively, on real memory."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import struct
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.builder import Builder, Label
from gymcc.envs.jitcse.frontend import analyse, perform
from gymcc.envs.jitcse.interpreter import End, Store, run
from gymcc.envs.jitcse.interpreter.hashing import mix
from gymcc.envs.jitcse.interpreter.inputs import Inputs
from gymcc.envs.jitcse.interpreter.memory import Memory, Place
from gymcc.envs.jitcse.interpreter.run import _PARAMETER
from gymcc.envs.jitcse.interpreter.values import Value, shown
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

llvm = pytest.importorskip("llvmlite.binding", reason="the llvm back end needs llvmlite: pip install gymcc[llvm]")

from gymcc.envs.jitcse.backends.llvm import emit  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.machine import CPU, OPTIMISATION, TRIPLE, target_machine  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.memory import ELEMENTS_OFFSET, LENGTH_OFFSET  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.rules import THROW  # noqa: E402

if not (llvm.get_process_triple().startswith("x86_64") and llvm.get_host_cpu_features().get("avx2")):
    pytest.skip("this host cannot run code for x86-64 with AVX2", allow_module_level=True)

WHOLE = (Type.INT, Type.LONG, Type.OTHER)
NUMBERS = (*WHOLE, Type.FLOAT, Type.DOUBLE)
KINDS = (*NUMBERS, Type.SIMD, Type.STRUCT)
FORMATS = dict(zip(KINDS, ("<i", "<q", "<q", "<f", "<d", "<4f", "<2q"), strict=True))
C_TYPES = dict(
    zip(NUMBERS, (ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.c_float, ctypes.c_double), strict=True)
)
OBJECT, ARRAY = local(0, Type.OTHER), local(1, Type.OTHER)
USED = 4  # elements of the array, of type LONG
FIELDS = {16 * (1 + place): kind for place, kind in enumerate(KINDS * 2)}  # by offset: free for all
RESULTS = 16 * (1 + len(FIELDS))  # offset of the first field that a local is stored to at the end
CONSTANTS = (0, 1, -1, 2, 7, 255, 65536, 2**31 - 1, -(2**31))
LONG_CONSTANTS = (*CONSTANTS, 2**31, 2**40 + 3, -(2**63), 2**63 - 1)
OPERATIONS = ("add", "sub", "mul", "and", "or", "xor", "div", "mod", "neg", "not", "cast", "lsh", "rsh", "compare")
FLOATS = (0.0, -0.0, 1.0, -2.5, 1024.0, 2.0**40, -(2.0**70))


class Program:
    """Random methods over two locals of each type, one object and one array; loops run three times at most."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.out = Builder(f"program/{seed}", (Type.OTHER, Type.OTHER, *NUMBERS), Type.LONG)
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
            self.out.emit(store_field(OBJECT, self.place(kind), value))
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
            other = self.random.choice(KINDS)
            first = store_local(self.random.choice(self.locals[other]), self.tree(other, depth - 1))
            return comma(first, self.tree(kind, depth - 1))
        return self.whole(kind, depth - 1) if kind in WHOLE else self.floating(kind, depth - 1)

    def leaf(self, kind: Type) -> Node:
        shape = self.random.random()
        if shape < 0.5:
            return local(self.random.choice(self.locals[kind]), kind)
        if shape < 0.7 or kind is Type.STRUCT:
            return field(kind, OBJECT, self.place(kind))
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
        if op in ("div", "mod"):  # by 1, 3, 5 or 7
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


class World:
    """The interpreter's inputs of a seed, in real memory."""

    def __init__(self, seed: int) -> None:
        inputs, initial = Inputs(seed), Memory(Inputs(seed))
        self.arguments = [
            inputs.draw(kind, mix(seed, _PARAMETER, number))
            for number, kind in enumerate((Type.OTHER, Type.OTHER, *NUMBERS))
        ]
        self.object = ctypes.create_string_buffer(RESULTS + 16 * 2 * len(KINDS))
        self.array = ctypes.create_string_buffer(ELEMENTS_OFFSET + 8 * USED)
        reference, array = self.arguments[:2]
        self.place: dict[Place, tuple[ctypes.Array[ctypes.c_char], int, Type]] = {}
        kinds = FIELDS | {RESULTS + 16 * n: kind for n, kind in enumerate(each for each in KINDS for _ in range(2))}
        for offset, kind in kinds.items():
            self.place["field", reference, offset, 0] = self.object, offset, kind
        for index in range(USED):
            self.place["elem", array, index, Type.LONG] = self.array, ELEMENTS_OFFSET + 8 * index, Type.LONG
        for place, (buffer, offset, kind) in self.place.items():
            self.write(buffer, offset, kind, initial.load(place, kind))
        struct.pack_into("<i", self.array, LENGTH_OFFSET, inputs.length(array))

    @staticmethod
    def write(buffer: ctypes.Array[ctypes.c_char], offset: int, kind: Type, value: Value) -> None:
        struct.pack_into(FORMATS[kind], buffer, offset, *(value if isinstance(value, tuple) else (value,)))

    def read(self, place: Place) -> int | str:
        buffer, offset, kind = self.place[place]
        values = struct.unpack_from(FORMATS[kind], buffer, offset)
        return shown(values if len(values) > 1 else values[0])

    def call(self, method: Method) -> int:
        """The result of running the method here."""
        target_machine()
        machine = llvm.Target.from_triple(TRIPLE).create_target_machine(
            cpu=CPU, opt=OPTIMISATION, reloc="pic", codemodel="small", jit=True
        )
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(emit(method)), machine)
        engine.finalize_object()
        kinds = [C_TYPES[kind] for kind in method.locals[: method.parameters]]
        function = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(engine.get_function_address("method"))
        arguments = [ctypes.addressof(self.object), ctypes.addressof(self.array), *self.arguments[2:]]
        return int(function(*arguments))


@pytest.fixture(scope="module", autouse=True)
def throwing_aborts() -> None:
    abort = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
    llvm.add_symbol(THROW, abort)


def agree(method: Method, seed: int) -> None:
    """Run both ways and compare the result and all memory."""
    trace = run(method, seed)
    assume(trace.end is End.RETURN)
    world = World(seed)
    expected = {place: world.read(place) for place in world.place}
    for effect in trace.effects:
        assert isinstance(effect, Store)
        expected[effect.place] = effect.value
    assert world.call(method) == trace.result
    assert {place: world.read(place) for place in world.place} == expected


@settings(max_examples=150)
@given(program=st.integers(0, 2**32), seed=st.integers(0, 2**32))
def test_code_computes_what_the_interpreter_computes(program: int, seed: int) -> None:
    agree(Program(program).method(), seed)


@settings(max_examples=60)
@given(program=st.integers(0, 2**32), seed=st.integers(0, 2**32), choice=st.sets(st.integers(0, 63)))
def test_code_of_any_choice_does_what_the_method_did(program: int, seed: int, choice: set[int]) -> None:
    analysis = analyse(Program(program).method())
    assume(any(each.viable for number, each in enumerate(analysis.candidates) if number in choice))
    agree(perform(analysis, frozenset(choice)), seed)


@pytest.mark.parametrize("index", [-1, 0, 3, 4, 2**31 - 1])
def test_a_failed_check_goes_to_the_helper_that_throws(index: int) -> None:
    builder = Builder("checked", (Type.OTHER, Type.OTHER, *NUMBERS), Type.LONG)
    builder.returns(element(Type.LONG, ARRAY, local(2, Type.INT)))
    method = builder.finish()
    world = World(0)
    struct.pack_into("<i", world.array, LENGTH_OFFSET, USED)
    world.arguments[2] = index
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        world.call(method)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    inside = 0 <= index < USED
    assert os.WIFSIGNALED(status) != inside
    assert inside or os.WTERMSIG(status) == signal.SIGABRT
