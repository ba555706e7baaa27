"""The parts that need no compiler: decisions on paths, plans, what compilers say, object files, the cache."""

import multiprocessing
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.envs.core.toolchain import ToolError, ToolMissing
from gymcc.envs.ocaml.backends.compiler import Action, Program
from gymcc.envs.ocaml.backends.compiler.cache import Cache
from gymcc.envs.ocaml.backends.compiler.decisions import Decided
from gymcc.envs.ocaml.backends.compiler.diagnostics import first_error, refusals
from gymcc.envs.ocaml.backends.compiler.elf import read_object
from gymcc.envs.ocaml.backends.compiler.flambda import install
from gymcc.envs.ocaml.backends.compiler.inlining_report import Benefit, parse_report
from gymcc.envs.ocaml.backends.compiler.listing import parse_listing
from gymcc.envs.ocaml.backends.compiler.plan import Planner
from gymcc.envs.ocaml.backends.compiler.texts import Texts

DEFAULT, INLINE, NEVER = Action

# leaf; mid calls leaf twice (sites 0, 1); rec loop calls itself (2) and mid (3), and its inner function calls loop (4);
# main calls loop (5) and inner's like (6, unknown)
FUNCTIONS = {"leaf": [], "mid": [], "loop": [], "inner": [2], "main": []}
CALLS = [("leaf", [1]), ("leaf", [1]), ("loop", [2]), ("mid", [2]), ("loop", [2, 3]), ("loop", [4]), (None, [4])]
KINDS = ["direct", "direct", "self", "direct", "self", "direct", "unknown"]


def listing():
    names = list(FUNCTIONS)
    counts = dict.fromkeys(("arity", "uses", "size", "calls", "primitives", "loops", "closures"), 1)
    counts |= dict.fromkeys(("allocations", "branches", "tries"), 0)
    definitions = [
        {
            "name": name,
            "file": "a.ml",
            "line": 1,
            "column": 0,
            "offset": 10 * number,
            "group": number,
            "inside": inside,
            "cloneable": True,
            "exported": not inside,
            "top": not inside,
            "escapes": False,
            "recursive": name == "loop",
        }
        | counts
        for number, (name, inside) in enumerate(FUNCTIONS.items())
    ]
    fields = ("end_line", "end_column", "reach", "head_line", "head_column", "arguments", "constant_arguments")
    fields += ("function_arguments", "variable_arguments", "allocating_arguments", "loop_depth", "branch_depth")
    sites = [
        {
            "file": "a.ml",
            "line": 1,
            "column": number,
            "head": [100 + number, 101 + number],
            "kind": kind,
            "name": callee or "f",
            "callee": None if callee is None else names.index(callee),
            "inside": inside,
            "nesting": 1,
            "try_depth": 0,
        }
        | dict.fromkeys(fields, 1)
        for number, ((callee, inside), kind) in enumerate(zip(CALLS, KINDS, strict=True))
    ]
    return parse_listing({"definitions": definitions, "sites": sites}, externals=False)


PROGRAM = Program((("a.mli", b""), ("a.ml", b"")))


def plan_of(decisions, inlined=frozenset()):
    plan = Planner(PROGRAM, listing(), inlined).plan(decisions)
    return [tuple(line.split("\t")) for line in plan.text.splitlines()]


def test_paths_without_decisions_follow_their_last_site():
    decided = Decided({(1,): NEVER, (5, 3): INLINE, (5, 3, 1): DEFAULT})
    assert [decided.at(path) for path in [(1,), (3, 1), (5, 3), (3,), (5, 3, 1), (9,)]] == [
        NEVER,
        NEVER,
        INLINE,
        DEFAULT,
        DEFAULT,
        DEFAULT,
    ]


def test_a_plan_without_decisions_is_empty():
    assert plan_of({}) == []
    assert plan_of({(0,): DEFAULT, (3, 0): DEFAULT}) == []


def test_sites_get_attributes_and_functions_keep_their_bodies():
    lines = plan_of({(0,): INLINE, (3,): NEVER})
    assert lines == [
        ("head", "0", "a.ml", "100", "101", "always", "-"),
        ("head", "0", "a.ml", "101", "102", "never", "-"),  # the other call of leaf does as it would have done
        ("head", "0", "a.ml", "103", "104", "never", "-"),
        ("mark", "0", "a.ml", "0", "inline", "always"),
    ]
    assert plan_of({(0,): INLINE, (3,): NEVER}, inlined=None) == [
        lines[0],
        lines[2],
    ]  # Flambda has a default of its own


def test_what_is_inlined_anyway_needs_no_mark_unless_its_body_changes():
    assert ("mark", "0", "a.ml", "10", "inline", "always") not in plan_of({(3,): INLINE}, inlined={3, 0})
    assert ("mark", "0", "a.ml", "10", "inline", "always") in plan_of({(3,): INLINE, (0,): NEVER}, inlined={3, 0})


