"""What outlives the process: snapshots, the journal from one to the next, and what is wrong with either."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.serving.server import journal, snapshot
from gymcc.agents.serving.server.app import Listen, build, working
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.limits import Settings
from gymcc.agents.serving.server.local import LocalStore
from gymcc.agents.serving.server.snapshot import SnapshotError
from gymcc.agents.serving.server.values import Alias, Model, Script, Text, from_array
from tests.serving.test_server_store import STEPS, contents, operation
from tests.serving.wire import Wire, onnx_sum

MODEL = Model("ONNX", "CPU", b"blob", "", b"tag\0", (4, 2, 10), (b"a",), (b"b", b"c"))
SCRIPT = Script("CPU", b"def f(x):\n    return x\n", "", b"t", (b"f",))


@asynccontextmanager
async def server(folder: Path, **chosen):
    """A server whose keyspace is in the folder, listening nowhere."""
    made = build(Settings(snapshot=str(folder / "kept"), **chosen))
    async with working(made, Listen()):
        yield made


@asynccontextmanager
async def killed(folder: Path, **chosen):
    """As above, but it ends with its process: nothing is saved at the end."""
    made = build(Settings(snapshot=str(folder / "kept"), **chosen))
    context = working(made, Listen())
    await context.__aenter__()
    yield made
    made.store.journal.close()
    made.store.journal = None
    made.host.close()


async def lasting(store: LocalStore) -> dict:
    return {
        key: value
        for key, value in (await contents(store)).items()
        if key.startswith(b"{") or not isinstance(value, int)
    }


@settings(max_examples=60)
@given(st.lists(st.one_of(STEPS, st.just(("save",))), max_size=20), st.booleans())
def test_whatever_was_done_is_there_again_but_plain_tensors(steps, orderly):
    """After an orderly end these, too."""

    async def check(folder: Path):
        async with (server if orderly else killed)(folder) as first:
            for name, *args in steps:
                with suppress(CommandError):
                    await (first.save() if name == "save" else operation(first.store, name, args))
            kept = await (contents if orderly else lasting)(first.store)
        async with killed(folder) as second:
            found = await (contents if orderly else lasting)(second.store)
            assert found == kept
            assert list(found) == list(kept) or not orderly

    with TemporaryDirectory() as name:
        asyncio.run(check(Path(name)))


def test_an_alias_that_is_older_than_its_model_comes_back(tmp_path):
    """The model was deleted and stored again, say."""

    async def check():
        async with server(tmp_path) as first:
            await first.store.put(b"p", Alias(b"p:1"))
            await first.store.put(b"p:1", MODEL)
        async with killed(tmp_path) as second:
            assert sorted(await second.store.models()) == [b"p", b"p:1"]

    asyncio.run(check())


@pytest.mark.parametrize("orderly", [True, False])
def test_every_kind_of_value_comes_back_as_it_was(tmp_path, monkeypatch, orderly):
    async def check():
        async with (server if orderly else killed)(tmp_path) as first:
            store = first.store
            await store.put(b"p:1", MODEL)
            await store.put(b"p", Alias(b"p:1"))
            await store.put(b"a", Alias(b"p:1"))  # comes before its model by name
            await store.put(b"s", SCRIPT)
            await store.put(b"old", Script("CPU", b"source", ""))
            await store.put(b"t", Text(b"\r\n\0"))
            await store.put(b"{d}.t", from_array(np.arange(6, dtype="i2").reshape(2, 3)))
            await store.hash_set(b"{d}.meta", {b".COMPLETE": b"1", b"": b"\xff" * 100})
            await store.push(b"l", [b"%d" % i for i in range(25_000)])
            await store.expire(b"t", 4e9)
        async with killed(tmp_path) as second:
            store = second.store
            for key, value in ((b"p:1", MODEL), (b"s", SCRIPT)):
                found = await store.get(key)
                assert [getattr(found, name) for name in fields(value)] == [
                    getattr(value, name) for name in fields(value)
                ]
            assert [(await store.get(key)).target for key in (b"p", b"a")] == [b"p:1"] * 2
            assert (await store.get(b"old")).entries == ()
            assert (await store.get(b"t"), await store.expiry(b"t")) == (Text(b"\r\n\0"), 4e9)
            assert ((await store.get(b"{d}.t")).array() == np.arange(6).reshape(2, 3)).all()
            assert await store.hash_all(b"{d}.meta") == {b".COMPLETE": b"1", b"": b"\xff" * 100}
            assert await store.slice(b"l", 0, -1) == [b"%d" % i for i in range(25_000)]

    monkeypatch.setattr("gymcc.agents.serving.server.app.warm_up", nothing)  # these models cannot be compiled
    asyncio.run(check())


def fields(value) -> list[str]:
    return [name for name in type(value).__slots__ if name not in ("digest", "compiled")]


async def nothing(_) -> None:
    """No warming up."""


def test_a_journal_that_ends_within_a_command_gives_those_before(tmp_path):
    async def check():
        async with killed(tmp_path) as first:
            for i in range(3):
                await first.store.push(b"l", [b"element %d" % i])
        path = tmp_path / "kept.0.journal"
        for cut in range(1, 20):
            path.write_bytes(path.read_bytes()[:-1])
            async with killed(tmp_path) as second:
                assert await second.store.slice(b"l", 0, -1) == [b"element 0", b"element 1"]
            (tmp_path / f"kept.{cut}.journal").unlink(missing_ok=True)
            (tmp_path / "kept.1.journal").unlink(missing_ok=True)

    asyncio.run(check())


def test_a_journal_that_a_snapshot_covers_is_not_read_again(tmp_path):
    """The process ended after the snapshot was there and before its journal was removed."""

    async def check():
        async with killed(tmp_path) as first:
            await first.store.push(b"l", [b"once"])
            covered = (tmp_path / "kept.0.journal").read_bytes()
            await first.save()
        (tmp_path / "kept.0.journal").write_bytes(covered)
        async with killed(tmp_path) as second:
            assert await second.store.slice(b"l", 0, -1) == [b"once"]

    asyncio.run(check())


@pytest.mark.parametrize(
    "spoil", [lambda raw: raw[:-1], lambda raw: raw[:40], lambda raw: raw[:60] + b"X" + raw[61:], lambda raw: b""]
)
def test_a_snapshot_that_is_not_whole_is_refused(tmp_path, spoil):
    async def begin():
        async with server(tmp_path) as made:
            await made.store.push(b"l", [b"element"] * 5)

    asyncio.run(begin())
    path = tmp_path / "kept"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(SnapshotError, match="kept"):
        asyncio.run(begin())


def test_a_full_disk_is_an_error_and_what_was_saved_stays(tmp_path, monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device")
    real = os.write

    def refuse(*_):
        raise full

    async def check():
        async with server(tmp_path) as made:
            await made.store.push(b"l", [b"a"])
            await made.save()
            before = (tmp_path / "kept").read_bytes()
            with monkeypatch.context() as patched:
                patched.setattr(snapshot, "commands_of", refuse)
                with pytest.raises(OSError, match="No space left"):
                    await made.save()
            assert (tmp_path / "kept").read_bytes() == before
            assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []
            with monkeypatch.context() as patched:
                patched.setattr(journal.os, "write", refuse)
                with pytest.raises(CommandError, match="No space left"):
                    await made.store.push(b"l", [b"b"])
                rest = iter([True])

                def half(file, data):
                    return real(file, data[: len(data) // 2]) if next(rest, False) else refuse()

                patched.setattr(journal.os, "write", half)
                with pytest.raises(CommandError, match="No space left"):
                    await made.store.push(b"l", [b"b" * 1000])
            assert await made.store.length(b"l") == 3  # done, and the client was told that it is not safe
            await made.store.push(b"l", [b"c"])
            shutil.copytree(tmp_path, tmp_path / "then")  # as a process finds it that follows this one, killed now
        async with killed(tmp_path / "then") as again:
            assert await again.store.slice(b"l", 0, -1) == [b"a", b"c"]

    asyncio.run(check())


def test_snapshots_follow_each_other_when_something_was_done(tmp_path, monkeypatch):
    async def check():
        async with killed(tmp_path, save_every=100) as made:
            saver = made.save.__self__
            now = made.statistics.started
            monkeypatch.setattr("gymcc.agents.serving.server.persistence.time.time", lambda: now)
            made.statistics.commands += 1
            assert not saver.is_due()
            now += 101
            assert saver.is_due()
            await made.save()
            assert not saver.is_due()
            now += 101
            assert not saver.is_due()  # nothing was done
            made.statistics.commands += 1
            assert saver.is_due()

    asyncio.run(check())


@pytest.fixture
def serve(tmp_path):
    """Starts `gymcc serve` with a snapshot in the folder; gives the process and a connection."""
    started = []

    def start(*options: str):
        path = tmp_path / "s"
        command = [sys.executable, "-m", "gymcc.scripts.main", "serve", "--unix", str(path), "--backends", "ONNX"]
        process = subprocess.Popen(
            [*command, "--snapshot", str(tmp_path / "kept"), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        started.append(process)
        assert process.stdout.readline() == f"ready unix://{path}\n"
        return process, Wire(f"unix://{path}")

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_nothing_acknowledged_is_lost_with_the_process(serve):
    pytest.importorskip("onnxruntime")
    process, wire = serve()
    wire("AI.MODELSTORE", "p:1", "ONNX", "CPU", "BLOB", onnx_sum())
    wire("GYMCC.ALIAS", "p", "p:1")
    for i in range(200):
        wire("AI.TENSORSET", f"{{d{i}}}.t", "INT64", 1, "BLOB", np.int64(i).tobytes())
        wire("HSET", f"{{d{i}}}.meta", ".COMPLETE", "1")
        assert wire("RPUSH", "l", f"{{d{i}}}") == i + 1
        if i == 100:
            assert wire("SAVE") == b"OK"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process, wire = serve()
    assert wire("LRANGE", "l", 0, -1) == [b"{d%d}" % i for i in range(200)]
    assert [int(wire.get(f"{{d{i}}}.t")[0]) for i in range(200)] == list(range(200))
    wire.put("a", np.ones((1, 3), "f4"))
    assert wire("AI.MODELEXECUTE", "p", "INPUTS", 2, "a", "a", "OUTPUTS", 2, "x", "y") == b"OK"
    process.terminate()
    assert process.wait(60) == 0
    process, wire = serve()
    assert (wire.get("x") == 2).all()  # plain tensors, too, after an orderly end
