"""Definite assignment, as C# has it: which locals some path reads before anything is stored to them."""

from __future__ import annotations

from gymcc.envs.jitcse.ir import Block, Method, Op


def unassigned_reads(method: Method) -> tuple[int, ...]:
    """The locals, in order, that may be read unwritten: forward flow of assigned locals, intersected at joins."""
    everything = (1 << len(method.locals)) - 1
    at_start = [everything] * len(method.blocks)
    at_start[0] = (1 << method.parameters) - 1
    todo = [0]
    visited = set(todo)
    while todo:
        number = todo.pop()
        block = method.blocks[number]
        _, after = _through(block, at_start[number])
        for successor in block.successors:
            joined = at_start[successor] & after
            if joined != at_start[successor] or successor not in visited:
                at_start[successor] = joined
                visited.add(successor)
                todo.append(successor)
    reads = 0
    for number in visited:
        reads |= _through(method.blocks[number], at_start[number])[0]
    return tuple(number for number in range(len(method.locals)) if reads >> number & 1)


def _through(block: Block, assigned: int) -> tuple[int, int]:
    """Locals read unassigned in a block, and those assigned at its end, as bit masks."""
    reads = 0
    for statement in block.statements:
        for node in statement.walk():
            if node.op is Op.LOCAL:
                assert isinstance(node.payload, int)
                reads |= (1 << node.payload) & ~assigned
            elif node.op is Op.STORE_LOCAL:
                assert isinstance(node.payload, int)
                assigned |= 1 << node.payload
    return reads, assigned
