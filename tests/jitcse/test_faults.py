"""What can be wrong with files, options and a live JIT: one line that names it and the fix; training goes on."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse import shipped
from gymcc.envs.jitcse.backends.superpmi import SuperPMI
from gymcc.envs.jitcse.backends.superpmi.stub import CoreRoot, write_core_root
from gymcc.envs.jitcse.env import make_env
from gymcc.scripts.main import run

SEARCH = ("search", "jitcse-v0", "--method", "greedy1", "--evaluations", "3", "--split", "all")
METHODS = 20


@pytest.fixture
def gymcc(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command; gives exit status, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            run(list(arguments))
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call


@pytest.fixture
def refused(gymcc):
    """Run a command that must fail; its one line."""

    def call(*arguments: str) -> str:
        status, _, err = gymcc(*arguments)
        assert status == 2
        (line,) = err.splitlines()
        assert "Traceback" not in line
        return line

    return call


# Files of methods


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "mine"
    with pytest.raises(SystemExit) as stop:
        run(["generate", "jitcse", "--seed", "5", "--count", "3", "--out", str(folder)])
    assert not stop.value.code
    return folder


def rewritten(change: Callable[[str], str]) -> Callable[[Path], object]:
    return lambda path: path.write_text(change(path.read_text()))


def deeper(text: str) -> str:
    first, rest = text.split("\n", 1)
    head, body = first.split(": ", 1)
    return f"{head}: {body.replace('field', 'neg(' * 200 + 'field', 1)}\n{rest}"


def later(text: str) -> str:
    """The jump to block 1 goes back to the entry, block 0."""
    return text.replace(">1,", ">0,", 1)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(gzip.compress(path.read_bytes())), ["can't decode"]),
        (lambda path: path.write_bytes(gzip.compress(path.read_bytes())[:50]), ["can't decode"]),
        (rewritten(lambda text: text[:-40]), ["line 3, column", "allowed:"]),
        (rewritten(lambda text: '{"schema": 2}\n' + text), ["line 1, column 1", "allowed: a head such as name("]),
        (rewritten(lambda text: text.replace("length(", "size(")), ["unknown operation 'size'", "allowed: handle"]),
        (rewritten(lambda text: text.replace("length($", "length($99")), ["column", "local 99"]),
        (rewritten(lambda text: text.replace("length($", "length(d1,$", 1)), ["breaks the rule: (other), type int"]),
        (rewritten(later), ["own/gen-5", "the entry, block 0, has a predecessor"]),
        (rewritten(deeper), ["a tree deeper than 100"]),
        (rewritten(lambda text: text.replace("gen-6", "gen-5")), ["line 2: ", "again, first in line 1"]),
        (rewritten(lambda text: text.replace("\n", " " * 10**6 + "\n", 1)), ["characters; allowed: 1000000"]),
        (lambda path: path.unlink(), ["is no dataset of methods: it needs methods.ir"]),
        (lambda path: path.write_text(""), ["instances.txt: unknown method 'own/gen-5'; allowed: gen/<seed>"]),
    ],
    ids=["gzip", "torn gzip", "truncated", "schema", "operation", "local", "tree", "cycle", "deep", "twice", "long",
         "missing", "empty"],
)  # fmt: skip
def test_a_bad_file_of_methods_is_named_with_the_place(good, tmp_path, refused, spoil, words):
    folder = shutil.copytree(good, tmp_path / "bad")
    spoil(folder / "methods.ir")
    line = refused(*SEARCH, "--dataset", str(folder))
    assert str(folder) in line
    for word in words:
        assert word in line


def test_a_huge_file_of_methods_is_not_read(good, tmp_path, refused):
    folder = shutil.copytree(good, tmp_path / "bad")
    with (folder / "methods.ir").open("ab") as file:
        file.truncate(300 << 20)
    assert "larger than 268435456 bytes" in refused(*SEARCH, "--dataset", str(folder))


SHIPPED = gzip.decompress(shipped.METHODS.read_bytes()).decode()


@pytest.mark.parametrize("file", ["METHODS", "LABELS"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no gzip", "Not a gzipped file"),
        (shipped.METHODS.read_bytes()[:1000], "end-of-stream marker"),
        (gzip.compress(b"\xff\xfe\n"), "can't decode"),
        (gzip.compress(b"py/a 3 no-mask\n"), ""),
        (None, "No such file"),
    ],
    ids=["no gzip", "truncated", "no text", "no line", "missing"],
)
def test_damaged_shipped_data_is_named(monkeypatch, tmp_path, file, content, said):
    path = tmp_path / "some.gz"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(shipped, file, path)
    read = {"METHODS": lambda: dict(shipped.methods.__wrapped__()), "LABELS": shipped.labels.__wrapped__}[file]
    with pytest.raises(ValueError, match=rf"some.gz, which comes with GymCC, is damaged: .*{said}.*; install GymCC"):
        read()


# Options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["backend=gcc"], ["unknown backend 'gcc'", "embedded, llvm, superpmi"]),
        (["arch=riscv"], ["unknown arch 'riscv'", "x64, x64-windows, arm64"]),
        (["backend=superpmi", "arch=riscv"], ["unknown arch 'riscv'"]),
        (["backend=superpmi", "arch=arm64"], ["arch=arm64", "the option jit"]),
        (["backend=llvm", "arch=arm64"], ["arch=arm64", "LLVM generates code for x64"]),
        (["core_root=/x", "jit=y"], ["core_root and jit: for backend=superpmi, not embedded"]),
        (["dataset=jitcse/nope"], ["unknown dataset 'jitcse/nope'", "jitcse/python-stdlib, "]),
        (["observation=nope"], ["unknown observation 'nope'", "candidates, jitml, mlcse"]),
        (["max_candidates=65"], ["max_candidates", "1 to 64", "65"]),
        (["max_candidates=many"], ["max_candidates", "1 to 64", "many"]),
        (["size_weight=-1"], ["size_weight", "-1"]),
        (["size_weight=x"], ["size_weight", "'x'"]),
        (["split_seed=x"], ["split_seed", "'x'"]),
    ],
    ids=" ".join,
)
def test_a_bad_option_is_named_with_what_is_allowed(refused, options, words):
    line = refused(*SEARCH, *(word for option in options for word in ("-o", option)))
    for word in words:
        assert word in line


# A live JIT


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ("CORE_ROOT", "DOTNET_MLJitCorpusFile"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def live(tmp_path, monkeypatch):
    """A stub, named by the variables."""

    def make(**what: object) -> CoreRoot:
        written = write_core_root(tmp_path / "stub", METHODS, **what)
        monkeypatch.setenv("CORE_ROOT", str(written.core_root))
        monkeypatch.setenv("DOTNET_MLJitCorpusFile", str(written.collection))
        return written

    return make


COMMANDS: Mapping[str, tuple[str, ...]] = {
    "search": (*SEARCH, "-o", "backend=superpmi"),
    "train": ("train", "configs/jitcse-dqn.yaml", "--set", "env.options.backend=superpmi", "--out", "/nowhere"),
    "survey": ("jitcse", "survey"),
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


@every_command
def test_missing_variables_are_named(refused, live, monkeypatch, command):
    line = refused(*command)
    assert "the option core_root or the variable CORE_ROOT; build dotnet/runtime" in line
    live()
    monkeypatch.delenv("DOTNET_MLJitCorpusFile")
    line = refused(*command)
    assert "the option collection or the variable DOTNET_MLJitCorpusFile; run `python src" in line


@every_command
def test_a_collection_of_another_jit_is_named(refused, live, command):
    other = "ffffffff-0000-0000-0000-000000000000"
    live(collection_guid=other)
    assert f"is for JIT-EE GUID {other}, but the JIT in CORE_ROOT has" in refused(*command)


@every_command
@pytest.mark.parametrize(("jit", "said"), [("release", "which knows JitMetrics; build"), ("early9", "no JitRLHook")])
def test_a_wrong_build_is_named(refused, live, command, jit, said):
    live(jit=jit)
    line = refused(*command)
    assert said in line
    assert "./build.sh clr -c Checked" in line


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "CORE_ROOT {} is no folder; build dotnet/runtime"),
        ("libclrjit.so", "no JIT libclrjit.so in CORE_ROOT {} (JITs there: none); build"),
        ("superpmi", "no program superpmi in CORE_ROOT {}; build"),
    ],
    ids=["folder", "JIT", "superpmi"],
)
def test_what_core_root_lacks_is_named(refused, live, path, said):
    root = live().core_root
    missing = root / path
    missing.rename(root.parent / "elsewhere")
    (collection,) = root.parent.rglob("*.mch")
    line = refused(*COMMANDS["search"], "-o", f"collection={collection}")
    assert said.format(root) in line


def told_otherwise(root: Path, expression: str) -> None:
    """Have superpmi's output go through sed."""
    (root / "superpmi").rename(root / "real")
    (root / "superpmi").write_text(f'#!/bin/bash\nset -o pipefail\n"{root}/real" "$@" | sed -u "{expression}"\n')
    (root / "superpmi").chmod(0o755)


