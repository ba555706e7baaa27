"""References that ocamlopt turns into variables: those that a function makes, reads and assigns, and passes nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gymcc.envs.ocaml.ir import Atom, Block, Field, Function, Let, LetFunctions, Make, Match, SetField
from gymcc.envs.ocaml.walk import atoms, bindings, decided, inner_blocks

_NAME = "ref"


def plain_references(function: Function, allowed: Callable[[int], bool]) -> frozenset[int]:
    """The references made in a function's body, not in inner functions', that are ``allowed`` and passed nowhere."""
    made = {
        binding.variable.id
        for binding in bindings(function.body, into_functions=False)
        if isinstance(binding, Let)
        and isinstance(binding.operation, Make)
        and binding.operation.shape.name == _NAME
        and allowed(binding.variable.id)
    }
    return frozenset(made.difference(_passed(function.body))) if made else frozenset()


def _passed(body: Block) -> Iterator[Atom]:
    yield body.result
    for binding in bindings(body, into_functions=False):
        if isinstance(binding, LetFunctions):
            yield from (variable for function in binding.functions for variable in function.free)
            continue
        operation = binding.operation
        if isinstance(operation, SetField):
            yield operation.value
        elif not isinstance(operation, Field):
            yield from atoms(operation)
        yield from (block.result for block in inner_blocks(operation))
        if isinstance(operation, Match):
            yield from decided(operation)
