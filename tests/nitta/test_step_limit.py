"""Nothing goes on for ever: NITTA's 750 steps, where decisions never end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest

import gymcc  # noqa: F401 - registers the environments
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.methods import Explorer, Limit, synthesise
from gymcc.envs.nitta.methods.threads import obvious_group_binds
from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.options import classes
from gymcc.envs.nitta.toml import dump_microarchitecture
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.recorded import DATA

LIMIT = 750


@dataclass(frozen=True)
class Endless:
    """A tree with one option in every node."""

    kind: str
    depth: int = 0
    parent: Endless | None = None
    crashed = is_leaf = is_complete = False
    duration = -1
    unit_count = 10

    @property
    def sid(self) -> str:
        return str(self.depth)

    @property
    def option(self):
        return self.parent.options[0] if self.parent else None

    @property
    def options(self):
        decision = SimpleNamespace(kind=self.kind)
        return [SimpleNamespace(decision=decision, metrics={"pOnlyObviousBinds": True}, score=100.0)]

    @cached_property
    def children(self):
        return [Endless(self.kind, self.depth + 1, self)]


@pytest.mark.parametrize(
    ("method", "kind", "steps"),
    [
        ("bestThread", "Allocation", LIMIT),
        ("allBestThreads1", "Allocation", LIMIT + 1),
        ("allBindsAndRefs", "SingleBind", LIMIT),
        ("smartBindSynthesis", "SingleBind", 2 * LIMIT + 1),
    ],
)
def test_threads_end_after_750_steps(method, kind, steps):
    assert synthesise(Endless(kind), method).node.depth == steps


def test_obvious_groups_and_descents_end_too():
    assert obvious_group_binds(Explorer(), Endless("GroupBind")).depth == LIMIT
    found = synthesise(Endless("Allocation"), "randomDescents", Limit(evaluations=LIMIT + 5))
    assert found.evaluations <= LIMIT + 1


MANY = Microarchitecture(
    (UnitSpec("a", UnitType.FRAM), UnitSpec("b", UnitType.FRAM)), (UnitSpec("more{x}", UnitType.FRAM),)
)


def test_an_episode_is_cut_off_after_750_steps(tmp_path):
    """No unit computes the sums, so that one more memory is always on offer."""
    file = tmp_path / "many.toml"
    file.write_text(dump_microarchitecture(MANY))
    options = {"dataset": str(DATA / "programs" / "leaky1.lua"), "split": "all", "microarchitecture": str(file)}
    env = gym.make("nitta-synthesis-v0", group_binds="obvious", **options)
    env.reset(seed=0)
    assert env.unwrapped.max_steps == LIMIT
    taken, ended, truncated = 0, False, False
    while not (ended or truncated):
        action = next(iter(np.flatnonzero(env.unwrapped.action_masks())))  # allocations come first
        _, _, ended, truncated, _ = env.step(action)
        taken += 1
    assert (taken, ended, truncated) == (LIMIT, False, True)


@pytest.mark.parametrize("count", [2, 40, 160])
def test_many_units_are_not_many_times_the_work(count, monkeypatch):
    """However many memories there are, no more ways to share out functions are gone on with."""
    numbers, extended = [], classes._extended

    def counted(beginnings, *rest):
        longer = extended(beginnings, *rest)
        numbers.append(len(longer) * count)  # each is a tuple of so many
        return longer

    monkeypatch.setattr(classes, "_extended", counted)
    memories = tuple(UnitSpec(f"f{at:03}", UnitType.FRAM) for at in range(count))
    options = open_tree(Library().program("hard/sensor"), Microarchitecture(memories)).options
    assert any(option.kind == "GroupBind" for option in options)
    assert 0 < max(numbers) <= 400_000
