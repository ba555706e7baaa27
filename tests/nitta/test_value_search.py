"""Beams on trees small enough to be seen completely, and what a trial says of two searches."""

from contextlib import suppress
from functools import cache
from math import exp, log
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.nitta_value.guide import Outlook
from gymcc.agents.nitta_value.observe import AT
from gymcc.agents.nitta_value.same import canonical, taken
from gymcc.agents.nitta_value.search import beam, guided, least_behind, least_duration, widening_beam
from gymcc.agents.nitta_value.trial import Trial, compared, summary
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.methods import Explorer, Limit, LimitReached, is_success, synthesise
from gymcc.envs.nitta.tree import open_tree

SMALL = ["tiny/echo", "tiny/halve", "tiny/hold", "tiny/blink", "tiny/delay", "tiny/weekday", "tiny/choose"]


def tree(name):
    return open_tree(Library().program(name))


@cache
def everything(name):
    nodes, stack = [], [tree(name)]
    while stack:
        node = stack.pop()
        nodes.append(node)
        stack += [] if node.crashed else node.children
    return nodes


def optimum(name):
    return min(node.duration for node in everything(name) if not node.crashed and is_success(node))


def blind(node):
    return [0.0] * len(node.options)


def misled(node):
    return [option.score for option in node.options]


@pytest.mark.parametrize("estimates", [blind, misled])
@pytest.mark.parametrize("name", SMALL)
def test_beams_that_widen_end_at_the_optimum_of_a_small_tree(name, estimates):
    explorer = Explorer(scores=estimates)
    found = widening_beam(explorer, tree(name))
    assert found.duration == optimum(name)
    assert explorer.evaluations <= len(everything(name))


@pytest.mark.parametrize("name", ["small/fir2", "small/horner", "medium/foxes"])
def test_no_state_is_looked_at_without_paying_for_it(name):
    root = tree(name)
    explorer, _ = guided(root, Blind(2), Limit(150))
    built, stack = [], [root]
    while stack:
        node = stack.pop()
        built += [node.sid] if {"state", "crashed"} & vars(node).keys() else []
        stack += vars(node).get("children", ())
    assert set(built) == explorer._evaluated
    assert len(built) == explorer.evaluations == 150


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from([*SMALL, "small/fir2", "small/horner", "medium/foxes"]), seed=st.integers(0, 10**6))
def test_what_was_decided_tells_most_equal_states_apart_before_they_are_built(name, seed):
    random, root = Random(seed), tree(name)
    ends = {}
    for _ in range(30):
        node = root
        for _ in range(random.randrange(1, 8)):
            if node.crashed or not node.options:
                break
            node = random.choice(node.children)
        if not node.crashed:
            assert canonical(node.state) == ends.setdefault(taken(node), canonical(node.state))


def test_a_bound_known_before_a_state_is_built_is_no_greater_than_the_one_after():
    for name in SMALL:
        for node in everything(name):
            if node.parent is not None and not node.crashed:
                assert least_behind(node) <= least_duration(node) or node.state.waiting.functions


@pytest.mark.parametrize("name", SMALL)
def test_no_schedule_is_shorter_than_the_least_duration(name):
    for node in everything(name):
        if node.crashed or not is_success(node):
            continue
        above = node
        while above is not None:
            assert least_duration(above) <= node.duration
            above = above.parent


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from([*SMALL, "small/horner", "small/fir2"]), limit=st.integers(1, 150))
def test_a_beam_keeps_to_its_limit_and_its_result_replays(name, limit):
    explorer = Explorer(Limit(limit), misled)
    with suppress(LimitReached):
        widening_beam(explorer, tree(name))
    assert explorer.evaluations <= limit
    if explorer.best:
        assert is_success(explorer.best)
        assert tree(name).at(explorer.best.sid).duration == explorer.best.duration == explorer.curve[-1][2]
        explorer.best.state.schedule()


