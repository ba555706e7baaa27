"""How often each call of a program is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gymcc.envs.ocaml.cost.recording import Recording
from gymcc.envs.ocaml.ir import Binding, Block, Call, Decision, Evaluate, LetFunctions, Match, Program, Test
from gymcc.envs.ocaml.walk import inner_blocks


def site_counts(program: Program, recording: Recording) -> tuple[int, ...]:
    """Calls made at each site in one run of the source program."""
    runs: Counter[int] = Counter()
    for activation in recording.activations:
        runs.update(activation.counts)
    counts = [0] * len(program.sites)
    for block, call in calls(program.main.body):
        counts[call.site] += runs[block]
    return tuple(counts)


def calls(body: Block) -> Iterator[tuple[int, Call]]:
    """The calls in a block at any depth, each with the id of the block or case that it is counted under."""
    todo: list[tuple[int, tuple[Binding, ...]]] = [(body.id, body.bindings)]
    while todo:
        around, bindings = todo.pop()
        for binding in bindings:
            if isinstance(binding, LetFunctions):
                todo += ((function.body.id, function.body.bindings) for function in binding.functions)
                continue
            operation = binding.operation
            if isinstance(operation, Call):
                yield around, operation
            todo += ((block.id, block.bindings) for block in inner_blocks(operation))
            if isinstance(operation, Match):
                todo += _evaluated(around, operation.tree)


def _evaluated(around: int, tree: Decision) -> Iterator[tuple[int, tuple[Binding, ...]]]:
    """What a decision computes on its way, under the case that it is in."""
    todo = [(around, tree)]
    while todo:
        counted, node = todo.pop()
        if isinstance(node, Evaluate):
            yield counted, node.bindings
            todo.append((counted, node.then))
        elif isinstance(node, Test):
            cases = node.cases if node.default is None else (*node.cases, node.default)
            todo += ((case.id, case.then) for case in cases)
