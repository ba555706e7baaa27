"""What goes wrong around a server: it is killed, the disk is full, peers vanish; with its own store and with Redis."""

from __future__ import annotations

import resource
import socket
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from gymcc.agents.serving import Client, Dataset
from gymcc.agents.serving.client.errors import ConnectionFailed, DeadlineExceeded, OutcomeUnknown
from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server import app
from tests.serving.orchestrator import running
from tests.serving.process import served
from tests.serving.redis_server import redis
from tests.serving.soak import SPARE, growth, soak
from tests.serving.wire import Wire, onnx_sum

pytest.importorskip("onnxruntime")
DEADLINE = 2.0  # seconds that clients give the server
A = np.ones((1, 3), np.float32)


@contextmanager
def lasting(kind: str, folder):
    """The options of a server with a store of its own, one that outlives it, or a Redis."""
    if kind == "own":
        yield ()
    elif kind == "snapshot":
        yield ("--snapshot", str(folder / "kept"))
    else:
        with redis(folder / "r") as node:
            yield ("--store", node.url)


class Uploader(threading.Thread):
    """A worker that uploads data sets, and asks for decisions, until an operation fails."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__(daemon=True)
        self.client = Client(address, timeout=DEADLINE)
        self.label = name
        self.acknowledged: list[str] = []
        self.error: Exception | None = None
        self.took = 0.0

    def run(self) -> None:
        for i in range(1_000_000):
            begin = time.monotonic()
            try:
                self.upload(f"{self.label}-{i}")
                self.client.infer("m", [A, A], 2)
            except Exception as error:
                self.error, self.took = error, time.monotonic() - begin
                return

    def upload(self, name: str) -> None:
        dataset = Dataset(name)
        dataset.add_tensor("t", np.array([len(self.acknowledged)], np.int64))
        self.client.put_dataset(dataset)
        self.client.append_to_list("list", dataset)
        self.acknowledged.append(name)


@pytest.mark.parametrize("kind", ["snapshot", "redis"])
def test_a_server_killed_under_load_fails_its_clients_in_time_and_loses_nothing(tmp_path, kind):
    with lasting(kind, tmp_path) as options, served(tmp_path, *options) as server:
        with Client(server.unix) as first:
            first.set_model("m", onnx_sum(), "ONNX")
        workers = [Uploader(server.unix, f"w{i}") for i in range(4)]
        for worker in workers:
            worker.start()
        while sum(len(worker.acknowledged) for worker in workers) < 100:
            assert all(worker.is_alive() for worker in workers), [worker.error for worker in workers]
            time.sleep(0.01)
        server.kill()
        for worker in workers:
            worker.join(60)
            assert isinstance(worker.error, ConnectionFailed | DeadlineExceeded | OutcomeUnknown), worker.error
            assert server.unix in str(worker.error)
            assert worker.took < 10 * DEADLINE  # four operations of one deadline each, on a busy machine
        server.start()
        for worker in workers:
            worker.upload(f"{worker.label}-after")  # the same clients go on
            assert (worker.client.infer("m", [A, A], 2)[0] == 2).all()
        found = [dataset.get_name() for dataset in workers[0].client.get_datasets_from_list("list")]
        for worker in workers:
            own = [name for name in found if name.startswith(f"{worker.label}-")]
            assert len(own) == len(set(own))
            assert [name for name in own if name in worker.acknowledged] == worker.acknowledged
            assert len(own) <= len(worker.acknowledged) + 1  # one that was under way


def test_a_push_whose_reply_died_with_the_server_counts_once(tmp_path):
    with served(tmp_path, "--snapshot", str(tmp_path / "kept")) as server:
        with Wire(server.unix) as wire:
            wire("RPUSH", "l", "{d0}")
            wire("SAVE")
            wire("RPUSH", "l", "{d1}")
            server.kill()
        server.start()
        with Wire(server.unix) as wire:
            assert wire("RPUSH", "l", "{d1}") == 2, "sent again by who had no answer"
            assert wire("RPUSH", "l", "{d2}") == 3
            assert wire("RPUSH", "l", "{d2}") == 4, "meant"
            assert wire("RPUSH", "l", "{d0}") == 5, "was in the snapshot: whoever pushed it knows"
            assert wire("LRANGE", "l", 0, -1) == [b"{d0}", b"{d1}", b"{d2}", b"{d2}", b"{d0}"]


def limit_files(process, size: int) -> None:
    """What a full disk is to a process: its files grow up to so many bytes."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_is_an_error_and_everybody_is_served(tmp_path):
    with served(tmp_path, "--snapshot", str(tmp_path / "kept")) as server:
        with Wire(server.unix) as wire, Wire(server.unix) as other:
            wire("AI.TENSORSET", "{d}.t", "UINT8", 100_000, "BLOB", bytes(100_000))
            assert wire("SAVE") == b"OK"
            saved = (tmp_path / "kept").read_bytes()
            limit_files(server.process, 50_000)
            assert wire.error("SAVE").startswith("ERR cannot save the snapshot: File too large")
            assert (tmp_path / "kept").read_bytes() == saved
            text = wire.error("AI.TENSORSET", "{e}.t", "UINT8", 100_000, "BLOB", bytes(100_000))
            assert text.startswith("ERR done, but would be lost")
            assert other.put("plain", A) == b"OK"  # is not written
            assert len(other("AI.TENSORGET", "{d}.t", "BLOB")) == 100_000
            limit_files(server.process, resource.RLIM_INFINITY)
            assert wire("SAVE") == b"OK"
            server.kill()
        server.start()
        with Wire(server.unix) as wire:
            assert wire("EXISTS", "{d}.t", "{e}.t") == 2


