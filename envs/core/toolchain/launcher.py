"""Starts one tool and sees to it that the tool does not outlive the process that wanted it.

A program of its own (``python -I -S launcher.py PARENT FOLDER MEMORY CPU FILE PROGRAM ARGUMENT...``), because only a
process without threads can prepare a child safely between fork and exec, and because Linux's "death of the parent"
signal means the parent's *thread*: a tool started by a thread that ends would be killed with it. So the launcher, which
has but one thread, stays: the tool gets that signal from the launcher, and the launcher watches the parent process.

On SIGTERM, or once the parent is gone, the launcher kills the tool's process group. It removes FOLDER and ends as the
tool did (status or signal). Limits are numbers or ``-``. Where the launcher itself is killed by ``kill -9``, the tool
ends, but what the tool had started may stay.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CANNOT_RUN = 127  # exit status where the program cannot be executed, as of a shell
WATCH_MS = 500  # between looks at the parent where the kernel has no pidfd
RESOURCES = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)


def main(arguments: list[str]) -> None:
    """Run the tool to its end; see the module's docstring for ``arguments``."""
    parent, folder, limits, command = int(arguments[0]), arguments[1], arguments[2:5], arguments[5:]
    library = ctypes.CDLL(None, use_errno=True)
    wanted: list[int] = []  # signals that asked the launcher to stop
    events = [_wake_up(wanted), *_lifeline(parent)]
    tool = os.fork()
    if tool == 0:
        _become(command, limits, library, os.getppid())
    _own_group(tool)
    _let_go_of_pipes()
    status = _supervise(tool, parent, wanted, events)
    _remove(folder)
    _end_as(status)


def _wake_up(wanted: list[int]) -> int:
    """A descriptor that becomes readable when the tool ends or someone wants the launcher to stop."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda seen, _: wanted.append(seen))
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _lifeline(parent: int) -> list[int]:
    """A descriptor that becomes readable when the parent process ends; none on kernels before 5.3."""
    try:
        return [os.pidfd_open(parent)]
    except OSError:
        return []


def _become(command: list[str], limits: list[str], library: ctypes.CDLL, launcher: int) -> None:
    """In the child: turn into the tool, bound to the launcher's life and to the limits."""
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != launcher:  # it died before the signal was asked for
        os._exit(CANNOT_RUN)
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and exec would pass that on
        signal.signal(number, signal.SIG_DFL)
    try:
        _limit(limits)
        os.execv(command[0], command)  # noqa: S606 - an argument list is what is wanted
    except (OSError, ValueError) as error:
        os.write(2, f"cannot run {command[0]}: {error}\n".encode())
    os._exit(CANNOT_RUN)


def _limit(limits: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for kind, text in zip(RESOURCES, limits, strict=True):
        if text != "-":
            hard = resource.getrlimit(kind)[1]
            soft = int(text) if hard == resource.RLIM_INFINITY else min(int(text), hard)
            resource.setrlimit(kind, (soft, hard))  # past a hard limit of processor time SIGKILL would not say why


def _own_group(tool: int) -> None:
    """What the child does too, whoever comes first; fails if the tool already runs, for then it is done."""
    with suppress(OSError):
        os.setpgid(tool, tool)


def _let_go_of_pipes() -> None:
    """Leave standard input and output to the tool alone, so that each side sees when the other closes them."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _supervise(tool: int, parent: int, wanted: list[int], events: list[int]) -> int:
    """Wait for the tool's end, or bring it about; its wait status. Leaves nobody of its group alive."""
    poll = select.poll()
    for descriptor in events:
        poll.register(descriptor, select.POLLIN)
    while not wanted and os.getppid() == parent and not _ended(tool):
        poll.poll(WATCH_MS)
        _drain(events[0])
    with suppress(OSError):  # a tool that ended alone has no group any more
        os.killpg(tool, signal.SIGKILL)  # before the tool is reaped: its number is still its own
    return os.waitpid(tool, 0)[1]


def _ended(tool: int) -> bool:
    return os.waitid(os.P_PID, tool, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _drain(descriptor: int) -> None:
    with suppress(BlockingIOError):
        os.read(descriptor, 4096)


def _remove(folder: str) -> None:
    try:
        os.rmdir(folder)  # most tools leave nothing there
    except OSError:
        import shutil  # costs 10 ms

        shutil.rmtree(folder, ignore_errors=True)


def _end_as(status: int) -> None:
    """Leave this process the way the tool left."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