def test_a_feature_that_the_jit_does_not_tell_is_named(refused, live):
    told_otherwise(live().core_root, "s/,cost_ex,/,cost_of_it,/")
    assert "the JIT does not tell the feature 'cost_ex' of candidates; .NET 9 and later do: build" in refused(
        *COMMANDS["search"]
    )


def test_a_feature_that_we_do_not_know_is_passed_over(live):
    written = live()
    plain = SuperPMI()
    named, rows = "s/featureNames type,/featureNames shape,type,/", r"s/features #\([0-9]*\),/features #\1,7,/g"
    told_otherwise(written.core_root, f"{named};{rows}")
    odd = SuperPMI()
    assert odd.candidates("spmi/1") == plain.candidates("spmi/1")
    assert [dict(row, shape=7) for row in plain.features("spmi/1")] == list(odd.features("spmi/1"))
    plain.close()
    odd.close()


def test_methods_that_do_not_compile_are_left_out_and_listed(gymcc, live):
    live(faults=["fails@3,7", "missing@9"])
    status, out, _ = gymcc("jitcse", "survey")
    assert status == 0
    listed = [line for line in out.splitlines() if line.startswith("left out")]
    assert [line.split(":")[1] for line in listed] == [" method 3", " method 7", " method 9"]
    assert "status 2" in listed[2]
    status, out, err = gymcc(*COMMANDS["search"], "--count", str(METHODS), "--json")
    assert status == 0, err
    priced = {row["instance"] for row in json.loads(out)}
    assert priced
    assert not priced & {"spmi/3", "spmi/7", "spmi/9"}


