"""Reading W&B's offline file back: a LevelDB log of protobuf records, as wandb 0.31 writes it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK, HEADER = 32768, 7


def _records(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    assert data[:4] == b":W&B"
    position, parts = HEADER, b""
    while position + HEADER <= len(data):
        left = BLOCK - position % BLOCK
        if left < HEADER:
            position += left
            continue
        checksum, length, kind = struct.unpack("<IHB", data[position : position + HEADER])
        if kind == 0 and length == 0:
            position += left
            continue
        body = data[position + HEADER : position + HEADER + length]
        if len(body) < length:
            return  # the torn tail of a killed run
        assert checksum == zlib.crc32(body, zlib.crc32(bytes([kind]))) & 0xFFFFFFFF
        position += HEADER + length
        parts += body
        if kind in (1, 4):  # whole, or last part
            yield parts
            parts = b""


def history(path: Path) -> Iterator[dict[str, Any]]:
    """The rows logged to a ``run-*.wandb`` file."""
    from wandb.proto import wandb_internal_pb2

    for raw in _records(path):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(raw)
        if record.WhichOneof("record_type") == "history":
            yield {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
