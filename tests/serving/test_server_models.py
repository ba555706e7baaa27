"""Models and scripts: stored, run, described; order, batches and time-outs; what is sent again."""

from __future__ import annotations

import asyncio
import threading
from importlib.util import find_spec

import hiredis
import numpy as np
import pytest

from gymcc.agents.serving.protocol.names import shard_key
from gymcc.agents.serving.protocol.resp import encode_command
from gymcc.agents.serving.server.batching import Batcher
from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.limits import Settings
from gymcc.agents.serving.server.models import Host
from gymcc.agents.serving.server.values import Model
from tests.serving.orchestrator import running
from tests.serving.redis_server import stored
from tests.serving.wire import SLOW, Wire, onnx_sum, torch_module

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")
DOUBLE = "def forward(self, x: Tensor) -> Tensor:\n    x.mul_(2)\n    return x\n"
SCRIPT = """
def two(a: Tensor, b: Tensor):
    return a + b, a - b
def many(xs: List[Tensor]) -> Tensor:
    return torch.stack(xs).sum(0)
def entry(tensors: List[Tensor], keys: List[str], args: List[str]) -> Tensor:
    return tensors[0] * float(args[0]) + len(keys)
def broken(a: Tensor):
    raise RuntimeError("on purpose")
def number(a: Tensor) -> int:
    return 3
"""
WITHOUT_TF = "not a frozen graph" if find_spec("tensorflow") else "ERR unsupported backend TF: this server lacks"
A, B = np.arange(6, dtype="f4").reshape(2, 3), np.ones((2, 3), "f4")


@pytest.fixture(scope="module", params=("own", "cluster"))
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")
    with (
        stored(request.param, folder) as store,
        running(folder, store=store) as found,
        Wire(found.unix, 120) as wire,
    ):
        wire("AI.MODELSTORE", "warm", "TORCH", "CPU", "BLOB", torch_module(SLOW))  # torch is imported by now
        yield found


@pytest.fixture
def wire(server):
    with Wire(server.unix) as connection:
        connection("FLUSHDB")
        connection.put("a", A)
        connection.put("b", B)
        yield connection


def execute(key: str, *outputs: str, inputs: tuple[str, ...] = ("a", "b"), extra: tuple = ()) -> tuple:
    return ("AI.MODELEXECUTE", key, "INPUTS", len(inputs), *inputs, "OUTPUTS", len(outputs), *outputs, *extra)


def test_an_onnx_model_is_stored_in_chunks_run_and_given_back(wire):
    network = onnx_sum()
    assert wire("AI.MODELSTORE", "m", "ONNX", "CPU", "TAG", "v1", "BLOB", network[:50], network[50:]) == b"OK"
    assert wire("AI.MODELGET", "m", "BLOB") == network
    meta = wire("AI.MODELGET", "m", "META")
    facts = dict(zip(meta[::2], meta[1::2], strict=True))
    assert (facts[b"backend"], facts[b"device"], facts[b"tag"]) == (b"ONNX", b"CPU", b"v1")
    for _ in range(3):  # in a thread at first, then on the loop
        assert wire(*execute("m", "sum", "scaled", extra=("TIMEOUT", 60_000_000))) == b"OK"
        assert (wire.get("sum") == A + B).all()
        assert (wire.get("scaled") == 2 * A).all()
    assert wire("EXISTS", "m") == 1
    assert wire("TYPE", "m") == b"AI_MODEL"
    assert wire("AI.MODELDEL", "m") == b"OK"
    assert wire.error("AI.MODELDEL", "m") == wire.error(*execute("m", "x", "y")) == "ERR model key is empty"