def test_a_path_of_its_own_gets_a_copy():
    lines = plan_of({(3,): INLINE, (3, 0): INLINE})
    assert ("clone", "0", "a.ml", "10", "mid__gymcc1", "1", "1") in lines
    assert ("value", "a.mli", "mid", "mid__gymcc1") in lines
    assert ("head", "0", "a.ml", "103", "104", "always", "mid__gymcc1") in lines
    assert ("head", "1", "a.ml", "100", "101", "always", "-") in lines
    assert not [line for line in lines if line[:4] == ("head", "0", "a.ml", "100") and line[5] == "always"]


def test_paths_that_follow_their_sites_get_no_copies():
    assert not [line for line in plan_of({(3,): INLINE, (0,): INLINE, (3, 0): INLINE}) if line[0] == "clone"]
    assert not [line for line in plan_of({(3,): NEVER, (3, 0): INLINE}) if line[0] == "clone"]


def test_recursive_functions_are_copied_for_calls_from_outside_only():
    texts = Texts(listing())
    assert not texts.can_copy((2,))
    assert not texts.can_copy((4,))
    assert texts.can_copy((5,))
    assert texts.can_copy((5, 2, 2))
    assert texts.can_copy((5, 4))
    assert texts.children((5,)) == (2, 3, 4)
    assert texts.children((2,)) == ()
    assert texts.children((6,)) == ()


def test_copies_that_are_called_come_before_those_that_call_them():
    lines = plan_of({(5,): INLINE, (5, 2): INLINE, (5, 2, 2): INLINE, (5, 2, 3): NEVER})
    clones = [(line[4], int(line[5])) for line in lines if line[0] == "clone"]
    assert clones == [("loop__gymcc1", 1), ("loop__gymcc2", 2)]
    assert ("head", "0", "a.ml", "105", "106", "always", "loop__gymcc2") in lines
    assert ("head", "2", "a.ml", "102", "103", "always", "loop__gymcc1") in lines


@st.composite
def paths(draw):
    path = (draw(st.integers(0, 6)),)
    while (below := Texts(listing()).children(path)) and len(path) < 4 and draw(st.booleans()):
        path = (*path, draw(st.sampled_from(below)))
    return path


@given(st.dictionaries(paths(), st.sampled_from([INLINE, INLINE, NEVER, DEFAULT]), max_size=12))
def test_plans_name_only_what_they_make(decisions):
    lines = plan_of(decisions)
    contexts = {"0"} | {line[5] for line in lines if line[0] == "clone"}
    names = {line[4] for line in lines if line[0] == "clone"}
    called = [line[6] for line in lines if line[0] == "head" and line[6] != "-"]
    assert sorted(called) == sorted(names)  # each copy is called at one site, and no other is
    assert {line[1] for line in lines if line[0] in ("head", "mark", "clone")} <= contexts
    heads = [line[1:4] for line in lines if line[0] == "head"]
    assert len(heads) == len(set(heads))


WARNINGS = """File "a.ml", line 3, characters 2-9:
Warning 55 [inlining-impossible]: Cannot inline: Unknown function
File "a.ml#2", lines 8-9, characters 10-12:
Warning 55 [inlining-impossible]: [@inlined] attribute was not used on this function application
(the optimizer did not know what function was being applied)
File "a.ml", line 3, characters 2-9:
Warning 55 [inlining-impossible]: Cannot inline: Unknown function
"""


def test_warnings_are_read_once_each():
    first, second = refusals(WARNINGS)
    assert (first.span, first.context, first.reason) == (("a.ml", 3, 2, 3, 9), 0, "Unknown function")
    assert (second.span, second.context) == (("a.ml", 8, 10, 9, 12), 2)
    assert second.reason.endswith("what function was being applied)")


def test_errors_are_put_on_one_line():
    said = 'File "b.ml", line 3, characters 22-26:\nError: This expression has type bool\n  but no more\n'
    assert first_error(said) == "b.ml, line 3, characters 22-26: Error: This expression has type bool but no more"
    excerpt = 'File "b.ml", line 1, characters 0-1:\n1 | let\n    ^\nError: Syntax error\n'
    assert first_error(excerpt) == "b.ml, line 1, characters 0-1: Error: Syntax error"
    assert first_error("Fatal error: exception Stack_overflow") == "Fatal error: exception Stack_overflow"
    assert first_error("all is well") == ""


REPORT = """* Definition of f/94{a.ml:10,13-88}
** Application of g/9{a.ml:12,17-40}

   This function was not specialised because it was a self call.

   This function was not inlined because it was a self call.


* Application of h/109{a.ml:17,16-26;b.ml:3,0-9}

  This function was not specialised because the expected benefit did not
  outweigh the change in code size.

  This function was inlined because the expected benefit outweighed the
  change in code size.

** Specialising benefit calculation

     |-------+--------+-------+----------+----------------|
     | Calls | Allocs | Prims | Branches | Indirect calls |
     |-------+--------+-------+----------+----------------|
     |     0 |      0 |     0 |        0 |              0 |
     |-------+--------+-------+----------+----------------|

   expected benefit of 0.0.  The new code has size 24, giving a change in
   code size of 20.

** Inlining benefit calculation

     |-------+--------+-------+----------+----------------|
     | Calls | Allocs | Prims | Branches | Indirect calls |
     |-------+--------+-------+----------+----------------|
     |     1 |      0 |     2 |        1 |              3 |
     |-------+--------+-------+----------+----------------|

   expected benefit of 48.0.  The new code has size 14, giving a change in code
   size of -1.  The change in code size is less than the expected benefit.
"""


