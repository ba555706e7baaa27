"""The cost of a program under any decisions, from one run of its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from gymcc.envs.ocaml.cost.charges import BYTES, RETURNS, TIME, WORDS, Charge, Charges
from gymcc.envs.ocaml.cost.prices import STANDARD, Prices
from gymcc.envs.ocaml.cost.pricing import Pricer
from gymcc.envs.ocaml.cost.recording import Activation, Recording, outer_functions, record
from gymcc.envs.ocaml.inliner.analysis import constant_blocks
from gymcc.envs.ocaml.inliner.decisions import Decisions
from gymcc.envs.ocaml.inliner.references import plain_references
from gymcc.envs.ocaml.inliner.rules import FLAMBDA, Rules
from gymcc.envs.ocaml.inliner.session import Closed, Residual, Session
from gymcc.envs.ocaml.inliner.states import State, States
from gymcc.envs.ocaml.inliner.values import Group
from gymcc.envs.ocaml.interpreter.run import FUEL
from gymcc.envs.ocaml.ir import Function, LetFunctions, Program
from gymcc.envs.ocaml.walk import bindings, functions

KEPT = 200_000  # results by state
_NOTHING: dict[int, Charge] = {}  # of code that stands in other blocks; one object, as results are kept by identity


class Cost(NamedTuple):
    """``time`` in instructions, ``size`` in bytes of code, ``words`` allocated."""

    time: int
    size: int
    words: int


class _Ran(NamedTuple):
    """What the blocks at one path cost in all: instructions, words, bytes of hot ones, bytes fetched for them."""

    time: int
    words: int
    hot: int
    fetched: int


class Priced:
    """The charges of a piece of code; ``by_path`` as in :class:`Charges`."""

    __slots__ = ("by_path", "returns", "size")

    def __init__(self, charges: Charges) -> None:
        self.by_path = charges.by_path
        self.size = charges.total(BYTES)
        self.returns = charges.total(RETURNS)


class CostModel:
    """Costs of one program. Code and results of earlier decisions are kept: only what has changed is done anew.

    Raises ProgramError if the program does not reach its end within ``fuel``.
    """

    def __init__(self, program: Program, rules: Rules = FLAMBDA, prices: Prices = STANDARD, fuel: int = FUEL) -> None:
        self.session = Session(program, rules)
        self.prices = prices
        self.recording: Recording = record(program, fuel)
        self._links = [_link(each) for each in self.recording.activations]
        self._outer = outer_functions(program)
        self._threshold = max(1, self.recording.runs // prices.hot)
        self._plain = _plain(program, self.session.states, rules)
        static = static_variables(program, rules)
        self._static = lambda variable: self.session.states.origin(variable) in static
        self._priced: dict[Closed, Priced] = {}
        self._ran: dict[tuple[int, tuple[int, ...]], _Ran] = {}

    def cost(self, decisions: Decisions) -> Cost:
        """What the program costs under decisions."""
        return self.cost_of(self.session.residual(decisions))

    def cost_of(self, residual: Residual) -> Cost:
        """What a residual program costs."""
        if len(self._ran) > KEPT:
            self._ran.clear()
            self._priced.clear()
        main = self._price(residual.main)
        owners: dict[State, Priced] = {self.session.states.main: main}
        size, returns = main.size, main.returns
        for unit in residual.units:
            priced = self._price(unit)
            size += priced.size
            returns += priced.returns
            owners.update((value.state, priced) for value in unit.unit.values)
        ran = [self._run(state, tuple(places), owners) for state, places in self._places(residual).items()]
        time = self.prices.start + sum(each.time for each in ran) + self._fetches(ran)
        time += returns * self.prices.descriptor
        return Cost(time, size, sum(each.words for each in ran))

    def pricer(self) -> Pricer:
        """Prices residual code of the program."""
        return Pricer(self.prices, self._plain, self._static)

    def _price(self, closed: Closed) -> Priced:
        found = self._priced.get(closed)
        if found is None:
            pricer = self.pricer()
            if closed.unit.values:
                pricer.functions(closed.functions)
            else:
                pricer.top(main_function(self.session.program, closed), closed.unit.globals)
            found = self._priced[closed] = Priced(pricer.charges)
        return found

    def _places(self, residual: Residual) -> dict[State, list[int]]:
        """The activations whose code is at each place."""
        inlined = {state for closed in (residual.main, *residual.units) for state in closed.unit.inlined}
        places: dict[State, list[int]] = {}
        states: list[State] = []
        for index, (parent, site, function, maker) in enumerate(self._links):
            state = states[parent].children.get((site, function)) if parent >= 0 else None
            if state is None or state not in inlined:
                state = self._declared(states[maker] if maker >= 0 else None, function)
            states.append(state)
            if state in places:
                places[state].append(index)
            else:
                places[state] = [index]
        return places

    def _declared(self, maker: State | None, function: int) -> State:
        if maker is not None:
            return self.session.states.declared(maker, function)
        outer = self._outer.get(function)
        if outer is None:
            return self.session.states.main
        return self.session.states.declared(self._declared(None, outer), function)

    def _run(self, state: State, activations: tuple[int, ...], owners: dict[State, Priced]) -> _Ran:
        owner = state.root
        while owner not in owners:
            assert owner.parent is not None
            owner = owner.parent.root
        blocks = owners[owner].by_path.get(state.path, _NOTHING)
        found = self._ran.get((id(blocks), activations))
        if found is None:
            found = self._ran[id(blocks), activations] = self._summed(blocks, activations)
        return found

    def _summed(self, blocks: dict[int, Charge], activations: tuple[int, ...]) -> _Ran:
        time = words = hot = fetched = 0
        counts: Counter[int] = Counter()
        for index in activations:
            counts.update(self.recording.activations[index].counts)
        for block, runs in counts.items():
            charge = blocks.get(block)
            if charge is not None:  # else it was put in place of what led to it, and is charged there
                time += runs * charge[TIME]
                words += runs * charge[WORDS]
                if runs >= self._threshold:
                    hot += charge[BYTES]
                    fetched += runs * charge[BYTES]
        return _Ran(time, words, hot, fetched)

    def _fetches(self, ran: list[_Ran]) -> int:
        """Cycles for what does not fit into the instruction cache: hot code, taken to be used in turn."""
        hot, prices = sum(each.hot for each in ran), self.prices
        if hot <= prices.cache:
            return 0
        lines = sum(each.fetched for each in ran) // prices.line
        return lines * prices.fetch * (hot - prices.cache) // hot


def _link(activation: Activation) -> tuple[int, int | None, int, int]:
    """Indices of who called it and who made it (-1: none), with the site and the function between them."""
    parent = -1 if activation.parent is None else activation.parent.index
    maker = -1 if activation.maker is None else activation.maker.index
    return parent, activation.site, activation.function, maker


def main_function(program: Program, closed: Closed) -> Function:
    """Main's own code as a function, without those that it defines at its top."""
    own = tuple(each for each in closed.bindings if not isinstance(each, Group))
    return replace(program.main, body=replace(program.main.body, bindings=own))


def static_variables(program: Program, rules: Rules) -> frozenset[int]:
    """Variables of the source whose values the compiler knows the address of: constant blocks, closures.

    In closure mode closures of the top level are read from its block, except to call them.
    """
    found = set(constant_blocks(program))
    for binding in bindings(program.main.body):
        if isinstance(binding, LetFunctions):
            found.update(function.variable.id for function in binding.functions)
    return frozenset(found if rules.arguments else found.difference(set(program.globals) - constant_blocks(program)))


def _plain(program: Program, states: States, rules: Rules) -> Callable[[int], bool]:
    """Which references may be registers: where blocks are not followed, those that could be in the source."""
    globals_ = frozenset(program.globals)
    if rules.arguments:
        return lambda variable: variable not in globals_
    found: set[int] = set()
    for function in functions(program).values():
        found |= plain_references(function, lambda variable: variable not in globals_)
    return lambda variable: states.origin(variable) in found
