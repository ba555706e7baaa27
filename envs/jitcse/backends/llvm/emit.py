"""A method as LLVM IR text: one function, locals in static single assignment, blocks named after the method's."""

from __future__ import annotations

from gymcc.envs.jitcse.backends.llvm.arithmetic import condition
from gymcc.envs.jitcse.backends.llvm.lowering import Lowering
from gymcc.envs.jitcse.backends.llvm.machine import TRIPLE
from gymcc.envs.jitcse.backends.llvm.rules import RULES
from gymcc.envs.jitcse.backends.llvm.ssa import Graph, bits, graph_of, phis
from gymcc.envs.jitcse.backends.llvm.values import TYPES
from gymcc.envs.jitcse.ir import Method, Op, Type

FUNCTION = "method"
# optnone: instruction selection one tree at a time, so that no common subexpression is merged behind the choice.
# It must stand in the text: llvmlite's add_function_attribute puts it on the return value, where it does nothing.
ATTRIBUTES = "noinline optnone nounwind"


def emit(method: Method, graph: Graph | None = None) -> str:
    """LLVM IR of ``method``, in System V convention; block ``b7`` is the method's block 7.

    ``graph``: its :func:`graph_of`, or that of a method with the same blocks, if known.
    """
    graph = graph or graph_of(method)
    return _Function(method, graph).text()


class _Function:
    def __init__(self, method: Method, graph: Graph) -> None:
        self.method, self.graph = method, graph
        self.phis = phis(method, graph)
        self.to = Lowering(method.locals, RULES)
        self.after: dict[int, dict[int, str]] = {}  # values of the locals at the end of each block
        self.lines: dict[int, list[str]] = {}

    def text(self) -> str:
        for block in self.graph.flow.order:
            self._block(block)
        method, body = self.method, []
        for block in sorted(self.lines):
            body += [f"b{block}:", *self._phi_lines(block), *self.lines[block]]
        parameters = ", ".join(f"{TYPES[method.locals[i]]} %p{i}" for i in range(method.parameters))
        head = f"define dso_local {TYPES[method.result]} @{FUNCTION}({parameters}) {ATTRIBUTES} {{"
        return "\n".join([f'target triple = "{TRIPLE}"', *self.to.globals.values(), head, *body, "}", ""])

    def _block(self, block: int) -> None:
        to = self.to
        to.lines = []
        self._start(block)
        statements = self.method.blocks[block].statements
        for statement in statements[:-1]:
            to.lower(statement)
        self._end(block)
        self.after[block], self.lines[block] = to.values, to.lines

    def _start(self, block: int) -> None:
        """The locals' values: from the dominator, or a phi, or at the entry a parameter or nothing yet."""
        if block:
            self.to.values = dict(self.after[self.graph.flow.dominator[block]])
            for local in bits(self.phis[block]):
                self.to.values[local] = f"%x{local}.{block}"
            return
        for local, type_ in enumerate(self.method.locals):
            self.to.values[local] = f"%p{local}" if local < self.method.parameters else "poison"
            if type_ is Type.STRUCT:
                self._struct(local)

    def _struct(self, local: int) -> None:
        """Structs live on the stack."""
        self.to.lines.append(f"  %l{local} = alloca <2 x i64>, align 8")
        if local < self.method.parameters:
            self.to.lines.append(f"  store <2 x i64> %p{local}, ptr %l{local}, align 8")

    def _end(self, block: int) -> None:
        """The last statement, and the jump."""
        to, body = self.to, self.method.blocks[block]
        last = body.statements[-1] if body.statements else None
        targets = [f"label %b{each}" for each in body.successors]
        if last is not None and last.op is Op.RETURN:
            to.lines.append(f"  ret {to.typed(last.args[0])}" if last.args else "  ret void")
        elif last is not None and last.op is Op.BRANCH:
            taken = condition(to, last.args[0])
            differ = targets[0] != targets[1]
            to.lines.append(f"  br i1 {taken}, {targets[0]}, {targets[1]}" if differ else f"  br {targets[0]}")
        else:
            if last is not None:
                to.lower(last)
            to.lines.append(f"  br {targets[0]}")

    def _phi_lines(self, block: int) -> list[str]:
        lines = []
        for local in bits(self.phis[block]):
            sources = ", ".join(
                f"[ {self.after[source][local]}, %b{source} ]" for source in self.graph.flow.predecessors[block]
            )
            lines.append(f"  %x{local}.{block} = phi {TYPES[self.method.locals[local]]} {sources}")
        return lines
