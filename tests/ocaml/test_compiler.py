"""The real compiler does what is decided, path by path, and programs go on computing what they computed."""

import pickle
import re
import subprocess
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gymcc.envs.ocaml.backends.compiler import FEATURES, Action, Compiler, Kind
from tests.ocaml.compiler_cases import (
    ANY,
    CLOSURE,
    DATA,
    FLAMBDA,
    PROGRAMS,
    compiler_of,
    everywhere,
    needs_closure,
    needs_flambda,
    needs_ocaml,
    own_cache,
    random_tree,
    site_of,
)

__all__ = ["own_cache"]
MODES = [
    pytest.param(CLOSURE, marks=needs_closure, id="closure"),
    pytest.param(FLAMBDA, marks=needs_flambda, id="flambda"),
]


@pytest.fixture(scope="module", params=MODES)
def compilers(request, own_cache):
    return {name: compiler_of(name, request.param) for name in PROGRAMS}


@needs_closure
def test_sites_are_the_calls_of_the_source_in_its_order():
    compiler = compiler_of("pipeline.ml", CLOSURE)
    found = [(site.line, site.head_column, site.name, site.kind) for site in compiler.sites]
    assert found[:8] == [
        (2, 20, "f", Kind.UNKNOWN),
        (2, 23, "g", Kind.UNKNOWN),
        (5, 16, "add", Kind.PARTIAL),
        (6, 17, "f", Kind.UNKNOWN),
        (6, 23, "f", Kind.UNKNOWN),
        (12, 17, "fold", Kind.SELF),
        (12, 25, "f", Kind.UNKNOWN),
        (14, 58, "upto", Kind.SELF),
    ]
    assert [(site.name, site.kind) for site in compiler.sites if site.line == 19] == [
        ("fold", Kind.DIRECT),
        ("+|", Kind.DIRECT),
        ("step", Kind.UNKNOWN),
    ]
    assert [(site.name, site.arguments) for site in compiler.sites if site.line in (20, 21)] == [
        ("choose", 3),
        ("add", 2),
        ("increment", 1),
    ]


@needs_closure
def test_calls_of_libraries_are_sites_if_asked_for():
    without, with_them = compiler_of("recursion.ml", CLOSURE), compiler_of("recursion.ml", CLOSURE, externals=True)
    names = [site.name for site in with_them.sites if site.kind is Kind.EXTERNAL]
    assert names == ["Stdlib.print_int", "Stdlib.print_newline"]
    assert len(with_them.sites) == len(without.sites) + len(names)


@needs_closure
def test_features_count_what_stands_in_the_source():
    compiler = compiler_of("records.ml", CLOSURE)
    assert len(FEATURES) >= 31

    def features(name, line=None):
        return dict(zip(FEATURES, compiler.features(site_of(compiler, name, line)), strict=True))

    norm = features("norm")
    assert (norm["callee_calls"], norm["callee_primitives"], norm["callee_arity"]) == (4, 3, 1)
    assert (norm["arguments"], norm["allocating_arguments"], norm["nesting"], norm["caller_size"]) == (1, 1, 1, 0)
    assert norm["callee_only_use"] == norm["is_direct"] == norm["callee_top"] == 1
    less = features("less")
    assert (less["loop_depth"], less["branch_depth"], less["variable_arguments"]) == (1, 1, 1)
    assert (less["caller_uses"], less["callee_size"] > 5, less["caller_size"] > less["callee_size"]) == (2, True, True)
    compare = features("order.compare")
    assert compare["is_unknown"] == 1
    assert all(compare[name] == 0 for name in FEATURES if name.startswith("callee_"))
    recursion = compiler_of("recursion.ml", CLOSURE)
    power = dict(zip(FEATURES, recursion.features(site_of(recursion, "power", 20)), strict=True))
    assert (power["try_depth"], power["callee_recursive"], power["callee_uses"], power["constant_arguments"]) == (
        1,
        1,
        2,
        1,
    )


@needs_closure
def test_objects_are_no_sites_and_defaults_no_over_applications():
    compiler = compiler_of("features.ml", CLOSURE)
    assert not [site for site in compiler.sites if site.line == 61]
    assert [site.kind for site in compiler.sites if site.name == "weigh"] == [Kind.DIRECT] * 2


