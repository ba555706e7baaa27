"""A server over a recorded trace; ``python -m tests.nitta.recorded_server NAME`` behaves as NITTA's process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gymcc.envs.nitta.server.api import Api
from gymcc.envs.nitta.server.faults import Fault
from gymcc.envs.nitta.server.http import Server
from tests.nitta.recorded import RecordedNode, read_trace


class RecordedInside:
    """What a trace tells of the inside of its root."""

    def __init__(self, name: str) -> None:
        self.header = read_trace(name)[0]

    def page(self, page: str, node: RecordedNode) -> Any:
        return {
            "microarchitecture": self.header["microarchitecture"],
            "debug": {"dbgFunctionLocks": self.header["functions"]},
        }[page]


def recorded_api(name: str) -> Api:
    return Api(RecordedNode.load(name), RecordedInside(name))


@contextmanager
def serving(api: Api, faults: Sequence[str] = ()) -> Iterator[Server]:
    """A server in a thread."""
    server = Server(api, faults=[Fault.parse(fault) for fault in faults])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    name, faults = sys.argv[1], [each for each in sys.argv[2:] if not each.startswith("-") and "/" not in each]
    server = Server(recorded_api(name), faults=[Fault.parse(fault) for fault in faults])
    print(
        "NITTA: some talk\n" * 3, os.getpid(), f"\nRunning NITTA server at http://localhost:{server.port}", flush=True
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