def test_a_full_disk_of_redis_is_an_error_and_everybody_is_served(tmp_path):
    with redis(tmp_path / "r") as node, running(tmp_path, store=node.url) as server, Wire(server.unix) as wire:
        blob = np.random.default_rng(0).bytes(100_000)  # does not compress
        wire("AI.TENSORSET", "x", "UINT8", 100_000, "BLOB", blob)
        limit_files(node.process, 50_000)
        assert "could not write its snapshot" in wire.error("SAVE")
        assert wire("AI.TENSORGET", "x", "BLOB") == blob
        limit_files(node.process, resource.RLIM_INFINITY)
        assert wire("SAVE") == b"OK"


def test_a_peer_that_is_gone_without_a_word_is_asked_for():
    """Its machine lost power, say: the kernel asks after a minute, and ends the connection if nobody answers."""
    with app._tcp("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert [accepted.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 15, 3]
            # replies under way keep the kernel from asking, and have a bound of their own
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 105_000


def test_a_silent_client_is_hung_up_on_where_that_is_wanted(tmp_path):
    with running(tmp_path, idle_timeout=1) as server, Wire(server.unix) as silent, Wire(server.unix) as busy:
        assert silent("PING") == b"PONG"
        deadline = time.monotonic() + 30
        silent.socket.settimeout(0.05)
        while time.monotonic() < deadline:
            assert busy("PING") == b"PONG"
            try:
                silent.receive()
            except TimeoutError:
                continue
            except (EOFError, ConnectionError):
                break
        else:
            pytest.fail("it is still connected")
        assert busy("PING") == b"PONG"


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_clients_that_stop_in_the_middle_are_hung_up_on_and_slow_ones_are_not(tmp_path, monkeypatch, transport):
    monkeypatch.setattr(app, "TICK", 0.1)
    size = 1 << 20
    with running(tmp_path, stall_timeout=1.5) as server, Wire(server.unix) as other:
        address = getattr(server, transport)
        other("AI.TENSORSET", "x", "UINT8", size, "BLOB", bytes(size))
        get = encode_command("AI.TENSORGET", "x", "BLOB")
        with Wire(address) as deaf, Wire(address) as dumb, Wire(address) as slow, Wire(address) as idle:
            assert idle("PING") == b"PONG"
            deaf.send(get * 100)  # and never reads
            dumb.send(encode_command("SET", "k", bytes(1000))[:-500])  # and never says the rest
            slow.send(get * 300)
            for _ in range(300):
                assert len(slow.receive()) == size
                if b"connected_clients:3\r" in other("INFO", "clients"):  # other, slow and idle are left
                    break
                time.sleep(0.1)
            else:
                pytest.fail("those that stopped are still there")
            assert len(slow.receive()) == size
            assert idle("PING") == b"PONG"
            assert other("EXISTS", "k") == 0
            dumb.socket.settimeout(5)
            with pytest.raises((EOFError, ConnectionError)):
                dumb.receive()


@pytest.mark.parametrize("kind", ["own", "redis"])
def test_wrong_inputs_harm_nobody(tmp_path, kind):
    """In a batched model, those that share the batch, too."""
    with redis(tmp_path / "r") if kind == "redis" else contextmanager(lambda: iter([None]))() as node:
        store = node.url if node else ""
        with running(tmp_path, store=store) as server, Wire(server.unix) as wire, Wire(server.unix) as other:
            batching = ("BATCHSIZE", 8, "MINBATCHSIZE", 2, "MINBATCHTIMEOUT", 50)
            wire("AI.MODELSTORE", "m", "ONNX", "CPU", *batching, "BLOB", onnx_sum())
            wrong = [np.ones((1, 4), "f4"), np.ones((1, 3), "i8"), np.ones((3,), "f4"), np.ones((1, 3, 1), "f8")]
            for array in wrong:
                wire.put("wrong", array)
                other.put("a", A)
                for peer, key in ((wire, "wrong"), (other, "a")):
                    out = (f"{key}.x", f"{key}.y")
                    peer.send(encode_command("AI.MODELEXECUTE", "m", "INPUTS", 2, key, key, "OUTPUTS", 2, *out))
                assert "model failed" in str(wire.receive())
                assert other.receive() == b"OK"
                assert (other.get("a.x") == 2).all()


@pytest.mark.parametrize("kind", ["own", "redis"])
def test_memory_stays_flat_under_load(tmp_path, kind):
    """The short form of ``python -m tests.serving.soak``."""
    with lasting(kind, tmp_path) as options, served(tmp_path, "--memory", "64mb", *options) as server:
        samples = soak(server, 5)
    assert samples[-1].operations > 100
    assert growth(samples) < 4 * SPARE
