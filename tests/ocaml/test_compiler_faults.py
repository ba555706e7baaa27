"""Whatever is wrong with the compiler or the program is said in one clear line, and leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gymcc.envs.core.problem import BackendError
from gymcc.envs.core.toolchain import ToolDied, ToolMissing, ToolTimeout
from gymcc.envs.ocaml.backends.compiler import (
    Action,
    BadProgram,
    Compiler,
    OutputChanged,
    WrongCompiler,
    build,
    detect,
    report,
)
from gymcc.envs.ocaml.backends.compiler.building import MODULES, location
from gymcc.envs.ocaml.env import make_env
from gymcc.scripts.main import build as command_line
from tests.ocaml.compiler_cases import (
    ANY,
    CLOSURE,
    compiler_of,
    everywhere,
    needs_closure,
    needs_ocaml,
    own_cache,
    site_of,
)

__all__ = ["own_cache"]


def program(folder, text, name="program.ml"):
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return path


@pytest.fixture
def fake(tmp_path):
    """Writes a program that pretends to be ocamlopt."""

    def write(version, **config):
        lines = "".join(f"echo '{name}: {value}'\n" for name, value in {"version": version, **config}.items())
        path = tmp_path / "ocamlopt"
        path.write_text(f'#!/bin/sh\nif [ "$1" = -version ]; then echo {version}; else\n{lines}fi\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return write


@pytest.fixture
def no_folders_left(tmp_path, monkeypatch):
    """Fails if something stays where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_without_ocaml_it_is_said_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GYMCC_OCAMLOPT", raising=False)
    with pytest.raises(ToolMissing, match="not found on the search path; install OCaml: apt-get install ocaml-nox"):
        detect()
    done = CliRunner().invoke(command_line("ocaml"), ["ocaml", "setup"])
    assert isinstance(done.exception, BackendError)
    findings = {finding.what: finding for finding in report()}
    assert not any(finding.ok for finding in findings.values())
    assert "ocaml-nox" in findings["ocaml closure"].advice
    assert "gymcc ocaml setup --flambda" in findings["ocaml flambda"].advice
    assert "apt-get install valgrind" in findings["valgrind"].advice


@pytest.mark.parametrize("version", ["4.02.3", "4.12.1", "5.9.0", "6.0"])
def test_other_versions_are_refused(fake, version):
    with pytest.raises(WrongCompiler, match=rf"ocamlopt {version} at .*not supported; take OCaml 4\.13 to 5\.3"):
        detect(ocamlopt=fake(version, standard_library="/nowhere"))


def test_what_is_no_compiler_is_refused(fake):
    with pytest.raises(WrongCompiler, match="does not tell its configuration"):
        detect(ocamlopt=fake("nonsense"))


def test_middle_ends_are_not_taken_for_each_other(fake):
    compiler = fake("4.14.1", standard_library="/nowhere", flambda="false")
    with pytest.raises(
        WrongCompiler, match="works by closure, not flambda; build one with `gymcc ocaml setup --flambda`"
    ):
        detect("flambda", compiler)
    with pytest.raises(ValueError, match="unknown middle end 'flambada'; known: closure, flambda"):
        detect("flambada")


def test_the_private_flambda_stands_in_for_a_compiler_that_will_not_do(fake, tmp_path, monkeypatch):
    private = tmp_path / "cache" / "ocaml" / "flambda" / "bin" / "ocamlopt.opt"
    private.parent.mkdir(parents=True)
    fake("4.13.1", standard_library="/nowhere", flambda="true").rename(private)
    monkeypatch.setenv("GYMCC_CACHE", str(tmp_path / "cache"))
    old = fake("4.05.0", standard_library="/nowhere", flambda="false")
    monkeypatch.setenv("PATH", str(old.parent), prepend=os.pathsep)
    assert detect("flambda").ocamlopt.path == detect().ocamlopt.path == private
    with pytest.raises(WrongCompiler, match=r"ocamlopt 4\.05\.0"):
        detect("closure")


def test_a_compiler_without_its_libraries_is_refused(fake):
    with pytest.raises(WrongCompiler, match=r"without compiler-libs .*apt-get install ocaml-compiler-libs"):
        build(detect(ocamlopt=fake("4.14.1", standard_library="/nowhere", flambda="false")))


@needs_ocaml
def test_a_tool_that_cannot_be_built_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("gymcc.envs.ocaml.backends.compiler.building.SOURCES", tmp_path)
    for name in (*MODULES, "describe_4_13", "describe_4_14"):
        (tmp_path / f"{name}.ml").write_text("let x : int = true" if name == "rewrite" else "")
    with pytest.raises(WrongCompiler, match=r"cannot be built: .*rewrite\.ml"):
        build(ANY, tmp_path / "cache")


