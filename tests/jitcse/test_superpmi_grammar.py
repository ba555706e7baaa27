"""What superpmi says is read as it was meant, or refused by name."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.jitcse.backends.superpmi.grammar import MalformedReply, parse_reply, parse_report
from gymcc.envs.jitcse.backends.superpmi.report import SATURATED, Heuristic, Hook, Report, Sampled, Update
from gymcc.envs.jitcse.backends.superpmi.requests import hook, request, stock
from gymcc.envs.jitcse.backends.superpmi.stub import printing
from gymcc.envs.jitcse.policies.features import HOOK_2026_NAMES, HOOK_NAMES, METHOD_NAMES

# Lines in the forms of .NET 9, .NET 10 and the 2026 branch, written out by hand

HEAD = "; Total bytes of code 212, prolog size 14, PerfScore 61.75, instruction count 58, allocated bytes for code 216"
FOOT = "spmi index 17 (MethodHash=1f3a09c4) for method Acme.Buf:Copy(int,int):int:this (Tier1)"
ROW = "1,1,0,0,0,0,0,0,3,3,2,1,200,100,1,1,9,2,7"
NAMES = ",".join(HOOK_NAMES)


def report(tail: str, counts: str = ", num cse 2 num cand 4") -> Report:
    return parse_report(f"{HEAD}{counts}{tail} {FOOT}")


def test_facts_are_found_by_name():
    found = report(" Standard CSE Heuristic seq 3,1,0")
    assert found == Report(
        index=17,
        name="Acme.Buf:Copy(int,int):int:this",
        method_hash="1f3a09c4",
        tier="Tier1",
        perf_score=61.75,
        code_size=212,
        prolog_size=14,
        instructions=58,
        allocated=216,
        num_cse=2,
        num_cand=4,
        tail=Heuristic("Standard CSE Heuristic", (3, 1)),
    )
    assert found.rows == ()


def test_facts_may_be_joined_by_others():
    line = HEAD.replace(", instruction", ", data bytes 12, instruction") + f", num cse 2, loops 3 num cand 4 {FOOT}"
    assert parse_report(line) == report("")


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("", None),
        (" Standard CSE Heuristic seq 0", Heuristic("Standard CSE Heuristic")),
        (" Standard CSE Heuristic", Heuristic("Standard CSE Heuristic")),
        (" Random CSE Heuristic seq 2,0", Heuristic("Random CSE Heuristic", (2,))),
        (" Parameterized CSE Heuristic seq 12,1,0", Heuristic("Parameterized CSE Heuristic", (12, 1))),
        (" RL Policy Gradient Stochastic seq 1,0", Heuristic("RL Policy Gradient Stochastic", (1,))),
        (
            " RL Policy Gradient Stochastic seq 1,0 likelihoods 0.500,1.000 baseLikelihoods 0.000,0.500,1.000,0.500",
            Sampled((1,), (0.5, 1.0), ((0, 0.5), (1, 0.5))),
        ),
        (" RL Policy Gradient Update seq 1,0 updatedparams 0.242500,-0.010000", Update((1,), (0.2425, -0.01))),
        (
            " RL Policy Gradient Update seq 0 updatedparams 0.5, features CSE #01,1.0 CSE #00,0.0",
            Update((), (0.5,), "CSE #01,1.0 CSE #00,0.0"),
        ),
        (f" features #1,{ROW}", Hook((tuple(map(int, ROW.split(","))),))),
        (f" features #1,{ROW} seq 1", Hook((tuple(map(int, ROW.split(","))),), (1,))),
        (" seq 3,0", Hook((), (3, 0))),
        (" featureNames a,b method,4,5 features #1,1,2", Hook(((1, 2),), (), ("a", "b"), (4, 5))),
        (
            " featureNames a methodFeatureNames c,d method,4,5 features #1,1 features #2,2 seq 0,1",
            Hook(((1,), (2,)), (0, 1), ("a",), (4, 5), ("c", "d")),
        ),
        (" featureNames a,b", Hook((), (), ("a", "b"))),
    ],
)
def test_each_tail(tail, expected):
    assert report(tail).tail == expected


def test_features_go_by_the_names_of_the_build():
    found = report(f" featureNames {NAMES} features #1,{ROW} features #2,{ROW} seq 1")
    assert [row["cost_ex"] for row in found.rows] == [3, 3]
    assert list(found.rows[0]) == list(HOOK_NAMES)


def test_overflowed_features_are_the_largest():
    row = ROW.replace("200,100", "-2147483648,-5")
    found = report(f" featureNames {NAMES} method,-2147483648 features #1,{row}")
    assert (found.rows[0]["use_wt_cnt"], found.rows[0]["def_wt_cnt"]) == (SATURATED, SATURATED)
    assert found.tail.method == (SATURATED,)


@pytest.mark.parametrize("tier", ["Tier1", "Tier1-OSR", "Instrumented Tier1", "FullOpts", "MinOpts"])
@pytest.mark.parametrize(
    "name", ["A:B():int", "A`1[System.Int32]:B(C[int, long], int[,]):D`1[E] (x):this", "a for method b"]
)
def test_names_may_hold_anything(tier, name):
    found = parse_report(f"{HEAD}, num cse 0 num cand 0 spmi index 3 (MethodHash=0) for method {name} ({tier})")
    assert (found.name, found.tier, found.index, found.method_hash) == (name, tier, 3, "0")


def test_a_jit_may_not_tell_the_index():
    assert parse_report(f"{HEAD}, num cse 0 num cand 0 (MethodHash=0) for method A:B (Tier1)").index == 0


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        (HEAD, "MethodHash"),
        (f"{HEAD} {FOOT}", "num cand|MethodHash"),
        (f"{HEAD}, num cse 2 num cand 4 {FOOT}".replace("PerfScore 61.75", "PerfScore nan"), "PerfScore"),
        (f"{HEAD}, num cse 2 num cand 4 {FOOT}".replace("61.75", "61,75"), "PerfScore"),
        (f"{HEAD}, num cse 2 num cand 4 {FOOT}".replace("61.75", "9" * 400 + ".00"), "PerfScore"),
        (f"{HEAD}, num cse 2 num cand 4 {FOOT}".replace("code 212", "code -212"), "Total bytes of code"),
        (f"{HEAD}, num cse 2 num cand 4 {FOOT}".replace("count 58", "count " + "5" * 5000), "instruction count"),
        (f"{HEAD}, num cse x num cand 4 {FOOT}", "num cse"),
        (f"{HEAD}, num cse 2 num cand 4 {FOOT}"[:-7], "TIER"),
        (f"{HEAD}, num cse 2 num cand 4 Standard CSE Heuristic seq 3,1 {FOOT}", "not closed"),
        (f"{HEAD}, num cse 2 num cand 4 features #1,1,2 features #2,1 {FOOT}", "rows of 1, 2 features"),
        (f"{HEAD}, num cse 2 num cand 4 featureNames a,b features #1,1 {FOOT}", "rows of 1, 2 features"),
        (f"{HEAD}, num cse 2 num cand 4 featureNames a,a features #1,1,1 {FOOT}", "repeat"),
        (f"{HEAD}, num cse 2 num cand 4 methodFeatureNames a method,1,2 {FOOT}", "2 method features for 1 names"),
        (f"{HEAD}, num cse 2 num cand 4 features #1,1,x {FOOT}", "no list of integers"),
        (f"{HEAD}, num cse 2 num cand 4 features #1,1 {'9' * 30} {FOOT}", "unknown word"),
        (f"{HEAD}, num cse 2 num cand 4 features {FOOT}", "neither a heuristic nor features after `num cand`"),
        (
            f"{HEAD}, num cse 2 num cand 4 RL seq 0 likelihoods 0.5 baseLikelihoods 0.000,0.5,1.0 {FOOT}",
            "not pairs",
        ),
        (f"{HEAD}, num cse 2 num cand 4 RL seq 0 likelihoods x baseLikelihoods 0.0,0.5 {FOOT}", "could not convert"),
    ],
)
def test_what_is_malformed_is_named(line, missing):
    with pytest.raises(MalformedReply, match=missing):
        parse_report(line)


# Whole replies

DONE = "[streaming] Done. Status=0"
LINE = f"{HEAD}, num cse 2 num cand 4 {FOOT}"


@pytest.mark.parametrize(
    ("done", "status"),
    [("[streaming] Done.", None), ("[streaming] Done. Status=0", 0), ("[streaming] Done. Status=2 ", 2)],
)
def test_done_tells_the_status_since_2024(done, status):
    assert parse_reply([LINE, done]).status == status


def test_the_last_report_holds_and_the_rest_is_kept():
    first = LINE.replace("61.75", "99.00").replace("Tier1", "MinOpts")
    found = parse_reply(["; Assembly listing", first, "  mov eax, 1", LINE, "more", DONE])
    assert found.report == report("")
    assert found.said == ("; Assembly listing", "  mov eax, 1", "more")


def test_a_method_may_have_no_report():
    found = parse_reply(["ERROR: Method 18 of size 96 failed to load", "[streaming] Done. Status=1"])
    assert (found.report, found.status) == (None, 1)
    assert found.said == ("ERROR: Method 18 of size 96 failed to load",)


@pytest.mark.parametrize("lines", [[], [LINE], [LINE, "[streaming] Done"], [LINE, DONE + "x"], [LINE[:150], DONE]])
def test_other_replies_are_malformed(lines):
    with pytest.raises(MalformedReply):
        parse_reply(lines)


# Laws

names = st.lists(st.from_regex(r"[a-z][a-z_0-9]{0,12}", fullmatch=True), min_size=1, max_size=33, unique=True)
features = st.integers(0, 2**31 - 1)
orders = st.lists(st.integers(0, 63), max_size=16, unique=True)


@st.composite
def hooks(draw):
    named = draw(names)
    rows = [
        dict(zip(named, draw(st.tuples(*[features] * len(named))), strict=True)) for _ in range(draw(st.integers(1, 5)))
    ]
    method = draw(st.sampled_from([{}, dict.fromkeys(METHOD_NAMES, draw(features))]))
    return rows, method, draw(orders), draw(st.booleans())


facts = st.builds(
    printing.Facts,
    index=st.integers(1, 10**6),
    name=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40).map(lambda n: n + ":m"),
    method_hash=st.integers(0, 2**32 - 1),
    tier=st.sampled_from(["Tier1", "Instrumented Tier1", "FullOpts"]),
    code_size=features,
    prolog_size=features,
    perf_score=st.floats(0, 1e12).map(lambda score: round(score, 2)),
    instructions=features,
    num_cse=st.integers(0, 64),
    num_cand=st.integers(0, 64),
)


@given(facts, hooks())
@settings(max_examples=60)
def test_what_the_hook_prints_is_read_back(fact, hook):
    rows, method, sequence, with_names = hook
    found = parse_report(printing.report(fact, printing.hook(rows, method, sequence, with_names)))
    assert (found.index, found.name, found.tier, found.perf_score) == (
        fact.index,
        fact.name,
        fact.tier,
        fact.perf_score,
    )
    assert int(found.method_hash, 16) == fact.method_hash
    assert found.tail == Hook(
        features=tuple(tuple(row.values()) for row in rows),
        sequence=tuple(sequence),
        feature_names=tuple(rows[0]) if with_names else (),
        method=tuple(method.values()),
        method_names=tuple(method) if with_names else (),
    )
    assert found.rows == (tuple(rows) if with_names else ())


@given(facts, orders, st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=40)
def test_what_heuristics_print_is_read_back(fact, order, likelihoods):
    sequence = tuple(number + 1 for number in order)
    plain = parse_report(printing.report(fact, printing.heuristic("Replay CSE Heuristic", order)))
    assert plain.tail == Heuristic("Replay CSE Heuristic", sequence)
    base = [(number - 1, each) for number, each in enumerate(likelihoods)]
    drawn = parse_report(printing.report(fact, printing.sampled(order, likelihoods, base))).tail
    assert drawn.sequence == sequence
    assert drawn.likelihoods == pytest.approx(likelihoods, abs=5.1e-4)
    assert [number for number, _ in drawn.base_likelihoods] == list(range(len(likelihoods)))
    moved = parse_report(printing.report(fact, printing.update(order, likelihoods))).tail
    assert (moved.sequence, moved.parameters) == (sequence, pytest.approx(likelihoods, abs=5.1e-7))


@given(facts, hooks(), st.data())
@settings(max_examples=150)
def test_whatever_comes_is_read_or_refused(fact, hook, data):
    line = printing.report(fact, printing.hook(*hook))
    at = data.draw(st.integers(0, len(line)))
    other = data.draw(st.text(max_size=5))
    until = data.draw(st.sampled_from([at, min(len(line), at + 7), len(line)]))
    with suppress(MalformedReply):
        parse_reply([line[:at] + other + line[until:], DONE])


@given(facts, hooks())
@settings(max_examples=20)
def test_every_truncation_is_refused(fact, hook):
    line = printing.report(replace(fact, name="A:B(int):int"), printing.hook(*hook))
    for end in range(25, len(line) - 1, 7):
        with pytest.raises(MalformedReply):
            parse_reply([line[:end], DONE])


# Requests


def test_lines_are_those_of_the_protocol():
    assert stock(17).line() == "17!JitMetrics=1"
    assert hook(17, []).line() == "17!JitMetrics=1!JitRLHook=1!JitRLHookCSEDecisions="
    assert hook(17, [0, 12], names=True).line() == (
        "17!JitMetrics=1!JitRLHook=1!JitRLHookEmitFeatureNames=1!JitRLHookCSEDecisions=0,12"
    )


def test_integers_are_hexadecimal_and_lists_decimal():
    asked = request(
        255, JitRandomCSE=161, JitCSEHash=-1, JitCSEMask=2**32 - 1, JitReplayCSE=[16, 10], JitRLCSE=[0.5, -1]
    )
    assert asked.line() == (
        "255!JitRandomCSE=a1!JitCSEHash=ffffffff!JitCSEMask=ffffffff!JitReplayCSE=16,10!JitRLCSE=0.5,-1"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"JitUnheardOf": 1}, "unknown JIT option 'JitUnheardOf'; known: JitMetrics"),
        ({"JitMetrics": True}, "JitMetrics takes an integer"),
        ({"JitMetrics": "1"}, "JitMetrics takes an integer"),
        ({"JitReplayCSE": [-1]}, "JitReplayCSE takes a list of integers"),
        ({"JitReplayCSE": 3}, "JitReplayCSE takes"),
        ({"JitRLCSE": [float("nan")]}, "JitRLCSE takes a list of finite numbers"),
        ({"JitStdOutFile": "a!b"}, "without `!`"),
        ({"JitDump": "a\nquit"}, "printable"),
        ({"JitStdOutFile": "x" * 2040}, "a request line of 20.. bytes; superpmi reads 2047"),
    ],
)
def test_options_that_would_be_misread_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        request(1, **options)


def test_the_longest_line_is_allowed():
    assert len(request(1, JitStdOutFile="x" * (2046 - len("1!JitStdOutFile="))).line()) == 2046
    with pytest.raises(ValueError, match="2048 bytes"):
        request(1, JitStdOutFile="x" * (2047 - len("1!JitStdOutFile=")))


@pytest.mark.parametrize("index", [0, -3])
def test_methods_count_from_1(index):
    with pytest.raises(ValueError, match="numbered from 1"):
        stock(index)


def test_the_names_of_the_features_fit_the_grammar():
    for listed in (HOOK_NAMES, HOOK_2026_NAMES, METHOD_NAMES):
        assert all(re.fullmatch(r"[a-z_0-9]+", name) for name in listed)