@pytest.fixture
def runners_env(live):
    """The environment of a runner, on a stub with faults."""
    environment = pytest.importorskip("gymcc.agents.rllib.environment", exc_type=ImportError)
    made = []

    def make(*faults: str):
        live(faults=faults)
        made.append(environment.make({"id": "jitcse-v0", "options": {"backend": "superpmi"}, "pin": False}))
        return made[0]

    yield make
    environment._prototype.cache_clear()
    for env in made:
        env.unwrapped.problem.compiler.close()


def test_a_method_that_fails_later_ends_no_training(runners_env):
    env = runners_env("fails@1,2,3,4,5,6,7,8,9,10+50")  # the survey asks 30 times for them
    errors = []
    for seed in range(40):
        env.reset(seed=seed)
        ended = False
        while not ended:
            _, _, terminated, truncated, info = env.step(int(env.unwrapped.action_masks().argmax()))
            ended = terminated or truncated
            errors += [info["error"]] if info["error"] else []
    failures = env.unwrapped.problem.failures()
    assert len(failures) > 3
    assert failures.keys() <= {f"spmi/{index}" for index in range(1, 11)}
    assert set(failures.values()) == {"not compiled (status 1)"}
    assert all("not compiled (status 1)" in error for error in errors)


def test_a_jit_that_compiles_nothing_any_more_ends_it(runners_env):
    env = runners_env("fails+60")

    def train() -> None:
        for seed in range(200):
            env.reset(seed=seed)
            env.step(0)

    with pytest.raises(BackendError, match="of the collection: "):
        train()
    assert len(env.unwrapped.problem.failures()) > 3


def test_a_comparison_leaves_out_what_fails_later(gymcc, live, tmp_path):
    live(faults=["fails@1,2,3,4,5,6+45"])
    command = ("compare", "jitcse-v0", "-o", "backend=superpmi", "--split", "all", "--count", "20", "--methods")
    status, out, err = gymcc(
        *command, "heuristic,random", "--evaluations", "4", "--out", str(tmp_path / "out"), "--json"
    )
    assert status == 0, err
    told = [line.partition(": ") for line in err.splitlines()]
    left_out = [rest.partition(":")[0] for what, _, rest in told if what == "left out"]
    assert left_out
    assert set(left_out) <= {f"spmi/{index}" for index in range(1, 7)}
    rows = json.loads(out)
    assert {row["instances"] for row in rows} == {len(make_env("superpmi").instances) - len(left_out)}
    assert {what for what, _, _ in told} <= {"left out", "note"}, "a search tells what failed on its way"
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("jit", "ok", "said"),
    [("net10", True, "generated.linux.x64.checked.mch"), ("release", False, "which knows JitMetrics")],
)
def test_the_doctor_tells_whether_the_live_jit_answers(gymcc, live, jit, ok, said):
    row = ("jitcse superpmi", "SuperPMI needs the option core_root or the variable CORE_ROOT")
    assert row in doctor(gymcc)
    live(jit=jit)
    ((_, found),) = [row for row in doctor(gymcc, ok) if row[0] == "jitcse superpmi"]
    assert said in found


def doctor(gymcc, ok: bool = False) -> list[tuple[str, str]]:
    status, out, _ = gymcc("doctor", "--json")
    assert status == 0
    return [(row["what"], row["found"]) for row in json.loads(out) if row["ok"] is ok]
