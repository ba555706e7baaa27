"""A program of the user's own: searched with the real compiler, shown call by call, and written as decided."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gymcc.envs.core.own import OwnProgram
from gymcc.envs.ocaml.backends.compiler import Action, Compiler
from gymcc.envs.ocaml.problem import OcamlInline
from tests.ocaml.compiler_cases import (
    CLOSURE,
    DATA,
    FLAMBDA,
    PROGRAMS,
    compiler_of,
    everywhere,
    needs_closure,
    needs_flambda,
    own_cache,
    random_tree,
)
from tests.scripts.conftest import gymcc

__all__ = ["gymcc", "own_cache"]

AWKWARD = """
(* Whatever there is to write a call with. *)
let ( +| ) a b = (* sums *) (a + b) * 3
let ( .%() ) a i = a.(i) + 1
let ( !! ) x = x lxor 5
let add a b = a + b (* a comment *)
let apply f x = f x
let[@inline never] both f g x = f (g x)
let rec down n = if n <= 0 then 0 else add n (down (n - 1)) [@@inline]
let () =
  let local x = add x 1
  and other = fun x -> x +| 2 in
  let values = [| 1; 2; 3 |] in
  let once = local 1 +| other 2 +| !! 3 +| values.%(1) in
  let piped = once |> add 2 |> local |> (fun x -> x) |> ( +| ) 3 in
  print_int (add 1 @@ local @@ both local other (piped |> apply down));
  print_int (((add) [@inlined never]) once (M.f 1)); print_newline ()