def test_the_report_of_flambda_is_read():
    first, second = parse_report(REPORT)
    assert (first.function, first.path, first.inlined) == ("g", (("a.ml", 12, 17, 40),), False)
    assert (first.reason, first.benefit) == ("it was a self call", None)
    assert second.path == (("a.ml", 17, 16, 26), ("b.ml", 3, 0, 9))
    assert second.inlined
    assert not second.specialised
    assert second.benefit == Benefit(1, 0, 2, 1, 3, size=14, growth=-1)
    assert parse_report("") == ()


@pytest.mark.skipif(not all(map(shutil.which, ("gcc", "size", "nm"))), reason="no gcc or binutils")
def test_objects_are_as_binutils_see_them(tmp_path):
    (tmp_path / "x.c").write_text(
        "int f(int x) { return x * 3; }\nint (*p)(int);\nint g(int x) { return f(x) + p(x); }\n"
    )
    run = {"check": True, "cwd": tmp_path, "capture_output": True, "text": True}
    subprocess.run(["gcc", "-O1", "-fno-inline", "-c", "x.c"], **run)
    found = read_object((tmp_path / "x.o").read_bytes())
    sizes = subprocess.run(["size", "-A", "x.o"], **run).stdout
    assert found.text == next(int(line.split()[1]) for line in sizes.splitlines() if line.startswith(".text"))
    names = subprocess.run(["nm", "-S", "x.o"], **run).stdout
    expected = {
        (name, int(start, 16), int(size, 16))
        for start, size, kind, name in (line.split() for line in names.splitlines() if len(line.split()) == 4)
        if kind == "T"
    }
    assert {(each.name, each.start, each.size) for each in found.functions} == expected
    assert "p" in found.mentioned
    with pytest.raises(ValueError, match="no ELF object"):
        read_object(b"MZ")


def test_the_cache_keeps_the_youngest(tmp_path):
    cache = Cache(tmp_path / "deep" / "cache.sqlite", entries=10)
    for number in range(25):
        cache.put(f"key {number}", [number, "x"])
        cache.put(f"key {number}", "another")  # the first stays
    assert len(cache) == 10
    assert [cache.get(f"key {number}") for number in (14, 15, 24)] == [None, [15, "x"], [24, "x"]]


def test_a_cache_that_cannot_be_used_is_as_good_as_empty(tmp_path):
    (tmp_path / "broken").write_text("no database at all, by any means")
    for path in (tmp_path / "broken", tmp_path / "broken" / "below.sqlite"):
        cache = Cache(path)
        cache.put("a", 1)
        assert cache.get("a") is None
        assert len(cache) == 0


def put_many(path, first):
    cache = Cache(path, entries=1000)
    for number in range(first, first + 50):
        cache.put(str(number), number)


def test_processes_share_a_cache(tmp_path):
    path = tmp_path / "cache.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=put_many, args=(path, 50 * number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    cache = Cache(path)
    assert [cache.get(str(number)) for number in range(150)] == list(range(150))


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """A search path with the given scripts alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(**scripts):
        for name, script in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    return write


def test_building_flambda_off_debian_says_what_to_do(commands, tmp_path):
    with pytest.raises(ToolMissing, match=r"apt-get .*this works on Debian.*opam switch with ocaml-option-flambda"):
        install(print, folder=tmp_path / "cache")
    commands(apt_get="true")
    with pytest.raises(ToolMissing, match=r"gcc .*apt-get install gcc"):
        install(print, folder=tmp_path / "cache")
    commands(apt_get="true", gcc="true", make="true")
    with pytest.raises(ToolError, match="knows of no packages of Debian or Ubuntu"):
        install(print, folder=tmp_path / "cache")


def test_building_flambda_goes_on_where_it_was(commands, tmp_path):
    building = tmp_path / "cache" / "flambda-build"
    (building / "source").mkdir(parents=True)
    (building / "source" / "Makefile.config").write_text("")
    commands(apt_get="exit 9", gcc="true", make="echo what went wrong >&2; exit 2")
    said = []
    with pytest.raises(ToolError, match=r"make .*failed: what went wrong; the log is .*starts all over"):
        install(said.append, jobs=3, folder=tmp_path / "cache")
    assert len(said) == 1
    assert "compiling with 3 processes" in said[0]
    assert (building / "log").read_text() == "what went wrong\n"
