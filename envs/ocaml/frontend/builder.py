"""Fresh ids, and blocks under construction."""

from __future__ import annotations

from dataclasses import dataclass, field

from gymcc.envs.ocaml.ir import Atom, Binding, Block, Function, Let, LetFunctions, Operation, Variable
from gymcc.envs.ocaml.primitives import Kind


@dataclass(slots=True)
class Ids:
    """Counts a program's variables and blocks."""

    variables: int = 0
    blocks: int = 0

    def variable(self, kind: Kind, name: str) -> Variable:
        """A fresh variable."""
        self.variables += 1
        return Variable(self.variables - 1, kind, name)

    def block(self) -> int:
        """A fresh id of a block or case."""
        self.blocks += 1
        return self.blocks - 1


@dataclass(slots=True)
class Builder:
    """Bindings in order."""

    ids: Ids
    bindings: list[Binding] = field(default_factory=list)

    def let(self, kind: Kind, operation: Operation, name: str = "t") -> int:
        """Bind what an operation computes; the variable."""
        variable = self.ids.variable(kind, name)
        self.bindings.append(Let(variable, operation))
        return variable.id

    def functions(self, functions: tuple[Function, ...], recursive: bool) -> None:
        """Bind closures."""
        self.bindings.append(LetFunctions(functions, recursive))

    def block(self, id_: int, result: Atom) -> Block:
        """The finished block."""
        return Block(id_, tuple(self.bindings), result)
