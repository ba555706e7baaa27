"""The semantics law: two methods have the same effects on the same inputs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from gymcc.envs.jitcse.interpreter.run import MAX_STEPS, UnwrittenLocal, run
from gymcc.envs.jitcse.interpreter.trace import Call, End, Store, Trace
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.jitcse.wellformed import check


class EffectsDiffer(ValueError):
    """Two methods do different things; the message names the seed and the first difference."""


def same_effects(original: Method, changed: Method, seeds: Iterable[int], max_steps: int = MAX_STEPS) -> None:
    """Raise :class:`EffectsDiffer` unless both methods do the same for every seed.

    Where one runs out of steps, what it did until then must be how the other begins. ``changed`` gets twice the steps
    and more, since hoisting may plant a block before each loop. Raises ``Malformed`` where ``changed`` breaks a rule of
    the representation.
    """
    check(changed)
    for seed in seeds:
        expected = run(original, seed, max_steps)
        try:
            found = run(changed, seed, 2 * max_steps + 2)
        except UnwrittenLocal as error:
            raise EffectsDiffer(f"{original.name}, seed {seed}: {error}") from error
        if difference := _difference(expected, found):
            raise EffectsDiffer(f"{original.name}, seed {seed}: {difference}")


def _difference(expected: Trace, found: Trace) -> str:
    """The first difference in words; empty if there is none."""
    for number, (wanted, got) in enumerate(zip_longest(expected.effects, found.effects)):
        if wanted != got and not (wanted is None and expected.end is End.STEPS):
            return f"effect {number} is {_words(wanted, expected)} in the original, now {_words(got, found)}"
    if expected.end is End.STEPS or (expected.end, expected.result) == (found.end, found.result):
        return ""
    return f"after {len(expected.effects)} effects the original {_end(expected)}, now it {_end(found)}"


def _words(effect: Store | Call | None, trace: Trace) -> str:
    return _end(trace) if effect is None else str(effect)


def _end(trace: Trace) -> str:
    return f"{trace.end} {trace.result}" if trace.result is not None else f"{trace.end}"
