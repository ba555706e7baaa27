"""What the inliner must know of a source program beforehand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gymcc.envs.ocaml.ir import Call, CallKind, Function, Let, LetFunctions, Program
from gymcc.envs.ocaml.walk import bindings, bound, functions, used


@dataclass(frozen=True, slots=True)
class Source:
    """A source program, taken apart.

    ``outer``: by the identity of a binding of functions, the variables that they use and that are bound around it.
    ``around``: by function, the recursive groups whose definitions its text stands in, its own included.
    ``closes``: functions whose bodies make closures: define functions or apply one partially. ``repeated``: sites that
    stand in several places.
    """

    program: Program
    functions: dict[int, Function]
    outer: dict[int, tuple[int, ...]]
    around: dict[int, frozenset[int]]
    closes: frozenset[int]
    repeated: frozenset[int]


def analyse(program: Program) -> Source:
    """Take a program apart."""
    outer: dict[int, tuple[int, ...]] = {}
    around: dict[int, frozenset[int]] = {program.main.id: frozenset()}
    closes: set[int] = set()
    todo = [program.main]
    while todo:
        parent = todo.pop()
        for binding in bindings(parent.body, into_functions=False):
            if isinstance(binding, LetFunctions):
                closes.add(parent.id)
                outer[id(binding)] = _outer(binding)
                group = frozenset((binding.functions[0].group,)) if binding.recursive else frozenset[int]()
                around.update((function.id, around[parent.id] | group) for function in binding.functions)
                todo.extend(binding.functions)
            elif isinstance(binding.operation, Call) and binding.operation.kind is CallKind.PARTIAL:
                closes.add(parent.id)
    return Source(program, functions(program), outer, around, frozenset(closes), _repeated(program))


def _repeated(program: Program) -> frozenset[int]:
    calls = (each.operation for each in bindings(program.main.body) if isinstance(each, Let))
    count = Counter(call.site for call in calls if isinstance(call, Call))
    return frozenset(site for site, times in count.items() if times > 1)


def _outer(binding: LetFunctions) -> tuple[int, ...]:
    found: set[int] = set()
    for function in binding.functions:
        found |= used(function.body) - bound(function)
    return tuple(sorted(found - {function.variable.id for function in binding.functions}))
