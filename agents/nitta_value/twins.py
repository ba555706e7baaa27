"""Which programs are the same but for the names of variables, the order of lines and the values of constants.

What a guide was trained on says nothing of how it does on others, and small programs are easily written twice: a
trial leaves out those that equal one of the guide's training programs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from gymcc.agents.nitta_value.guide import GuideCard
from gymcc.agents.nitta_value.learning import pick
from gymcc.agents.nitta_value.settings import GuideSettings
from gymcc.envs.nitta.functions import Function, Kind
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.program import Program

SYMMETRIC = frozenset({Kind.ADD, Kind.MULTIPLY, Kind.AND, Kind.OR})
VALUES = frozenset({Kind.CONSTANT, Kind.LOOP, Kind.LOOP_BEGIN})  # the detail is a number
Ends = Mapping[str, tuple[int, int]]  # variable: position of a function, which of its groups or inputs


def fingerprint(program: Program) -> Hashable:
    """Equal for programs that are the same up to renaming, and hardly ever for others; only within this process.

    Colours of functions, refined by those of their neighbours (Weisfeiler & Leman 1968) until that tells no more of
    them apart.
    """
    functions = program.functions
    makers = _ends((at, f.outputs) for at, f in enumerate(functions))
    takers = _ends((at, _inputs(f)) for at, f in enumerate(functions))
    colours: list[Hashable] = [(f.kind, _detail(f), tuple(map(len, f.outputs))) for f in functions]
    told_apart = 0
    while told_apart < len(set(colours)):
        told_apart = len(set(colours))
        colours = [_refined(at, function, colours, makers, takers) for at, function in enumerate(functions)]
    return frozenset(Counter(colours).items())


def trained_on(card: GuideCard) -> frozenset[Hashable]:
    """The fingerprints of the programs that a guide learned from, which its settings name."""
    library = Library()
    settings = GuideSettings.model_validate(card.settings)
    return frozenset(fingerprint(library.program(name)) for name in pick(settings.programs))


def _ends(functions: Iterable[tuple[int, Iterable[Iterable[str]]]]) -> Ends:
    return {v: (at, place) for at, groups in functions for place, group in enumerate(groups) for v in group}


def _inputs(function: Function) -> list[tuple[str, ...]]:
    return [function.inputs] if function.kind in SYMMETRIC else [(variable,) for variable in function.inputs]


def _refined(at: int, function: Function, colours: list[Hashable], makers: Ends, takers: Ends) -> int:
    """A colour that also tells who makes the inputs and who takes the outputs."""
    inputs = [_seen(makers[v], colours) for v in function.inputs if v in makers]
    if function.kind in SYMMETRIC:
        inputs.sort()
    outputs = [tuple(sorted(_seen(takers[v], colours) for v in group if v in takers)) for group in function.outputs]
    return hash((colours[at], tuple(inputs), tuple(outputs)))


def _seen(end: tuple[int, int], colours: list[Hashable]) -> tuple[int, int]:
    at, place = end
    return hash(colours[at]), place


def _detail(function: Function) -> Hashable:
    """What the function computes beside its kind, without the names of variables."""
    if function.kind in VALUES or function.kind is Kind.LOOP_END:
        return None
    if function.kind is Kind.ACC:
        return tuple((sign, len(variables)) for sign, variables in function.detail)
    return str(function.detail)
