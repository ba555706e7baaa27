"""The proven shortest schedule is that of looking at every node."""

from __future__ import annotations

import pytest

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.library import Library, shipped_labels
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture, UnitType
from gymcc.envs.nitta.optimum import TooLarge, least_duration, shortest
from gymcc.envs.nitta.tree import Node, open_tree
from tests.nitta.recorded import DATA

MANY = 10**6


def by_looking_at_everything(root: Node) -> int | None:
    """The least duration of the complete leaves; of equal states one is gone on from."""
    best, seen, waiting = None, set(), [root]
    while waiting:
        node = waiting.pop()
        if node.crashed or node in seen:
            continue
        seen.add(node)
        if not node.options and node.is_complete:
            best = node.duration if best is None else min(best, node.duration)
        waiting += [node.child(at) for at in range(len(node.options))]
    return best


@pytest.mark.parametrize(
    "name", ["tiny/echo", "tiny/gcd", "tiny/choose", "tiny/halve", "tiny/integrator", "tiny/negate"]
)
def test_nothing_is_shorter(name):
    root = open_tree(Library().program(name))
    found = shortest(root, MANY)
    assert found.is_complete
    assert not found.options
    assert found.duration == by_looking_at_everything(open_tree(root.program, group_binds="off"))
    assert root.at(found.sid) == found


def test_a_program_without_a_schedule():
    without = Microarchitecture(tuple(u for u in DEFAULT.units if u.type is not UnitType.DIVIDER))
    assert shortest(open_tree(Library().program("tiny/gcd"), without), MANY) is None


def test_a_tree_that_is_too_large():
    program = compile_lua((DATA / "programs" / "fir3.lua").read_text())
    with pytest.raises(TooLarge, match="more than 500 states"):
        shortest(open_tree(program), 500)


@pytest.mark.parametrize("name", ["tiny/gcd", "small/fir2", "medium/fir5", "hard/drive"])
def test_the_bound_holds_on_the_way_to_the_best_known_schedule(name):
    node = open_tree(Library().program(name)).at(shipped_labels()[name].best)
    duration = node.duration
    assert least_duration(node.state) == duration
    bounds = []
    while node is not None:
        bounds.append(least_duration(node.state))
        node = node.parent
    assert all(bound <= duration for bound in bounds)
    assert bounds[-1] > 0
