"""Where the variables of one function are while its code runs: registers, the stack, or as doubles without a box."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate

from gymcc.envs.ocaml.cost.charges import BYTES, RETURNS, TIME, WORDS, Charge, Charges
from gymcc.envs.ocaml.cost.common import Common, Key, Mark, load_key
from gymcc.envs.ocaml.cost.prices import Prices
from gymcc.envs.ocaml.ir import UNIT, Atom, Block, Constant, Scalar, Variable
from gymcc.envs.ocaml.primitives import Kind, Primitive
from gymcc.envs.ocaml.walk import uses

BOX_WORDS = 2
NO_BODY = Block(-1, (), UNIT)
COMMUTES = frozenset({Primitive.FLOAT_ADD, Primitive.FLOAT_MUL})
MEMORY = COMMUTES | {Primitive.FLOAT_SUB, Primitive.FLOAT_DIV}  # take their right operand from memory


@dataclass(slots=True)
class Home:
    """A variable: the last stretch between calls in which it was in a register, its life, who pays for storing it.

    Those pay that bind or assign it, if it is to be loaded again. ``fresh``: nothing has used it yet, and it is no
    parameter.
    """

    kind: Kind
    stretch: int
    born: int
    dies: int
    writers: list[Charge]
    fresh: bool = True
    spilled: bool = False


@dataclass(slots=True)
class Frame:
    """The variables of a function as its code is gone through in order.

    Calls end a stretch: variables that are used after one were stored when bound and are loaded again. ``free`` are
    captured, ``own`` the closures of the function's group, ``static`` says which others are closures and blocks in the
    program's data; ``refs`` are references that are registers, ``raw`` doubles
    without a box, ``constants`` blocks in the program's data made here. ``jumps`` pay for the tail calls of the
    function itself, and ``jumped`` are conditions that have been branched on. ``calls``: something is called, be it
    the collector. ``allocated``: it may have been, on the way to here; ``polls``: some way leads to a tail call that
    may go on for ever, without that. ``top``: it is the top level, whose ``globals`` are in memory.
    """

    prices: Prices
    charges: Charges
    free: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()
    refs: frozenset[int] = frozenset()
    static: Callable[[int], bool] = lambda variable: True
    body: Block = NO_BODY
    homes: dict[int, Home] = field(default_factory=dict)
    raw: set[int] = field(default_factory=set)
    constants: set[int] = field(default_factory=set)
    jumps: list[Charge] = field(default_factory=list)
    jumped: set[Atom] = field(default_factory=set)
    stretch: int = 0
    calls: bool = False
    allocated: bool = False
    polls: bool = False
    top: bool = False
    globals: frozenset[int] = frozenset()
    compared: tuple[int, Charge] | None = None  # the last operation, if it was a comparison, and who paid
    common: Common = field(default_factory=Common)
    _uses: dict[Atom, int] | None = None  # how often each variable is named
    _steps: list[Charge] = field(default_factory=list)  # who pays for each operation so far
    _stretches: int = 0
    _trail: list[tuple[Home, int]] = field(default_factory=list)  # to undo reloads of one branch for the next
    _in_memory: set[int] = field(default_factory=set)  # doubles loaded and not used yet
    _later: dict[int, tuple[Variable, Atom, int]] = field(default_factory=dict)  # fields that have not been loaded yet
    _outer: dict[int, Home] = field(default_factory=dict)  # captured variables and those of the top level

    def bind(self, variable: Variable) -> None:
        """The variable is bound by the operation that is next to be done."""
        if variable.id in self.globals:
            return
        now = len(self._steps)
        self.homes[variable.id] = Home(variable.kind, self.stretch, now, now, [self.charges.current])

    def used_once(self, variable: int) -> bool:
        """Whether a variable is named in one place only."""
        if self._uses is None:
            self._uses = uses(self.body)
        return self._uses.get(variable) == 1

    def load_later(self, variable: Variable, source: Atom, index: int) -> None:
        """The variable is a field of ``source``: loaded where it is used if that is one place, else at once."""
        if self.used_once(variable.id):
            self._later[variable.id] = variable, source, index
        else:
            self._load_field(variable, source, index)

    def later(self, atom: Atom) -> tuple[Atom, int] | None:
        """From where an atom will be loaded when it is used, if that is so: a block and the field's index."""
        found = self._later.get(atom) if isinstance(atom, int) else None
        return None if found is None else found[1:]

    def has(self, variable: Variable, key: Key, reads: bool) -> bool:
        """Whether the variable's value is at hand, as that of an operation with the same key; binds it then."""
        found = None if self.top else self.common.again(key, reads)
        if found is None:
            self.common.computed(key, variable.id)
            return False
        self.bind(variable)
        if found in self.raw:
            self.raw.add(variable.id)
        return True

    def assign(self, reference: int) -> None:
        """A reference that is a register gets a value, which is computed there."""
        home = self.homes[reference]
        home.dies = len(self._steps)
        self._moved(home)
        if home.spilled:
            self.pay(self.prices.spill)
        else:
            home.writers.append(self.charges.current)

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
        self.common.forget()

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
        if home is None:
            if atom in self._later:
                self._load_field(*self._later.pop(atom))
            else:
                self._load(atom)
        else:
            home.dies, home.fresh = len(self._steps), False
            if home.stretch != self.stretch:
                self._reload(home)

    def touch_called(self, function: int, known: bool) -> None:
        """A function is called; where it is ``known``, its closure is passed to it only if something is captured."""
        if not known or function in self.homes or function in self.free:
            self.touch(function)

    def loaded(self, variable: int) -> None:
        """The variable is a double that has been loaded, without a box."""
        self.raw.add(variable)
        self._in_memory.add(variable)

    def from_memory(self, args: tuple[Atom, ...], primitive: Primitive) -> bool:
        """Whether an operation takes a double from where it would be loaded from, be it out of its box."""
        if primitive not in MEMORY:
            return False
        for arg in args[0 if primitive in COMMUTES else 1 :]:
            if isinstance(arg, int) and (arg in self._in_memory or arg not in self.raw):
                self._in_memory.discard(arg)
                return True
        return False

    def pass_(self, atom: Atom) -> None:
        """A call takes the atom, in a register of the calling convention.

        What is computed or loaded for the call is so there; constants and what has been in a register are moved.
        """
        home = None if isinstance(atom, Constant) else self.homes.get(atom)
        at_hand = home is not None and home.stretch == self.stretch and not home.fresh
        self.use(atom)
        if at_hand or isinstance(atom, Constant):
            self.pay(self.prices.argument)

    def box(self) -> None:
        """Allocate a double."""
        self._allocate(self.prices.box, BOX_WORDS)

    def allocate(self, words: int) -> None:
        """Allocate a block of so many words, header included, and fill it."""
        self._allocate(self.prices.allocate + words, words)

    def tail_called(self, endless: bool) -> None:
        """A call that does not return here; ``endless``: of what may come back to this function."""
        self.polls = self.polls or (endless and not self.allocated)

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
        branches = Branches(self, self.stretch, len(self._trail), self.allocated, self.common.mark())
        yield branches
        branches.start()
        self.allocated = branches.allocated or branches.all_allocate
        if branches.moved:
            self.end_stretch()

    @contextmanager
    def loop(self, calls: bool) -> Iterator[None]:
        """Code that runs again and again; what was bound before and is used in it lives to its end."""
        if calls:
            self.end_stretch()
        start, before, self.allocated = len(self._steps), self.allocated, False
        self.common.forget()
        yield
        self.common.forget()
        if not self.allocated:
            self.pay(self.prices.poll)
            self.calls = True
        self.allocated = before
        now = len(self._steps)
        for home in self.homes.values():
            if home.born < start <= home.dies:
                home.dies = now
        if calls:
            self.end_stretch()

    def finish(self) -> int:
        """Charge for the lack of registers, and for polling; what the function spends on its stack frame."""
        self.calls = self.calls or self.polls
        self.pay(self.prices.poll if self.polls else 0)
        homes = [home for home in self.homes.values() if not home.spilled]
        if len(homes) > self.prices.registers:
            self._press(homes)
        return self.prices.frame if self.calls else 0

    def undo(self, length: int) -> None:
        """Forget the reloads since the trail had this length."""
        while len(self._trail) > length:
            home, stretch = self._trail.pop()
            home.stretch = stretch

    def _allocate(self, price: int, words: int) -> None:
        self.pay(price + (self.prices.outlined if self.top else 0))
        self.charges.current[WORDS] += words
        self.charges.current[BYTES] += self.prices.collect_bytes
        self.charges.current[RETURNS] += 1
        self.calls = self.allocated = True

    def _load_field(self, variable: Variable, source: Atom, index: int) -> None:
        if not self.has(variable, load_key(source, index), False):
            self.touch(source)
            self.pay(self.prices.load)
            self.bind(variable)

    def _load(self, atom: int) -> None:
        """What is bound outside: captured, or by the top level, which an address leads to; once in a stretch."""
        if atom not in self.free and (atom in self.own or atom in self.constants or self.static(atom)):
            return
        home = self._outer.setdefault(atom, Home(Kind.ANY, -1, 0, 0, []))
        if home.stretch != self.stretch or self.top:
            self._moved(home)
            self.pay(self.prices.load + (self.prices.load if self.stretch or atom not in self.free else 0))

    def _moved(self, home: Home) -> None:
        """The variable is in a register from here on."""
        self._trail.append((home, home.stretch))
        home.stretch = self.stretch

    def _reload(self, home: Home) -> None:
        self._moved(home)
        self.pay(self.prices.spill)
        if not home.spilled:
            home.spilled = True
            for charge in home.writers:
                charge[TIME] += self.prices.spill
                charge[BYTES] += self.prices.spill * self.prices.instruction_bytes

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
    """Branches of a :class:`Frame`; ``moved``: some branch had a call; ``allocated``: before them, or in all."""

    frame: Frame
    stretch: int
    trail: int
    allocated: bool
    common: Mark
    moved: bool = False
    started: bool = False
    all_allocate: bool = True

    def start(self) -> None:
        """The next branch begins, or the code after them."""
        self.all_allocate = self.all_allocate and (self.frame.allocated or not self.started)
        self.started = True
        self.moved = self.moved or self.frame.stretch != self.stretch
        self.frame.undo(self.trail)
        self.frame.common.back(self.common)
        self.frame.stretch, self.frame.allocated = self.stretch, self.allocated


_KINDS = {Scalar.STRING: Kind.BLOCK, Scalar.FLOAT: Kind.FLOAT}
