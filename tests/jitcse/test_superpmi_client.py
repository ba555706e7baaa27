"""The client gets its report or says why not, whatever the process does; the pool goes on without what fails."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.core.problem import BackendError
from gymcc.envs.core.toolchain import ToolMissing
from gymcc.envs.jitcse.backends.superpmi import (
    Client,
    MethodFailed,
    MethodUnusable,
    Pool,
    Quarantined,
    Unanswered,
    WrongJit,
)
from gymcc.envs.jitcse.backends.superpmi.counting import count, last_true
from gymcc.envs.jitcse.backends.superpmi.report import Heuristic, Hook
from tests.jitcse.superpmi_fake import make_fake

PATIENCE = 60.0
SHORT = 0.5  # seconds for a reply that never comes


@pytest.fixture
def client(tmp_path):
    """A client of a fake with the given setup, and the fake."""
    made = []

    def make(seconds=PATIENCE, retries=3, **setup):
        fake = make_fake(tmp_path, **setup)
        made.append(Client(fake.corpus(), seconds, retries))
        return made[0], fake

    yield make
    for each in made:
        each.close()


def test_reports_are_those_of_the_request(client):
    ask, fake = client()
    found = ask.stock(9)
    assert (found.index, found.perf_score, found.code_size, found.num_cand) == (9, 106.0, 209, 2)
    assert found.tail == Heuristic("Standard CSE Heuristic", (2, 1))
    hooked = ask.hook(9, [1])
    assert (hooked.perf_score, hooked.tail.sequence, len(hooked.rows)) == (107.0, (1,), 2)
    assert hooked.rows[0]["use_wt_cnt"] == 200
    assert ask.hook(7) == ask.hook(7)
    assert ask.hook(7).tail == Hook(())
    assert fake.log()[0]["arguments"][:4] == ["-v", "q", "-streaming", "stdin"]
    assert ask.starts == 1


def test_a_jit_that_does_not_tell_the_index_is_believed(client):
    ask, _ = client(faults={"9": ["no index"]})
    assert ask.stock(9).index == 9


def test_names_are_asked_for_once_per_process(client):
    ask, fake = client(faults={"5": ["well", "crash", "well"]})
    assert ask.hook(3).rows == ask.hook(3).rows
    assert ask.hook(5).rows == ask.hook(5).rows
    asked = ["JitRLHookEmitFeatureNames" in line for line in fake.lines()]
    assert asked == [True, False, False, False, True]  # the fourth crashes


def test_options_in_variables_do_not_reach_the_jit(client, monkeypatch):
    monkeypatch.setenv("DOTNET_JitRandomCSE", "1")
    monkeypatch.setenv("COMPlus_JitCSEMask", "0")
    ask, fake = client()
    ask.stock(1)
    assert fake.log()[0]["variables"] == []


SPOILT = ["crash", "exit", "half", "start", "other index"]


@pytest.mark.parametrize("mode", [*SPOILT, "other decisions", "row lost", "names lost", "chatter"])
def test_a_bad_reply_costs_a_restart(client, mode):
    ask, fake = client(faults={"10": [mode, mode, mode, "well"]})
    assert ask.hook(10, [2, 0]).perf_score == 106.0
    assert ask.starts == 4
    assert len({entry["pid"] for entry in fake.log()}) == 4


@pytest.mark.parametrize("mode", [*SPOILT, "silent"])
def test_after_three_retries_the_method_is_given_up(client, mode):
    ask, fake = client(seconds=SHORT if mode == "silent" else PATIENCE, faults={"10": [mode]})
    with pytest.raises(Unanswered, match=r"^method 10 of the collection: asked 4 times, at last: ") as caught:
        ask.stock(10)
    assert isinstance(caught.value, BackendError)
    assert fake.lines() == ["10!JitMetrics=1"] * 4
    if mode != "silent":
        assert ask.stock(11).index == 11


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("crash", "was killed by SIGSEGV"),
        ("exit", "ended with status 3, saying: cannot go on"),
        ("silent", "did not answer in time"),
        ("half", "it should end with"),
        ("start", "no report but '; Total by'"),
        ("other index", "asked for method 10, got the report of 910"),
    ],
)
def test_the_last_fault_is_told(client, mode, said):
    ask, _ = client(seconds=SHORT if mode == "silent" else PATIENCE, retries=0, faults={"10": [mode]})
    with pytest.raises(Unanswered, match=said):
        ask.stock(10)


def test_a_method_that_does_not_compile_is_not_asked_for_again(client):
    ask, fake = client(faults={"10": ["fails"]})
    with pytest.raises(MethodFailed, match=r"not compiled \(status 1\), saying: ERROR: Method 10 failed"):
        ask.stock(10)
    assert len(fake.log()) == ask.starts == 1


def test_a_program_that_is_gone_is_told_at_once(client):
    ask, fake = client()
    (fake.root / "superpmi").unlink()
    with pytest.raises(ToolMissing, match=r"superpmi.*cannot be run"):
        ask.stock(1)


# Whether the JIT can answer at all


def test_a_good_jit_passes(client):
    ask, _ = client(faults={"1": ["fails"], "2": ["fails"]})
    ask.check()


def test_a_release_build_is_told(client):
    ask, fake = client(metrics=False)
    with pytest.raises(WrongJit, match=r"libclrjit.so reports on none .* checked JIT of .NET 9 .* build dotnet"):
        ask.check()
    assert len(fake.log()) == 10


def test_a_jit_without_the_hook_is_told(client):
    ask, _ = client(hook=False)
    with pytest.raises(WrongJit, match=r"has no JitRLHook \(Standard CSE Heuristic decided\)"):
        ask.check()


def test_a_short_collection_of_failures_is_told(client):
    ask, _ = client(methods=2, faults={"1": ["fails"], "2": ["fails"]})
    with pytest.raises(WrongJit, match="method 1 of the collection: not compiled"):
        ask.check()


# Counting


@given(st.integers(0, 10_000))
def test_the_end_is_found(end):
    asked = []
    assert last_true(lambda index: asked.append(index) or index <= end) == end
    assert len(asked) <= 2 * max(1, end.bit_length()) + 2


@pytest.mark.parametrize("crash", [4, 8, 16, 19, 20])
@pytest.mark.parametrize("mode", ["crash", "exit"])
def test_methods_are_counted_even_if_one_crashes(tmp_path, crash, mode):
    fake = make_fake(tmp_path, faults={str(crash): [mode], "6": ["fails"]})
    assert count(fake.corpus(), PATIENCE) == (20 if crash < 20 else 19)


def test_counting_starts_few_processes(tmp_path):
    fake = make_fake(tmp_path, methods=1000)
    assert count(fake.corpus(), PATIENCE) == 1000
    assert len({entry["pid"] for entry in fake.log()}) <= 11


def test_an_empty_collection_is_told(tmp_path):
    with pytest.raises(ValueError, match="no method in the collection"):
        count(make_fake(tmp_path, methods=0).corpus(), PATIENCE)


# Pools


def test_many_are_asked_side_by_side_in_order(tmp_path):
    fake = make_fake(tmp_path, methods=500, faults={"7": ["fails"], "300": ["crash"]})
    with Pool(fake.corpus(), processes=3) as pool:
        results = dict(pool.each(range(1, 501), lambda client, index: client.stock(index)))
    assert list(results) == list(range(1, 501))
    assert isinstance(results[7], MethodFailed)
    assert isinstance(results[300], Unanswered)
    assert all(result.index == index for index, result in results.items() if index not in (7, 300))
    assert sorted(pool.quarantined) == [7, 300]
    assert len({entry["pid"] for entry in fake.log()}) > 3


def test_what_failed_is_quarantined_with_the_reason(tmp_path):
    fake = make_fake(tmp_path, faults={"7": ["fails", "well"]})
    with Pool(fake.corpus()) as pool:
        with pytest.raises(MethodFailed):
            pool.ask(7, lambda client: client.stock(7))
        with pytest.raises(Quarantined, match=r"quarantined: not compiled \(status 1\)"):
            pool.ask(7, lambda client: client.stock(7))
        assert pool.ask(8, lambda client: client.stock(8)).index == 8
    assert len(fake.log()) == 2


def test_errors_of_the_tool_are_not_blamed_on_methods(tmp_path):
    fake = make_fake(tmp_path)
    with Pool(fake.corpus()) as pool:
        (fake.root / "superpmi").unlink()
        with pytest.raises(ToolMissing):
            list(pool.each([1, 2], lambda client, index: client.stock(index)))
        assert not pool.quarantined


def test_threads_share_the_processes(tmp_path):
    fake, seen = make_fake(tmp_path), []
    with Pool(fake.corpus(), processes=2) as pool:
        work = [
            threading.Thread(target=lambda index=index: seen.append(pool.ask(index, lambda c: c.hook(index)).index))
            for index in range(1, 21)
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
    assert sorted(seen) == list(range(1, 21))
    assert len({entry["pid"] for entry in fake.log()}) <= 2


def test_a_pickled_pool_starts_its_own(tmp_path):
    fake = make_fake(tmp_path)
    with Pool(fake.corpus()) as pool:
        pool.quarantined[3] = "known"
        pool.ask(1, lambda client: client.stock(1))
        with pickle.loads(pickle.dumps(pool)) as copy:
            assert copy.quarantined == {3: "known"}
            assert copy.ask(1, lambda client: client.stock(1)).index == 1
    assert len({entry["pid"] for entry in fake.log()}) == 2


def test_a_forked_pool_starts_its_own(tmp_path):
    fake = make_fake(tmp_path)
    with Pool(fake.corpus()) as pool:
        pool.ask(1, lambda client: client.stock(1))
        if (child := os.fork()) == 0:
            status = 1
            try:
                status = 0 if pool.ask(2, lambda client: client.stock(2)).index == 2 else 1
                pool.close()
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert pool.ask(3, lambda client: client.stock(3)).index == 3
    pids = [entry["pid"] for entry in fake.log()]
    assert pids[0] == pids[2] != pids[1]


def test_a_pool_forked_while_its_clients_are_busy_starts_its_own(tmp_path):
    def fork(client):
        if (child := os.fork()) == 0:
            signal.alarm(int(PATIENCE))  # it would wait for ever for a client that only the parent gives back
            try:
                status = 0 if pool.ask(2, lambda client: client.stock(2)).index == 2 else 1
                pool.close()
            except BaseException:
                status = 1
            os._exit(status)
        return os.waitpid(child, 0)[1]

    with Pool(make_fake(tmp_path).corpus()) as pool:
        assert pool.borrow(fork) == 0


@pytest.mark.parametrize("bad", [{"processes": 0}, {"seconds": 0.0}, {"seconds": float("nan")}])
def test_senseless_numbers_are_refused(tmp_path, bad):
    with pytest.raises(ValueError, match="is a "):
        Pool(make_fake(tmp_path).corpus(), **bad)


@pytest.mark.parametrize("kind", [MethodFailed, Unanswered, Quarantined, MethodUnusable])
def test_errors_cross_processes(kind):
    copy = pickle.loads(pickle.dumps(kind(3, "so")))
    assert (type(copy), copy.index, str(copy)) == (kind, 3, "method 3 of the collection: so")


# The end of the trainer

TRAINER = """
import sys, threading, time
from gymcc.envs.jitcse.backends.superpmi import Pool, locate
pool = Pool(locate(sys.argv[1], sys.argv[2]), processes=2)
stuck = [threading.Thread(target=lambda: pool.ask(5, lambda client: client.stock(5))) for _ in range(2)]
[thread.start() for thread in stuck]
time.sleep(1000)
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def soon(condition) -> bool:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_its_trainer(tmp_path, number):
    fake = make_fake(tmp_path, faults={"5": ["silent"]})
    trainer = subprocess.Popen([sys.executable, "-c", TRAINER, str(fake.root), str(fake.collection)])
    try:
        assert soon(lambda: len({entry["pid"] for entry in fake.log()}) == 2)
        pids = {entry["pid"] for entry in fake.log()}
        assert all(map(running, pids))
    finally:
        trainer.send_signal(number)
        trainer.wait()
    assert soon(lambda: not any(map(running, pids)))
