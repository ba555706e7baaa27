"""The stub's command line and its streaming loop, after ``streamingsuperpmi.cpp``, oddities included.

A line is cut after 2,047 bytes and its rest taken for the next one; lines that start with ``#`` and bad options get no
reply; an index that is no number ends the server well, one that is out of range ends it badly.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gymcc.envs.jitcse.backends.superpmi.stub.answers import Answer, Compiler
from gymcc.envs.jitcse.backends.superpmi.stub.files import read_collection, read_jit
from gymcc.envs.jitcse.backends.superpmi.stub.options import BadOption, Options

LINE = 2047  # bytes that fgets takes at most
GENERAL_FAILURE, MISSING_DATA = 1, 3  # exit statuses
ERROR, MISSING = 1, 2  # statuses of one compilation
SLOW_SECONDS = 3.0
Status = int | None  # exit status; None: go on


@dataclass
class CommandLine:
    """What superpmi was called with."""

    paths: list[Path] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    quiet: bool = False
    streaming: bool = False
    methods: tuple[int, ...] = ()  # of batch mode; empty: all


def parse_command_line(arguments: Sequence[str]) -> CommandLine:
    """Read superpmi's arguments, in any order. Raises ValueError."""
    parsed, rest = CommandLine(), iter(arguments)
    for word in rest:
        if word in ("-v", "-verbosity"):
            parsed.quiet = next(rest, "") == "q"
        elif word in ("-jitoption", "-j"):
            parsed.options.append(next(rest, ""))
        elif word == "-streaming":
            parsed.streaming = next(rest, "") == "stdin"
        elif word in ("-c", "-compile"):
            parsed.methods = _listed(next(rest, ""))
        elif word == "-p":
            continue
        elif word.startswith("-"):
            raise ValueError(f"unknown argument {word}")
        else:
            parsed.paths.append(Path(word))
    if len(parsed.paths) != 2:
        raise ValueError(f"expected a JIT and a collection, got {len(parsed.paths)} paths")
    return parsed


def _listed(text: str) -> tuple[int, ...]:
    """``7``, ``3,9`` or the name of a file with such a list."""
    listed = Path(text).read_text() if text.endswith(".mcl") else text
    return tuple(int(number) for number in re.findall(r"\d+", listed))


class Server:
    """Answers requests until told to stop."""

    def __init__(self, line: CommandLine, variables: Mapping[str, str], out: IO[str], errors: IO[str]) -> None:
        self.jit = read_jit(line.paths[0])
        self.collection = read_collection(line.paths[1])
        self.quiet, self.out, self.errors = line.quiet, out, errors
        self.jit_path = line.paths[0]
        self.options = Options.of_variables(variables)
        for text in line.options:
            self.options = self.options.with_text(text)
        self._compiler = Compiler(self.jit, self.collection)
        self._diary = self.collection.path.with_suffix(".diary")

    def serve(self, requests: IO[bytes]) -> int:
        """The streaming loop; the exit status."""
        while line := requests.readline(LINE):
            status = self.answer(line.decode(errors="replace").rstrip("\r\n"))
            if status is not None:
                return status
        return 0

    def batch(self, indexes: Sequence[int]) -> int:
        """Compile methods one after the other; the exit status."""
        missing = False
        for index in indexes or range(1, self.collection.methods + 1):
            if not 1 <= index <= self.collection.methods:
                return GENERAL_FAILURE
            missing |= self._one(index, self.options, done=False) == MISSING
        return MISSING_DATA if missing else 0

    def answer(self, line: str) -> Status:
        """Answer one request line."""
        if line.startswith("#"):
            return None
        words = [word for word in line.split("!") if word]
        number = re.match(r"\s*[-+]?\d+", words[0]) if words and not line.startswith("quit") else None
        index = int(number.group()) if number else 0
        if index == 0:
            return 0
        options = self.options
        try:
            for word in words[1:]:
                options = options.with_text(word)
        except BadOption as error:
            self._log(f"[streaming] unable to parse option '{error}'")
            return None
        if not 1 <= index <= self.collection.methods:
            return GENERAL_FAILURE
        self._one(index, options, done=True)
        return None

    def _one(self, index: int, options: Options, done: bool) -> int:
        """Compile, print, and misbehave where the collection says so; the status of the compilation."""
        befallen = [fault for fault in self.collection.faults if fault.befalls(index, self._diary)]
        modes = {fault.mode for fault in befallen}
        status = 0
        if modes & {"fails", "missing"}:
            status = ERROR if "fails" in modes else MISSING
            self._log(f"ERROR: Method {index} of size 96 failed to load and compile correctly ({self.jit_path}).")
        else:
            self._print(self._compiler.compile(index, options), options, modes)
        if done:
            print(f"[streaming] Done. Status={status}" if self.jit.status else "[streaming] Done.", file=self.out)
            self.out.flush()
        return status

    def _print(self, answer: Answer, options: Options, modes: set[str]) -> None:
        for line in answer.lines:
            print(line, file=self.out)
        for line in self._misbehaving(answer.report, modes):
            if target := options.text("JitStdOutFile"):
                with Path(target).open("a") as file:
                    print(line, file=file)
            else:
                print(line, file=self.out)

    def _misbehaving(self, report: str, modes: set[str]) -> list[str]:
        """The report lines that the faults leave."""
        if "slow" in modes:
            time.sleep(SLOW_SECONDS)
        while "silent" in modes:
            time.sleep(SLOW_SECONDS)
        if "exits" in modes:
            print("stub: told to exit", file=self.errors)
            raise SystemExit(3)
        if "crash" in modes:
            self._die(report)
        while "chatter" in modes:
            print("chatter " * 100, file=self.out)
        if not report:
            return []
        return _spoilt(report, modes)

    def _die(self, report: str) -> None:
        import signal

        self.out.write(report[: len(report) // 2])
        self.out.flush()
        os.kill(os.getpid(), signal.SIGSEGV)

    def _log(self, text: str) -> None:
        if not self.quiet:
            print(text, file=self.out)


def _spoilt(report: str, modes: set[str]) -> list[str]:
    if "truncated" in modes:
        return [report[: len(report) // 2]]
    if "garbled" in modes:
        return [report.translate(str.maketrans("0123456789", "9\ufffd?.,;:#-~"))]
    if "another" in modes:
        return [re.sub(r"spmi index (\d+)", lambda found: f"spmi index {int(found[1]) + 1}", report)]
    if "twice" in modes:
        first = re.sub(r"PerfScore [\d.]+", "PerfScore 9999.00", report)
        return [re.sub(r"\([^()]*\)$", "(MinOpts)", first), report]
    if "noise" in modes:
        return ["warning: something else", report, "and something more"]
    return [report]


def main(arguments: Sequence[str]) -> int:
    """Run as superpmi; the exit status."""
    try:
        line = parse_command_line(arguments)
        server = Server(line, os.environ, sys.stdout, sys.stderr)
    except (ValueError, OSError, KeyError, TypeError) as error:
        print(f"superpmi stub: {error}", file=sys.stderr)
        return GENERAL_FAILURE
    return server.serve(sys.stdin.buffer) if line.streaming else server.batch(line.methods)