def test_decisions_of_one_write(wire):
    wire("AI.MODELSTORE", "m", "ONNX", "CPU", "BLOB", onnx_sum())
    for k in range(5):
        put = ("AI.TENSORSET", "a", "FLOAT", 2, 3, "BLOB", (A * k).tobytes())
        steps = [put, execute("m", "s", "t"), ("AI.TENSORGET", "s", "META", "BLOB")]
        wire.send(b"".join(encode_command(*step) for step in steps))
        replies = [wire.receive() for _ in steps]
        assert replies[:2] == [b"OK", b"OK"]
        assert replies[2][5] == (A * k + B).tobytes()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (execute("m", "x"), "has 2 outputs, OUTPUTS names 1"),
        (execute("m", "x", "y", inputs=("a",)), "INPUTS"),
        (execute("m", "x", "y", inputs=("a", "none")), "ERR tensor key is empty"),
        (execute("m", "x", "y", inputs=("a", "wide")), "ERR the model failed"),
        (execute("m", "x", "y", inputs=("a", "double")), "double"),
        (execute("a", "x", "y"), "WRONGTYPE"),
        (("AI.MODELEXECUTE", "m", "INPUTS", 9, "a", "OUTPUTS"), "ERR"),
        (("AI.MODELEXECUTE", "m", "INPUTS", 1, "a", "TYPO", 1, "x"), "allowed are INPUTS, OUTPUTS, TIMEOUT"),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_stores_nothing(wire, words, text):
    wire("AI.MODELSTORE", "m", "ONNX", "CPU", "BLOB", onnx_sum())
    wire.put("wide", np.ones((2, 4), "f4"))
    wire.put("double", np.ones((2, 3)))
    for _ in range(2):
        assert text in wire.error(*words)
    assert wire("EXISTS", "x", "y") == 0
    assert wire(*execute("m", "x", "y")) == b"OK"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("NONE", "CPU", "BLOB", "x"), "ERR unsupported backend"),
        (("TF", "CPU", "INPUTS", 1, "a", "OUTPUTS", 1, "b", "BLOB", "x"), WITHOUT_TF),
        (("ONNX", "TPU", "BLOB", "x"), "ERR Invalid DEVICE"),
        (("ONNX", "GPU:x", "BLOB", "x"), "ERR Invalid DEVICE"),
        (("ONNX", "GPU:77", "BLOB", onnx_sum()), "ERR Invalid DEVICE GPU:77"),
        (("TORCH", "GPU:77", "BLOB", "x"), "ERR Invalid DEVICE GPU:77"),
        (("ONNX", "CPU", "BLOB", "no network"), "ERR the model is not ONNX"),
        (("TORCH", "CPU", "BLOB", "no network"), "ERR the model is not TorchScript"),
        (("ONNX", "CPU", "BLOB", ""), "missing model BLOB"),
        (("ONNX", "CPU", "MINBATCHSIZE", 2, "BLOB", onnx_sum()), "MINBATCHSIZE specified without BATCHSIZE"),
        (("ONNX", "CPU", "INPUTS", 1, "z", "BLOB", onnx_sum()), "ERR INPUTS z of the model do not exist; it has a, b"),
        (("ONNX", "CPU", "COLOUR", 1, "BLOB", onnx_sum()), "allowed are TAG"),
    ],
)
def test_a_model_that_cannot_be_run_is_refused_when_it_is_stored(wire, words, text):
    assert text in wire.error("AI.MODELSTORE", "m", *words)
    assert wire("EXISTS", "m") == 0


def test_a_torch_model_may_not_write_into_stored_tensors(wire):
    assert wire("AI.MODELSTORE", "m", "TORCH", "CPU", "BLOB", torch_module(DOUBLE)) == b"OK"
    for _ in range(5):
        assert wire(*execute("m", "x", inputs=("a",))) == b"OK"
        assert (wire.get("x") == 2 * A).all()
    assert (wire.get("a") == A).all()


def test_what_ai_info_counts(wire):
    wire("AI.MODELSTORE", "m", "ONNX", "CPU", "TAG", "v7", "BLOB", onnx_sum())
    for _ in range(3):
        wire(*execute("m", "x", "y"))
    wire.error(*execute("m", "x"))
    reply = wire("AI.INFO", "m")
    facts = dict(zip(reply[::2], reply[1::2], strict=True))
    assert list(facts) == [b"key", b"type", b"backend", b"device", b"tag", b"duration", b"samples", b"calls", b"errors"]
    assert facts | {b"duration": 0} == {
        b"key": b"m",
        b"type": b"MODEL",
        b"backend": b"ONNX",
        b"device": b"CPU",
        b"tag": b"v7",
        b"duration": 0,
        b"samples": 6,
        b"calls": 4,
        b"errors": 1,
    }
    assert 0 < facts[b"duration"] < 10_000_000
    assert wire("AI.INFO", "m", "RESETSTAT") == []  # SmartRedis wants an array
    assert wire("AI.INFO", "m")[-3:] == [0, b"errors", 0]
    assert wire.error("AI.INFO", "nothing") == "ERR model key is empty"


