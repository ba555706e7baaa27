"""What the inliner must know of a source program beforehand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gymcc.envs.ocaml.inliner.sizes import KEPT, small
from gymcc.envs.ocaml.ir import Atom, Call, CallKind, Constant, Function, Let, LetFunctions, Make, Program
from gymcc.envs.ocaml.walk import bindings, bound, functions, used


@dataclass(frozen=True, slots=True)
class Source:
    """A source program, taken apart.

    ``outer``: by the identity of a binding of functions, the variables that they use and that are bound around it.
    ``around``: by function, the recursive groups whose definitions its text stands in, its own included.
    ``closes``: functions whose bodies make closures: define functions or apply one partially. ``dropped``: functions
    defined together with others that are not small, whose bodies closure mode does not keep, attribute or not
    (``Closure.close_functions``). ``repeated``: sites that stand in several places. ``fields``: variables of the top
    level that are loaded from its block.
    """

    program: Program
    functions: dict[int, Function]
    outer: dict[int, tuple[int, ...]]
    around: dict[int, frozenset[int]]
    closes: frozenset[int]
    dropped: frozenset[int]
    repeated: frozenset[int]
    fields: frozenset[int]


def analyse(program: Program) -> Source:
    """Take a program apart."""
    outer: dict[int, tuple[int, ...]] = {}
    around: dict[int, frozenset[int]] = {program.main.id: frozenset()}
    closes: set[int] = set()
    dropped: set[int] = set()
    fields = frozenset(program.globals) - constant_blocks(program)
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
                if len(binding.functions) > 1:
                    dropped.update(each.id for each in binding.functions if not small(each, KEPT, fields))
            elif isinstance(binding.operation, Call) and binding.operation.kind is CallKind.PARTIAL:
                closes.add(parent.id)
    known = frozenset(closes), frozenset(dropped), _repeated(program), fields
    return Source(program, functions(program), outer, around, *known)


def constant_blocks(program: Program) -> frozenset[int]:
    """The variables of blocks in the program's data: nothing in them is computed when it runs."""
    found: set[int] = set()
    for binding in bindings(program.main.body):
        make = binding.operation if isinstance(binding, Let) else None
        if isinstance(make, Make) and not make.shape.mutable and all(_constant(arg, found) for arg in make.args):
            assert isinstance(binding, Let)
            found.add(binding.variable.id)
    return frozenset(found)


def _constant(atom: Atom, blocks: set[int]) -> bool:
    return isinstance(atom, Constant) or atom in blocks


def _repeated(program: Program) -> frozenset[int]:
    calls = (each.operation for each in bindings(program.main.body) if isinstance(each, Let))
    count = Counter(call.site for call in calls if isinstance(call, Call))
    return frozenset(site for site, times in count.items() if times > 1)


def _outer(binding: LetFunctions) -> tuple[int, ...]:
    found: set[int] = set()
    for function in binding.functions:
        found |= used(function.body) - bound(function)
    return tuple(sorted(found - {function.variable.id for function in binding.functions}))
