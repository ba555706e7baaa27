"""The text of a function under construction, and what all rules of lowering share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gymcc.envs.jitcse.backends.llvm.values import TYPES, vector
from gymcc.envs.jitcse.ir import Node, Op, Type

WHOLE = {Type.OTHER: "i64", Type.INT: "i32", Type.LONG: "i64"}  # what whole numbers are computed in


class Lowering:
    """The text of one function under construction; ``lower`` appends instructions and returns an operand.

    ``values`` holds the operand that each local stands for at this point, except structs, which live in memory.
    """

    def __init__(self, types: Sequence[Type], rules: Mapping[Op, Rule]) -> None:
        self.types = types  # of the locals
        self._rules = rules
        self.lines: list[str] = []
        self.values: dict[int, str] = {}
        self.globals: dict[str, str] = {}  # name: definition or declaration
        self._count = 0

    def put(self, instruction: str) -> str:
        """Append an instruction that has a value, and return its name."""
        self._count += 1
        name = f"%t{self._count}"
        self.lines.append(f"  {name} = {instruction}")
        return name

    def lower(self, node: Node) -> str:
        """Evaluate ``node`` here; its operand, empty for VOID."""
        return self._rules[node.op](self, node)

    def typed(self, node: Node) -> str:
        """Evaluate ``node``; its operand with the type before it."""
        value = self.lower(node)
        return f"{TYPES[node.type]} {value}"

    def integer(self, node: Node) -> str:
        """Evaluate an integer; a reference is turned into one, which costs nothing."""
        value = self.lower(node)
        return self.put(f"ptrtoint ptr {value} to i64") if node.type is Type.OTHER else value

    def whole(self, type_: Type, instruction: str) -> str:
        """Append an instruction on whole numbers; its value as one of ``type_``."""
        return self.reference(type_, self.put(instruction))

    def reference(self, type_: Type, value: str) -> str:
        """A whole number as a value of ``type_``: turned into a reference if it is to be one, which costs nothing."""
        return value if type_ is not Type.OTHER else self.put(f"inttoptr i64 {value} to ptr")

    def declare(self, name: str) -> str:
        """The name of an external function; each call says its own signature."""
        quoted = f'@"{name}"'
        self.globals[quoted] = f"declare void {quoted}()"
        return quoted

    def constant(self, payload: float) -> str:
        """Load a vector of four equal constants from memory, as RyuJIT does."""
        name = f'@"k{payload}"'
        self.globals[name] = f"{name} = private unnamed_addr constant <4 x float> {vector(payload)}, align 16"
        return self.put(f"load <4 x float>, ptr {name}, align 16")


Rule = Callable[[Lowering, Node], str]  # appends what a node does, its arguments included; the operand of its value


def number_of(node: Node) -> int:
    """The payload of a node that has a whole number."""
    assert isinstance(node.payload, int)
    return node.payload
