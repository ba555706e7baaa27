"""Deadlines, broken connections and refusals, with a server that misbehaves by script."""

from __future__ import annotations

import multiprocessing
import pickle
import socket
import threading

import numpy as np
import pytest

from gymcc.agents.serving import Client, Dataset, ServingError
from gymcc.agents.serving.client import errors
from tests.serving.foreign import until
from tests.serving.scripted import Last, scripted, slow

OK, ONE = b"+OK\r\n", b":1\r\n"
PATIENT = 20.0  # seconds; nothing in these tests takes as long unless it hangs


@pytest.fixture
def serve(tmp_path):
    """A function from a script to a scripted server and a client of it."""
    opened = []

    def start(script, timeout=PATIENT, **options):
        server = scripted(tmp_path, script)
        opened.append(server)
        address = server.__enter__()
        return address, Client(address.address, timeout=timeout, **options)

    yield start
    for server in opened:
        server.__exit__(None, None, None)


def test_nobody_there_is_an_error_within_the_deadline(tmp_path):
    with pytest.raises(errors.ConnectionFailed, match=r"/none: no connection for PING: .*No such file"):
        Client(f"unix://{tmp_path}/none", timeout=0.3)


def test_a_port_without_server_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(errors.ConnectionFailed, match="refused"):
            Client(f"127.0.0.1:{taken.getsockname()[1]}", timeout=0.2)


def test_a_server_that_never_answers_is_an_error_within_the_deadline(serve):
    hung = threading.Event()
    _, client = serve(lambda number, request: slow(OK, 0) if hung.wait(PATIENT) else OK, timeout=0.3)
    with pytest.raises(errors.DeadlineExceeded, match="no answer in time to EXISTS x"):
        client.key_exists("x")
    assert issubclass(errors.DeadlineExceeded, TimeoutError)
    hung.set()


def test_a_late_reply_is_not_taken_for_that_of_a_later_request(serve):
    held = threading.Event()

    def script(number, request):
        if request[1] == b"late":
            held.wait(PATIENT)
            return b":0\r\n"
        return ONE

    _, client = serve(script, timeout=0.3)
    with pytest.raises(errors.DeadlineExceeded):
        client.key_exists("late")
    held.set()
    assert client.key_exists("soon")


def test_within_bounds_all_that_is_done_inside(serve):
    _, client = serve(lambda number, request: slow(b":0\r\n", 0.02))
    with pytest.raises(errors.DeadlineExceeded), client.within(0.2):
        client.poll_key("x", 1, 10**6)
    assert not client.key_exists("x")


def test_what_may_be_repeated_is_sent_again_on_a_new_connection(serve):
    server, client = serve(lambda number, request: None if number < 2 else ONE)
    assert client.key_exists("x")
    assert server.requests() == [[b"EXISTS", b"x"]] * 3


def test_an_append_is_never_sent_twice(serve):
    server, client = serve(lambda number, request: None)
    with pytest.raises(errors.OutcomeUnknown, match=r"RPUSH l \{d\}: .*may have been carried out"):
        client.append_to_list("l", Dataset("d"))
    assert server.requests() == [[b"RPUSH", b"l", b"{d}"]]


def test_a_connection_that_the_server_closed_meanwhile_is_made_again_even_for_an_append():
    with scripted(None, lambda number, request: ONE if number else Last(ONE)) as server:
        client = Client(server.address, timeout=PATIENT)
        assert client.key_exists("x")
        until(client._connection._link.stale)
        client.append_to_list("l", Dataset("d"))
    assert server.seen[1] == [[b"RPUSH", b"l", b"{d}"]]


def test_a_server_that_always_hangs_up_is_an_error_within_the_deadline(serve):
    server, client = serve(lambda number, request: None, timeout=0.5)
    with pytest.raises(errors.ConnectionFailed, match="no connection for EXISTS x: the server closed the connection"):
        client.key_exists("x")
    assert 2 <= len(server.requests()) <= 6


def test_a_reply_in_pieces_and_a_reply_larger_than_the_buffer(serve):
    blob = np.random.default_rng(0).bytes(1 << 20)
    head = b"*6\r\n+dtype\r\n+INT8\r\n+shape\r\n*1\r\n:%d\r\n+blob\r\n$%d\r\n" % (len(blob), len(blob))
    _, client = serve(lambda number, request: head + blob + b"\r\n")
    assert client.get_tensor("x").tobytes() == blob