def test_scripts_in_the_older_form(wire):
    assert wire("AI.SCRIPTSET", "s", "CPU", "SOURCE", SCRIPT) == b"OK"
    assert wire("AI.SCRIPTGET", "s", "SOURCE") == SCRIPT.encode()
    assert wire("AI.SCRIPTRUN", "s", "two", "INPUTS", "a", "b", "OUTPUTS", "x", "y") == b"OK"
    assert (wire.get("x") == A + B).all()
    assert (wire.get("y") == A - B).all()
    assert wire("AI.SCRIPTRUN", "s", "many", "INPUTS", "a", "b", "b", "OUTPUTS", "x") == b"OK"
    assert (wire.get("x") == A + 2 * B).all()
    assert "Function does not exist" in wire.error("AI.SCRIPTRUN", "s", "none", "INPUTS", "a", "OUTPUTS", "x")
    assert "on purpose" in wire.error("AI.SCRIPTRUN", "s", "broken", "INPUTS", "a", "OUTPUTS", "x")
    assert "ERR" in wire.error("AI.SCRIPTRUN", "s", "two", "INPUTS", "a", "OUTPUTS", "x", "y")
    assert "got int" in wire.error("AI.SCRIPTRUN", "s", "number", "INPUTS", "a", "OUTPUTS", "x")
    assert wire("AI.INFO", "s")[-6:] == [b"samples", -1, b"calls", 6, b"errors", 4]
    assert wire("AI.SCRIPTDEL", "s") == b"OK"
    assert wire.error("AI.SCRIPTGET", "s") == "ERR script key is empty"


def test_scripts_in_the_newer_form(wire):
    assert wire("AI.SCRIPTSTORE", "s", "CPU", "TAG", "t", "ENTRY_POINTS", 1, "entry", "SOURCE", SCRIPT) == b"OK"
    call = ("KEYS", 2, "k", "l", "INPUTS", 1, "a", "ARGS", 1, "2.5", "OUTPUTS", 1, "x")
    assert wire("AI.SCRIPTEXECUTE", "s", "entry", *call) == b"OK"
    assert (wire.get("x") == A * 2.5 + 2).all()
    assert "entry points are entry" in wire.error("AI.SCRIPTEXECUTE", "s", "two", *call)
    assert "Function does not exist" in wire.error(
        "AI.SCRIPTSTORE", "t", "CPU", "ENTRY_POINTS", 1, "none", "SOURCE", SCRIPT
    )
    assert "cannot be compiled" in wire.error("AI.SCRIPTSET", "t", "CPU", "SOURCE", "def f(")


def test_a_dag_has_tensors_of_its_own(wire):
    wire("AI.MODELSTORE", "m", "ONNX", "CPU", "BLOB", onnx_sum())
    put = ("AI.TENSORSET", "own", "FLOAT", 2, 3, "BLOB", (A * 5).tobytes())
    run = ("|>", *execute("m", "s", "t", inputs=("own", "b")), "|>", "AI.TENSORGET", "s", "META", "BLOB")
    replies = wire("AI.DAGEXECUTE", "LOAD", 1, "b", "PERSIST", 1, "t", "TIMEOUT", 5000, "|>", *put, *run)
    assert replies[:2] == [b"OK", b"OK"]
    assert replies[2][5] == (A * 5 + B).tobytes()
    assert wire("EXISTS", "own", "s") == 0
    assert (wire.get("t") == A * 10).all()


