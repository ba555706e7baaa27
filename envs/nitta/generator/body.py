"""The statements of a random program."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gymcc.envs.nitta.generator.size import SHARES, Size

_RELATIONS = ("<", "<=", ">", ">=", "==")
_NEAR = 4  # operands come from that many latest values, as in programs that people write
_FOLDED = 0.15  # share of constants that are written as an expression
_LITERALS = (1, 2, 3, 4, 5, 7, 8, 10, 12, 16, 20, 25, 60, 100, 255)
_SHIFTS = (1, 1, 2, 2, 3, 4, 8, 10)


@dataclass(slots=True)
class _Value:
    name: str
    is_bit: bool = False
    used: bool = False


class Body:
    """Draws statement by statement; every statement leaves enough functions to bring all values to an end.

    ``lines`` without indent, ``parameters`` of the cycle, ``fed_back`` as their next values.
    """

    def __init__(self, random: Random, size: Size) -> None:
        self.random, self.size = random, size
        self.parameters = [f"p{at}" for at in range(size.loops)]
        self.fed_back: list[str] = []
        self.lines = [f"local x{at} = receive()" for at in range(size.inputs)]
        self._values = [_Value(name) for name in (*self.parameters, *(f"x{at}" for at in range(size.inputs)))]
        self._literals: dict[int, bool] = {}  # of this program: whether it occurs yet
        self._left = size.functions - size.inputs - size.outputs - size.loops
        for literal in random.sample(_LITERALS, min(size.constants, len(_LITERALS))):
            self._literals[literal] = False

    def compute(self) -> None:
        """Write all statements but the recursive call."""
        while self._left > 0:
            if self._left <= self._surplus():
                self._combine()
            else:
                self._draw()
        self._end()

    def _unused(self) -> list[_Value]:
        return [value for value in self._values if not value.used]

    def _surplus(self) -> int:
        """How many values are too many for the ends of the program."""
        return len(self._unused()) - self.size.outputs - self.size.loops

    # Statements

    def _draw(self) -> None:
        shares = self.size.shares
        kind = self.random.choices((*SHARES, "sum"), (*shares, max(0.0, 1 - sum(shares))))[0]
        getattr(self, f"_{kind}")()

    def _combine(self) -> None:
        """Add up two values that nobody uses yet."""
        left, right = self.random.sample(self._unused(), 2)
        self._assign(f"{self._use(left)} {self.random.choice('+-')} {self._use(right)}")

    def _sum(self) -> None:
        if self.random.random() < 0.08:
            self._assign(f"-{self._operand()}")
        else:
            self._binary(self.random.choice("++-"))

    def _multiply(self) -> None:
        self._binary("*")

    def _shift(self) -> None:
        self._assign(f"{self._operand()} {self.random.choice(('<<', '>>', '>>'))} {self.random.choice(_SHIFTS)}")

    def _divide(self) -> None:
        """One result or both; the second only if there is room to use it."""
        left, right = self._operands()
        both = self._left - 1 > self._surplus() + 1
        self._assign(f"{left} / {right}", names=2 if both and self.random.random() < 0.5 else 1)

    def _logic(self) -> None:
        bits = [value for value in self._values if value.is_bit]
        if len(bits) < 2 or self._is_tight() or self.random.random() < 0.4:
            self._binary(self.random.choice(_RELATIONS), is_bit=True)
        elif self.random.random() < 0.25:
            self._assign(f"not {self._use(self.random.choice(bits))}", is_bit=True)
        else:
            left, right = self.random.sample(bits, 2)
            gate = self.random.choice(("and", "or"))
            self._assign(f"{self._use(left)} {gate} {self._use(right)}", is_bit=True)

    def _mux(self) -> None:
        bits = [value for value in self._values if value.is_bit]
        if not bits:
            self._binary(self.random.choice(_RELATIONS), is_bit=True)
            return
        left, right = self._operands()
        self._assign(f"if_mux({self._use(self._pick(bits))}, {left}, {right})")

    def _binary(self, operator: str, is_bit: bool = False) -> None:
        left, right = self._operands()
        self._assign(f"{left} {operator} {right}", is_bit=is_bit)

    def _assign(self, expression: str, names: int = 1, is_bit: bool = False) -> None:
        new = [_Value(f"v{len(self._values) + at}", is_bit) for at in range(names)]
        self._values += new
        self._left -= 1
        if names == 1 and self._left - 1 >= max(0, self._surplus()) and self.random.random() < self.size.buffers:
            expression = f"buffer({expression})"
            self._left -= 1
        self.lines.append(f"local {', '.join(value.name for value in new)} = {expression}")

    # Operands

    def _operands(self) -> tuple[str, str]:
        """Two operands; one of them a constant where there is room for it, or two that can be computed beforehand."""
        if not self._literals or self._left - 2 < max(0, self._surplus()) or self.random.random() < 0.6:
            return self._operand(), self._operand()
        constant = self._constant()
        if self.random.random() < _FOLDED and self._left - 2 >= max(0, self._surplus()):
            constant = f"({constant} {self.random.choice('+-*')} {self._constant_known()})"
            self._left -= 1
        operand = self._operand()
        return (operand, constant) if self.random.random() < 0.7 else (constant, operand)

    def _constant(self) -> str:
        """A constant, one function more where it is new."""
        literal = self.random.choice(list(self._literals))
        if not self._literals[literal]:
            self._literals[literal] = True
            self._left -= 1
        return str(literal)

    def _constant_known(self) -> str:
        return str(self.random.choice([literal for literal, occurs in self._literals.items() if occurs]))

    def _is_tight(self) -> bool:
        """Whether the next statement must use a value that nobody uses yet, or some would be left over."""
        return self._left - 1 <= self._surplus()

    def _operand(self) -> str:
        unused = self._unused()
        return self._use(
            self.random.choice(unused) if unused and self._is_tight() else self._pick(self._values[-_NEAR:])
        )

    def _pick(self, values: list[_Value]) -> _Value:
        """One of the values, rather one that nobody uses yet."""
        unused = [value for value in values if not value.used]
        return self.random.choice(unused if unused and self.random.random() < 0.7 else values)

    def _use(self, value: _Value) -> str:
        value.used = True
        return value.name

    # Ends

    def _end(self) -> None:
        """Feed back and send what nobody uses yet, then what was computed last."""
        for at in range(self.size.loops):
            # A loop that feeds itself, or a ring of loops, would be a memory that writes to itself.
            allowed = [value for value in self._values if value.name not in self.parameters[at:]]
            self.fed_back.append(self._use(self._last(allowed)))
        for _ in range(self.size.outputs):
            self.lines.append(f"send({self._use(self._last(self._values))})")

    def _last(self, values: list[_Value]) -> _Value:
        """What is hardest to place first: a parameter can only feed a loop behind its own."""
        unused = [value for value in values if not value.used]
        parameters = [value for value in unused if value.name in self.parameters]
        computed = [value for value in values if value.name.startswith("v")] or values
        return self.random.choice(parameters or unused or computed[-_NEAR:])
