"""Walks over the intermediate representation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gymcc.envs.ocaml.ir import (
    Atom,
    Binding,
    Block,
    Call,
    Decision,
    Evaluate,
    Field,
    For,
    Function,
    Leaf,
    Let,
    LetFunctions,
    Make,
    Match,
    Operation,
    Prim,
    Program,
    SetField,
    Test,
    Variable,
    While,
)


def atoms(operation: Operation) -> tuple[Atom, ...]:
    """The atoms that an operation uses itself, blocks and decisions inside it aside."""
    match operation:
        case Call():
            return (operation.function, *operation.args)
        case Prim() | Make():
            return operation.args
        case Field():
            return (operation.of,)
        case SetField():
            return (operation.of, operation.value)
        case For():
            return (operation.first, operation.last)
        case _:
            return ()


def inner_blocks(operation: Operation) -> tuple[Block, ...]:
    """The blocks inside an operation, those of functions aside; a match's are its arms' bodies."""
    match operation:
        case While():
            return (operation.condition, operation.body)
        case For():
            return (operation.body,)
        case Match():
            return tuple(arm.body for arm in operation.arms)
        case _:
            return ()


def decisions(tree: Decision) -> Iterator[Decision]:
    """A decision tree's nodes, each before those below it."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, Evaluate):
            todo.append(node.then)
        elif isinstance(node, Test):
            cases = node.cases if node.default is None else (*node.cases, node.default)
            todo.extend(case.then for case in reversed(cases))


def bindings(block: Block, into_functions: bool = True) -> Iterator[Binding]:
    """All bindings in a block at any depth, outer ones first; ``into_functions``: in functions' bodies too."""
    todo: list[Iterable[Binding]] = [block.bindings]
    while todo:
        for binding in todo.pop():
            yield binding
            todo += _inside(binding, into_functions)


def _inside(binding: Binding, into_functions: bool) -> Iterator[Iterable[Binding]]:
    if isinstance(binding, LetFunctions):
        if into_functions:
            yield from (function.body.bindings for function in binding.functions)
        return
    yield from (block.bindings for block in inner_blocks(binding.operation))
    if isinstance(binding.operation, Match):
        for node in decisions(binding.operation.tree):
            if isinstance(node, Evaluate):
                yield node.bindings


def functions(program: Program) -> dict[int, Function]:
    """The program's functions by id, main included; of copies of one, the first."""
    found = {program.main.id: program.main}
    for binding in bindings(program.main.body):
        if isinstance(binding, LetFunctions):
            for function in binding.functions:
                found.setdefault(function.id, function)
    return dict(sorted(found.items()))


def used(block: Block) -> set[int]:
    """Variables that are used anywhere in a block."""
    found: set[Atom] = {block.result}
    for binding in bindings(block):
        if isinstance(binding, LetFunctions):
            found.update(function.body.result for function in binding.functions)
            continue
        found.update(atoms(binding.operation))
        for inner in inner_blocks(binding.operation):
            found.add(inner.result)
        if isinstance(binding.operation, Match):
            found.update(decided(binding.operation))
    return {atom for atom in found if isinstance(atom, int)}


def uses(block: Block) -> dict[Atom, int]:
    """How often each variable is named in a block, a capture by a closure counting as once; constants too."""
    found: dict[Atom, int] = {block.result: 1}
    for binding in bindings(block, into_functions=False):
        if isinstance(binding, LetFunctions):
            named: Iterable[Atom] = binding.functions[0].free
        else:
            named = atoms(binding.operation)
            if isinstance(binding.operation, Match | While | For):
                named = (*named, *(inner.result for inner in inner_blocks(binding.operation)))
            if isinstance(binding.operation, Match):
                named = (*named, *decided(binding.operation))
        for atom in named:
            found[atom] = found.get(atom, 0) + 1
    return found


def decided(match: Match) -> Iterator[Atom]:
    """The atoms that a decision tree tests and passes to arms."""
    for node in decisions(match.tree):
        if isinstance(node, Leaf):
            yield from node.args
        elif isinstance(node, Test):
            yield node.on


def bound(function: Function) -> set[int]:
    """Variables that are bound anywhere in a function, its parameters included."""
    return bound_in(function.body) | {parameter.id for parameter in function.params}


def bound_in(block: Block) -> set[int]:
    """Variables that are bound anywhere in a block."""
    found = set()
    for binding in bindings(block):
        if isinstance(binding, LetFunctions):
            for each in binding.functions:
                found.add(each.variable.id)
                found.update(parameter.id for parameter in each.params)
        else:
            found.add(binding.variable.id)
            found.update(variable.id for variable in _binders(binding))
    return found


def _binders(binding: Let) -> Iterator[Variable]:
    operation = binding.operation
    if isinstance(operation, For):
        yield operation.variable
    if isinstance(operation, Match):
        for arm in operation.arms:
            yield from arm.params
        for node in decisions(operation.tree):
            if isinstance(node, Test):
                for case in node.cases:
                    yield from (variable for variable in case.fields if variable is not None)


def captured(group: tuple[Function, ...], known: set[int]) -> tuple[int, ...]:
    """What the closures of functions defined together capture; ``known`` are global variables and static closures."""
    mine = {function.variable.id for function in group}
    free: set[int] = set()
    for function in group:
        free |= used(function.body) - bound(function)
    return tuple(sorted(free - mine - known))
