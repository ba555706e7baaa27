"""No value is lost: the code is run symbolically, and every read must find the value it wants where it was put."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.backends.embedded.backend import lowering_for
from gymcc.envs.jitcse.backends.embedded.code.operands import SCRATCH, Fixed, Mem, Reg
from gymcc.envs.jitcse.backends.embedded.code.statement import Spilled
from gymcc.envs.jitcse.backends.embedded.machine import MACHINES, X64, RegisterFile
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import Compiled, compile_method, stable_id
from gymcc.envs.jitcse.backends.embedded.registers.linear_scan import Allocation, Interval, linear_scan, named
from gymcc.envs.jitcse.backends.embedded.text.listing import register_names
from gymcc.envs.jitcse.frontend import perform
from gymcc.envs.jitcse.ir import Method
from tests.jitcse.test_embedded_methods import ARCHS, any_analysis, seeds, some_choice


class Run:
    """Runs a method's code along random paths; registers and slots hold names of values instead of values."""

    def __init__(self, compiled: Compiled, method: Method) -> None:
        self.compiled, self.method = compiled, method
        self.machine = compiled.shape.machine
        self.names = register_names(compiled)
        placement = compiled.placement
        self.spilled = {*placement.integer.spilled, *placement.floating.spilled}
        self.preserved = {*self.machine.integer.saved, *self.machine.floating.saved}
        self.registers: dict[str, int] = {}
        self.slots: set[int] = set()
        self.position = 0

    def along(self, random: Random, blocks: int = 25) -> None:
        """One path of at most so many blocks."""
        for local in self.compiled.placement.entering:
            self.put(local)
        block = 0
        for _ in range(blocks):
            first = self.compiled.shape.layout.first[block]
            for number in range(len(self.method.blocks[block].statements)):
                self.statement(first + 1 + number)
            if not self.method.blocks[block].successors:
                return
            block = random.choice(self.method.blocks[block].successors)

    def statement(self, position: int) -> None:
        self.position = position
        code = self.compiled.code[position]
        assert code is not None
        for each in code.instructions:
            for number, operand in enumerate(each.operands):
                for reg in operands(operand):
                    if number or not each.writes or isinstance(operand, Mem):
                        self.get(reg)
            if each.mnemonic in ("call", "bl"):
                self.call()
            elif each.mnemonic in ("cdq", "cqo"):
                self.registers.pop("rdx", None)
            elif each.mnemonic == "idiv":
                self.registers |= {"rax": -1, "rdx": -2}
            self.write(each)

    def write(self, each) -> None:
        to = each.operands[0] if each.operands else None
        if each.writes and isinstance(to, Reg):
            self.put(stable_id(to.id, self.position) if to.homeless else to.id, each, to)
        elif each.writes and isinstance(to, Fixed) and to.name == "rax":
            self.registers.pop("rax", None)
        for form in each.forms:
            if form.how is Spilled.STORED:
                self.slots.add(stable_id(form.id, self.position))

    def call(self) -> None:
        self.registers = {name: id_ for name, id_ in self.registers.items() if name in self.preserved}
        self.registers |= {self.machine.file(floating).scratch[0]: ids[0] for floating, ids in SCRATCH.items()}

    def put(self, id_: int, each=None, to=None) -> None:
        if id_ not in self.spilled:
            self.registers[self.name(id_, to)] = id_
        elif each is None or any(form.how is Spilled.IN_MEMORY and form.id == to.id for form in each.forms):
            self.slots.add(id_)

    def get(self, reg: Reg) -> None:
        id_ = stable_id(reg.id, self.position) if reg.homeless else reg.id
        if id_ in self.spilled:
            assert id_ in self.slots, f"{id_} is read from a slot never written, at {self.position}"
        else:
            found = self.registers.get(self.name(id_, reg))
            assert found == id_, f"{id_} is read from {self.name(id_, reg)} that holds {found}, at {self.position}"

    def name(self, id_: int, reg: Reg | None) -> str:
        if id_ >= 0:
            return self.names[id_]
        assert reg is not None
        return self.machine.file(reg.type.floating).scratch[SCRATCH[reg.type.floating].index(id_)]


def operands(operand) -> list[Reg]:
    if isinstance(operand, Mem):
        return [part for part in (operand.base, operand.index) if part is not None]
    return [operand] if isinstance(operand, Reg) else []


def squeezed(name: str, keep: int):
    """A machine with only some registers of each kind for locals."""
    machine = MACHINES[name]

    def fewer(file: RegisterFile) -> RegisterFile:
        return replace(file, trashed=file.trashed[:keep], saved=file.saved[:keep])

    return replace(machine, integer=fewer(machine.integer), floating=fewer(machine.floating))


