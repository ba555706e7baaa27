"""Transcripts: what SmartRedis 0.6.1 sent and our server answered, as JSON.

    python -m tests.serving.conformance.transcripts

records them anew, for which it installs SmartRedis, see :mod:`.environment`.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.serving.conformance.environment import every_method, installed
from tests.serving.conformance.recorder import Exchange, recording
from tests.serving.orchestrator import running

DATA = Path(__file__).parents[2] / "data" / "serving"
MODELS = ("double.onnx", "double.pt")
MODES = ("standalone", "clustered")


def path_of(mode: str) -> Path:
    """Where the transcript of a mode lies."""
    return DATA / f"smartredis-{mode}.json"


def as_json(exchanges: Iterable[Exchange]) -> list[list[object]]:
    """Bytes as text of the same code points; a model as the name of its file."""
    models = {(DATA / name).read_bytes(): f"@{name}" for name in MODELS}
    rows = []
    for request, reply in exchanges:
        parts = [models.get(part, part.decode("latin-1")) for part in request]
        rows.append([parts, models.get(_bulk(reply), stable(request, reply).decode("latin-1"))])
    return rows


def stable(request: list[bytes], reply: bytes) -> bytes:
    """What of a reply is the same at every time, on every machine and with every version of the back ends."""
    if request[0] == b"INFO":
        return reply[:1]
    if request[0] == b"CLUSTER":
        reply = re.sub(rb":[0-9]+\r\n(?=\$40)", b":6379\r\n", reply)
    if request[0] == b"AI.INFO":
        reply = re.sub(rb"duration\r\n:[0-9]+", b"duration\r\n:0", reply)
    return reply.partition(b" ")[0] if reply.startswith(b"-") else reply


def from_json(rows: Iterable[tuple[list[str], str]]) -> list[Exchange]:
    """Inverse of :func:`as_json`."""
    models = {f"@{name}": (DATA / name).read_bytes() for name in MODELS}
    exchanges = []
    for parts, reply in rows:
        answer = b"$%d\r\n%s\r\n" % (len(models[reply]), models[reply]) if reply in models else reply.encode("latin-1")
        exchanges.append(([models.get(part) or part.encode("latin-1") for part in parts], answer))
    return exchanges


def _bulk(reply: bytes) -> bytes:
    return reply.partition(b"\r\n")[2][:-2] if reply.startswith(b"$") else b""


def record(python: Path, mode: str, folder: Path) -> list[Exchange]:
    """What SmartRedis, run by ``python``, and a server of ours say to each other."""
    with running(folder, snapshot=str(folder / "snapshot")) as server, recording(server.tcp) as recorder:
        every_method(python, f"127.0.0.1:{recorder.port}", mode, folder)
    return recorder.exchanges


def main() -> None:
    """Write the transcripts of all modes."""
    for mode in MODES:
        with tempfile.TemporaryDirectory() as folder:
            rows = as_json(record(installed(), mode, Path(folder)))
        lines = ",\n".join(json.dumps(row) for row in rows)
        path_of(mode).write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
