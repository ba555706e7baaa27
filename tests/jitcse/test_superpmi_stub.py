"""The stub of superpmi: its answers are those of the embedded JIT, its oddities and faults those of the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest

from gymcc.envs.jitcse.backends.embedded import Embedded
from gymcc.envs.jitcse.backends.superpmi import (
    BadCorpus,
    Client,
    MethodFailed,
    Pool,
    SuperPMI,
    Unanswered,
    WrongJit,
    locate,
    parse_report,
)
from gymcc.envs.jitcse.backends.superpmi.grammar import Reply, parse_reply
from gymcc.envs.jitcse.backends.superpmi.report import Heuristic, Hook, Sampled, Update
from gymcc.envs.jitcse.backends.superpmi.requests import hook, request, stock
from gymcc.envs.jitcse.backends.superpmi.stub import JITS, MODES, CoreRoot, parse_fault, write_core_root
from gymcc.envs.jitcse.backends.superpmi.stub.options import Options
from gymcc.envs.jitcse.backends.superpmi.stub.server import Server, parse_command_line
from gymcc.envs.jitcse.compilers import Compiler
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.policies import linear_order, mlcse_features, stock_order
from gymcc.envs.jitcse.policies.features import HOOK_NAMES, features2026, hook_features, method_features

PATIENCE = 120.0
SEED = 7  # of the first generated method
METHODS = 12


class Stub:
    """A server within this process."""

    def __init__(self, files: CoreRoot, *arguments: str, variables: dict[str, str] | None = None) -> None:
        self.out, self.errors = StringIO(), StringIO()
        paths = [str(files.core_root / "libclrjit.so"), str(files.collection)]
        line = parse_command_line(["-streaming", "stdin", *arguments, *paths])
        self.server = Server(line, variables or {}, self.out, self.errors)

    def lines(self, request: str) -> list[str]:
        """What is printed for a request that does not end the server."""
        self.out.seek(0)
        self.out.truncate()
        assert self.server.answer(request) is None
        return self.out.getvalue().splitlines()

    def reply(self, request: str) -> Reply:
        return parse_reply(self.lines(request))

    def tail(self, request: str) -> object:
        report = self.reply(request).report
        assert report is not None
        return report.tail


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, CoreRoot]:
    """A CORE_ROOT for each JIT."""
    folder = tmp_path_factory.mktemp("stubs")
    return {jit: write_core_root(folder / jit, METHODS, SEED, jit) for jit in JITS}


@pytest.fixture(scope="module")
def stub(files) -> Stub:
    return Stub(files["net10"], "-v", "q")


def analysed(index: int):
    return analyse(generate(SEED + index - 1))


INDEXES = range(1, METHODS + 1)
RICH = next(index for index in INDEXES if sum(each.viable for each in analysed(index).candidates) >= 5)


# Answers


@pytest.mark.parametrize("index", INDEXES)
def test_prices_are_those_of_the_embedded_jit(stub, index):
    analysis, backend = analysed(index), Embedded("x64")
    prepared = backend.prepare(analysis)
    viable = [number for number, each in enumerate(analysis.candidates) if each.viable]
    rng = np.random.default_rng(index)
    for choice in [[], viable, *(sorted(rng.permutation(viable)[: rng.integers(len(viable) + 1)]) for _ in range(4))]:
        report = stub.reply(hook(index, map(int, choice)).line()).report
        expected = backend.score(prepared, frozenset(map(int, choice)))
        assert report.perf_score == pytest.approx(expected.perf_score, abs=0.0051)
        assert (report.code_size, report.instructions) == (expected.code_size, expected.instructions)
        assert (report.index, report.num_cse, report.num_cand) == (index, len(choice), len(analysis.candidates))


@pytest.mark.parametrize("jit", ["net9", "net10", "2026"])
def test_features_are_those_of_our_analysis(files, jit):
    stub = Stub(files[jit])
    for index in INDEXES:
        report = stub.reply(hook(index, [], names=True).line()).report
        analysis = analysed(index)
        assert list(report.rows) == (features2026 if jit == "2026" else hook_features)(analysis)
        if jit == "2026" and analysis.candidates:
            assert dict(zip(report.tail.method_names, report.tail.method, strict=True)) == method_features(analysis)


def test_names_are_told_only_when_asked_for(stub):
    assert stub.tail(hook(RICH, [1]).line()).feature_names == ()
    assert stub.tail(hook(RICH, [1], names=True).line()).feature_names[0] == "type"


def test_what_cannot_be_performed_is_skipped_but_told(stub):
    not_there = len(analysed(RICH).candidates)
    viable = next(number for number, each in enumerate(analysed(RICH).candidates) if each.viable)
    report = stub.reply(hook(RICH, [not_there, viable, viable, 99]).line()).report
    assert report.num_cse == 1
    assert report.tail.sequence == (not_there, viable, viable, 99)
    assert report.perf_score == stub.reply(hook(RICH, [viable]).line()).report.perf_score


@pytest.mark.parametrize("index", INDEXES)
def test_the_stock_heuristic_decides_unasked(stub, index):
    report = stub.reply(stock(index).line()).report
    order = stock_order(analysed(index))
    if analysed(index).candidates:
        assert report.tail == Heuristic("Standard CSE Heuristic", tuple(number + 1 for number in order))
    assert report.perf_score == stub.reply(hook(index, order).line()).report.perf_score


def test_replay_counts_from_1_and_ignores_0(stub):
    viable = [number for number, each in enumerate(analysed(RICH).candidates) if each.viable]
    wanted = [viable[2] + 1, 0, viable[0] + 1]
    found = stub.tail(request(RICH, JitMetrics=1, JitReplayCSE=wanted).line())
    assert found == Heuristic("Replay CSE Heuristic", (wanted[0], wanted[2]))


def test_random_sets_differ_by_salt_and_are_repeated(stub):
    drawn = [stub.tail(request(RICH, JitMetrics=1, JitRandomCSE=salt).line()) for salt in (*range(1, 9), 1)]
    assert all(each.name == "Random CSE Heuristic" for each in drawn)
    assert len({each.sequence for each in drawn}) > 2
    assert drawn[0] == drawn[-1]


def test_a_mask_picks_attempts_of_one_method_or_of_all(stub):
    order = [number + 1 for number in stock_order(analysed(RICH))]
    ours = int(stub.reply(stock(RICH).line()).report.method_hash, 16)
    for wanted, kept in ((ours, order[1:2]), (0, order[1:2]), (ours ^ 1, order), (-1, order)):
        found = stub.tail(request(RICH, JitMetrics=1, JitCSEHash=wanted, JitCSEMask=2).line())
        assert found.sequence == tuple(kept)


def test_the_linear_policy_is_greedy_draws_or_learns(stub):
    analysis = analysed(RICH)
    greedy = stub.tail(request(RICH, JitMetrics=1, JitRLCSEGreedy=1).line())
    assert greedy == Heuristic("Parameterized CSE Heuristic", tuple(number + 1 for number in linear_order(analysis)))
    weights = [0.1] + [0.0] * 24
    own = stub.tail(request(RICH, JitMetrics=1, JitRLCSEGreedy=1, JitRLCSE=[0.1]).line())
    assert own.sequence == tuple(number + 1 for number in linear_order(analysis, weights))

    drawn = stub.tail(request(RICH, JitMetrics=1, JitRLCSE=[0.0], JitRandomCSE=161).line())
    assert isinstance(drawn, Sampled)
    assert len(drawn.likelihoods) == len(drawn.sequence) + 1
    assert sum(each for _, each in drawn.base_likelihoods) == pytest.approx(1.0, abs=0.01)
    assert {round(each, 3) for _, each in drawn.base_likelihoods} == {round(1 / len(drawn.base_likelihoods), 3)}

    first = stub.tail(hook(RICH, [], names=True).line())
    number = next(at for at, row in enumerate(first.features, 1) if row[1])
    asked = request(
        RICH, JitMetrics=1, JitRLCSE=[0.0], JitReplayCSE=[number, 0], JitReplayCSEReward=[2.0], JitRLCSEAlpha=[0.5]
    )
    moved = stub.tail(asked.line())
    assert isinstance(moved, Update)
    assert moved.sequence == (number,)
    rows = mlcse_features(analysis)
    mean = np.mean([rows[option - 1] for option, _ in drawn.base_likelihoods], axis=0)  # all options are as likely
    assert moved.parameters == pytest.approx(rows[number - 1] - mean, abs=1e-5)


def test_the_linear_policys_features_are_printed_on_demand(stub):
    said = stub.reply(request(RICH, JitMetrics=1, JitRLCSE=[0.0], JitRLCSECandidateFeatures=1).line()).said
    rows = [line.split(",") for line in said]
    expected = mlcse_features(analysed(RICH))
    assert [row[:3] for row in rows[:2]] == [["features", str(RICH), "CSE #00"], ["features", str(RICH), "CSE #01"]]
    assert np.array([row[3:] for row in rows], float) == pytest.approx(np.roll(expected, 1, axis=0), abs=5.1e-5)


def test_code_is_listed_on_demand(stub):
    assert len(stub.reply(request(RICH, JitMetrics=1, JitDisasm="*").line()).said) > 1
    assert stub.reply(stock(RICH).line()).said == ()


# Options and the protocol's oddities


@pytest.mark.parametrize(("text", "value"), [("10", 16), ("0xA1", 161), ("a1", 161), ("ffffffff", -1), ("x", 0)])
def test_integers_are_hexadecimal(text, value):
    assert Options({}).with_text(f"JitRandomCSE={text}").integer("JITRANDOMCSE") == value


def test_lists_are_decimal():
    options = Options({}).with_text("JitReplayCSE=10,9, 16").with_text("JitRLCSE=0.5,-1,2e-3,.5").with_text("Empty=")
    assert options.integers("JitReplayCSE") == (10, 9, 16)
    assert options.floats("JitRLCSE") == (0.5, -1.0, 0.002, 0.5)
    assert (options.integers("Empty"), options.integers("Unset")) == ((), None)


def test_requests_win_over_the_command_line_and_that_over_variables(files):
    stub = Stub(
        files["net10"],
        "-jitoption",
        "JitMetrics=1",
        "-jitoption",
        "JitReplayCSE=1",
        variables={"DOTNET_JitMetrics": "0", "DOTNET_JitDisasm": "*"},
    )
    reply = stub.reply(str(RICH))
    assert reply.report.tail.name == "Replay CSE Heuristic"
    assert reply.said
    assert stub.reply(f"{RICH}!JitMetrics=0").report is None
    assert stub.reply(str(RICH)).report is not None


def test_the_report_can_go_to_a_file(stub, tmp_path):
    target = tmp_path / "reports"
    for index in (1, 2):
        reply = stub.reply(request(index, JitMetrics=1, JitStdOutFile=str(target)).line())
        assert (reply.report, reply.status) == (None, 0)
    assert [parse_report(line).index for line in target.read_text().splitlines()] == [1, 2]


@pytest.mark.parametrize("line", ["# a comment", "1!JitMetrics", "1!=1", "1!JitMetrics=1!nonsense"])
def test_comments_and_bad_options_get_no_reply(stub, line):
    assert stub.lines(line) == []


def test_bad_options_are_told_unless_quiet(files):
    assert Stub(files["net10"]).lines("1!JitMetrics") == ["[streaming] unable to parse option 'JitMetrics'"]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("quit", 0),
        ("quit now", 0),
        ("stop", 0),
        ("0", 0),
        ("0!JitMetrics=1", 0),
        ("", 0),
        (f"{METHODS + 1}", 1),
        ("-3", 1),
    ],
)
def test_some_lines_end_the_server(stub, line, status):
    assert stub.server.answer(line) == status


def test_a_line_is_cut_after_2047_bytes(files):
    stub = Stub(files["net10"])
    assert stub.server.serve(BytesIO(f"# {'c' * 3000}\n".encode())) == 0  # the rest of a comment is a line of its own
    assert stub.server.serve(BytesIO(f"{'1!a=' + 'x' * 2043}quit\n1\n".encode())) == 0
    assert stub.out.getvalue().count("[streaming] Done.") == 1


@pytest.mark.parametrize(
    ("jit", "status"), [("early9", ""), ("net9", ""), ("net10", " Status=0"), ("2026", " Status=0")]
)
def test_done_is_that_of_the_version(files, jit, status):
    assert Stub(files[jit]).lines(stock(1).line())[-1] == f"[streaming] Done.{status}"


def test_older_jits_know_less(files):
    assert Stub(files["release"]).lines(stock(1).line()) == ["[streaming] Done. Status=0"]
    assert isinstance(Stub(files["early9"]).tail(hook(RICH, [0]).line()), Heuristic)
    assert isinstance(Stub(files["net9"]).tail(hook(RICH, [0]).line()), Hook)


def test_methods_are_compiled_in_a_batch(files, tmp_path):
    listed = tmp_path / "some.mcl"
    listed.write_text("2\n5\n")
    for arguments, expected in ((["-c", "3,1"], [3, 1]), (["-c", str(listed)], [2, 5]), (["-p"], list(INDEXES))):
        stub = Stub(files["net10"], "-jitoption", "JitMetrics=1", *arguments)
        paths = [str(files["net10"].core_root / "libclrjit.so"), str(files["net10"].collection)]
        assert stub.server.batch(parse_command_line([*arguments, *paths]).methods) == 0
        assert [parse_report(line).index for line in stub.out.getvalue().splitlines()] == expected


# Faults


@pytest.mark.parametrize("text", ["crash", "fails@3", "silent@3,14", "slow@1*2", "garbled*3", "exits+9", "crash@2*1+5"])
def test_faults_are_read_back(text):
    assert str(parse_fault(text)) == text


@pytest.mark.parametrize(
    ("text", "befallen"), [("fails@2", [2, 2, 2, 2]), ("fails@2*1", [2]), ("fails@2+2", [2, 2]), ("fails@2*1+2", [2])]
)
def test_faults_come_so_often_and_so_late(tmp_path, text, befallen):
    diary, fault = tmp_path / "some.diary", parse_fault(text)
    assert [index for index in (2, 1, 2, 3, 2, 2) if fault.befalls(index, diary)] == befallen


@pytest.mark.parametrize(
    "text", ["", "melts", "crash@", "crash@x", "crash*", "crash@1,", "@3", "crash @3", "crash+", "crash+1*2"]
)
def test_other_faults_are_refused(text):
    with pytest.raises(ValueError, match=r"MODE\[@METHOD"):
        parse_fault(text)


@pytest.fixture
def faulty(tmp_path) -> Iterator:
    """A client of a stub process in which method 2 goes wrong as told."""
    clients = []

    def make(fault: str, seconds: float = PATIENCE, retries: int = 1) -> Client:
        written = write_core_root(tmp_path / "stub", METHODS, SEED, faults=[fault])
        clients.append(Client(locate(written.core_root, written.collection, variables={}), seconds, retries))
        return clients[0]

    yield make
    for client in clients:
        client.close()


@pytest.mark.parametrize("mode", ["crash", "exits", "truncated", "garbled", "another", "chatter"])
def test_a_fault_that_passes_is_mended_by_a_restart(faulty, mode):
    client = faulty(f"{mode}@2*1")
    assert client.hook(1).index == 1
    assert client.hook(2).index == 2
    assert client.starts == 2


@pytest.mark.parametrize("mode", ["silent", "slow"])
def test_a_reply_that_is_late_is_given_up(faulty, mode):
    client = faulty(f"{mode}@2", seconds=PATIENCE, retries=0)
    assert client.hook(1).index == 1
    client.seconds = 0.5
    with pytest.raises(Unanswered, match="did not answer in time"):
        client.stock(2)


def test_a_slow_reply_in_time_is_a_reply(faulty):
    assert faulty("slow@2").stock(2).index == 2


@pytest.mark.parametrize(("mode", "status"), [("fails", 1), ("missing", 2)])
def test_methods_that_do_not_compile_are_told(faulty, mode, status):
    client = faulty(f"{mode}@2")
    with pytest.raises(MethodFailed, match=rf"method 2 .*status {status}"):
        client.stock(2)
    assert client.starts == 1


@pytest.mark.parametrize("mode", ["twice", "noise"])
def test_what_looks_odd_but_is_right_is_read(faulty, mode):
    client = faulty(f"{mode}@2")
    assert client.stock(2).perf_score < 9999
    assert client.stock(2).tier != "MinOpts"


def test_every_mode_is_tested():
    source = Path(__file__).read_text()
    assert [mode for mode in MODES if f'"{mode}"' not in source] == []


# The whole way


def test_the_compiler_runs_on_a_stub(files):
    written = files["net10"]
    compiler: Compiler = SuperPMI(written.core_root, written.collection, variables={}, processes=2)
    analysis = analysed(RICH)
    instance = f"spmi/{RICH}"
    found = compiler.candidates(instance)
    assert [each.viable for each in found] == [each.viable for each in analysis.candidates]
    assert [each.cost_ex for each in found] == [each.cost_ex for each in analysis.candidates]
    plain = [name for name in HOOK_NAMES if name != "type"]
    told = [{name: row[name] for name in plain} for row in compiler.features(instance)]
    assert told == [{name: row[name] for name in plain} for row in hook_features(analysis)]
    assert [row["type"] for row in compiler.features(instance)] == [row["type"] for row in features2026(analysis)]
    assert tuple(compiler.heuristic(instance)) == stock_order(analysis)
    assert compiler.listing(instance, frozenset())
    surveyed = compiler.survey()
    assert sorted(surveyed.no_cse) == list(INDEXES)
    compiler.close()


@pytest.mark.parametrize("jit", ["release", "early9"])
def test_a_jit_that_is_too_old_is_told(files, jit):
    compiler = SuperPMI(files[jit].core_root, files[jit].collection, variables={})
    with pytest.raises(WrongJit, match=r"checked JIT of .NET 9"):
        compiler.candidates("spmi/1")
    compiler.close()


def test_a_collection_for_another_jit_is_told(tmp_path):
    other = "ffffffff-0000-0000-0000-000000000000"
    written = write_core_root(tmp_path / "stub", collection_guid=other)
    with pytest.raises(BadCorpus, match=f"is for JIT-EE GUID {other}, but the JIT"):
        locate(written.core_root, written.collection, variables={})


@pytest.mark.parametrize("bad", [{"jit": "net5"}, {"methods": 0}, {"seed": -1}, {"faults": ["melts"]}])
def test_senseless_stubs_are_refused(tmp_path, bad):
    with pytest.raises(ValueError, match=r"got|unknown"):
        write_core_root(tmp_path / "stub", **bad)
    assert not (tmp_path / "stub").exists()


def test_the_real_thing_is_not_taken_for_a_stub(tmp_path):
    written = write_core_root(tmp_path / "stub", 1)
    (written.core_root / "libclrjit.so").write_bytes(b"\x7fELF")
    done = subprocess.run(
        [written.core_root / "superpmi", written.core_root / "libclrjit.so", written.collection],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "superpmi stub:" in done.stderr
    assert "Traceback" not in done.stderr


TRAINER = """
import sys, time
from gymcc.envs.jitcse.backends.superpmi import Pool, locate
pool = Pool(locate(sys.argv[1], sys.argv[2]))
pool.ask(1, lambda client: client.stock(1))
print("asked", flush=True)
pool.ask(2, lambda client: client.stock(2))
"""


def test_no_stub_outlives_a_trainer_that_is_killed(tmp_path):
    written = write_core_root(tmp_path / "stub", 3, SEED, faults=["silent@2"])
    arguments = [sys.executable, "-c", TRAINER, str(written.core_root), str(written.collection)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout.readline() == "asked\n"
        stubs = [pid for pid in processes() if str(written.collection) in command_line(pid) and pid != trainer.pid]
        assert len(stubs) >= 2  # launcher and stub
        trainer.kill()
    end = time.monotonic() + PATIENCE
    while any(command_line(pid) for pid in stubs) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(command_line(pid) for pid in stubs)


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def command_line(pid: int) -> str:
    """Empty for one that has ended, zombie or not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def test_the_command_line_writes_a_stub_that_works(tmp_path):
    out = tmp_path / "a stub"
    call = [sys.executable, "-c", "from gymcc.scripts.jitcse import app; app()"]
    done = subprocess.run(
        [*call, "stub", "--out", str(out), "--methods", "3", "--fault", "fails@2", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (written,) = json.loads(done.stdout)
    done = subprocess.run(
        [*call, "survey", "--json"], env={**os.environ, **written}, capture_output=True, text=True, check=True
    )
    (told,) = json.loads(done.stdout)
    assert (told["compiled"], told["left_out"]) == (2, 1)
    with Pool(locate(variables=written)) as pool:
        assert pool.ask(3, lambda client: client.stock(3)).index == 3


def test_the_shell_reads_the_variables_it_prints(tmp_path):
    call = f"{sys.executable} -c 'from gymcc.scripts.jitcse import app; app()' stub --out 'a $1 stub' --methods 1"
    done = subprocess.run(
        ["sh", "-c", f'eval "$({call})"; cat "$CORE_ROOT/libclrjit.so" "$DOTNET_MLJitCorpusFile"'],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count("gymcc superpmi stub") == 2