@pytest.mark.parametrize("blob", [b"|>", b"BLOB", b"blob"])
def test_a_blob_in_a_dag_may_look_like_a_word_of_it(wire, blob):
    put = ("AI.TENSORSET", "own", "UINT8", len(blob), "blob", blob)
    assert wire("AI.DAGEXECUTE", "|>", *put, "|>", "AI.TENSORGET", "own", "BLOB") == [b"OK", blob]
    assert wire("AI.DAGEXECUTE", "|>", *put) == [b"OK"]
    # a key of that name is followed by words as ever
    assert str(wire("AI.DAGEXECUTE", "|>", "AI.TENSORGET", "BLOB", "|>", *put)[0]).startswith("ERR tensor key")


def test_a_dag_ends_at_its_first_error_and_persists_nothing(wire):
    put = ("AI.TENSORSET", "own", "FLOAT", 2, 3, "BLOB", A.tobytes())
    steps = ("|>", *put, "|>", *execute("none", "s", "t"), "|>", "AI.TENSORGET", "s")
    ok, error, left = wire("AI.DAGEXECUTE", "PERSIST", 1, "own", *steps)
    assert (ok, left) == (b"OK", b"NA")
    assert str(error) == "ERR model key is empty"
    assert wire("EXISTS", "own") == 0
    assert "tensor key is empty" in wire.error("AI.DAGEXECUTE", "LOAD", 1, "none", "|>", *put)
    assert "unsupported command within DAG" in wire.error("AI.DAGEXECUTE", "ROUTING", "x", "|>", "FLUSHDB")
    assert "cannot be found in DAG" in wire.error("AI.DAGEXECUTE", "PERSIST", 1, "zzz", "|>", *put)
    assert "allowed are" in wire.error("AI.DAGEXECUTE_RO", "PERSIST", 1, "own", "|>", *put)
    assert "empty" in wire.error("AI.DAGEXECUTE", "ROUTING", "x", "|>")


def test_an_alias_is_another_name_that_can_be_moved(wire):
    for version in (1, 2):
        wire("AI.MODELSTORE", f"p:{version}", "ONNX", "CPU", "BLOB", onnx_sum(scale=version))
    assert wire("GYMCC.ALIAS", "p", "p:1") == b"OK"
    assert wire(*execute("p", "x", "y")) == b"OK"
    assert (wire.get("y") == A).all()
    assert wire("GYMCC.ALIAS", "p", "p:2") == b"OK"
    wire(*execute("p", "x", "y"))
    assert (wire.get("y") == 2 * A).all()
    rows = wire("GYMCC.MODELS")
    assert [(row[0], row[1], row[5]) for row in rows] == [(b"p:1", b"ONNX", []), (b"p:2", b"ONNX", [b"p"])]
    assert "is no model" in wire.error("GYMCC.ALIAS", "p", "p:3")
    assert "is a model itself" in wire.error("GYMCC.ALIAS", "p:1", "p:2")
    assert "alias of p:2" in wire.error("AI.MODELSTORE", "p", "ONNX", "CPU", "BLOB", onnx_sum())
    assert wire("AI.MODELDEL", "p") == b"OK"
    assert wire("EXISTS", "p", "p:2") == 1


def test_a_clustered_client_means_the_same_models(wire):
    """It puts two bytes that fall into the shard's first slot before each name."""
    key = shard_key(0, "m")
    assert wire("AI.MODELSTORE", key, "ONNX", "CPU", "BLOB", onnx_sum()) == b"OK"
    assert wire("EXISTS", key) == wire("EXISTS", "m") == 1
    assert wire(*execute("m", "x", "y")) == wire(*execute(key, "x", "y")) == b"OK"
    assert wire("AI.MODELDEL", key) == b"OK"
    assert wire("EXISTS", "m") == 0


def test_a_slow_model_holds_up_its_own_connection_alone(server, wire):
    wire("AI.MODELSTORE", "slow", "TORCH", "CPU", "BLOB", torch_module(SLOW))
    wire.put("n", np.array([12000], "f4"))
    run = execute("slow", "x", inputs=("n",))
    for _ in range(2):  # also once it is known how long it takes
        wire.send(encode_command(*run) + encode_command("ECHO", "after"))
        answered = 0
        with Wire(server.unix) as other:
            while not wire_has(wire) and answered < 20:
                assert other("PING") == b"PONG"
                answered += 1
        assert answered == 20
        assert wire.receive() == b"OK"
        assert wire.receive() == b"after"


