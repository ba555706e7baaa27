"""Inlining one program again and again: only functions in which a decision has changed are copied anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from gymcc.envs.ocaml.inliner.analysis import analyse
from gymcc.envs.ocaml.inliner.closing import close_binding
from gymcc.envs.ocaml.inliner.copying import Copier, Shared
from gymcc.envs.ocaml.inliner.decisions import NOTHING, Decisions
from gymcc.envs.ocaml.inliner.opening import Decide, Opening
from gymcc.envs.ocaml.inliner.rules import FLAMBDA, Rules
from gymcc.envs.ocaml.inliner.states import State, States
from gymcc.envs.ocaml.inliner.sweeping import Sweep
from gymcc.envs.ocaml.inliner.values import FunctionValue, Group, Values
from gymcc.envs.ocaml.ir import Binding, Let, LetFunctions, Path, Program
from gymcc.envs.ocaml.walk import bound

T = TypeVar("T")
UNITS = 50_000  # residual functions kept


@dataclass(slots=True, eq=False)
class Unit:
    """Residual code compiled as one piece: functions of the top level defined together, or main without them.

    In main, ``bindings`` has a :class:`Group` where functions are defined, and ``globals`` are its global variables.
    ``inlined`` are the copies in it, ``used`` the variables of others that it names (main: those of functions too),
    ``values`` the functions, none for main. ``doubtful`` are main's variables that only functions name, which may be
    dropped themselves, and what their bindings name.
    """

    bindings: tuple[Binding | Group, ...]
    openings: tuple[Opening, ...]
    inlined: tuple[State, ...]
    used: frozenset[int]
    globals: tuple[int, ...] = ()
    values: tuple[FunctionValue, ...] = ()
    doubtful: Mapping[int, frozenset[int]] = field(default_factory=dict)
    _closed: dict[frozenset[int], Closed] = field(default_factory=dict)
    _without: dict[frozenset[int], Unit] = field(default_factory=dict)

    def closed(self, known: set[int]) -> Closed:
        """The code with captures, where no closure captures ``known`` variables."""
        key = self.used.union(*self.doubtful.values()) & known
        found = self._closed.get(key)
        if found is None:
            inside = set(key)
            bindings = tuple(each if isinstance(each, Group) else close_binding(each, inside) for each in self.bindings)
            found = self._closed[key] = Closed(self, bindings)
        return found

    def without(self, useless: frozenset[int]) -> Unit:
        """Main without bindings of doubtful variables; the same object if there are none."""
        if not useless:
            return self
        found = self._without.get(useless)
        if found is None:
            left = tuple(each for each in self.bindings if not isinstance(each, Let) or each.variable.id not in useless)
            doubtful = {variable: names for variable, names in self.doubtful.items() if variable not in useless}
            found = Unit(left, self.openings, self.inlined, self.used, self.globals, (), doubtful)
            self._without[useless] = found
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """A unit's code in which functions say what they capture."""

    unit: Unit
    bindings: tuple[Binding | Group, ...]

    @property
    def functions(self) -> LetFunctions:
        """The functions, if this is not main."""
        functions = self.bindings[0]
        assert isinstance(functions, LetFunctions)
        return functions


_Node: TypeAlias = "T | tuple[Path, dict[bool, _Node[T]]]"


class DecisionMemo(Generic[T]):
    """Results by the decisions that were asked for on the way to them: a binary tree of questions."""

    def __init__(self) -> None:
        self._root: dict[bool, object] = {}

    def get(self, decisions: Decisions) -> T | None:
        """The result under these decisions, None if there is none yet."""
        node = self._root.get(True)
        while type(node) is tuple:
            path, answers = node
            node = answers.get(decisions(path))
        return node  # type: ignore[return-value]

    def put(self, asked: list[tuple[Path, bool]], result: T) -> None:
        """Keep a result, got by asking ``asked`` in this order."""
        answers, answer = self._root, True
        for path, next_answer in asked:
            node = answers.setdefault(answer, (path, {}))
            answers, answer = node[1], next_answer  # type: ignore[index]
        answers[answer] = result


