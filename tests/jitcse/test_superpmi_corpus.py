"""CORE_ROOT and collection are found, or what is wrong is told with the fix; surveys go on after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.envs.core.problem import BackendError, UnknownInstance
from gymcc.envs.jitcse.analysis import Score
from gymcc.envs.jitcse.backends.superpmi import (
    BadCorpus,
    Cache,
    Filter,
    MethodUnusable,
    Pool,
    SuperPMI,
    WrongJit,
    dataset_of,
    instance_of,
    locate,
    parse_report,
    split,
    survey,
)
from gymcc.envs.jitcse.backends.superpmi.candidates import candidates, features
from gymcc.envs.jitcse.backends.superpmi.encoding import from_json, names_in, to_json
from gymcc.envs.jitcse.backends.superpmi.report import Hook
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import Type
from gymcc.envs.jitcse.policies.features import HOOK_2026_NAMES, HOOK_NAMES, features2026, hook_features
from tests.jitcse.superpmi_fake import GUID, make_fake, script

PATIENCE = 60.0


@pytest.fixture
def fake(tmp_path):
    return make_fake(tmp_path)


# Finding the files


def test_arguments_win_over_variables(fake, tmp_path):
    variables = {"CORE_ROOT": str(fake.root), "DOTNET_MLJitCorpusFile": str(fake.collection)}
    found = locate(variables=variables)
    assert (found.jit, found.collection, found.guid) == (fake.root / "libclrjit.so", fake.collection, GUID)
    assert found.superpmi.path == fake.root / "superpmi"
    assert found == locate(fake.root, fake.collection, variables={"CORE_ROOT": "/nowhere"})
    (fake.root / "libclrjit_arm64.so").write_bytes(b"another")
    crossed = locate(fake.root, fake.collection, jit="libclrjit_arm64.so", variables={})
    assert crossed.key != found.key
    assert crossed.versions()["jit"].startswith("libclrjit_arm64.so ")


def test_relative_paths_are_of_the_callers_folder(fake, monkeypatch):
    monkeypatch.chdir(fake.root)
    found = locate(".", os.path.relpath(fake.collection), variables={})
    assert found.jit.is_absolute()
    with Pool(found) as pool:
        assert pool.ask(1, lambda client: client.stock(1)).index == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda fake: {"core_root": None},
            "needs the option core_root or the variable CORE_ROOT; build dotnet",
        ),
        (
            lambda fake: {"collection": None},
            "option collection or the variable DOTNET_MLJitCorpusFile; run `py",
        ),
        (lambda fake: {"core_root": "/nowhere"}, "CORE_ROOT /nowhere is no folder; build"),
        (lambda fake: {"core_root": fake.collection}, "is no folder"),
        (lambda fake: {"collection": "/nowhere.mch"}, "no collection at /nowhere.mch; run"),
        (lambda fake: {"jit": "libclrjit_arm.so"}, r"no JIT libclrjit_arm.so .* \(JITs there: libclrjit.so\); build"),
        (lambda fake: (fake.root / "libclrjit.so").unlink(), r"no JIT libclrjit.so .* \(JITs there: none\)"),
        (lambda fake: (fake.root / "superpmi").unlink(), "no program superpmi in CORE_ROOT"),
        (lambda fake: (fake.root / "superpmi").chmod(0o644), "no program superpmi in CORE_ROOT"),
        (
            lambda fake: script(fake.root / "mcs", "print('usage: mcs')"),
            "prints no JIT-EE GUID but 'usage: mcs'; build",
        ),
        (lambda fake: script(fake.root / "mcs", "1/0"), "does not tell the JIT-EE GUID: mcs .* ended with status 1"),
        (
            lambda fake: script(fake.root / "mcs", "print('ffffffff-0000-0000-0000-000000000000')"),
            f"is for JIT-EE GUID {GUID}, but the JIT in CORE_ROOT has ffffffff-.*; download the collections of f",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_the_fix(fake, spoil, said):
    changed = spoil(fake)
    arguments = {"core_root": fake.root, "collection": fake.collection, **(changed or {})}
    with pytest.raises(BadCorpus, match=said) as caught:
        locate(**arguments, variables={})
    assert "\n" not in str(caught.value)


def test_without_mcs_or_a_guid_in_the_path_nothing_is_compared(fake, tmp_path):
    elsewhere = tmp_path / "mine.mch"
    shutil.copy(fake.collection, elsewhere)
    assert locate(fake.root, elsewhere, variables={}).guid == GUID
    (fake.root / "mcs").unlink()
    assert locate(fake.root, fake.collection, variables={}).guid == ""


def test_another_build_of_the_jit_has_another_key(fake):
    before = fake.corpus()
    (fake.root / "libclrjit.so").write_bytes(b"another checked JIT")
    after = fake.corpus()
    assert before.key != after.key
    assert before.versions()["jit_ee_guid"] == after.versions()["jit_ee_guid"]


# Filter and split


def report(index=1, viable=(1, 1, 1), num_cse=0):
    line = "; Total bytes of code 1, prolog size 1, PerfScore 1.00, instruction count 1, allocated bytes for code 1"
    plain = parse_report(f"{line}, num cse 0 num cand 0 spmi index {index} (MethodHash=1) for method A:B (Tier1)")
    rows = tuple(tuple(each if name == "viable" else 1 for name in HOOK_NAMES) for each in viable)
    return replace(plain, num_cse=num_cse, tail=Hook(rows, (), HOOK_NAMES))


@pytest.mark.parametrize(
    ("viable", "accepted"),
    [((1, 1, 1), True), ((1, 1), False), ((1, 0, 1, 0), False), ((1, 1, 1) + (0,) * 13, True), ((1,) * 17, False)],
)
def test_methods_with_enough_choice_and_few_candidates(viable, accepted):
    assert Filter()(report(viable=viable)) is accepted
    assert Filter(min_viable=1, max_candidates=64)(report(viable=viable))


@given(st.lists(st.integers(0, 3), max_size=120))
@settings(max_examples=30)
def test_the_split_is_stratified(counts):
    parts = split(report(index, num_cse=count) for index, count in enumerate(counts, 1))
    assert not set(parts.train) & set(parts.test)
    tested = Counter(counts[index - 1] for index in parts.test)
    trained = Counter(counts[index - 1] for index in parts.train)
    for count, size in Counter(counts).items():
        assert tested[count] == size // 10
        assert trained[count] == (size - size // 10 if size >= 10 else 0)


@given(st.randoms())
@settings(max_examples=10)
def test_the_split_depends_on_nothing_but_the_methods(random):
    counts = [0] * 20 + [1] * 40 + [2] * 30 + [3] * 5
    reports = [report(index, num_cse=count) for index, count in enumerate(counts, 1)]
    shuffled = random.sample(reports, len(reports))
    assert split(shuffled) == split(reports)
    assert split(reports, seed=1) != split(reports)


def test_the_split_of_one_group_is_a_shuffle_with_seed_42():
    drawn = list(range(1, 101))
    np.random.default_rng(42).shuffle(drawn)
    assert split([report(index) for index in range(1, 101)]).test == tuple(drawn[:10])


# Reports as JSON


@pytest.mark.parametrize(
    "tail", [" Standard CSE Heuristic seq 2,0", " featureNames a,b method,1 features #1,2,3 seq 0", ""]
)
def test_reports_go_through_json(tail):
    line = "; Total bytes of code 1, prolog size 2, PerfScore 3.25, instruction count 4, allocated bytes for code 5"
    found = parse_report(f"{line}, num cse 6 num cand 7{tail} spmi index 8 (MethodHash=9) for method A:B (Tier1)")
    assert from_json(json.loads(json.dumps(to_json(found))), names_in([found])) == found


# Surveys


def test_a_survey_compiles_every_method_twice_and_is_kept(tmp_path):
    fake = make_fake(tmp_path, methods=70, faults={"7": ["fails"], "20": ["crash"]})
    corpus = fake.corpus()
    steps = []
    with Pool(corpus, processes=2) as pool:
        found = survey(pool, Cache(corpus), Filter(min_viable=3), lambda done, total: steps.append((done, total)))
    assert sorted(found.failed) == [7, 20]
    assert sorted(found.no_cse) == [index for index in range(1, 71) if index not in (7, 20)]
    usable = {index for index in found.no_cse if index % 7 >= 3}
    assert set(found.split.train) | set(found.split.test) == usable
    assert len(found.split.test) == len(usable) // 10
    assert found.heuristic[5].perf_score < found.no_cse[5].perf_score
    assert steps[-1] == (140, 140)

    data = dataset_of(corpus, found)
    assert set(data.split("test")) == {instance_of(index) for index in found.split.test}
    assert set(data.split("train")) | set(data.split("validation")) == {instance_of(each) for each in found.split.train}
    assert data.split("validation")

    asked = len(fake.log())
    with Pool(corpus) as pool:
        assert survey(pool, Cache(corpus), Filter(min_viable=3)) == found
    assert len(fake.log()) == asked
    names = sorted(path.name for path in fake.collection.parent.glob("*.json"))
    assert names == [f"some.mch.{corpus.key}.{kind}.json" for kind in ("heuristic", "no_cse", "test_train")]
    told = json.loads(Cache(corpus).path("test_train").read_text())
    assert (told["methods"], told["test"]) == (70, list(found.split.test))
    assert told["jit"]["jit_ee_guid"] == GUID


def test_caches_can_lie_elsewhere(fake, tmp_path):
    corpus = fake.corpus()
    with Pool(corpus) as pool:
        survey(pool, Cache(corpus, tmp_path))
    assert len(list(tmp_path.glob("some.mch.*.json"))) == 3
    assert not list(fake.collection.parent.glob("*.json"))


def test_another_jit_has_its_own_caches(fake):
    for content in (b"one", b"two"):
        (fake.root / "libclrjit.so").write_bytes(content)
        corpus = fake.corpus()
        with Pool(corpus) as pool:
            survey(pool, Cache(corpus))
    assert len(list(fake.collection.parent.glob("*.no_cse.json"))) == 2
    assert sum(line == "3!JitMetrics=1" for line in fake.lines()) >= 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "unreadable: .*; delete it to have it made again"),
        ("[]", "of another version or JIT; delete it"),
        ('{"schema": 1, "jit": {}}', "of another version or JIT"),
        (None, "unreadable: 'features'; delete it"),
    ],
)
def test_a_broken_cache_is_told(fake, content, said):
    corpus = fake.corpus()
    cache = Cache(corpus)
    ours = json.dumps({"schema": 1, "jit": corpus.versions()})
    cache.path("no_cse").write_text(ours if content is None else content)
    with Pool(corpus) as pool, pytest.raises(ValueError, match=said):
        survey(pool, cache)


SURVEY = """
import sys
from gymcc.envs.jitcse.backends.superpmi import Cache, Pool, locate, survey
corpus = locate(sys.argv[1], sys.argv[2])
with Pool(corpus) as pool:
    survey(pool, Cache(corpus))