def wire_has(wire: Wire) -> bool:
    """Whether a reply is waiting."""
    wire.socket.setblocking(False)
    try:
        return bool(wire.socket.recv(1, 2))  # MSG_PEEK
    except BlockingIOError:
        return False
    finally:
        wire.socket.settimeout(30)


def test_a_run_that_takes_too_long_is_given_up(wire):
    wire("AI.MODELSTORE", "slow", "TORCH", "CPU", "BLOB", torch_module(SLOW))
    wire.put("n", np.array([3000], "f4"))
    text = wire.error(*execute("slow", "x", inputs=("n",), extra=("TIMEOUT", 1)))
    assert text == "TIMEDOUT the model took longer than 1 ms"
    dag = ("AI.DAGEXECUTE", "LOAD", 1, "n", "TIMEOUT", 1, "|>", *execute("slow", "x", inputs=("n",)))
    assert str(wire(*dag)[0]).startswith("TIMEDOUT")
    assert wire("EXISTS", "x") == 0


def test_a_model_sent_again_while_it_is_compiled_is_one_model(server, wire):
    """SmartRedis sends it again after 250 ms without a reply, on another connection."""
    network, replies = torch_module(DOUBLE), []

    def store() -> None:
        with Wire(server.unix) as other:
            replies.append(other("AI.MODELSTORE", "m", "TORCH", "CPU", "BLOB", network))

    before = repeated(wire)
    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [b"OK"] * 4
    assert wire("AI.MODELSTORE", "m", "TORCH", "CPU", "BLOB", network) == b"OK"
    assert repeated(wire) > before
    assert wire(*execute("m", "x", inputs=("a",))) == b"OK"


def repeated(wire: Wire) -> int:
    lines = wire("INFO", "stats").decode().split("\r\n")
    return next(int(line.split(":")[1]) for line in lines if line.startswith("repeated_commands"))


def test_requests_of_many_clients_are_run_as_batches(server, wire):
    """A network for exactly four rows shows that four requests of one row were put together."""
    wire("AI.MODELSTORE", "m", "ONNX", "CPU", "BATCHSIZE", 4, "MINBATCHSIZE", 4, "BLOB", onnx_sum(rows=4))
    results = {}

    def run(i: int) -> None:
        with Wire(server.unix) as other:
            other.put(f"a{i}", np.full((1, 3), i, "f4"))
            assert other(*execute("m", f"s{i}", f"t{i}", inputs=(f"a{i}", f"a{i}"))) == b"OK"
            results[i] = other.get(f"s{i}")

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {i: result.tolist() for i, result in results.items()} == {i: [[2.0 * i] * 3] for i in range(8)}
    assert wire("AI.INFO", "m")[-6:] == [b"samples", 8, b"calls", 8, b"errors", 0]


def test_a_batch_that_does_not_fill_leaves_after_its_time(wire):
    options = ("BATCHSIZE", 8, "MINBATCHSIZE", 8, "MINBATCHTIMEOUT", 20)
    wire("AI.MODELSTORE", "m", "ONNX", "CPU", *options, "BLOB", onnx_sum())
    assert wire(*execute("m", "x", "y")) == b"OK"
    assert (wire.get("x") == A + B).all()


def test_requests_that_do_not_go_together_are_run_apart(server, wire):
    wire("AI.MODELSTORE", "m", "ONNX", "CPU", "BATCHSIZE", 100, "BLOB", onnx_sum(columns="N"))
    wire.put("wide", np.ones((2, 5), "f4"))
    with Wire(server.unix) as other:
        for connection, name in ((wire, "a"), (other, "wide")):
            connection.send(encode_command(*execute("m", f"{name}-s", f"{name}-t", inputs=(name, name))))
        assert wire.receive() == other.receive() == b"OK"
    assert wire.get("a-s").shape == (2, 3)
    assert wire.get("wide-s").shape == (2, 5)
    wire.put("short", np.ones((1, 3), "f4"))
    assert "same number of rows" in wire.error(*execute("m", "x", "y", inputs=("a", "short")))