def test_both_sides_may_write_at_once(serve):
    """A server that answers each request before it reads the next, with more than the sockets hold in between."""
    large = b"$1000000\r\n" + bytes(1_000_000) + b"\r\n"
    server, client = serve(lambda number, request: large)
    replies = client._pipeline([("EXISTS", bytes(1_000_000))] * 8)
    assert [len(reply) for reply in replies] == [1_000_000] * 8
    assert len(server.requests()) == 8


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ERR tensor key is empty or in a different shard", errors.UnknownKey),
        ("ERR no such key", errors.UnknownKey),
        ("WRONGTYPE Operation against a key", errors.WrongType),
        ("OOM command not allowed", errors.OutOfMemory),
        ("UNAVAILABLE the store redis://h does not answer: gone", errors.Unavailable),
        ("LOADING Redis is loading the dataset in memory", errors.Unavailable),
        ("BUSY Redis is busy running a script", errors.Unavailable),
        ("ERR max number of clients reached", errors.Unavailable),
        ("ERR BUSY is not the first word", errors.ReplyError),
        ("NOAUTH Authentication required.", errors.NotAllowed),
        ("ERR unsupported backend", errors.ReplyError),
    ],
)
def test_a_refusal_names_the_command_and_what_the_server_wrote(serve, text, kind):
    _, client = serve(lambda number, request: f"-{text}\r\n".encode())
    with pytest.raises(kind) as caught:
        client.get_tensor("x")
    assert type(caught.value) is kind
    assert str(caught.value) == f"AI.TENSORGET x META: {text}"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.text, again.command) == (kind, text, caught.value.command)
    assert isinstance(caught.value, ServingError)


def test_a_refusal_leaves_requests_and_replies_in_step(serve):
    _, client = serve(lambda number, request: b"-ERR no\r\n" if request[1] == b"bad" else ONE)
    with pytest.raises(errors.ReplyError, match="EXISTS bad: ERR no"):
        client._pipeline([("EXISTS", "bad"), ("EXISTS", "good")])
    assert client.key_exists("good")


@pytest.mark.parametrize(
    ("reply", "call"),
    [
        (b"+OK\r\n", lambda client: client.get_tensor("x")),
        (b"*6\r\n+a\r\n+FLOAT\r\n+s\r\n*1\r\n:2\r\n+b\r\n$4\r\n1234\r\n", lambda client: client.get_tensor("x")),
        (b"*6\r\n+a\r\n+FLOAT\r\n+s\r\n$-1\r\n+b\r\n$-1\r\n", lambda client: client.get_tensor("x")),
        (b"$-1\r\n", lambda client: client.key_exists("x")),
        (b"*1\r\n+a\r\n", lambda client: client.get_dataset("x")),
        (b"HTTP/1.1 400\r\n", lambda client: client.key_exists("x")),
        (b":1\r\n", lambda client: client.get_script("x")),
    ],
)
def test_an_answer_that_is_none_is_an_error(serve, reply, call):
    _, client = serve(lambda number, request: reply)
    with pytest.raises(errors.ProtocolError):
        call(client)


def test_the_password_comes_first_on_every_connection(serve):
    def script(number, request):
        return OK if request[0] == b"AUTH" else ONE if number else None

    server, client = serve(script, password="secret")
    assert client.key_exists("x")
    assert [requests[0] for requests in server.seen] == [[b"AUTH", b"secret"]] * 2


def test_a_wrong_password_is_not_tried_again(serve, tmp_path):
    with pytest.raises(errors.NotAllowed, match="WRONGPASS invalid"):
        serve(lambda number, request: b"-WRONGPASS invalid\r\n", password="guess")


def test_threads_share_a_client(serve):
    _, client = serve(lambda number, request: b":%d\r\n" % (request[1] == b"yes"))
    wrong = []

    def work(key, expected):
        wrong.extend(key for _ in range(200) if client.key_exists(key) is not expected)

    threads = [threading.Thread(target=work, args=item) for item in [("yes", True), ("no", False)] * 2]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []


def test_a_forked_child_has_its_own_connection(serve):
    server, client = serve(lambda number, request: ONE)
    assert client.key_exists("parent")
    child = multiprocessing.get_context("fork").Process(target=client.key_exists, args=("child",))
    child.start()
    child.join(PATIENT)
    assert child.exitcode == 0
    assert client.key_exists("parent")
    assert [requests[-1][1] for requests in server.seen] == [b"parent", b"child"]


def test_a_client_closes_when_it_is_left_and_connects_again_when_it_is_used(serve):
    server, client = serve(lambda number, request: ONE)
    with client:
        client.key_exists("a")
    client.key_exists("b")
    assert len(server.seen) == 2


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_bad_timeout_is_refused(timeout):
    with pytest.raises(ValueError, match="timeout is a positive number"):
        Client("127.0.0.1:1", timeout=timeout)


def test_shards_of_a_cluster_are_refused_by_name(serve, tmp_path):
    shard = b"*3\r\n:0\r\n:1\r\n*0\r\n"
    with pytest.raises(errors.ProtocolError, match="one of 2 shards; connect to `gymcc serve --store"):
        serve(lambda number, request: b"*2\r\n" + shard * 2, cluster=True)


def test_hiredis_reports_refusals_within_arrays(serve):
    _, client = serve(lambda number, request: b"*2\r\n+OK\r\n-ERR model key is empty\r\n")
    with pytest.raises(errors.UnknownKey, match="model key is empty"):
        client._call("AI.DAGEXECUTE")