"""


def test_a_survey_that_is_killed_goes_on_where_it_saved(tmp_path):
    fake = make_fake(tmp_path, methods=800, faults={"700": ["silent", "well"]})
    cache = Cache(fake.corpus())
    child = subprocess.Popen([sys.executable, "-c", SURVEY, str(fake.root), str(fake.collection)])
    end = time.monotonic() + PATIENCE
    while not any(line.startswith("700!JitMetrics=1!JitRLHook") for line in fake.lines()) and time.monotonic() < end:
        time.sleep(0.1)  # where it hangs
    child.send_signal(signal.SIGKILL)
    child.wait()
    saved = {each["index"] for each in json.loads(cache.path("no_cse").read_text())["reports"]}
    assert 500 <= len(saved) < 700
    before = len(fake.lines())
    with Pool(cache.corpus, processes=2) as pool:
        found = survey(pool, cache)
    assert sorted(found.no_cse) == list(range(1, 801))
    hooked = [int(line.split("!")[0]) for line in fake.lines()[before:] if "JitRLHook=" in line]
    assert sorted(hooked) == sorted(set(range(1, 801)) - saved)


def test_an_interrupted_survey_saves_what_it_has(fake):
    corpus = fake.corpus()

    def interrupt(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with Pool(corpus) as pool, pytest.raises(KeyboardInterrupt):
        survey(pool, Cache(corpus), progress=interrupt)
    saved = json.loads(Cache(corpus).path("no_cse").read_text())["reports"]
    assert [each["index"] for each in saved] == [1, 2, 3, 4, 5]


# The compiler


@pytest.fixture
def compiler(fake):
    made = SuperPMI(fake.root, fake.collection, variables={})
    yield made
    made.close()


def test_it_prices_choices(compiler):
    assert compiler.score("spmi/12", frozenset()) == Score(112.0, 212, 62)
    assert compiler.score("spmi/12", frozenset({4, 0})) == Score(106.0, 212, 62)
    assert compiler.heuristic("spmi/12") == (4, 3, 2, 1, 0)
    assert compiler.heuristic("spmi/7") == ()
    assert compiler.best("spmi/12") is None
    assert compiler.method_features("spmi/12", frozenset()) == {}
    assert [row["cost_ex"] for row in compiler.features("spmi/12")] == [3] * 5
    assert compiler.versions()["collection"] == "some.mch"
    compiler.check("spmi/12", frozenset({1}), seed=0)


def test_candidates_are_those_that_the_jit_describes(compiler):
    found = compiler.candidates("spmi/10")
    assert len(found) == 3
    assert all(each.viable and each.type is Type.INT and not each.occurrences for each in found)
    assert (found[0].use_weight, found[0].def_weight, found[0].cost_sz) == (200.0, 100.0, 3)


def test_weights_of_either_build_are_read():
    row = dict.fromkeys([name for name in HOOK_NAMES if "_wt_" not in name], 1)
    new = {**row, "type": 99, "viable": 0, "use_wt_cnt_x100": 25, "def_wt_cnt_x100": 10, "live_across_call_lsra": 1}
    hook = Hook((tuple(new.values()),), (), tuple(new))
    (found,) = candidates(replace(report(), tail=hook))
    assert (found.use_weight, found.type, found.viable) == (0.25, Type.OTHER, False)
    with pytest.raises(WrongJit, match="does not tell the feature 'use_wt_cnt_x100'"):
        candidates(replace(report(), tail=Hook((tuple(row.values()),), (), tuple(row))))


def hooked(rows):
    return replace(report(), tail=Hook(tuple(tuple(row.values()) for row in rows), (), tuple(rows[0])))


@pytest.mark.parametrize("seed", range(12))
def test_features_of_either_version_are_worked_out_from_the_other(seed):
    analysis = analyse(generate(seed))
    if not analysis.candidates or not all(float(each.use_weight).is_integer() for each in analysis.candidates):
        return
    old, new = hook_features(analysis), features2026(analysis)
    untold = {"live_across_call_lsra", *(name for name in HOOK_2026_NAMES if name.startswith("enreg_count_"))}
    for row, expected in zip(features(hooked(old)), new, strict=True):
        assert set(row) == {*HOOK_NAMES, *HOOK_2026_NAMES}
        assert {name: row[name] for name in expected if name not in untold} == {
            name: value for name, value in expected.items() if name not in untold
        }
    for row, expected in zip(features(hooked(new)), old, strict=True):
        assert {name: row[name] for name in HOOK_NAMES if name != "type"} == {
            name: value for name, value in expected.items() if name != "type"
        }


def test_a_report_is_asked_for_once(compiler, fake):
    for _ in range(3):
        compiler.score("spmi/12", frozenset({1, 3}))
        compiler.candidates("spmi/12")
    lines = [line for line in fake.lines() if line.startswith("12!")]
    assert len(lines) == 2
    assert lines[0].endswith("JitRLHookCSEDecisions=1,3")


@pytest.mark.parametrize("instance", ["12", "spmi/0", "spmi/-1", "spmi/x", "gen/12", "spmi/1234567890"])
def test_other_names_are_unknown(compiler, instance):
    with pytest.raises(UnknownInstance, match=r"spmi/N"):
        compiler.candidates(instance)


def test_after_a_survey_only_its_methods_are_known(tmp_path):
    fake = make_fake(tmp_path, faults={"7": ["fails"]})
    compiler = SuperPMI(fake.root, fake.collection, variables={})
    compiler.survey()
    with pytest.raises(UnknownInstance, match=r"spmi/7 of some.mch: not compiled \(status 1\)"):
        compiler.candidates("spmi/7")
    with pytest.raises(UnknownInstance, match=r"spmi/21 of some.mch: it has no such method"):
        compiler.candidates("spmi/21")
    assert sorted(compiler.quarantined) == [7]
    compiler.close()


def test_a_method_that_fails_is_quarantined_and_others_go_on(tmp_path):
    fake = make_fake(tmp_path, faults={"12": ["well", "crash"]})
    compiler = SuperPMI(fake.root, fake.collection, variables={}, retries=1)
    assert len(compiler.candidates("spmi/12")) == 5
    for _ in range(2):
        with pytest.raises(MethodUnusable) as caught:
            compiler.score("spmi/12", frozenset({1}))
        assert isinstance(caught.value, BackendError)
    assert list(compiler.quarantined) == [12]
    assert compiler.score("spmi/13", frozenset()).perf_score == 113.0
    compiler.close()


def test_a_wrong_jit_is_told_with_the_first_question(tmp_path):
    fake = make_fake(tmp_path, metrics=False)
    with pytest.raises(WrongJit):
        SuperPMI(fake.root, fake.collection, variables={}).candidates("spmi/1")
