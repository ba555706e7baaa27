"""Which buffers are offered where units wait for each other: rules that the recordings hardly come by."""

from __future__ import annotations

from types import SimpleNamespace

from gymcc.envs.nitta.options.deadlocks import offered
from gymcc.envs.nitta.units import Endpoint


def unit(*endpoints: Endpoint, self_sent: str = "", locks: str = ""):
    """A unit that offers endpoints, would send itself variables, and says "x locked by y" for each pair xy."""
    pairs = frozenset((pair[0], pair[1]) for pair in locks.split())
    return SimpleNamespace(
        endpoints=endpoints,
        self_sent=frozenset(self_sent.split()),
        locks=pairs,
        reversed_locks=frozenset((by, locked) for locked, by in pairs),
    )


def source(*variables: str) -> Endpoint:
    return Endpoint(True, variables, 0)


def target(variable: str) -> Endpoint:
    return Endpoint(False, (variable,), 0)


def state(*units, transferable: str = "", last: tuple[str, ...] = ()):
    return SimpleNamespace(units=units, transferable=frozenset(transferable.split()), last_buffered=last)


def buffered(*units, **rest) -> list[tuple[str, ...]]:
    return [option.decision.variables for option in offered(state(*units, **rest))]


def test_every_set_of_an_endpoints_variables_with_one_in_trouble():
    sets = buffered(unit(source("a", "b", "c"), self_sent="b"))
    assert sets == [("a", "b"), ("a", "b", "c"), ("b",), ("b", "c")]


def test_of_several_in_trouble_the_least_ones_endpoint_counts():
    assert buffered(unit(source("c", "d"), source("a", "b"), self_sent="d b")) == [("a", "b"), ("b",)]


def test_of_two_endpoints_the_later_units_counts():
    assert buffered(unit(source("a", "b"), self_sent="a"), unit(target("a"))) == [("a",)]
    assert buffered(unit(target("a")), unit(source("a", "b"), self_sent="a")) == [("a",), ("a", "b")]


def test_units_that_lock_each_other():
    one, other = unit(source("y"), locks="xy"), unit(source("x"), locks="yx")
    assert buffered(one, other) == [("y",), ("x",)]
    assert buffered(one, unit(source("x"), locks="zx")) == []
    assert buffered(unit(source("y"), locks="xy yx")) == [], "a unit does not wait for itself"
    assert buffered(unit(locks="xy"), unit(source("x"), locks="yx")) == [("x",)], "what cannot move now is left alone"


def test_a_variable_is_buffered_twice_at_most():
    once, twice = "a@buf", "a@buf@buf"
    assert buffered(unit(source(once), self_sent=once)) == [(once,)]
    assert buffered(unit(source(twice), self_sent=twice)) == []
    assert buffered(unit(source(twice, "b"), self_sent=f"{twice} b")) == [(twice, "b"), ("b",)]


def test_what_was_just_decided_is_scored_so_that_nothing_takes_it_again():
    busy = unit(source("a", "b"), self_sent="a")
    scores = {o.decision.variables: o.score for o in offered(state(busy, transferable="a", last=("a",)))}
    assert scores == {("a",): -2, ("a", "b"): 982}
