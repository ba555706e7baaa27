"""`ocamlopt -ppx "gymcc ocaml ppx …"`: a stock compiler compiles what a policy decides, or says what is wrong."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys

import pytest

from gymcc.agents.policy import Policy, rollout
from gymcc.envs.ocaml.backends.compiler import Action, Binary, Compiler
from gymcc.envs.ocaml.env import make_env
from gymcc.envs.ocaml.library import PROGRAMS as SHIPPED
from tests.ocaml.compiler_cases import CLOSURE, DATA, FLAMBDA, compiler_of, needs_closure, needs_flambda, own_cache
from tests.ocaml.linear_policies import write_policy
from tests.ocaml.test_compiler import calls_in
from tests.scripts.conftest import gymcc

pytest.importorskip("onnxruntime")
__all__ = ["gymcc", "own_cache"]
MODULES = ("mixing.ml", "queue_of.mli", "queue_of.ml", "main.ml")
SMALL = {"callee_size": (0, -1, 0)}  # with a bias of log(1 + n) for inlining: what is called has up to n expressions
LIMIT = 13.5  # expressions
DECISION = re.compile(r"^(?P<call>\S+:\d+:\d+(?: > \S+:\d+:\d+)*) (?P<function>\S+): (?P<decision>\w+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def policies(tmp_path_factory, own_cache):
    folder = tmp_path_factory.mktemp("policies")
    return {
        "inline": write_policy(folder / "inline", bias=(0, 1, 0)),
        "never": write_policy(folder / "never", bias=(0, 0, 1)),
        "default": write_policy(folder / "default", bias=(1, 0, 0)),
        "small": write_policy(folder / "small", SMALL, bias=(0, math.log1p(LIMIT), 0)),
        "seldom": write_policy(folder / "seldom", {"inlined": (0, -1, 0)}, bias=(0, 1.2, 0)),  # three calls
        "static": write_policy(folder / "static", bias=(0, 1, 0), observation="static"),
        "tree": write_policy(folder / "tree", {"depth": (0, -1, 0)}, bias=(0, 2.5, 0), mode="tree", max_depth=3),
        "other": write_policy(folder / "other", env="jitcse-v0"),
    }


def modules(folder):
    """The modules of a program in a folder to compile them in."""
    for name in MODULES:
        shutil.copy(DATA / "modules" / name, folder)
    return folder


@pytest.fixture
def project(tmp_path):
    return modules(tmp_path)


def ocamlopt(folder, policy, *files, options=(), compiler=None, more="", environment=None):
    ppx = f"{sys.executable} -m gymcc.scripts.main ocaml ppx --explain --policy {policy} {more}"
    program = str(compiler or CLOSURE.ocamlopt.path)
    command = [program, *options, "-ppx", ppx, *files]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, **(environment or {})}
    )


def compiled(folder, policy, *files, **options):
    """The executable, what it prints, and what was said to be decided."""
    done = ocamlopt(folder, policy, *files, "-o", "decided", **options)
    assert done.returncode == 0, done.stderr
    executable = folder / "decided"
    printed = subprocess.run([executable], capture_output=True, check=True).stdout
    return executable, printed, {each["call"]: each["decision"] for each in DECISION.finditer(done.stderr)}


# Decisions of the policy, in the machine code


@pytest.fixture(scope="module")
def inlined(policies, tmp_path_factory):
    """The modules with all inlined that can be: their folder, what the program prints, and the decisions."""
    folder = modules(tmp_path_factory.mktemp("inlined"))
    return folder, *compiled(folder, policies["inline"], *MODULES)[1:]


@needs_closure
def test_a_program_of_several_modules_is_compiled_as_the_policy_decides(project, policies, inlined):
    expected = subprocess.run([_plain(project)], capture_output=True, check=True).stdout
    folder, printed, decisions = inlined
    assert printed == expected
    assert set(decisions.values()) == {"inline"}
    assert {"mixing.ml:2:14", "queue_of.ml:7:18", "main.ml:4:8", "main.ml:14:22"} <= set(decisions)
    left = _called(folder)
    _, printed, decisions = compiled(project, policies["never"], *MODULES)
    assert printed == expected
    assert set(decisions.values()) == {"never"}
    assert _called(project) >= {"twist", "mix", "pop", "push", "normal", "bits", "mixed", "get", "drain"}
    assert left <= {"reversed", "drain"}  # recursive functions call themselves in copies, too


def _plain(folder):
    subprocess.run([CLOSURE.ocamlopt.path, *MODULES, "-o", "plain"], cwd=folder, check=True)
    return folder / "plain"


def _called(folder):
    """The program's functions that are called or jumped to in what was compiled last."""
    listing = subprocess.run(["objdump", "-d", folder / "decided"], capture_output=True, check=True, text=True).stdout
    calls = re.findall(r"(?:call|jmp)\w*\s.*<caml(?:Mixing|Queue_of|Main)(?:__|\.)(\w+?)_\d+>", listing)
    return {name for name in calls if name != "entry"}


