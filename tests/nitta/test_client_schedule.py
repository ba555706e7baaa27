"""Schedules read from a server are those of the embedded model, and compute what the program says."""

from __future__ import annotations

from functools import cache

import pytest

from gymcc.envs.nitta.backends.server import Connection, MalformedAnswer, RemoteTree
from gymcc.envs.nitta.backends.server.function_text import parse_function
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.functions import Function, Kind, acc
from gymcc.envs.nitta.microarchitecture import DEFAULT
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType
from gymcc.envs.nitta.options.accumulate import steps
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.server.api import Api
from gymcc.envs.nitta.server.inspection import Inspection
from gymcc.envs.nitta.simulator import check
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.recorded import DATA, read_trace
from tests.nitta.recorded_server import serving

NAMES = sorted(path.name.removesuffix(".jsonl.gz") for path in (DATA / "traces").glob("*.jsonl.gz"))


@cache
def program(name: str) -> Program:
    return compile_lua((DATA / "programs" / f"{name}.lua").read_text(), name)


def as_executed(functions: tuple[Function, ...]) -> set[Function]:
    sums = (Kind.ADD, Kind.SUB, Kind.NEG)
    return {acc(steps(function)) if function.kind in sums else function for function in functions}


@pytest.mark.parametrize("name", NAMES)
def test_a_schedule_is_read_from_the_servers_pages(name):
    sid = next(r for r in read_trace(name) if r["record"] == "process")["sid"]
    root = open_tree(program(name))
    here = root.at(sid)
    with serving(Api(root, Inspection(program(name), DEFAULT))) as server:
        there = RemoteTree(Connection(server.url, 60)).root.at(sid)
        schedule = there.schedule()
    assert schedule.transports == here.schedule().transports
    assert schedule.duration == here.duration
    if here.is_complete:
        assert {tag: set(fs) for tag, fs in schedule.bound} == {t: as_executed(fs) for t, fs in here.schedule().bound}
        details = {f: f.detail for _, functions in here.schedule().bound for f in functions}
        assert all(details.get(f, f.detail) == f.detail for _, functions in schedule.bound for f in functions)
        assert schedule.waiting == ()
        check(schedule, program(name), DEFAULT)
    else:
        assert schedule.waiting


def test_at_the_root_everything_waits():
    with serving(Api(open_tree(program("kitchen")), Inspection(program("kitchen"), DEFAULT))) as server:
        schedule = RemoteTree(Connection(server.url, 60)).root.schedule()
    assert (schedule.transports, schedule.duration) == ((), -1)
    assert schedule.waiting == program("kitchen").functions[::-1]


def all_texts() -> set[str]:
    found: set[str] = set()
    for name in NAMES:
        for record in read_trace(name):
            if record["record"] == "debug":
                found |= {text for text in record["functions"] if not text.startswith("LoopBegin")}
    return found


def test_recorded_texts_are_read_and_printed_again():
    texts = all_texts()
    assert len(texts) > 100
    assert {parse_function(text, DEFAULT_TYPE, {}).text for text in texts} == texts


@pytest.mark.parametrize(
    "text",
    [
        "-a^0#0 = b^0#0",
        "not a#0 = _",
        "Acc(+a#0 -b#0 = c#0 = d#0, +e#0 = f#0)",
        "Acc(+a#0 +b#0)",
        "brokenBuffer(a#0) = b#0 = c#0",
        "a#0 / b#0 = _; a#0 mod b#0 = c#0",
        "const(-1.500000) = _0#-1.5",
        "receive() = _",
    ],
)
def test_other_texts(text):
    assert parse_function(text, NumberType(16, 32), {}).text == text


@pytest.mark.parametrize("text", ["", "teleport(a) = b", "LoopBegin() = a#0", "a ? b = c"])
def test_texts_of_no_function(text):
    with pytest.raises(ValueError, match=r"not the text|first value"):
        parse_function(text, DEFAULT_TYPE, {})


def test_a_newer_servers_process_is_an_error():
    class Newer(Inspection):
        def page(self, name, node):
            return (
                {"steps": [{"pInterval": [0, 0], "pDesc": "@mul Intermediate: warp(a)"}]}
                if name == "process"
                else (super().page(name, node))
            )

    with serving(Api(open_tree(program("relay")), Newer(program("relay"), DEFAULT))) as server:
        root = RemoteTree(Connection(server.url, 60)).root
        with pytest.raises(MalformedAnswer, match="warp"):
            root.schedule()
