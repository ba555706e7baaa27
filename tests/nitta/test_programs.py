"""The shipped programs: sizes, variety, and that each can be scheduled and computes what it says."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import combinations

import networkx as nx
import pytest

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.functions import Kind
from gymcc.envs.nitta.library import TIERS, shipped_sources
from gymcc.envs.nitta.microarchitecture import DEFAULT
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.simulator import check
from gymcc.envs.nitta.tree import open_tree

from .descents import kinds_of_decisions, shipped, solutions
from .recorded import DATA

NAMES = list(shipped_sources())
MOST_FUNCTIONS = {"tiny": 5, "small": 10, "medium": 22, "hard": 45}
SPI_DEPTH, CELLS = 6, 16 + 32


@cache
def kinds(name: str) -> Counter[Kind]:
    return Counter(function.kind for function in shipped(name).functions)


def test_there_are_programs_of_every_tier():
    tiers = Counter(name.split("/")[0] for name in NAMES)
    assert set(tiers) == set(TIERS) == set(MOST_FUNCTIONS)
    assert all(count >= 8 for count in tiers.values())
    assert len(NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_a_program_fits_its_tier_and_the_processor(name):
    assert len(shipped(name).functions) <= MOST_FUNCTIONS[name.split("/")[0]]
    assert kinds(name)[Kind.RECEIVE] <= SPI_DEPTH
    assert 1 <= kinds(name)[Kind.SEND] <= SPI_DEPTH
    assert kinds(name)[Kind.CONSTANT] + kinds(name)[Kind.LOOP] < CELLS


@pytest.mark.parametrize("name", NAMES)
def test_a_program_starts_with_what_it_does_and_is_called_like_its_file(name):
    source = shipped_sources()[name]
    stem = name.split("/")[1]
    assert re.match(rf"-- [a-z][^\n]{{9,98}}\nfunction {stem}\(", source)
    assert source.endswith(")\n")
    assert source.count("--") == 1


def test_comments_differ():
    comments = [source.partition("\n")[0] for source in shipped_sources().values()]
    assert len(set(comments)) == len(comments)


def test_every_kind_of_function_occurs():
    found = set().union(*(kinds(name) for name in NAMES))
    made_by_refactoring = {Kind.LOOP_BEGIN, Kind.LOOP_END, Kind.ACC, Kind.TRUTH_TABLE}
    assert found == set(Kind) - made_by_refactoring - {Kind.BROKEN_BUFFER}  # that one is for NITTA's own tests


def graph(program: Program) -> nx.DiGraph:
    """The flow of data, without any names."""
    producers = {variable: at for at, f in enumerate(program.functions) for variable in f.produced}
    result = nx.DiGraph()
    for at, function in enumerate(program.functions):
        result.add_node(at, label=f"{function.kind} {function.detail if function.kind is Kind.COMPARE else ''}")
        result.add_edges_from((producers[variable], at) for variable in function.inputs)
    return result


def test_no_program_is_one_of_the_recorded_ones():
    """Those are for conformance, and held out."""
    recorded = {path.stem: graph(compile_lua(path.read_text())) for path in (DATA / "programs").glob("*.lua")}
    assert len(recorded) == 14
    for name in NAMES:
        ours = graph(shipped(name))
        for other, theirs in recorded.items():
            assert not nx.is_isomorphic(ours, theirs, lambda a, b: a["label"] == b["label"]), (name, other)


def test_no_two_programs_are_the_same():
    graphs = [graph(shipped(name)) for name in NAMES]
    for one, other in combinations(graphs, 2):
        assert not nx.is_isomorphic(one, other, lambda a, b: a["label"] == b["label"])


@pytest.mark.parametrize("name", NAMES)
def test_a_known_schedule_computes_the_program(name):
    program = shipped(name)
    node = open_tree(program, group_binds="obvious").at(solutions()[name])
    assert node.is_leaf
    assert node.is_complete
    check(node.schedule(), program, DEFAULT, seed=len(name))


def test_known_schedules_take_every_kind_of_decision():
    ends = [open_tree(shipped(name), group_binds="obvious").at(sid) for name, sid in solutions().items()]
    taken = set().union(*map(kinds_of_decisions, ends))
    assert taken == {
        "SingleBind", "GroupBind", "DataflowDecision", "BreakLoop", "ResolveDeadlock", "OptimizeAccum",
        "OptimizeLogicalUnit", "ConstantFolding",
    }  # fmt: skip
