"""Live compilers end when they should, say why, and leave nothing behind. Tools are shells and small programs."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gymcc.envs.core.problem import BackendError
from gymcc.envs.core.toolchain import (
    Limits,
    Session,
    Tool,
    ToolDied,
    ToolError,
    ToolFlood,
    ToolMissing,
    ToolTimeout,
    find,
    run,
)

PATIENCE = 60.0  # generous: machines are shared
SH = Tool("sh", Path("/bin/sh"), "install a shell")
PYTHON = Tool("python", Path(sys.executable), "install Python", "3")


def shell(script: str, **options):
    return run(SH, ["-c", script], **{"seconds": PATIENCE, **options})


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def soon(condition) -> bool:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def written(path: Path) -> str:
    assert soon(lambda: path.exists() and path.read_text().endswith("\n"))
    return path.read_text().strip()


# One piece of work


def test_output_errors_and_status_are_those_of_the_tool():
    done = shell("cat; echo oops >&2; exit 3", stdin=b"in", statuses=(0, 3))
    assert (done.out, done.errors, done.status) == (b"in", b"oops\n", 3)


def test_megabytes_go_in_and_out_together():
    data = os.urandom(3 * 2**20)
    assert shell("cat", stdin=data).out == data


def test_a_tool_that_does_not_read_its_input_does_not_block():
    assert shell("echo done", stdin=bytes(2**20)).out == b"done\n"


def test_a_bad_status_is_told_with_the_last_words():
    with pytest.raises(ToolDied, match=r"^sh \(version unknown\) at /bin/sh ended with status 3, saying: no such x$"):
        shell("echo no such x >&2; exit 3")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGPIPE])
def test_a_signal_is_told_by_name(number):
    with pytest.raises(ToolDied, match=f"was killed by {number.name}") as caught:
        shell(f"kill -{int(number)} $$")
    assert caught.value.status == -number


@pytest.mark.parametrize("script", ["sleep 1000", "yes >&2", "exec >&-; sleep 1000", "exec >&- 2>&-; sleep 1000"])
def test_a_deadline_ends_the_tool(script):
    with pytest.raises(ToolTimeout, match="in time"):
        shell(script, seconds=0.3)


def test_what_the_tool_left_running_ends_with_it(tmp_path):
    shell(f"sleep 1000 & echo $! > {tmp_path}/pid")
    assert soon(lambda: not alive(int(written(tmp_path / "pid"))))


def test_output_is_bounded():
    with pytest.raises(ToolFlood, match="wrote more than 100000 bytes"):
        shell("yes", max_bytes=100_000)


def test_errors_are_bounded_and_the_last_ones_kept():
    errors = shell("yes x | head -c 1000000 >&2; echo end >&2").errors
    assert len(errors) == 1 << 16
    assert errors.endswith(b"x\nend\n")


def test_memory_files_and_processor_time_are_limited(tmp_path):
    hungry = [("bytearray(2**30)", Limits(memory=2**28)), ("open('f','wb').write(bytes(2**20))", Limits(file=2**16))]
    for program, limits in hungry:
        with pytest.raises(ToolDied, match=r"MemoryError|File too large|SIGXFSZ"):
            run(PYTHON, ["-c", program], seconds=PATIENCE, limits=limits)
    with pytest.raises(ToolDied, match="SIGXCPU"):
        shell("while :; do :; done", limits=Limits(cpu=1))


def test_it_runs_in_a_temporary_folder_that_is_removed():
    folder, temporary = shell("pwd; echo $TMPDIR; touch file").out.decode().split()
    assert folder == temporary
    assert not Path(folder).exists()
    with pytest.raises(ToolDied) as caught:
        shell("pwd >&2; touch file; exit 1")
    assert not Path(caught.value.said.strip()).exists()


def test_or_in_a_folder_of_the_callers(tmp_path):
    shell("touch file", folder=tmp_path)
    assert (tmp_path / "file").exists()


def test_variables_are_set_and_unset(monkeypatch):
    monkeypatch.setenv("GYMCC_TEST", "inherited")
    show = "echo ${GYMCC_TEST-unset} $LC_ALL"
    assert shell(show).out == b"inherited C\n"
    assert shell(show, environment={"GYMCC_TEST": "given"}).out == b"given C\n"
    assert shell(show, environment={"GYMCC_TEST": None}).out == b"unset C\n"


def test_no_shell_reads_the_arguments():
    assert run(PYTHON, ["-c", "import sys; print(sys.argv[1])", "$(id) *"], seconds=PATIENCE).out == b"$(id) *\n"


# Finding


def test_a_tool_is_found_with_its_version():
    assert find("sh", "install a shell").path.is_absolute()
    with pytest.raises(ToolMissing):
        find("sh", "install a shell", path=Path("sh"))  # a path is not searched for
    found = find("python", "install Python", path=Path(sys.executable), version=["--version"])
    assert found.version.startswith("Python 3")


@pytest.mark.parametrize("path", [None, Path("/nowhere/ocamlopt"), Path("/etc/passwd")])
def test_a_missing_tool_is_named_with_how_to_get_it(path):
    with pytest.raises(ToolMissing, match=r"^ocamlopt-5 .*not found .*; opam install ocaml$") as caught:
        find("ocamlopt-5", "opam install ocaml", path=path)
    assert isinstance(caught.value, BackendError)


def test_a_file_that_is_no_program_is_named(tmp_path):
    (tmp_path / "tool").write_bytes(b"\x00 no program")
    for mode, said in ((0o600, "no executable file"), (0o700, "Exec format error")):
        (tmp_path / "tool").chmod(mode)
        with pytest.raises(ToolError, match=said):
            run(Tool("tool", tmp_path / "tool", "mend it"), [], seconds=PATIENCE)


@pytest.mark.parametrize("error", [ToolTimeout(SH, "slept"), ToolDied(SH, -9, "bye"), ToolMissing(SH, "gone")])
def test_errors_cross_processes(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


# Sessions

ECHO = "while read -r line; do echo \"got $line\"; echo; echo 'Done.'; done"


def session(script: str = ECHO) -> Session:
    return Session(SH, ["-c", script])


def done(line: str) -> bool:
    return line.startswith("Done")


def test_lines_are_answered_one_by_one():
    with session() as live:
        for number in range(50):
            assert live.ask(f"{number}", done, PATIENCE) == [f"got {number}", "", "Done."]
        assert live.alive
    assert not live.alive


def test_a_reply_may_come_in_pieces_and_with_carriage_returns():
    with session("printf 'one\\r\\ntw'; sleep 0.1; printf 'o\\nDone\\nnext\\nDone\\n'; sleep 1000") as live:
        assert live.ask("", done, PATIENCE) == ["one", "two", "Done"]
        assert live.ask("", done, PATIENCE) == ["next", "Done"]


def test_two_lines_at_once_are_refused():
    with session() as live, pytest.raises(ValueError, match="one line"):
        live.ask("1\n2", done, PATIENCE)


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        ("sleep 1000", ToolTimeout, "did not answer in time"),
        ("while :; do echo chatter; done", ToolFlood, "wrote more than"),
        ("read line; echo half; exit 0", ToolDied, "ended with status 0"),
        ("read line; echo cannot load >&2; exit 7", ToolDied, "ended with status 7, saying: cannot load"),
        ("read line; printf Done; kill -11 $$", ToolDied, "SIGSEGV"),
        ("exec <&-; echo closed; exit 4", ToolDied, "status 4"),
    ],
)
def test_what_is_no_reply_closes_the_session(script, error, said):
    live = session(script)
    seconds = 0.3 if error is ToolTimeout else PATIENCE
    with pytest.raises(error, match=said):
        live.ask("x" * 100_000, done, seconds)
    assert not live.alive


def test_a_session_outlives_the_thread_that_started_it():
    found: list[Session] = []
    thread = threading.Thread(target=lambda: found.append(session()))
    thread.start()
    thread.join()
    with found[0] as live:
        assert live.ask("1", done, PATIENCE) == ["got 1", "", "Done."]
        time.sleep(0.2)
        assert live.ask("2", done, PATIENCE) == ["got 2", "", "Done."]


def children() -> set[int]:
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    return {int(pid) for pid in listed.split()}


@pytest.mark.parametrize("ignoring", ["", "trap '' TERM INT HUP;"])
def test_what_the_tool_started_ends_with_it(ignoring):
    with session(f"{ignoring} sleep 1000 & echo $!; echo Done; wait") as live:
        child = int(live.ask("", done, PATIENCE)[0])
        assert alive(child)
        with pytest.raises(ToolTimeout):
            live.ask("", done, 0.1)
    assert soon(lambda: not alive(child))


def test_no_zombie_stays():
    before = children()
    for script in (ECHO, "exit 0", "kill -9 $$"):
        live = session(script)
        with pytest.raises(ToolError):
            live.ask("", lambda line: False, 0.2)
        live.close()
    assert children() == before


def test_garbage_is_collected():
    live = session("echo $$; echo Done; sleep 1000")
    pid = int(live.ask("", done, PATIENCE)[0])
    del live
    assert not alive(pid)


def test_a_forked_copy_neither_uses_nor_ends_the_session():
    with session() as live:
        child = os.fork()
        if child == 0:
            status = 1 if live.alive else 0
            live.close()
            os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert live.ask("1", done, PATIENCE) == ["got 1", "", "Done."]


# Death of the parent

STUBBORN = "trap '' TERM INT HUP; sleep 1000 & echo $$ $! $PPID $TMPDIR; echo Done; while :; do sleep 1; done"
TRAINER = f"""
import sys, time
from pathlib import Path
from gymcc.envs.core.toolchain import Session, Tool
live = Session(Tool("sh", Path("/bin/sh"), ""), ["-c", {STUBBORN!r}])
print(live.ask("", lambda line: line == "Done", 60)[0], flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def trainer():
    """Starts a process that holds a session; gives it, the ids of tool, tool's child and launcher, and the folder."""
    started = []

    def start(ending: str = "") -> tuple[subprocess.Popen[str], list[int], Path]:
        command, pipe = [sys.executable, "-c", TRAINER + ending], subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        *pids, folder = process.stdout.readline().split()
        assert all(alive(int(pid)) for pid in pids)
        assert Path(folder).is_dir()
        return process, [int(pid) for pid in pids], Path(folder)

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_kill_9_of_the_parent_ends_tool_children_launcher_and_folder(trainer):
    process, pids, folder = trainer()
    process.kill()
    process.wait()
    assert soon(lambda: not any(map(alive, pids)) and not folder.exists())


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "import os; os._exit(0)", "1/0"])
def test_so_does_any_end_of_the_parent(trainer, ending):
    process, pids, folder = trainer(ending)
    process.communicate("end\n")
    assert soon(lambda: not any(map(alive, pids)) and not folder.exists())


def test_a_tool_that_ends_with_its_input_leaves_no_folder_either():
    program = TRAINER.replace(
        repr(STUBBORN), repr("read x; echo 0 $TMPDIR; echo Done; touch $TMPDIR/x; read x; exit 0")
    )
    for _ in range(5):  # tool and parent end at the same time, in any order
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            folder = Path(process.stdout.readline().split()[1])
            process.kill()
        assert soon(lambda folder=folder: not folder.exists())


def test_kill_9_of_the_launcher_ends_the_tool_too(trainer):
    _, (tool, child, launcher), folder = trainer()
    os.kill(launcher, signal.SIGKILL)
    assert soon(lambda: not alive(tool))
    os.kill(child, signal.SIGKILL)  # nobody is left to know of it
    shutil.rmtree(folder)
