"""Says anew what the closures of residual functions capture, since copying and folding have changed what they use."""

from __future__ import annotations

from dataclasses import replace

from gymcc.envs.ocaml.ir import (
    Arm,
    Binding,
    Block,
    Case,
    Decision,
    Evaluate,
    For,
    Let,
    LetFunctions,
    Match,
    Operation,
    Test,
    While,
)
from gymcc.envs.ocaml.walk import captured


def close(group: LetFunctions, known: set[int]) -> LetFunctions:
    """The functions with their captures, inner ones too; ``known``: globals and static closures, added to if it is."""
    inner = tuple(replace(each, body=_block(each.body, known)) for each in group.functions)
    free = captured(inner, known)
    if not free:
        known.update(function.variable.id for function in inner)
    return LetFunctions(tuple(replace(each, free=free) for each in inner), group.recursive)


def close_binding(binding: Binding, known: set[int]) -> Binding:
    """A binding in which all functions have their captures."""
    if isinstance(binding, LetFunctions):
        return close(binding, known)
    operation = _operation(binding.operation, known)
    return binding if operation is binding.operation else Let(binding.variable, operation)


def _block(block: Block, known: set[int]) -> Block:
    return Block(block.id, _bindings(block.bindings, known), block.result, block.path)


def _bindings(bindings: tuple[Binding, ...], known: set[int]) -> tuple[Binding, ...]:
    return tuple(close_binding(binding, known) for binding in bindings)


def _operation(operation: Operation, known: set[int]) -> Operation:
    match operation:
        case Match():
            tree = _tree(operation.tree, known)
            return Match(tree, tuple(Arm(arm.params, _block(arm.body, known)) for arm in operation.arms))
        case While():
            return While(_block(operation.condition, known), _block(operation.body, known))
        case For():
            return replace(operation, body=_block(operation.body, known))
        case _:
            return operation


def _tree(node: Decision, known: set[int]) -> Decision:
    match node:
        case Evaluate():
            return Evaluate(_bindings(node.bindings, known), _tree(node.then, known))
        case Test():
            default = None if node.default is None else _case(node.default, known)
            return Test(node.on, tuple(_case(case, known) for case in node.cases), default)
        case _:
            return node


def _case(case: Case, known: set[int]) -> Case:
    return replace(case, then=_tree(case.then, known))
