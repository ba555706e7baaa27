"""Where the variables of one function are while its code runs: registers, the stack, or as doubles without a box."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate

from gymcc.envs.ocaml.cost.charges import BYTES, RETURNS, TIME, WORDS, Charge, Charges
from gymcc.envs.ocaml.cost.prices import Prices
from gymcc.envs.ocaml.ir import Atom, Constant, Scalar, Variable
from gymcc.envs.ocaml.primitives import Kind

BOX_WORDS = 2


@dataclass(slots=True)
class Home:
    """A variable: who pays for storing it, the last stretch between calls in which it was in a register, its life."""

    kind: Kind
    charge: Charge
    stretch: int
    born: int
    dies: int
    spilled: bool = False


@dataclass(slots=True)
class Frame:
    """The variables of a function as its code is gone through in order.

    Calls end a stretch: variables that are used after one were stored when bound and are loaded again. ``free`` are
    captured, ``own`` the closures of the function's group, ``refs`` references that are registers, ``raw`` doubles
    without a box, ``constants`` blocks in the program's data. ``jumps`` pay for the tail calls of the function itself.
    """

    prices: Prices
    charges: Charges
    free: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()
    refs: frozenset[int] = frozenset()
    homes: dict[int, Home] = field(default_factory=dict)
    raw: set[int] = field(default_factory=set)
    constants: set[int] = field(default_factory=set)
    jumps: list[Charge] = field(default_factory=list)
    stretch: int = 0
    calls: bool = False
    compared: tuple[int, Charge] | None = None  # the last operation, if it was a comparison, and who paid
    _steps: list[Charge] = field(default_factory=list)  # who pays for each operation so far
    _stretches: int = 0
    _trail: list[tuple[Home, int]] = field(default_factory=list)  # to undo reloads of one branch for the next

    def bind(self, variable: Variable) -> None:
        """The variable is bound by the operation that is next to be done."""
        now = len(self._steps)
        self.homes[variable.id] = Home(variable.kind, self.charges.current, self.stretch, now, now)

    def step(self) -> None:
        """An operation of the current block is done."""
        self._steps.append(self.charges.current)

    def called(self) -> None:
        """A call that returns: what is used after it must be loaded again."""
        self.charges.current[RETURNS] += 1
        self.end_stretch()

    def end_stretch(self) -> None:
        """From here on variables that are used must be loaded again."""
        self._stretches += 1
        self.stretch = self._stretches
        self.calls = True

    def pay(self, time: int, size: int | None = None) -> None:
        """Charge instructions to the current block, and bytes: the instructions' if not said."""
        charge = self.charges.current
        charge[TIME] += time
        charge[BYTES] += time * self.prices.instruction_bytes if size is None else size

    def use(self, atom: Atom, raw: bool = False) -> None:
        """An operation takes the atom, a double without its box if ``raw``."""
        if isinstance(atom, Constant):
            if atom.scalar is Scalar.FLOAT:
                self.pay(self.prices.load)
            return
        self.touch(atom)
        if raw and atom not in self.raw:
            self.pay(self.prices.load)
        elif not raw and atom in self.raw:
            self.box()

    def touch(self, atom: Atom) -> None:
        """The atom must be in a register, as it is."""
        if isinstance(atom, Constant):
            return
        home = self.homes.get(atom)
        if home is None:  # captured, or at an address that the linker knows
            self.pay(self.prices.load if atom in self.free else 0)
        else:
            home.dies = len(self._steps)
            if home.stretch != self.stretch:
                self._reload(home)

    def box(self) -> None:
        """Allocate a double."""
        self.pay(self.prices.box)
        self.charges.current[WORDS] += BOX_WORDS
        self._may_collect()

    def allocate(self, words: int) -> None:
        """Allocate a block of so many words, header included, and fill it."""
        self.pay(self.prices.allocate + words)
        self.charges.current[WORDS] += words
        self._may_collect()

    def is_raw(self, atom: Atom) -> bool:
        """Whether the atom is a double that needs no box so far."""
        return atom.scalar is Scalar.FLOAT if isinstance(atom, Constant) else atom in self.raw

    def kind(self, atom: Atom) -> Kind:
        """The representation of a value, as far as known here."""
        if isinstance(atom, Constant):
            return _KINDS.get(atom.scalar, Kind.INT)
        home = self.homes.get(atom)
        return Kind.ANY if home is None else home.kind

    @contextmanager
    def branches(self) -> Iterator[Branches]:
        """Code of which one branch runs; each starts where the code before ended."""
        branches = Branches(self, self.stretch, len(self._trail))
        yield branches
        branches.start()
        if branches.moved:
            self.end_stretch()

    @contextmanager
    def loop(self, calls: bool) -> Iterator[None]:
        """Code that runs again and again; what was bound before and is used in it lives to its end."""
        if calls:
            self.end_stretch()
        start = len(self._steps)
        yield
        now = len(self._steps)
        for home in self.homes.values():
            if home.born < start <= home.dies:
                home.dies = now
        if calls:
            self.end_stretch()

    def finish(self) -> int:
        """Charge for the lack of registers; the instructions that the function spends on its stack frame."""
        homes = [home for home in self.homes.values() if not home.spilled]
        if len(homes) > self.prices.registers:
            self._press(homes)
        return self.prices.frame if self.calls else 0

    def undo(self, length: int) -> None:
        """Forget the reloads since the trail had this length."""
        while len(self._trail) > length:
            home, stretch = self._trail.pop()
            home.stretch = stretch

    def _may_collect(self) -> None:
        self.charges.current[BYTES] += self.prices.collect_bytes
        self.charges.current[RETURNS] += 1

    def _reload(self, home: Home) -> None:
        self._trail.append((home, home.stretch))
        home.stretch = self.stretch
        self.pay(self.prices.spill)
        if not home.spilled:
            home.spilled = True
            home.charge[TIME] += self.prices.spill
            home.charge[BYTES] += self.prices.spill * self.prices.instruction_bytes

    def _press(self, homes: list[Home]) -> None:
        change = [0] * (len(self._steps) + 2)
        for home in homes:
            change[home.born] += 1
            change[home.dies + 1] -= 1
        for live, charge in zip(accumulate(change), self._steps, strict=False):
            if live > self.prices.registers:
                charge[TIME] += self.prices.pressure
                charge[BYTES] += self.prices.pressure * self.prices.instruction_bytes


@dataclass(slots=True)
class Branches:
    """Branches of a :class:`Frame`; ``moved``: some branch had a call."""

    frame: Frame
    stretch: int
    trail: int
    moved: bool = False

    def start(self) -> None:
        """The next branch begins, or the code after them."""
        self.moved = self.moved or self.frame.stretch != self.stretch
        self.frame.undo(self.trail)
        self.frame.stretch = self.stretch


_KINDS = {Scalar.STRING: Kind.BLOCK, Scalar.FLOAT: Kind.FLOAT}