@needs_closure
def test_files_of_a_folder_come_in_the_order_of_their_dependencies():
    compiler = compiler_of("modules", CLOSURE)
    order = compiler.program.units
    assert order.index("main.ml") == 2
    through_interface = site_of(compiler, "get")
    assert compiler.sites[through_interface].kind is Kind.DIRECT
    listed = Compiler([DATA / "modules" / name for name in order], toolchain=CLOSURE)
    assert listed.baseline == compiler.baseline


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_left_to_the_compiler_is_the_plain_compilation(compilers, name):
    compiler = compilers[name]
    assert compiler.cost({}) == compiler.baseline
    assert compiler.cost(everywhere(compiler, Action.DEFAULT)) == compiler.baseline


@needs_closure
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "pipeline.ml"])
def test_closure_mode_told_to_do_what_it_does_anyway_does_just_that(name):
    compiler = compiler_of(name, CLOSURE)
    told = {(site.id,): compiler.default(site.id) for site in compiler.sites}
    assert compiler.cost(told).cost == compiler.baseline.cost


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_may_be_inlined_is_inlined_and_changes_the_code(compilers, name):
    compiler = compilers[name]
    never = everywhere(compiler, Action.NEVER)
    kept = compiler.compile(never)
    direct = [
        site for site in compiler.sites if site.kind is Kind.DIRECT
    ]  # others may need the code around inlined, too
    legal = [site for site in direct if Action.INLINE in compiler.legal((site.id,))]
    for site in legal[:: max(1, len(legal) // 3)]:
        binary = compiler.compile({**never, (site.id,): Action.INLINE})
        assert binary.digest != kept.digest, str(site)
        assert site.span not in {refusal.span for refusal in binary.refused}


@needs_closure
def test_what_may_not_be_inlined_is_refused():
    compiler = compiler_of("recursion.ml", CLOSURE)
    refused = compiler.cost(everywhere(compiler, Action.INLINE)).refused
    closed = {(site.id,) for site in compiler.sites if Action.INLINE not in compiler.legal((site.id,))}
    assert refused == closed
    assert {compiler.sites[path[0]].name for path in closed} >= {"power", "even", "odd"}


@needs_closure
def test_a_path_is_honoured_where_it_lies_and_nowhere_else(tmp_path):
    """Read off the machine code: which function calls which, and how often."""
    compiler = compiler_of("paths.ml", CLOSURE)
    upper, first = site_of(compiler, "upper"), min(site.id for site in compiler.sites if site.name == "mid")
    leaf = min(site.id for site in compiler.sites if site.name == "leaf")
    never = everywhere(compiler, Action.NEVER)

    def calls(*inlined):
        binary = compiler.compile({**never, **dict.fromkeys(inlined, Action.INLINE)})
        executable = tmp_path / "program"
        executable.write_bytes(binary.image)
        return calls_in(executable)

    assert calls() == {"mid": {"leaf": 2}, "upper": {"mid": 2}, "main": {"mid": 1, "upper": 1}}
    assert calls((upper,))["main"] == {"mid": 3}
    one = calls((upper,), (upper, first))
    assert one["main"] == {"mid": 2, "leaf": 2}
    assert one["upper"] == {"mid": 2}
    assert calls((upper,), (upper, first), (upper, first, leaf))["main"] == {"mid": 2, "leaf": 1}
    assert calls((upper,), (first,))["main"] == {"mid": 2, "leaf": 2}
    assert calls((upper,), (first,))["upper"] == {"mid": 1, "leaf": 2}
    assert calls((upper,), (first,), (upper, first, leaf))["main"] == {"mid": 2, "leaf": 1}


def calls_in(executable):
    """Calls between the functions of paths.ml in an executable, as objdump disassembles it; copies are left out."""
    listing = subprocess.run(["objdump", "-d", executable], capture_output=True, check=True).stdout.decode()
    found, function = {}, ""
    for line in listing.splitlines():
        if start := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            named = re.fullmatch(r"camlPaths(?:__|\.)(leaf|mid|upper|main)_\d+", start[1])
            function = named[1] if named else ""
        elif function and (call := re.search(r"(?:call|jmp)\w*\s.*<camlPaths(?:__|\.)(\w+?)_\d+>", line)):
            counts = found.setdefault(function, {})
            counts[call[1]] = counts.get(call[1], 0) + 1
    return found


@needs_closure
def test_recursive_functions_unroll_along_paths():
    compiler = compiler_of("recursion.ml", CLOSURE)
    outer, inner = site_of(compiler, "power", 20), site_of(compiler, "power", 2)
    assert compiler.legal((inner,)) == {Action.DEFAULT}
    assert compiler.legal((outer, inner, inner)) == {Action.INLINE, Action.NEVER}
    found = []
    decisions = everywhere(compiler, Action.NEVER)
    for depth in range(4):
        decisions[(outer,) + (inner,) * depth] = Action.INLINE
        figures = compiler.cost(decisions)
        assert not figures.refused
        found.append(figures)
    texts = [figures.text for figures in found]
    assert texts == sorted(set(texts))  # a body more each time
    assert found[-1].cost < found[0].cost


@pytest.mark.parametrize("name", PROGRAMS)
def test_any_tree_of_decisions_leaves_what_the_program_computes(compilers, name):
    compiler = compilers[name]

    @settings(max_examples=3, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**6))
    def law(seed):
        decisions = random_tree(compiler, seed)
        figures = compiler.cost(decisions)  # raises if the output changes
        assert figures.text > 0
        if not compiler.toolchain.flambda:
            assert not figures.refused

    law()


@needs_ocaml
def test_counts_are_the_same_on_every_run(tmp_path, monkeypatch):
    compiler = compiler_of("paths.ml")
    binary = compiler.compile({})
    compiler.cache = replace(compiler.cache, path=tmp_path / "none" / "x.sqlite")
    first = compiler.measure(binary)
    compiler.cache = replace(compiler.cache, path=tmp_path / "other" / "x.sqlite")
    monkeypatch.setenv("SOME_VARIABLE", "x" * 1000)
    assert compiler.measure(binary) == first
    assert first.cost > 10_000
    assert compiler.deterministic
    assert compiler.unit == "instructions"


@needs_ocaml
def test_equal_binaries_are_measured_once(monkeypatch):
    compiler = compiler_of("paths.ml")
    known = compiler.cost({})

    def fail(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr("gymcc.envs.ocaml.backends.compiler.compiler.count", fail)
    assert compiler.cost({}) == known
    assert pickle.loads(pickle.dumps(compiler)).cost({}) == known


@needs_ocaml
def test_arguments_and_input_reach_the_program(tmp_path):
    source = tmp_path / "echo.ml"
    source.write_text(
        "let () = print_string (Sys.argv.(1) ^ read_line () ^ string_of_int (Array.length (Unix.environment ())))"
    )
    flags = ("-I", "+unix", "unix.cmxa") if ANY.version >= (5, 0) else ("unix.cmxa",)
    one = Compiler(source, arguments=["a"], stdin=b"line\n", flags=flags, toolchain=ANY)
    two = Compiler(source, arguments=["b"], stdin=b"line\n", flags=flags, toolchain=ANY)
    assert one.baseline.binary == two.baseline.binary
    assert one.baseline.output != two.baseline.output


@needs_ocaml
def test_without_valgrind_seconds_are_measured():
    compiler = compiler_of("paths.ml", replace(ANY, valgrind=None))
    assert not compiler.deterministic
    assert compiler.unit == "seconds"
    assert 0 <= compiler.cost({}).cost < 5
    assert compiler.versions()["counter"] == "user time"


@needs_ocaml
def test_paths_that_are_none_are_named():
    compiler = compiler_of("paths.ml")
    with pytest.raises(ValueError, match="sites 0 to 6"):
        compiler.cost({(99,): Action.INLINE})
    with pytest.raises(ValueError, match="is not in what"):
        compiler.legal((0, 5))


@needs_ocaml
def test_copies_that_nothing_calls_do_not_count_as_code():
    compiler = compiler_of("paths.ml")
    never = everywhere(compiler, Action.NEVER)
    upper, first = site_of(compiler, "upper"), min(site.id for site in compiler.sites if site.name == "mid")
    outer = {**never, (upper,): Action.INLINE}
    inner = compiler.compile({**outer, (upper, first): Action.INLINE})
    assert b"upper__gymcc1" in inner.image
    smaller, larger = compiler.compile(outer).text, inner.text
    assert smaller < larger < smaller + 100  # the body of mid in main, and not the copy of upper beside it


@needs_flambda
def test_flambda_knows_three_decisions_and_says_what_it_considered():
    compiler = compiler_of("pipeline.ml", FLAMBDA)
    assert compiler.legal((site_of(compiler, "fold", 12),)) == {Action.DEFAULT}
    both = site_of(compiler, "both")
    assert compiler.legal((both,)) == set(Action)
    (inlined,) = {each.inlined for each in considered(compiler, both, Action.INLINE)}
    (kept,) = {each.inlined for each in considered(compiler, both, Action.NEVER)}
    assert (inlined, kept) == (True, False)
    by_default = considered(compiler, both, Action.DEFAULT)
    assert all(each.benefit and each.benefit.calls == 1 for each in by_default)


def considered(compiler, site, action):
    """What Flambda says of a call in the program's own text, in its first round."""
    place = compiler.sites[site].place
    return [each for each in compiler.considered({(site,): action}) if each.path == (place,)][:1]
