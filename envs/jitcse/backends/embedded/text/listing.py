"""The code of a choice for people: blocks with their weights, instructions with their PerfScore and bytes."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.envs.jitcse.backends.embedded.code.packing import pack, unpack
from gymcc.envs.jitcse.backends.embedded.pricing.frame import Frame, epilog, prolog, slots_start
from gymcc.envs.jitcse.backends.embedded.pricing.jumps import Jump, jumps, throw_price
from gymcc.envs.jitcse.backends.embedded.pricing.scoring import Compiled
from gymcc.envs.jitcse.backends.embedded.pricing.shape import homes_of, slots_of
from gymcc.envs.jitcse.backends.embedded.registers.linear_scan import FIRST_EXTRA_ID, named
from gymcc.envs.jitcse.backends.embedded.text.rendering import Line, Renderer, sized
from gymcc.envs.jitcse.ir import Method, Op

_OPPOSITE = {"e": "ne", "l": "ge", "g": "le", "a": "be", "ae": "b", "eq": "ne", "lt": "ge", "gt": "le"}
_OPPOSITE |= {opposite: name for name, opposite in _OPPOSITE.items() if opposite != "ne"} | {"ne": "e"}


@dataclass(frozen=True, slots=True)
class Section:
    """The prolog, a block, or what failed checks jump to."""

    title: str
    weight: float
    lines: tuple[Line, ...]


def register_names(compiled: Compiled) -> dict[int, str]:
    """The register of each value that has one, by stable id."""
    shape, placement = compiled.shape, compiled.placement
    wishes = {id_: shape.arrivals[id_].wish for id_ in placement.entering if shape.arrivals[id_].wish}
    return named(compiled.integers, placement.integer, shape.machine.integer, wishes) | named(
        compiled.floats, placement.floating, shape.machine.floating, wishes
    )


def sections(compiled: Compiled, method: Method) -> list[Section]:
    """The code, section by section; ``compiled`` must be of ``method``, with instructions."""
    return _Lister(compiled, method).run()


def listing(compiled: Compiled, method: Method, names: dict[int, str] | None = None) -> str:
    """The code as text; ``names``: what to call locals other than by their number."""
    score, machine = compiled.score, compiled.shape.machine
    lister = _Lister(compiled, method)
    lines = [
        f"; {method.name} for {machine.name}: PerfScore {score.perf_score:.2f}, {score.code_size} bytes, "
        f"{score.instructions} instructions, {score.spills} values on the stack",
        *lister.legend(names or {}),
        "; cycles bytes",
    ]
    for section in lister.run():
        lines.append(f"{section.title}:  ; weight {section.weight:g}")
        for line in section.lines:
            price = unpack(line.price)
            lines.append(f"{price.cycles / 100:8.2f} {price.size:5}  {line.text}")
    return "\n".join(lines)


class _Lister:
    def __init__(self, compiled: Compiled, method: Method) -> None:
        self.compiled, self.method = compiled, method
        self.shape, self.machine = compiled.shape, compiled.shape.machine
        self.layout = self.shape.layout
        placement = compiled.placement
        self.names = register_names(compiled)
        frame = Frame(placement.integer.used, placement.floating.used, 0, compiled.calls)
        ends = slots_of(self.shape, homes_of(placement), compiled.vector, frame)
        used = max([end for end, _ in ends.values()], default=0) - slots_start(self.machine, frame) if ends else 0
        self.frame = frame._replace(slots=used)
        self.slots = dict.fromkeys(homes_of(placement), ("", False))
        for id_ in self.slots:
            end, far = ends.get(id_, (0, False))
            self.slots[id_] = self._slot_text(id_, end), far
        self.renderer = Renderer(self.machine, self.shape.moves, self.names, self.slots)

    def _slot_text(self, id_: int, end: int) -> str:
        if not end:
            return f"[argument {id_}]"
        if self.machine.arm:
            return f"[x29, #{end - self.shape.slot_bytes(id_)}]"
        if self.machine.frame_pointer:
            return f"[rbp-{end}]"
        return f"[rsp+{end - self.shape.slot_bytes(id_)}]"

    def legend(self, names: dict[int, str]) -> list[str]:
        """Where each local lives."""
        found = []
        for number, kind in enumerate(self.method.locals):
            place = self.names.get(number) or self.slots.get(number, ("nowhere", False))[0]
            found.append(f"; V{number:02} {kind.name.lower():6} {place:12} {names.get(number, '')}".rstrip())
        return found

    def run(self) -> list[Section]:
        found = [Section("prolog", self.method.blocks[0].weight, tuple(self._entry()))]
        for index, block in enumerate(self.method.blocks):
            found.append(Section(f"B{index}", block.weight, tuple(self._block(index))))
        if self.compiled.throws:
            price = throw_price(self.machine)
            call = pack(0, 4 if self.machine.arm else 5)
            lines = (Line(call, "call RNGCHKFAIL"), Line(price - call, "bkpt" if self.machine.arm else "int3"))
            found.append(Section("throw", 0.0, lines))
        return found

    def _entry(self) -> list[Line]:
        lines = [Line(line.price, line.text) for line in prolog(self.machine, self.frame)]
        registers = self.machine.argument_registers(self.method.locals[: self.method.parameters])
        structs = [number for number in self.shape.structs if number < self.method.parameters]
        for id_ in [*self.compiled.placement.entering, *structs]:
            arrival, kind = self.shape.arrivals[id_], self.method.locals[id_]
            if id_ in self.slots:
                price, home = arrival.stack, self.slots[id_][0]
            else:
                kept = id_ in self.compiled.placement.integer.saved or id_ in self.compiled.placement.floating.saved
                price, home = arrival.saved if kept else arrival.trashed, sized(self.names[id_], kind)
            lines += self._arrive(price, home, registers[id_] if id_ < len(registers) else "0", id_)
        return lines

    def _arrive(self, price: int, home: str, source: str | None, id_: int) -> list[Line]:
        found = unpack(price)
        each = pack(found.cycles // max(1, found.instructions), found.size // max(1, found.instructions))
        text = f"mov {home}, {source or f'[argument {id_}]'}"
        return [Line(each, text)] * found.instructions

    def _block(self, index: int) -> list[Line]:
        lines = []
        for number, statement in enumerate(self.method.blocks[index].statements):
            position = self.layout.first[index] + 1 + number
            code = self.compiled.code[position]
            assert code is not None
            lines += self.renderer.statement(code, position, self._taken(position))
            if statement.op is Op.BRANCH:
                condition = code.condition
        for jump in jumps(self.machine, self.layout, index):
            lines.append(Line(jump.price, self._jump(jump, condition if jump.conditional else "")))
        if not self.method.blocks[index].successors:
            lines += [Line(line.price, line.text) for line in epilog(self.machine, self.frame)]
        return lines

    def _taken(self, position: int) -> frozenset[str]:
        """The registers that hold values around a statement."""
        lifetimes = [*self.compiled.integers, *self.compiled.floats]
        return frozenset(
            [self.names[each.id] for each in lifetimes if each.start <= position <= each.end and each.id in self.names]
        )

    def _jump(self, jump: Jump, condition: str) -> str:
        if jump.inverted:
            condition = _opposite(condition, self.machine.arm)
        if self.machine.arm:
            return f"b.{condition} B{jump.target}" if condition else f"b B{jump.target}"
        return f"j{condition or 'mp'} B{jump.target}"


def _opposite(condition: str, arm: bool) -> str:
    return "eq" if arm and condition == "ne" else _OPPOSITE[condition]


__all__ = ["FIRST_EXTRA_ID", "Section", "listing", "register_names", "sections"]