@needs_closure
def test_a_call_is_inlined_exactly_where_the_policy_says(policies, tmp_path):
    """Read off the machine code of one file: small functions are copied, larger ones called."""
    shutil.copy(DATA / "paths.ml", tmp_path)
    compiler = compiler_of("paths.ml", CLOSURE)
    sizes = {definition.name: definition.size for definition in compiler.definitions}
    assert sorted(name for name, size in sizes.items() if size < LIMIT) == ["leaf", "upper"]
    executable, _, decisions = compiled(tmp_path, policies["small"], "paths.ml", more="--keep 0")
    wanted = {str(site).split()[0]: sizes[site.name] < LIMIT for site in compiler.sites}
    assert {call: decision == "inline" for call, decision in decisions.items()} == wanted
    assert calls_in(executable) == {"upper": {"mid": 2}, "main": {"mid": 3}}


@needs_closure
@pytest.mark.parametrize(
    ("source", "policy"),
    [
        (DATA / "pipeline.ml", "small"),  # partial and over-applications, operators
        (DATA / "pipeline.ml", "tree"),
        (SHIPPED / "quaternions.ml", "seldom"),
        (SHIPPED / "quaternions.ml", "static"),
        (SHIPPED / "quaternions.ml", "tree"),
    ],
    ids=lambda each: getattr(each, "stem", each),
)
def test_what_is_compiled_is_what_the_environment_rolls_out(policies, tmp_path, source, policy):
    """The law that training and deployment agree: same calls, observations, masks and code, file by file."""
    loaded = Policy.load(policies[policy])
    env = make_env(backend="closure", program=str(source), **loaded.card.options)
    state = env.problem.initial(f"own/{source.stem}")
    for action in rollout(loaded, env, f"own/{source.stem}"):
        state = env.problem.apply(state, action)
    shutil.copy(source, tmp_path)
    options = ("-w", "-a")
    _, _, decisions = compiled(tmp_path, policies[policy], source.name, options=options, more="--keep 0")
    assert decisions == {row["call"]: row["decision"] for row in env.problem.decided(state)}
    backend = env.problem.backend(state.program)
    assert isinstance(backend, Compiler)
    measured = backend.measure(Binary((tmp_path / "decided").read_bytes(), 0, ()))
    expected = backend.measure(backend.compile(dict(state.decisions)))
    assert measured.output == expected.output
    assert measured.cost == pytest.approx(expected.cost, rel=2e-3)


@needs_closure
def test_bodies_are_kept_for_other_files_if_asked_for(project, policies, inlined):
    _, printed, kept = inlined
    _, again, plain = compiled(project, policies["inline"], *MODULES, more="--keep 0")
    assert printed == again
    assert plain.items() < kept.items()
    assert {"main.ml:4:8", "main.ml:11:9"} <= kept.keys() - plain.keys()  # pop and push of another file


@needs_closure
def test_files_are_found_in_other_folders(project, policies):
    (project / "library").mkdir()
    for name in MODULES[:3]:
        (project / name).rename(project / "library" / name)
    files = [f"library/{name}" for name in MODULES[:3]]
    _, _, decisions = compiled(project, policies["inline"], *files, "main.ml", options=("-I", "library"))
    assert decisions["library/queue_of.ml:7:18" if "library/queue_of.ml:7:18" in decisions else "queue_of.ml:7:18"]
    assert decisions["main.ml:4:8"] == "inline"


@needs_closure
def test_libraries_are_seen_through_the_module_that_names_their_files(project, policies):
    """As dune compiles them: objects in a hidden folder, long names, short ones opened."""
    objects = project / "library" / ".tools.objs" / "native"
    objects.mkdir(parents=True)
    for name in MODULES[:3]:
        (project / name).rename(project / "library" / name)
    aliases = "".join(f"module {name} = Tools__{name}\n" for name in ("Mixing", "Queue_of"))
    (project / "library" / "tools.ml").write_text(aliases)
    (project / "main.ml").write_text("open Tools\n" + (project / "main.ml").read_text())
    common = ("-w", "-49", "-no-alias-deps", "-I", str(objects.relative_to(project)))
    named = {"tools": "tools.ml", **{f"tools__{name[0].upper()}{name[1:]}": name for name in MODULES[:3]}}
    for name, file in named.items():
        target = objects / f"{name.partition('.')[0]}.{'cmi' if file.endswith('i') else 'cmx'}"
        opened = ("-open", "Tools") if file != "tools.ml" else ()
        done = ocamlopt(
            project, policies["inline"], "-o", str(target), "-c", f"library/{file}", options=(*common, *opened)
        )
        assert done.returncode == 0, done.stderr
        assert "left to the compiler" not in done.stderr
    linked = [f"{objects}/{name}.cmx" for name in ("tools", "tools__Mixing", "tools__Queue_of")]
    _, printed, decisions = compiled(project, policies["inline"], *linked, "main.ml", options=common)
    assert printed == b"52086\n"
    assert {"main.ml:5:8", "main.ml:7:49", "main.ml:12:9"} <= set(decisions)  # pop, mix, push


