"""What LLVM's code computes is what the interpreter computes: methods run natively, on real memory."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import struct

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.builder import Builder
from gymcc.envs.jitcse.frontend import analyse, perform
from gymcc.envs.jitcse.interpreter import End, Store, run
from gymcc.envs.jitcse.interpreter.hashing import mix
from gymcc.envs.jitcse.interpreter.inputs import Inputs
from gymcc.envs.jitcse.interpreter.memory import Memory, Place
from gymcc.envs.jitcse.interpreter.run import _PARAMETER
from gymcc.envs.jitcse.interpreter.values import Value, shown
from gymcc.envs.jitcse.ir import Method, Type
from gymcc.envs.jitcse.trees import constant, element, local
from tests.jitcse.llvm_cases import ARRAY, FIELDS, KINDS, NUMBERS, PARAMETERS, RESULTS, USED, Program

llvm = pytest.importorskip("llvmlite.binding", reason="the llvm back end needs llvmlite: pip install gymcc[llvm]")

from gymcc.envs.jitcse.backends.llvm import emit  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.machine import CPU, OPTIMISATION, TRIPLE, target_machine  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.memory import ELEMENTS_OFFSET, LENGTH_OFFSET  # noqa: E402
from gymcc.envs.jitcse.backends.llvm.rules import THROW  # noqa: E402

if not (llvm.get_process_triple().startswith("x86_64") and llvm.get_host_cpu_features().get("avx2")):
    pytest.skip("this host cannot run code for x86-64 with AVX2", allow_module_level=True)

FORMATS = dict(zip(KINDS, ("<i", "<q", "<q", "<f", "<d", "<4f", "<2q"), strict=True))
C_TYPES = dict(
    zip(NUMBERS, (ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.c_float, ctypes.c_double), strict=True)
)


class World:
    """The interpreter's inputs of a seed, in real memory."""

    def __init__(self, seed: int) -> None:
        inputs, initial = Inputs(seed), Memory(Inputs(seed))
        self.arguments = [inputs.draw(kind, mix(seed, _PARAMETER, number)) for number, kind in enumerate(PARAMETERS)]
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


@pytest.mark.parametrize("known", [False, True], ids=["variable", "constant"])
@pytest.mark.parametrize("index", [-1, 0, 3, 4, 2**31 - 1])
def test_a_failed_check_goes_to_the_helper_that_throws(index: int, known: bool) -> None:
    builder = Builder("checked", PARAMETERS, Type.LONG)
    where = constant(Type.INT, index) if known else local(2, Type.INT)
    builder.returns(element(Type.LONG, ARRAY, where))
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