def test_a_beam_of_width_1_follows_the_estimates():
    root = tree("small/horner")
    explorer = Explorer(scores=lambda node: [-option.score for option in node.options])
    beam(explorer, root, 1)
    node = root
    while node.options:
        scores = [option.score for option in node.options]
        node = node.children[scores.index(max(scores))]
        assert node.sid in explorer._known


def test_a_wider_beam_sees_more_and_pays_only_for_what_is_new():
    explorer = Explorer(scores=misled)
    seen = []
    for width in (1, 2, 4):
        beam(explorer, tree("small/fir2"), width)
        seen.append(explorer.evaluations)
    assert seen[0] < seen[1] < seen[2]
    again = Explorer(scores=misled)
    beam(again, tree("small/fir2"), 4)
    assert again.evaluations > seen[2] - seen[1]


class Blind:
    """Stands in for a guide of several members who see nothing."""

    def __init__(self, members=1):
        self.members = members

    def ticks(self, rows, scale):
        return np.zeros((len(rows), self.members), np.float32)


class TwoMinds(Blind):
    """Its first member follows NITTA's scores, its second one the opposite; together they see nothing."""

    def __init__(self):
        super().__init__(2)

    def ticks(self, rows, scale):
        scores = rows[:, AT["score"]]
        return np.stack([-scores, scores], axis=1)


@pytest.mark.parametrize("guide", [Blind(1), Blind(3), TwoMinds()])
def test_a_guide_of_several_members_shares_one_limit(guide):
    name = "small/fir2"
    explorer, ended = guided(tree(name), guide, Limit(120))
    assert (explorer.evaluations, ended) == (120, "limit")
    for small in SMALL[:3]:
        explorer, ended = guided(tree(small), guide, Limit())
        assert (ended, explorer.best.duration) == ("done", optimum(small))


def test_members_judge_alone_and_together():
    outlook, node = Outlook(TwoMinds()), tree("small/fir2")
    alone = [outlook.estimates(node, member) for member in (0, 1)]
    assert outlook.estimates(node) == pytest.approx([(a + b) / 2 for a, b in zip(*alone, strict=True)])
    best = max(range(len(node.options)), key=lambda at: node.options[at].score)
    assert alone[0][best] == min(alone[0])
    assert alone[1][best] == max(alone[1])


def test_other_eyes_pay_once_for_what_is_evaluated():
    first = Explorer(Limit(30), blind)
    second = first.seeing(misled)
    root = tree("small/fir2")
    beam(first, root, 1)
    paid = first.evaluations
    assert second.evaluations == paid
    assert second.scores(root) == misled(root) != first.scores(root)
    assert second.evaluations == paid
    with pytest.raises(LimitReached):
        beam(second, root, 4)
    assert first.evaluations == second.evaluations == 30
    assert first.best is second.best


def test_a_trial_gives_both_searches_the_same_number_of_nodes():
    trial = compared("tiny/weekday", Blind())
    sota = synthesise(tree("tiny/weekday"), "stateOfTheArt")
    assert (trial.evaluations, trial.sota) == (sota.evaluations, sota.node.duration)
    assert trial.used <= trial.evaluations
    assert trial.guided == tree("tiny/weekday").at(trial.sid).duration
    assert compared("tiny/weekday", Blind(), {"evaluations": 1, "sota": 3}) == Trial("tiny/weekday", 1, 3, None, 1, "")


def test_a_summary_by_hand():
    trials = [
        Trial("a", 9, 10, 8, 3, "-0"),
        Trial("b", 9, 10, 20, 3, "-0"),
        Trial("c", 9, None, 8, 3, "-0"),
        Trial("d", 9, 10, None, 9, ""),
        Trial("e", 9, 10, None, 9, ""),
        Trial("f", 9, None, None, 9, ""),
    ]
    found = summary(trials)
    assert found["ratio"] == pytest.approx(exp((log(0.8) + log(2)) / 2))
    assert (found["sota_solves"], found["guided_solves"], found["shorter"], found["longer"]) == (4, 3, 1, 1)
    assert found["score"] == pytest.approx((log(0.8) + log(2) + log(10)) / 5)
    assert summary([])["ratio"] is None
