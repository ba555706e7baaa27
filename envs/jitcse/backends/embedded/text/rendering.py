"""Instructions as text, once every value has its place: reloads and stores around them where it is the stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gymcc.envs.jitcse.backends.embedded.code.moves import MoveCosts
from gymcc.envs.jitcse.backends.embedded.code.operands import SCRATCH, Fixed, Imm, Mem, Operand, Reg
from gymcc.envs.jitcse.backends.embedded.code.packing import pack
from gymcc.envs.jitcse.backends.embedded.code.statement import Code, Instruction, Spilled, SpillForm
from gymcc.envs.jitcse.backends.embedded.machine import Machine
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import stable_id
from gymcc.envs.jitcse.backends.embedded.targets.x64_memory import move_name
from gymcc.envs.jitcse.ir import Type

_WITH_ITSELF = ("xor", "xorps", "vxorps", "test")
_SPARE = "spare"  # stands for a register that a real compiler would free for a moment


class Line(NamedTuple):
    """One instruction."""

    price: int  # packed
    text: str


class Renderer:
    """Writes the code of statements. ``names``: registers by stable id; ``slots``: places on the stack, and if far."""

    def __init__(
        self, machine: Machine, moves: MoveCosts, names: Mapping[int, str], slots: Mapping[int, tuple[str, bool]]
    ) -> None:
        self.machine, self.moves, self.names, self.slots = machine, moves, names, slots
        self.position = 0
        self.taken: frozenset[str] = frozenset()
        self.stand_ins: dict[int, str] = {}  # registers that hold spilled values for now

    def statement(self, code: Code, position: int, taken: frozenset[str]) -> list[Line]:
        """The lines of a statement at ``position``, where ``taken`` are the registers that hold values."""
        self.position, self.taken = position, taken
        self.stand_ins = {}
        self._stand_in_for_accumulators(code)
        return [line for each in code.instructions for line in self._instruction(each)]

    def _stand_in_for_accumulators(self, code: Code) -> None:
        busy = frozenset().union(*[_scratch_used(each) for each in code.instructions])
        for each in code.instructions:
            first = each.operands[0] if each.operands else None
            if isinstance(first, Reg) and first.id >= 0 and self._is_spilled(first.id):
                self._stand_in(first, busy)

    def _is_spilled(self, id_: int) -> bool:
        return stable_id(id_, self.position) in self.slots

    def _stand_in(self, reg: Reg, busy: frozenset[int]) -> str:
        floating = reg.type.floating
        file = self.machine.file(floating)
        scratch = [name for id_, name in zip(SCRATCH[floating], file.scratch, strict=True) if id_ not in busy]
        spare = [name for name in (*file.trashed, *file.saved) if name not in self.taken]
        used = set(self.stand_ins.values())
        self.stand_ins[reg.id] = next((name for name in [*scratch, *spare] if name not in used), _SPARE)
        return self.stand_ins[reg.id]

    def _instruction(self, each: Instruction) -> list[Line]:
        price = pack(each.cycles, each.size)
        before, after = [], []
        in_memory: set[int] = set()
        registers = {reg.id: reg for operand in each.operands for reg in _registers(operand)}
        for form in each.forms:
            if not self._is_spilled(form.id):
                continue
            extra, place = self._spill_price(form), self._slot(form.id)
            if form.how is Spilled.IN_MEMORY:
                price += extra
                in_memory.add(form.id)
                continue
            name = self.stand_ins.get(form.id) or self._stand_in(registers[form.id], _scratch_used(each))
            if form.how is Spilled.RELOADED:
                before.append(Line(extra, self._move_text(registers[form.id].type, name, place)))
            else:
                after.append(Line(extra, self._move_text(registers[form.id].type, place, name)))
        return [*before, Line(price, self._text(each, in_memory)), *after]

    def _text(self, each: Instruction, in_memory: set[int]) -> str:
        operands = [self._operand(operand, in_memory) for operand in each.operands]
        name = each.mnemonic
        if name in _WITH_ITSELF and len(operands) == 1:
            name, operands = ("cmp", [operands[0], "0"]) if in_memory else (name, operands * 2)
        return f"{name} {', '.join(operands)}".rstrip()

    def _spill_price(self, form: SpillForm) -> int:
        far = self.slots[stable_id(form.id, self.position)][1]
        return form.price + (pack(0, self.moves.far * (form.price >> 96), 0) if far else 0)

    def _move_text(self, kind: Type, to: str, source: str) -> str:
        if self.machine.arm:
            return f"str {source}, {to}" if to.startswith("[") else f"ldr {to}, {source}"
        return f"{move_name(kind)} {to}, {source}"

    # Operands

    def _slot(self, id_: int) -> str:
        return self.slots[stable_id(id_, self.position)][0]

    def _operand(self, operand: Operand, in_memory: set[int]) -> str:
        if isinstance(operand, Imm):
            return operand.text
        if isinstance(operand, Fixed):
            return sized(operand.name, operand.type)
        if isinstance(operand, Reg):
            return self._slot(operand.id) if operand.id in in_memory else self._register(operand)
        return self._memory(operand)

    def _register(self, reg: Reg) -> str:
        if not reg.homeless:
            floating = reg.type.floating
            return sized(self.machine.file(floating).scratch[SCRATCH[floating].index(reg.id)], reg.type)
        name = self.names.get(stable_id(reg.id, self.position)) or self.stand_ins.get(reg.id, _SPARE)
        return sized(name, reg.type)

    def _memory(self, memory: Mem) -> str:
        if memory.local >= 0:
            return self._slot(memory.local) if self._is_spilled(memory.local) else f"[V{memory.local:02}]"
        parts = [self._register(memory.base._replace(type=Type.LONG))] if memory.base is not None else []
        if memory.index is not None:
            parts.append(
                self._register(memory.index._replace(type=Type.LONG)) + (f"*{memory.scale}" if memory.scale > 1 else "")
            )
        if memory.offset or not (parts or memory.label):
            parts.append(str(memory.offset))
        return f"[{'+'.join([*([memory.label] if memory.label else []), *parts])}]"


def _registers(operand: Operand) -> list[Reg]:
    if isinstance(operand, Mem):
        return [part for part in (operand.base, operand.index) if isinstance(part, Reg)]
    return [operand] if isinstance(operand, Reg) else []


def _scratch_used(each: Instruction) -> frozenset[int]:
    return each.busy | {reg.id for operand in each.operands for reg in _registers(operand) if not reg.homeless}


def sized(name: str, kind: Type) -> str:
    """The name a register has for values of a type: eax, r8d, w0, d1..."""
    if name.startswith("v"):
        return {Type.FLOAT: "s", Type.DOUBLE: "d", Type.SIMD: "q"}.get(kind, "v") + name[1:]
    if kind is not Type.INT or name.startswith("xmm"):
        return name
    if name.startswith("x"):
        return f"w{name[1:]}"
    return f"{name}d" if name[1:].isdigit() else f"e{name[1:]}"
