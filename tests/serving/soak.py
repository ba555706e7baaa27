"""Load of every kind for a long time, while the memory of the server is watched.

    python -m tests.serving.soak --minutes 30 [--store redis]

Workers ask for decisions, upload data sets that a trainer consumes, publish versions of a model, and do what clients
should not: garbage, requests cut short, wrong inputs. Prints the memory as it goes; ends with 1 if it grew.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from gymcc.agents.serving import Client, Dataset
from gymcc.agents.serving.client.errors import ReplyError
from gymcc.agents.serving.protocol.resp import encode_command
from tests.serving.process import Served, served
from tests.serving.redis_server import redis
from tests.serving.wire import Wire, onnx_sum

MIB = 1 << 20
WINDOW = 200  # data sets that a trainer leaves
SPARE = 8 * MIB  # what memory may differ by: allocators keep pages, and give them back when they like
A = np.ones((1, 3), np.float32)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen at a time in seconds since the start."""

    time: float
    resident: int  # bytes of the process
    held: int  # bytes of values, as the server itself counts them
    operations: int  # until then


class Load:
    """Workers that go on until they are told to stop; the first error of any is kept."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop = threading.Event()
        self.operations = 0
        self.error: Exception | None = None
        with Client(address) as client:
            publish(client, 0)
        works = (decide, decide, upload, consume, publish, annoy)
        self._threads = [threading.Thread(target=self._work, args=(work,), daemon=True) for work in works]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self, work: Callable[[Client, int], None]) -> None:
        try:
            with Client(self._address) as client:
                for turn in range(1, 1 << 62):
                    if self._stop.is_set():
                        return
                    work(client, turn)
                    self.operations += 1
        except Exception as error:
            self.error = self.error or error


def decide(client: Client, turn: int) -> None:
    """One round trip."""
    rows = turn % 7 + 1
    (total,) = client.infer("p", [np.ones((rows, 3), np.float32)] * 2, 2)[:1]
    assert (total == 2).all()


def upload(client: Client, turn: int) -> None:
    """A data set, and its name in a list; no more than the trainer can keep up with."""
    while client.get_list_length("list") > 2 * WINDOW:
        time.sleep(0.02)
    dataset = Dataset(f"d{turn}")
    dataset.add_tensor("samples", np.full((16, 64), turn, np.float32))
    dataset.add_meta_scalar("turn", turn)
    client.put_dataset(dataset)
    client.append_to_list("list", dataset)


def consume(client: Client, turn: int) -> None:
    """Delete the oldest data sets, as a reader does that was told to consume."""
    time.sleep(0.02)
    names = client._call("LRANGE", "list", 0, -WINDOW - 1)
    for name in names:
        client.delete_dataset(name.decode()[1:-1])
    client._call("LTRIM", "list", len(names), -1)


def publish(client: Client, turn: int) -> None:
    """A better version every fifth of a second; the one before the last goes."""
    client.set_model(f"p:{turn}", onnx_sum(scale=turn + 2.0), "ONNX")
    client.set_alias("p", f"p:{turn}")
    if turn > 1:
        client.delete_model(f"p:{turn - 2}")
    time.sleep(0.2)


def annoy(client: Client, turn: int) -> None:
    """What must harm nobody."""
    rng = random.Random(turn)
    with Wire(str(client._connection.address)) as wire, contextlib.suppress(ConnectionError, EOFError):
        wire.send(rng.randbytes(1000) if turn % 2 else encode_command("RPUSH", "l", bytes(5000))[: rng.randrange(5000)])
    with contextlib.suppress(ReplyError):
        client.infer("p", [np.ones((1, 4), np.float32)] * 2, 2)
    client.put_tensor(f"t{turn % 50}", rng.random() * np.ones(1 + 400 * (turn % 50)))
    time.sleep(0.02)


def soak(server: Served, seconds: float, tell: Callable[[Sample], None] = lambda _: None) -> list[Sample]:
    """Memory under load, at 60 times; raises what a worker has raised."""
    samples, begin = [], time.monotonic()
    with Client(server.unix) as client, Load(server.unix) as load:
        while (now := time.monotonic() - begin) < seconds and load.error is None:
            (info,) = client.get_db_node_info([server.unix])
            samples.append(Sample(now, server.resident(), int(info["Memory"]["used_memory"]), load.operations))
            tell(samples[-1])
            time.sleep(seconds / 60)
    if load.error:
        raise load.error
    return samples


def growth(samples: list[Sample]) -> float:
    """Bytes between the second quarter of the time, when all is warm, and the last."""
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    return median(each.resident for each in late) - median(each.resident for each in early)


def main() -> int:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--store", choices=("own", "redis"), default="own")
    chosen = parser.parse_args()

    def tell(sample: Sample) -> None:
        memory = f"{sample.resident / MIB:7.1f} MiB resident, {sample.held / MIB:5.2f} MiB held"
        print(f"{sample.time:7.1f} s {memory}, {sample.operations:9d} operations", flush=True)

    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder, options = Path(name), ["--memory", "256mb"]
        if chosen.store == "redis":
            options += ["--store", stack.enter_context(redis(folder / "r")).url]
        server = stack.enter_context(served(folder, *options))
        grown = growth(soak(server, 60 * chosen.minutes, tell))
    print(f"grown by {grown / MIB:.2f} MiB from the second quarter to the last")
    return int(grown > SPARE)


if __name__ == "__main__":
    sys.exit(main())