@needs_flambda
def test_the_compiler_that_calls_is_the_one_that_is_asked(project, policies):
    private = FLAMBDA.ocamlopt.path
    expected = subprocess.run([_plain(project)], capture_output=True, check=True).stdout
    for name in project.glob("*.cm*"):
        name.unlink()
    options = {"compiler": private, "options": ("-O3",)}
    _, printed, decisions = compiled(project, policies["default"], *MODULES, **options)
    assert printed == expected
    assert set(decisions.values()) == {"default"}  # which closure mode does not have
    _, printed, decisions = compiled(project, policies["inline"], *MODULES, **options)
    assert printed == expected
    assert "main.ml:4:8" in decisions


# What is none of its business


@needs_closure
def test_other_compilers_and_interfaces_are_left_alone(project):
    bytecode = CLOSURE.ocamlopt.path.with_name("ocamlc")
    if not bytecode.exists():
        pytest.skip("no ocamlc")
    done = ocamlopt(project, "/no/policy", "mixing.ml", "-o", "bytes", compiler=bytecode)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    done = ocamlopt(project, "/no/policy", "-c", "queue_of.mli")
    assert done.returncode == 0, done.stderr


@needs_closure
def test_files_with_nothing_to_decide_are_compiled_as_they_are(tmp_path, policies):
    (tmp_path / "plain.ml").write_text("let () = print_int 1\n")
    _, printed, decisions = compiled(tmp_path, policies["inline"], "plain.ml")
    assert (printed, decisions) == (b"1", {})


# Faults


@needs_closure
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("let f x = x +\n\nlet g = (\n", r'File "wrong\.ml", line 4.*\n(?:.*\n)*Error: Syntax error'),
        ("let f x = x\n\nlet () = f 1 2\n", r'File "wrong\.ml", line 3, characters \d+-\d+:\n(?:.*\n)*Error: '),
    ],
)
def test_mistakes_in_the_source_are_the_compilers_to_tell(tmp_path, policies, text, words):
    (tmp_path / "wrong.ml").write_text(text)
    done = ocamlopt(tmp_path, policies["inline"], "wrong.ml", "-o", "wrong")
    assert done.returncode == 2
    assert re.search(words, done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.ml"]


@needs_closure
@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("other", "the policy is of jitcse-v0, not of ocaml-inline-v0"),
        ("missing", "no policy here"),
    ],
)
def test_policies_that_are_of_no_use_stop_the_compiler(tmp_path, policies, policy, words):
    (tmp_path / "some.ml").write_text("let f x = x + 1\nlet () = print_int (f 1)\n")
    done = ocamlopt(tmp_path, policies.get(policy, "/no/policy"), "some.ml", "-o", "some")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["some.ml"]


@needs_closure
def test_without_a_compiler_of_its_own_it_says_how_to_get_one(tmp_path, policies, monkeypatch, gymcc):
    tree = tmp_path / "tree"
    tree.write_bytes(b"Caml1999M030")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GYMCC_OCAMLOPT", raising=False)
    status, _, said = gymcc("ocaml", "ppx", "--policy", str(policies["inline"]), str(tree), str(tmp_path / "out"))
    assert status == 2
    assert "apt-get install ocaml-nox" in said
    assert not (tmp_path / "out").exists()


@needs_closure
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Caml1999M001 and so on", "the syntax tree is of another OCaml (Caml1999M001) than ocamlopt"),
        (b"let x = 1", "gymcc ocaml ppx is for ocamlopt -ppx to call"),
    ],
)
def test_trees_of_other_compilers_are_refused(tmp_path, policies, gymcc, content, words):
    tree = tmp_path / "tree"
    tree.write_bytes(content)
    status, _, said = gymcc("ocaml", "ppx", "--policy", str(policies["inline"]), str(tree), str(tmp_path / "out"))
    assert status == 2
    assert words in said
    assert not (tmp_path / "out").exists()


def test_neither_torch_nor_ray_is_loaded():
    """What a compilation loads, file by file."""
    code = (
        "import sys, gymcc.scripts.ocaml, gymcc.agents.recorded, gymcc.envs.ocaml.deployed, onnxruntime;"
        "print([name for name in ('torch', 'ray', 'scipy', 'gymcc.envs.ocaml.backends.sim') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_decisions_have_no_cost_where_nothing_is_run(own_cache):
    from gymcc.envs.core.problem import BackendError
    from gymcc.envs.ocaml.backends.compiler.unit import Unit

    unit = object.__new__(Unit)
    unit.name = "file.ml"
    with pytest.raises(BackendError, match=r"file\.ml is a file of a program that is not run"):
        unit.cost({(0,): Action.INLINE})