"""
MODULE = "module M = struct let f x = x + 1 let g x = f (f x) end\n"


def recompiled(compiler, sources):
    """What the source as decided is to the stock compiler: an executable, measured."""
    files = tuple((name, sources[name].encode()) for name, _ in compiler.program.files)
    binary, _ = compiler.driver.plain(replace(compiler.program, files=files))
    return binary, compiler.measure(binary)


@pytest.fixture
def awkward(tmp_path):
    path = tmp_path / "awkward.ml"
    path.write_text(MODULE + AWKWARD)
    return Compiler(path, toolchain=CLOSURE)


# Source as decided


@needs_closure
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_text_of_decisions_compiles_to_what_was_decided(name):
    """The syntax trees that are measured, and the text that is given to people, by the same compiler."""
    compiler = compiler_of(name, CLOSURE)
    decisions = random_tree(compiler, 0, depth=1)
    binary, measured = recompiled(compiler, compiler.source(decisions))
    decided = compiler.compile(decisions)
    assert binary.text == decided.text
    assert measured == compiler.measure(decided)


@needs_closure
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_text_of_copies_computes_the_same_in_as_many_instructions(name):
    compiler = compiler_of(name, CLOSURE)
    decisions = random_tree(compiler, 1)
    _, measured = recompiled(compiler, compiler.source(decisions))
    expected = compiler.cost(decisions)
    assert measured.output == expected.output
    assert measured.cost == pytest.approx(expected.cost, rel=2e-3)  # names move the runtime's hash tables


@needs_closure
def test_text_is_changed_where_something_is_decided_and_nowhere_else():
    compiler = compiler_of("paths.ml", CLOSURE)
    original = (DATA / "paths.ml").read_text()
    assert compiler.source({}) == {"paths.ml": original}
    (site,) = [site for site in compiler.sites if site.name == "upper"]
    lines = zip(
        original.splitlines(), compiler.source({(site.id,): Action.NEVER})["paths.ml"].splitlines(), strict=True
    )
    changed = [number for number, (before, after) in enumerate(lines, 1) if before != after]
    assert changed == [site.line]
    inlined = compiler.source({(site.id,): Action.INLINE})["paths.ml"]
    assert "(upper [@inlined always]) i" in inlined
    assert "let[@inline always] upper x" in inlined


@needs_closure
@pytest.mark.parametrize("action", [Action.INLINE, Action.NEVER])
def test_calls_of_any_shape_are_written_as_decided(awkward, action):
    text = awkward.source(everywhere(awkward, action))["awkward.ml"]
    binary, measured = recompiled(awkward, {"awkward.ml": text})
    decided = awkward.compile(everywhere(awkward, action))
    assert (binary.text, measured) == (decided.text, awkward.measure(decided))


@needs_closure
def test_comments_stay_where_there_is_a_text_for_the_decisions(tmp_path):
    path = tmp_path / "plain.ml"
    path.write_text(MODULE + AWKWARD.replace(" +| values.%(1)", ""))  # `.%()` has no place for an attribute
    compiler = Compiler(path, toolchain=CLOSURE)
    text = compiler.source(everywhere(compiler, Action.NEVER))["plain.ml"]
    assert text.count("(*") == path.read_text().count("(*")
    assert "((+|) [@inlined never])" in text
    assert text.count("[@inlined never]") == sum(site.kind != "external" for site in compiler.sites)


@needs_flambda
def test_calls_of_fields_and_results_are_written_in_place(tmp_path):
    """Functions that are values, which Flambda may come to know."""
    path = tmp_path / "values.ml"
    path.write_text(
        "type order = { less : int -> int -> bool (* strictly *) }\n"
        "let by f = { less = (fun a b -> f a < f b) }\n"
        "let pick order a b = if order.less a b then a else b (* the lesser *)\n"
        "let twice f = (fun x -> f (f x)) (* composed *)\n"
        "let () = print_int (pick (by abs) (-3) 2 + (twice (fun x -> x * 3)) 4)\n"
    )
    compiler = Compiler(path, toolchain=FLAMBDA)
    decisions = {(site.id,): Action.INLINE for site in compiler.sites if Action.INLINE in compiler.legal((site.id,))}
    text = compiler.source(decisions)["values.ml"]
    assert "(order.less [@inlined always]) a b" in text
    assert text.count("(*") == path.read_text().count("(*")
    measured, expected = recompiled(compiler, {"values.ml": text})[1], compiler.cost(decisions)
    assert measured.output == expected.output
    assert measured.cost == pytest.approx(expected.cost, rel=2e-3)


# How programs are given


def test_folders_are_programs_and_files_are_one(tmp_path):
    (tmp_path / "folder").mkdir()
    given = [tmp_path / "folder", tmp_path / "a.ml", tmp_path / "b.ml"]
    found = OcamlInline.programs(given, {"backend": "sim"})
    assert found == [
        OwnProgram("folder", {"backend": "sim", "program": str(given[0])}, "flips"),
        OwnProgram("b", {"backend": "sim", "program": [str(given[1]), str(given[2])]}, "flips"),
    ]


@needs_closure
def test_a_search_tells_what_it_decided_and_writes_it(gymcc, tmp_path):
    """Several modules in link order; what is written is compiled by hand and counts as many instructions."""
    files = [DATA / "modules" / name for name in ("mixing.ml", "queue_of.ml", "main.ml")]
    given = [word for file in files for word in ("--program", str(file))]
    out = tmp_path / "out"
    arguments = ("--backend", "closure", "--method", "always", "--evaluations", "3", "--apply", str(out), "--json")
    status, printed, said = gymcc("search", "ocaml", *given, *arguments)
    assert status == 0, said
    (row,) = json.loads(printed)
    compiler = compiler_of("modules", CLOSURE)
    assert (row["program"], row["method"]) == ("main", "always")
    assert (row["default_instructions"], row["default_bytes"]) == (compiler.baseline.cost, compiler.baseline.text)
    places = {decision["call"]: decision for decision in row["decisions"]}
    pop = places["main.ml:4:8"]
    assert (pop["function"], pop["decision"], pop["unasked"], pop["changed"]) == ("pop", "inline", "never", True)
    assert sorted(path.name for path in out.iterdir()) == ["main.ml", "mixing.ml", "queue_of.ml", "queue_of.mli"]
    names = ("mixing.ml", "queue_of.mli", "queue_of.ml", "main.ml")
    written = Compiler([out / name for name in names], toolchain=CLOSURE)
    assert written.baseline.cost == row["instructions"]
    assert written.baseline.text == row["bytes"]
    status, _, said = gymcc("search", "ocaml", *given, *arguments)
    assert status == 2
    assert "exists; nothing was written" in said


@needs_closure
def test_tables_name_files_lines_and_columns(gymcc, tmp_path):
    status, printed, said = gymcc("search", "ocaml", "--program", str(DATA / "paths.ml"), "--method", "never")
    assert status == 0, said
    assert "never: 2 of 7 decisions are not what the compiler does unasked" in printed
    assert "paths.ml:3:12" in printed
    assert "default instructions" in printed


@needs_closure
def test_programs_read_input_and_arguments(gymcc, tmp_path):
    source, typed = tmp_path / "reads.ml", tmp_path / "input"
    source.write_text(
        "let twice x = x * 2\nlet again f x = f (f x)\n"
        "let () = print_int (again twice (int_of_string (read_line ()) + int_of_string Sys.argv.(1)) + twice 3)\n"
    )
    typed.write_text("20\n")
    given = ("search", "ocaml", "--program", str(source), "--method", "never", "--json")
    status, _, said = gymcc(*given)
    assert status == 2
    assert "does not end well" in said
    status, printed, said = gymcc(*given, "--input", str(typed), "--argument", "1")
    assert status == 0, said
    assert json.loads(printed)[0]["decisions"]


def test_the_simulator_takes_a_program_too(gymcc, tmp_path):
    path = tmp_path / "own.ml"
    path.write_text("let f x = x + 1\nlet () = for i = 1 to 9 do print_int (f i + f (i * 2)) done\n")
    given = ("search", "ocaml", "--program", str(path), "--backend", "sim", "--apply", str(tmp_path / "out"), "--json")
    status, printed, said = gymcc(*given, "--method", "never,always")
    assert status == 0, said
    rows = json.loads(printed)
    assert [row["method"] for row in rows] == ["never", "always"]
    assert rows[0]["cost"] > rows[1]["cost"]
    assert rows[0]["decisions"][0]["call"] == "own.ml:2:38"
    assert (tmp_path / "out" / "own.ml").exists()


# Faults


@needs_closure
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("let f x = x + 1\n\nlet () = print_int (f true)\n", "own.ml, line 3, characters 22-26: Error: "),
        ("let () = print_int (1 +)\n", "own.ml, line 1, characters"),
        ("let () = while true do () done\n", "own.ml: the program does not end within 1 s"),
        ("let f x = x + 1 let x = f 2\n", "own.ml: the program prints nothing"),
        ("let () = print_int 1; exit 3\n", "own.ml: the program does not end well: ended with status 3"),
        ("let () = print_int 1\n", "there is nothing to decide"),
    ],
)
def test_programs_with_faults_are_named_with_their_place(gymcc, tmp_path, text, words):
    path = tmp_path / "own.ml"
    path.write_text(text)
    options = ("-o", "run_seconds=1") if "does not end within" in words else ()
    status, printed, said = gymcc("search", "ocaml", "--program", str(path), "--backend", "closure", *options)
    assert (status, printed) == (2, "")
    assert words in said
    assert len(said.strip().splitlines()) == 1


def test_without_a_compiler_the_simulator_is_named(gymcc, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GYMCC_OCAMLOPT", raising=False)
    shutil.copy(DATA / "paths.ml", tmp_path)
    status, _, said = gymcc("search", "ocaml", "--program", str(tmp_path / "paths.ml"))
    assert status == 2
    assert "apt-get install ocaml-nox" in said
    assert "--backend sim" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--program", "nowhere.ml", "--backend", "sim"), "there is no program nowhere.ml"),
        (("--program", "a.ml", "--out", "x", "--backend", "sim"), "--out"),
        (("--program", "a.ml", "--method", "magic", "--backend", "sim"), "'magic'"),
        (("--program", "a.ml", "--backend", "bytecode"), "closure, flambda"),
        (("--program", "a.ml", "--program", "more", "--apply", "x", "--backend", "sim"), "--apply writes one program"),
        (("--program", "a.ml", "--model", "x", "--backend", "sim"), "--model"),
        (("--apply", "x"), "--program"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(gymcc, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more").mkdir()
    (tmp_path / "a.ml").write_text("let f x = x + 1 let () = print_int (f 1)")
    status, _, said = gymcc("search", "ocaml", *arguments)
    assert status == 2
    assert words in said
    assert len(said.strip().splitlines()) == 1


@needs_closure
def test_nothing_is_left_of_a_search(gymcc, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    gymcc("search", "ocaml", "--program", str(DATA / "paths.ml"), "--method", "random", "--evaluations", "2")
    assert list(folder.iterdir()) == []


@needs_closure
def test_source_as_decided_is_ocaml_for_any_compiler(tmp_path):
    """Compiled by the command that a user would type."""
    compiler = compiler_of("recursion.ml", CLOSURE)
    path = tmp_path / "recursion.ml"
    path.write_text(compiler.source(random_tree(compiler, 2))["recursion.ml"])
    ocamlopt = str(CLOSURE.ocamlopt.path)
    subprocess.run([ocamlopt, "-w", "-a", path.name, "-o", "new"], cwd=tmp_path, check=True)
    shutil.copy(DATA / "recursion.ml", tmp_path / "old.ml")
    subprocess.run([ocamlopt, "-w", "-a", "old.ml", "-o", "old"], cwd=tmp_path, check=True)
    new, old = (subprocess.run([tmp_path / name], capture_output=True, check=True).stdout for name in ("new", "old"))
    assert new == old
    assert Path(tmp_path / "new").stat().st_size > 0