@settings(max_examples=150, deadline=None)
@given(seeds, st.sampled_from(ARCHS), st.sampled_from([2, 4, 30]))
@example(497 * 2 + 1, "arm64", 30)
def test_every_read_finds_its_value(seed, arch, registers):
    analysis = any_analysis(seed)
    method = perform(analysis, some_choice(analysis, seed))
    compiled = compile_method(lowering_for(squeezed(arch, registers)), method, recording=True)
    for path in range(4):
        Run(compiled, method).along(Random(path))


def intervals() -> st.SearchStrategy[list[Interval]]:
    """Lifetimes of up to 40 values at positions up to 30, as the scan wants them."""
    one = st.tuples(st.integers(0, 30), st.integers(0, 12), st.sampled_from([0, 0, 1, 1, 2]))
    return st.lists(one, max_size=40).map(
        lambda found: sorted(
            Interval(start, id_, start + length, level) for id_, (start, length, level) in enumerate(found)
        )
    )


FILES = st.tuples(st.integers(0, 5), st.integers(0, 4)).map(
    lambda counts: RegisterFile(
        ("a", "b"), tuple(f"t{n}" for n in range(counts[0])), tuple(f"s{n}" for n in range(counts[1])), ()
    )
)


def allocated(found: list[Interval], file: RegisterFile) -> Allocation:
    return linear_scan(found, len(file.trashed), len(file.saved), lambda id_: float(id_ * 7 % 11))


@settings(max_examples=200)
@given(intervals(), FILES)
def test_values_alive_together_have_different_registers(found, file):
    allocation = allocated(found, file)
    names = named(found, allocation, file, {})
    assert {each.id for each in found} == names.keys() | set(allocation.spilled)
    assert not names.keys() & set(allocation.spilled)
    for one in found:
        for other in found:
            if one.id < other.id and one.start <= other.end and other.start <= one.end:
                assert one.id not in names or names.get(one.id) != names.get(other.id)


@settings(max_examples=200)
@given(intervals(), FILES)
def test_what_calls_interrupt_is_preserved(found, file):
    allocation = allocated(found, file)
    names = named(found, allocation, file, {})
    for each in found:
        if each.crossing == 1:
            assert names.get(each.id, "s").startswith("s")
        elif each.crossing == 2:
            assert each.id in allocation.spilled
    assert {name for name in names.values() if name.startswith("s")} <= set(file.saved[: allocation.used])


@settings(max_examples=200)
@given(intervals())
def test_nothing_is_spilled_where_registers_abound(found):
    file = RegisterFile(("a", "b"), tuple(f"t{n}" for n in range(41)), tuple(f"s{n}" for n in range(41)), ())
    assert set(allocated(found, file).spilled) == {each.id for each in found if each.crossing == 2}


@settings(max_examples=200)
@given(intervals(), FILES)
def test_no_preserved_register_is_taken_while_a_trashed_one_is_free(found, file):
    pressure = max((sum(other.start <= each.start <= other.end for other in found) for each in found), default=0)
    if pressure <= len(file.trashed) and not any(each.crossing for each in found):
        assert allocated(found, file) == Allocation([], [], 0)


def test_the_cheapest_goes_to_the_stack():
    found = [Interval(0, id_, 10, 0) for id_ in range(4)]
    prices = {0: 5.0, 1: 2.0, 2: 1.0, 3: 9.0}
    assert linear_scan(found, 1, 1, prices.__getitem__).spilled == [2, 1]
    assert linear_scan(found, 2, 2, prices.__getitem__).spilled == []


@pytest.mark.parametrize("arch", ARCHS)
def test_more_registers_never_spill_more(arch):
    for seed in range(0, 60, 2):
        analysis = any_analysis(seed)
        method = perform(analysis, frozenset(range(len(analysis.candidates))))
        spills = [compile_method(lowering_for(squeezed(arch, keep)), method).score.spills for keep in (1, 2, 4, 8, 99)]
        assert spills == sorted(spills, reverse=True), seed


def test_registers_are_told_apart_by_role():
    for machine in MACHINES.values():
        for file in (machine.integer, machine.floating):
            everything = [*file.scratch, *file.trashed, *file.saved]
            assert len(everything) == len(set(everything))
            assert not set(file.arguments) & set(file.saved)
    assert (len(X64.integer.trashed), len(X64.integer.saved)) == (7, 5)
