"""How a function's code names the values that the program's variables hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gymcc.envs.ocaml.interpreter.layout import Layout
from gymcc.envs.ocaml.interpreter.texts import constant
from gymcc.envs.ocaml.ir import Atom, Block, LetFunctions, Match
from gymcc.envs.ocaml.walk import atoms, bindings, decided, inner_blocks


class Naming:
    """Texts of atoms inside of one function.

    Variables are ``v`` and their id, Python's locals, or its globals if no closure captures them. What the function
    captures is in the list ``e``, then the closures of its group.
    """

    def __init__(self, number: int, layout: Layout) -> None:
        self._texts: dict[int, str] = {}
        function = layout.functions[number]
        if function.free:
            for index, each in enumerate(layout.groups[number]):
                self._texts[each.variable.id] = f"e[{len(function.free) + index}]"
        self.uses = Counter(_uses(function.body))

    def text(self, atom: Atom) -> str:
        """How to write the atom."""
        if not isinstance(atom, int):
            return constant(atom)
        return self._texts.get(atom) or f"v{atom}"

    def texts(self, atoms: tuple[Atom, ...]) -> list[str]:
        """How to write the atoms."""
        return [self.text(atom) for atom in atoms]

    def alias(self, variable: int, text: str) -> None:
        """Write ``text`` for a variable from now on."""
        self._texts[variable] = text


def _uses(body: Block) -> Iterator[Atom]:
    """Every use of an atom in a function's body; what inner functions capture counts once."""
    yield body.result
    for binding in bindings(body, into_functions=False):
        if isinstance(binding, LetFunctions):
            yield from (variable for function in binding.functions[:1] for variable in function.free)
            continue
        yield from atoms(binding.operation)
        yield from (block.result for block in inner_blocks(binding.operation))
        if isinstance(binding.operation, Match):
            yield from decided(binding.operation)