@needs_ocaml
def test_several_processes_set_up_at_once(tmp_path):
    code = "from gymcc.envs.ocaml.backends.compiler import build, detect; print(build(detect()).path)"
    environment = {**os.environ, "GYMCC_CACHE": str(tmp_path)}
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = {process.communicate()[0].strip() for process in running}
    assert {process.returncode for process in running} == {0}
    (path,) = said
    assert Path(path).name == location(detect()).name
    assert [other.name for other in Path(path).parent.iterdir()] == [Path(path).name]


@needs_ocaml
def test_errors_in_programs_name_file_and_line(tmp_path, no_folders_left):
    wrong = program(tmp_path, "let f x = x + 1\n\nlet () = print_int (f true)\n")
    with pytest.raises(BadProgram, match=r"program\.ml, line 3, characters 22-26: Error: .*bool"):
        Compiler(wrong, toolchain=ANY)
    folder = tmp_path / "several"
    folder.mkdir()
    program(folder, "let value = 1", "first.ml")
    program(folder, "let () = print_int (First.value +)", "second.ml")
    with pytest.raises(BadProgram, match=r"second\.ml, line 1, characters \d+-\d+: Error: Syntax error"):
        Compiler(folder, toolchain=ANY)
    program(folder, "let value = Second.value", "first.ml")
    program(folder, "let value = First.value", "second.ml")
    with pytest.raises(BadProgram, match=r"^Error: cycle in dependencies.*first\.ml: Second\.ml"):
        Compiler(folder, toolchain=ANY)


@needs_ocaml
def test_files_that_are_no_programs_are_refused(tmp_path):
    with pytest.raises(BadProgram, match=r"has no \.ml files"):
        Compiler(tmp_path, toolchain=ANY)
    with pytest.raises(BadProgram, match="no file of OCaml"):
        Compiler([program(tmp_path, "", "two words.ml")], toolchain=ANY)
    with pytest.raises(BadProgram, match="several files are Same"):
        Compiler([program(tmp_path, "", "same.ml"), program(tmp_path, "", "Same.ml")], toolchain=ANY)
    with pytest.raises(BadProgram, match="cannot be read"):
        Compiler(tmp_path / "missing.ml", toolchain=ANY)


@needs_ocaml
def test_programs_that_do_not_end_are_refused(tmp_path, no_folders_left):
    endless = program(tmp_path, "let () = while true do () done")
    with pytest.raises(BadProgram, match="does not end within 1 s; make its input smaller"):
        Compiler(endless, toolchain=ANY, run_seconds=1)


@needs_ocaml
def test_programs_that_fail_or_print_nothing_are_refused(tmp_path, no_folders_left):
    with pytest.raises(BadProgram, match=r"prints nothing.*have it print a checksum"):
        Compiler(program(tmp_path, "let x = 1 + 1"), toolchain=ANY)
    with pytest.raises(BadProgram, match=r"does not end well: ended with status 2, saying: Fatal error: .*Not_found"):
        Compiler(program(tmp_path, "let () = print_int 1; raise Not_found"), toolchain=ANY)
    with pytest.raises(BadProgram, match="does not end well"):
        Compiler(program(tmp_path, "let () = while true do print_string (String.make 99999 'x') done"), toolchain=ANY)


@needs_ocaml
def test_programs_that_print_something_else_each_time_are_refused(tmp_path, no_folders_left):
    chance = program(tmp_path, "let () = Random.self_init (); print_int (Random.bits ())")
    for toolchain in (ANY, replace(ANY, valgrind=None)):
        with pytest.raises(BadProgram, match=r"prints something else each time it is run.*a seed"):
            Compiler(chance, toolchain=toolchain)


@needs_ocaml
def test_output_that_changes_is_an_error(tmp_path):
    text = """
        let rec down n = if n = 0 then 0 else 1 + down (n - 1)
        let () = print_int (down 5 + Hashtbl.hash Sys.executable_name * 0 + Array.length Sys.argv)
    """
    compiler = Compiler(program(tmp_path, text), toolchain=ANY)
    compiler.program = replace(compiler.program, arguments=("another",))
    with pytest.raises(OutputChanged, match=r"output changed: program\.ml prints something else"):
        compiler.cost({})


@needs_ocaml
def test_a_compilation_that_takes_too_long_ends_with_an_error(no_folders_left):
    compiler = compiler_of("paths.ml")
    compiler.driver = replace(compiler.driver, seconds=0.01)
    with pytest.raises(ToolTimeout, match=r"did not finish within 0\.01 s") as caught:
        compiler.cost({})
    assert isinstance(caught.value, BackendError)