def test_results_of_types_that_the_protocol_lacks_are_stored_wider(wire):
    wire("AI.SCRIPTSET", "s", "CPU", "SOURCE", "def f(x: Tensor):\n    return x > 1, x.half(), x.sum()\n")
    assert wire("AI.SCRIPTRUN", "s", "f", "INPUTS", "a", "OUTPUTS", "x", "y", "z") == b"OK"
    assert (wire.get("x") == (A > 1)).all()
    assert wire.get("x").dtype == np.uint8
    assert (wire.get("y") == A).all()
    assert wire.get("z").tolist() == [A.sum()]
    wire("AI.SCRIPTSET", "s", "CPU", "SOURCE", "def f(x: Tensor):\n    return x[:0]\n")
    assert "empty tensor" in wire.error("AI.SCRIPTRUN", "s", "f", "INPUTS", "a", "OUTPUTS", "x")


def test_torch_is_refused_where_code_is(tmp_path):
    with running(tmp_path, allow_code=False) as server, Wire(server.unix) as wire:
        for words in (
            ("AI.MODELSTORE", "m", "TORCH", "CPU", "BLOB", torch_module(DOUBLE)),
            ("AI.SCRIPTSET", "s", "CPU", "SOURCE", SCRIPT),
        ):
            assert wire.error(*words).startswith("NOPERM")
        assert wire("DBSIZE") == 0
        assert wire("AI.MODELSTORE", "m", "ONNX", "CPU", "BLOB", onnx_sum()) == b"OK"
        assert not isinstance(wire("AI.INFO", "m"), hiredis.ReplyError)


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_a_gpu_that_cannot_be_used_is_told_and_not_replaced_by_the_cpu(monkeypatch):
    from gymcc.agents.serving.server.runners import onnx

    if onnx.CUDA in onnx.onnxruntime.get_available_providers():
        pytest.skip("there is one")
    monkeypatch.setattr(onnx.onnxruntime, "get_available_providers", lambda: [onnx.CUDA])
    with pytest.raises(CommandError, match="ERR Invalid DEVICE GPU: onnxruntime cannot use CUDA"):
        onnx.load(Model("ONNX", "GPU", onnx_sum(), "digest"), 1)


def test_a_batch_has_no_more_rows_than_it_may_but_for_a_single_request():
    async def check():
        seen = []

        async def execute(arrays, rows):
            seen.append(rows)
            return arrays

        batcher = Batcher((4, 2, 0), execute)
        asked = [batcher.run([np.full((rows, 2), rows)], rows) for rows in (3, 3, 1, 9)]
        for rows, (reply,) in zip((3, 3, 1, 9), await asyncio.gather(*asked), strict=True):
            assert (reply == np.full((rows, 2), rows)).all()
        assert seen == [4, 3, 9], "the third goes with the first, for which the second is too large"

    asyncio.run(check())


def test_what_timed_out_before_it_began_is_not_run_any_more():
    async def check():
        host, done, go_on = Host(Settings(threads=1)), [], threading.Event()
        before = asyncio.ensure_future(host.off_loop(go_on.wait))
        await asyncio.sleep(0)
        with pytest.raises(CommandError, match="TIMEDOUT the model took longer than 50 ms"):
            await host.off_loop(done.append, "late", timeout=0.05)
        await asyncio.sleep(0.01)  # asyncio takes a turn to tell the thread
        go_on.set()
        await before
        await host.off_loop(done.append, "next")
        assert done == ["next"]
        host.close()

    asyncio.run(check())


def test_another_model_under_a_key_begins_to_count_anew(wire):
    for scale in (1.0, 2.0):
        wire("AI.MODELSTORE", "m", "ONNX", "CPU", "BLOB", onnx_sum(scale=scale))
        assert wire(*execute("m", "x", "y")) == b"OK"
        info = wire("AI.INFO", "m")
        assert dict(zip(info[::2], info[1::2], strict=True))[b"calls"] == 1
