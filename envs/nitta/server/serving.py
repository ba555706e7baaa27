"""A server for one program, as a process: told by one line that it runs, and gone with whoever started it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from time import sleep

from gymcc.envs.core.choices import choose
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.methods.table import METHODS, synthesise
from gymcc.envs.nitta.microarchitecture import DEFAULT, Microarchitecture
from gymcc.envs.nitta.numbers import DEFAULT_TYPE, NumberType
from gymcc.envs.nitta.program import Program
from gymcc.envs.nitta.server.api import Api
from gymcc.envs.nitta.server.faults import Fault
from gymcc.envs.nitta.server.http import Server
from gymcc.envs.nitta.server.inspection import Inspection
from gymcc.envs.nitta.server.scoring import Scoring, Service
from gymcc.envs.nitta.toml import load
from gymcc.envs.nitta.tree import open_tree

READY = "Running NITTA server at http://localhost:{port}"  # what NITTA's clients wait for
WATCH_SECONDS = 0.5
# A tree of 750 decisions is JSON nested twice as deep, which the encoder counts as calls.
RECURSION_LIMIT = 10_000


def read_program(path: Path, number_type: NumberType | None, uarch: Path | None) -> tuple[Program, Microarchitecture]:
    """Compile a Lua file for a microarchitecture file or the default; ``number_type`` goes before the file's.

    Raises ValueError with the name of the file that is wrong, and OSError where one cannot be read.
    """
    microarchitecture, own = load(uarch) if uarch else (DEFAULT, DEFAULT_TYPE)
    try:
        return compile_lua(path.read_text(encoding="utf-8"), path.stem, number_type or own), microarchitecture
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def open_server(
    program: Program,
    microarchitecture: Microarchitecture,
    port: int,
    method: str,
    faults: Sequence[Fault] = (),
    scores: Sequence[Service] = (),
) -> Server:
    """A server that listens; the search ``method`` (NITTA's ``--method``, in any case) has been run before.

    ``scores`` are asked for in place of NITTA's own. Raises ValueError for an unknown method and OSError for a port
    that is taken.
    """
    api = Api(open_tree(program, microarchitecture), Inspection(program, microarchitecture), Scoring(scores))
    methods = {name.lower(): name for name in METHODS}
    name = methods.get(method.lower(), method)
    choose(METHODS, name, "synthesis method")
    synthesise(api.root, name, scores=api.explored.scores)
    return Server(api, port, faults)


def serve(server: Server) -> None:
    """Say where it listens and answer until SIGTERM, Ctrl-C or the end of the process that started this one."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    print(READY.format(port=server.port), flush=True)
    with server:
        server.serve_forever()


def _end_with(parent: int) -> None:
    """Leave once somebody else has become the parent."""
    while os.getppid() == parent:
        sleep(WATCH_SECONDS)
    os._exit(0)