@needs_closure
def test_code_that_grows_without_end_is_given_up(tmp_path, no_folders_left):
    """Each function calls the one before twice: inlined everywhere, the last has millions of operations."""
    steps = [f"let f{n} x = f{n - 1} (f{n - 1} x + {n})" for n in range(1, 25)]
    text = "\n".join(
        ["let f0 x = x * 3", *steps, "let () = print_int (f5 1 + if Array.length Sys.argv > 1 then f24 1 else 0)"]
    )
    compiler = Compiler(program(tmp_path, text), toolchain=CLOSURE, compile_seconds=3)
    assert all(Action.INLINE in compiler.legal((site.id,)) for site in compiler.sites)
    with pytest.raises(ToolTimeout, match=r"did not finish within 3 s"):
        compiler.cost(everywhere(compiler, Action.INLINE))
    assert compiler.cost(everywhere(compiler, Action.NEVER)).output == compiler.baseline.output


@needs_closure
def test_a_compilation_that_takes_too_long_ends_the_episode_with_the_penalty(no_folders_left):
    env = make_env(backend="closure", reward="log_speedup", failure_penalty=2.5)
    env.reset(options={"instance": "bits"})
    backend = env.problem.backend("bits")
    whole, backend.driver = backend.driver, replace(backend.driver, seconds=0.01)
    _, reward, terminated, truncated, info = env.step(Action.INLINE)
    assert (reward, terminated, truncated) == (-2.5, False, True)
    assert "did not finish within 0.01 s" in info["error"]
    backend.driver = whole
    env.reset(options={"instance": "bits"})
    assert env.step(Action.INLINE)[4]["error"] == ""


@needs_ocaml
def test_a_compiler_that_crashes_ends_with_an_error(no_folders_left):
    compiler = compiler_of("paths.ml")
    compiler.driver = replace(compiler.driver, options=("-no-such-option",))
    with pytest.raises(ToolDied, match="no-such-option"):
        compiler.cost(everywhere(compiler, Action.NEVER))


@needs_ocaml
def test_a_survey_that_is_too_much_leaves_what_the_source_tells(monkeypatch):
    whole = compiler_of("pipeline.ml")
    compiler = compiler_of("pipeline.ml", compile_seconds=whole.driver.seconds)
    from gymcc.envs.ocaml.backends.compiler.survey import survey

    found = survey(replace(compiler.driver, seconds=0.01), compiler.program, compiler.listing)
    assert found.inlinable == {site.id for site in compiler.sites if site.kind in ("direct", "over")}
    assert "did not finish" in found.reasons[site_of(compiler, "upto", 14)]


@needs_ocaml
@pytest.mark.parametrize("part", ["compiler", "program"])
def test_nothing_survives_a_kill(tmp_path, part, own_cache):
    """SIGKILL to the process that asked, while the compiler or the program is at work."""
    marker = f"marker{os.getpid()}x{part}"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    source = program(tmp_path, "let () = while true do () done" if part == "program" else "let () = print_int 1")
    code = f"""
        from pathlib import Path
        from dataclasses import replace
        from gymcc.envs.ocaml.backends.compiler import Compiler, detect
        toolchain = detect()
        if {part == "compiler"}:
            slow = Path({str(tmp_path)!r}) / {marker!r}
            slow.write_text("#!/bin/sh\\nsleep 100; : {marker}\\n")
            slow.chmod(0o755)
            toolchain = replace(toolchain, ocamlopt=replace(toolchain.ocamlopt, path=slow))
        limits = dict(run_seconds=600, compile_seconds=600)
        Compiler(Path({str(source)!r}), arguments=[{marker!r}], toolchain=toolchain, **limits)
    """
    environment = {**os.environ, "TMPDIR": str(temporary)}
    asking = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], env=environment)
    wait_until(lambda: len(running(marker)) > 1 or asking.poll() is not None)
    assert asking.poll() is None
    assert list(temporary.iterdir())
    asking.send_signal(signal.SIGKILL)
    asking.wait()
    wait_until(lambda: not running(marker) and not list(temporary.iterdir()))


def wait_until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def running(marker):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(path)
        except OSError:
            continue
    return found


@needs_ocaml
def test_setting_up_says_what_was_built(own_cache):
    done = CliRunner().invoke(command_line("ocaml"), ["ocaml", "setup", "--json"])
    assert done.exit_code == 0, done.output
    assert str(location(detect())) in done.output
    assert any(finding.ok and finding.what.endswith("tool") for finding in report())