class Session:
    """One program under one set of rules; residual code of earlier decisions is kept and shared."""

    def __init__(self, program: Program, rules: Rules = FLAMBDA) -> None:
        self.program = program if rules.arguments else _simplified(program, rules)
        self.rules = rules
        self.states = States(program.variables)
        self.source = analyse(self.program)
        self.shared = Shared(self.source, rules, self.states, Values(self.states))
        self._main = DecisionMemo[Unit]()
        self._units: dict[Group, DecisionMemo[Unit]] = {}
        self._kept = 0

    def residual(self, decisions: Decisions) -> Residual:
        """The program under decisions that depend on paths alone."""
        main = self._memoised(self._main, decisions, self._copy_main)
        units = []
        for group in main.bindings:
            if isinstance(group, Group):
                memo = self._units.get(group)
                if memo is None:
                    memo = self._units[group] = DecisionMemo()
                units.append(self._memoised(memo, decisions, partial(self._copy, group)))
        return self._residual(main, units)

    def decided(self, decide: Decide) -> Residual:
        """The program under a decision maker that looks at more than paths; nothing is kept."""
        main = self._copy_main(Copier(self.shared, decide))
        groups = [each for each in main.bindings if isinstance(each, Group)]
        return self._residual(main, [self._copy(group, Copier(self.shared, decide)) for group in groups])

    def _memoised(self, memo: DecisionMemo[Unit], decisions: Decisions, copy: Callable[[Copier], Unit]) -> Unit:
        found = memo.get(decisions)
        if found is None:
            found = copy(Copier(self.shared, lambda offer: decisions(offer.path)))
            memo.put([(each.path, each.inlined) for each in found.openings if not each.closed], found)
            self._kept += 1
            if self._kept > UNITS:
                self._units.clear()
                self._kept = 0
        return found

    def _copy_main(self, copier: Copier) -> Unit:
        out, names = copier.main(self.program.main)
        images = (names.get(variable, variable) for variable in self.program.globals)
        globals_ = tuple(dict.fromkeys(atom for atom in images if isinstance(atom, int)))
        values = set(globals_).difference(
            *([f.variable for f in each.functions] for each in out if isinstance(each, Group))
        )
        sweep = Sweep(values, self.rules.drops)
        kept: list[Binding | Group] = []
        for binding in reversed(out):
            if isinstance(binding, Group):  # whether it is used is only known later: what it names is kept
                sweep.uses(binding.names.values())
                kept.append(binding)
            else:
                swept = sweep.binding(binding)
                if swept is not None:
                    kept.append(swept)
        kept.reverse()
        named, doubtful = _named(kept, values)
        return Unit(tuple(kept), tuple(copier.openings), tuple(copier.inlined), named, globals_, (), doubtful)

    def _copy(self, group: Group, copier: Copier) -> Unit:
        sweep = Sweep((value.variable for value in group.functions), self.rules.drops)
        swept = sweep.binding(copier.functions(group))
        assert isinstance(swept, LetFunctions)
        own = set[int]().union(*map(bound, swept.functions), (value.variable for value in group.functions))
        used = frozenset(sweep.used - own)
        return Unit((swept,), tuple(copier.openings), tuple(copier.inlined), used, (), group.functions)

    def _residual(self, main: Unit, units: list[Unit]) -> Residual:
        dropped: list[Unit] = []
        if self.rules.drops:
            reached, useless = _reachable(main, units)
            main = main.without(useless)
            dropped = [unit for unit in units if unit not in reached]
            units = [unit for unit in units if unit in reached]
        known = set(main.globals)
        closed = []
        for unit in units:
            each = unit.closed(known)
            closed.append(each)
            if not each.functions.functions[0].free:
                known.update(function.variable.id for function in each.functions.functions)
        return Residual(self, main.closed(known), tuple(closed), tuple(dropped))


@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """A program under decisions.

    ``units`` are the functions of main in order of definition, without those that nobody can name any more, other files
    neither, if the rules drop them: they are in ``dropped``.
    """

    session: Session
    main: Closed
    units: tuple[Closed, ...]
    dropped: tuple[Unit, ...]

    @property
    def openings(self) -> tuple[Opening, ...]:
        """Every call met, main's first, copies after the call that they stand for."""
        return sum((each.unit.openings for each in self.units), self.main.unit.openings)

    def program(self) -> Program:
        """The whole residual program."""
        source = self.session.program
        units = {each.functions.functions[0].variable.id: each.functions for each in self.units}
        body: list[Binding] = []
        for each in self.main.bindings:
            if not isinstance(each, Group):
                body.append(each)
            elif each.functions[0].variable in units:
                body.append(units[each.functions[0].variable])
        main = replace(source.main, body=replace(source.main.body, bindings=tuple(body)))
        here = bound(main)
        globals_ = tuple(variable for variable in self.main.unit.globals if variable in here)
        return replace(source, main=main, globals=globals_, variables=self.session.states.variables)


def _simplified(program: Program, rules: Rules) -> Program:
    """The program with every function simplified as it stands: what is copied where copies are not looked into."""
    return Session(program, replace(rules, arguments=True)).residual(NOTHING).program()


def _named(kept: list[Binding | Group], values: set[int]) -> tuple[frozenset[int], dict[int, frozenset[int]]]:
    """Variables that main's own code names, not only its functions'; then, by variable, what only they make main name.

    Global ``values`` are used by it.
    """
    sweep = Sweep(values, True)
    doubtful: dict[int, frozenset[int]] = {}
    for each in reversed(kept):
        if isinstance(each, Let) and sweep.binding(each) is None:
            alone = Sweep((each.variable.id,), True)
            alone.binding(each)
            doubtful[each.variable.id] = frozenset(alone.used)
    return frozenset(sweep.used), doubtful


def _reachable(main: Unit, units: list[Unit]) -> tuple[set[Unit], frozenset[int]]:
    """The functions that main's code and other files lead to, and the doubtful variables that they do not."""
    owner = {function.variable.id: unit for unit in units for function in _functions(unit).functions}
    reached: set[Unit] = set()
    useless = set(main.doubtful)
    todo = [main.used, frozenset(main.globals)]
    while todo:
        for variable in todo.pop():
            unit = owner.get(variable)
            if unit is not None and unit not in reached:
                reached.add(unit)
                todo.append(unit.used)
            elif variable in useless:
                useless.remove(variable)
                todo.append(main.doubtful[variable])
    return reached, frozenset(useless)


def _functions(unit: Unit) -> LetFunctions:
    functions = unit.bindings[0]
    assert isinstance(functions, LetFunctions)
    return functions
