"""Which decisions are compared: random ones of all densities, and single changes around some."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.ir import Path
from gymcc.envs.ocaml.problem import OcamlInline
from gymcc.envs.ocaml.rules import followed

TRIES = 20  # walks per vector asked for: small programs have fewer different ones
AROUND = 1  # random vectors around which single decisions are changed too

Vector: TypeAlias = tuple[tuple[Path, Action], ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """The same decisions but for one."""

    before: Vector
    after: Vector
    path: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared of one program."""

    vectors: tuple[Vector, ...]
    flips: tuple[Flip, ...]

    @property
    def all(self) -> tuple[Vector, ...]:
        """Everything to be compiled, once each."""
        pairs = (vector for flip in self.flips for vector in (flip.before, flip.after))
        return tuple(dict.fromkeys((*self.vectors, *pairs)))


def planned(problem: OcamlInline, program: str, count: int, seed: int) -> Plan:
    """``count`` different vectors, or as many as there are; in site mode single changes too."""
    vectors = random_vectors(problem, program, count, seed)
    if problem.mode == "tree":
        return Plan(vectors, ())
    default = tuple(followed(problem, program, lambda path: None).items())
    flips = [flip for before in (default, *vectors[:AROUND]) for flip in _flips(problem, before)]
    return Plan(vectors, tuple(dict.fromkeys(flips)))


def random_vectors(problem: OcamlInline, program: str, count: int, seed: int) -> tuple[Vector, ...]:
    """Different decisions on all calls; each walk inlines with a chance of its own."""
    random = Random(f"{seed} {problem.mode} {program}")
    found: dict[Vector, None] = {}
    for _ in range(TRIES * count):
        if len(found) == count:
            break
        state, chance = problem.initial(program), random.random()
        while state.path is not None:
            rest = sorted(problem.allowed(state) - {Action.INLINE})
            inline = len(rest) < len(problem.allowed(state)) and random.random() < chance
            state = problem.apply(state, Action.INLINE if inline else random.choice(rest))
        found[state.decisions] = None
    return tuple(found)


def _flips(problem: OcamlInline, before: Vector) -> list[Flip]:
    """Every decision as each of the other ones, the compiler's own wish aside."""
    return [
        Flip(before, (*before[:index], (path, other), *before[index + 1 :]), path)
        for index, (path, action) in enumerate(before)
        for other in (Action.INLINE, Action.NEVER)
        if other is not action
    ]
