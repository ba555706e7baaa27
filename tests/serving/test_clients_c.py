"""The C client: compiled as strictly as gcc can, run against the orchestrator, its memory watched by valgrind."""

from __future__ import annotations

import subprocess
import threading

import numpy as np
import pytest

from gymcc.agents.policy import Policy
from gymcc.agents.serving import Client
from tests.serving.foreign import CLIENTS, DECISION, HERE, build, check_decision, run, scored, state, typed, until
from tests.serving.orchestrator import running
from tests.serving.scripted import scripted

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wshadow", "-O1", "-g")
HEADER = CLIENTS / "c"


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    program = tmp_path_factory.mktemp("c") / "decide"
    build("gcc", *STRICT, "-o", program, HEADER / "decide.c")
    return program


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    program = tmp_path_factory.mktemp("c") / "exercise"
    build("gcc", *STRICT, "-fsanitize=undefined", "-I", HEADER, "-o", program, HERE / "exercise.c")
    return program


@pytest.mark.parametrize(("name", "policy"), [("jit", "jitcse-cloning"), ("mm", "looptune-mm-dqn")])
def test_the_example_decides_as_the_policy_does(orchestrator, example, name, policy):
    here = Policy.load(policy)
    for seed, address in enumerate([orchestrator.unix, orchestrator.tcp]):
        check_decision(run(example, address, name, stdin=typed(*state(here, seed))), here, seed)


def test_the_example_leaks_nothing_and_reads_nothing_it_must_not(orchestrator, example):
    here = Policy.load("looptune-mm-dqn")
    valgrind = ("valgrind", "-q", "--leak-check=full", "--error-exitcode=9")
    check_decision(run(*valgrind, example, orchestrator.unix, "mm", stdin=typed(*state(here, 1))), here, 1)
    refused = run(*valgrind, example, orchestrator.unix, "nobody", stdin=typed(*state(here, 1)))
    assert refused.returncode == 1
    assert refused.stderr == f"{orchestrator.unix}: model nobody: ERR model key is empty\n"


def test_every_type_survives(orchestrator, exercise):
    done = run(exercise, "types", orchestrator.unix, "20")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with Client(orchestrator.unix) as client:
        assert client.get_tensor("c0").tolist() == [[0, 1.5, -2]]
        assert client.get_tensor("c7").dtype == np.uint16


def test_a_tensor_larger_than_any_buffer_survives(orchestrator, exercise):
    assert run(exercise, "large", orchestrator.tcp, "60").stdout == "same\n"


def test_what_c_uploads_python_reads(orchestrator, exercise):
    assert run(exercise, "upload", orchestrator.unix, "20").returncode == 0
    environ = {"SSKEYIN": "worker"}
    with Client(orchestrator.unix, environ=environ) as client:
        (dataset,) = client.get_datasets_from_list("training_data")
        assert dataset.get_name() == "training_samples_0"
        assert dataset.get_tensor("samples").tolist() == [[1, 2, 3], [4, 5, 6]]
        assert dataset.get_tensor("targets").tolist() == [7, 8]
        assert client.dataset_exists("training_samples_0")
        client.delete_list("training_data")


def test_failures_have_a_code_and_the_servers_words(orchestrator, exercise):
    lines = run(exercise, "refusals", orchestrator.unix, "20").stdout.splitlines()
    where = orchestrator.unix
    assert lines[0] == f"GYMCC_REFUSED {where}: AI.TENSORGET: ERR tensor key is empty or in a different shard"
    assert lines[1].startswith(f"GYMCC_BAD_ARGUMENT {where}: argument 0 is no tensor: it needs data, a type")
    assert lines[2] == f"GYMCC_REFUSED {where}: model nobody: ERR model key is empty"
    assert lines[3].startswith(f"GYMCC_REFUSED {where}: model mm: ERR ")
    assert lines[4].startswith(f"GYMCC_REFUSED {where}: NO.SUCH: ERR unknown command")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nowhere", "nowhere: no address; allowed: host:port, [ipv6]:port, unix://path"),
        ("host:port", "host:port: no address; allowed: host:port, [ipv6]:port, unix://path"),
        ("unix:///none", "unix:///none: no connection: No such file or directory"),
        ("127.0.0.1:1", "127.0.0.1:1: no connection: Connection refused"),
        ("[::1]:1", "[::1]:1: no connection: "),
        ("", "no address: give one, or set SSDB to host:port or unix://path"),
    ],
)
def test_addresses_without_a_server_are_errors_within_the_deadline(exercise, address, message):
    done = run(exercise, "command", address, "0.3", "PING")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(message)


def test_the_environment_says_where_the_server_is(orchestrator, exercise):
    assert run(exercise, "command", "", "20", "PING", SSDB=orchestrator.unix).stdout == "PONG\n"


def test_a_password_is_sent_first(exercise, tmp_path):
    with running(tmp_path, password="secret") as server:
        assert run(exercise, "command", server.tcp, "20", "PING", GYMCC_PASSWORD="secret").stdout == "PONG\n"
        wrong = run(exercise, "command", server.tcp, "20", "PING", GYMCC_PASSWORD="guess").stdout
        assert "AUTH: WRONGPASS" in wrong
        assert "NOAUTH" in run(exercise, "command", server.tcp, "20", "PING").stdout


def test_answers_of_all_kinds(exercise, tmp_path):
    answers = {b"NIL": b"$-1\r\n", b"NEST": b"*3\r\n:-7\r\n*2\r\n+a\r\n*-1\r\n$2\r\nbc\r\n", b"EMPTY": b"*0\r\n"}
    with scripted(tmp_path, lambda number, request: answers[request[0]]) as server:
        printed = [run(exercise, "command", server.address, "20", word.decode()).stdout for word in answers]
    assert printed == ["nil\n", "3:\n -7\n 2:\n  a\n  nil\n bc\n", "0:\n"]


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400\r\n", b"$x\r\n", b"$99999999999999999999\r\n", b"*9" + b"9" * 10 + b"\r\n"]
)
def test_an_answer_that_is_none_is_an_error(exercise, tmp_path, answer):
    with scripted(tmp_path, lambda number, request: answer) as server:
        done = run(exercise, "command", server.address, "20", "X")
    assert done.stdout == f"GYMCC_BAD_ANSWER {server.address}: command: the server does not speak RESP\n"


def test_a_server_that_never_answers_is_an_error_within_the_deadline(exercise, tmp_path):
    forever = threading.Event()
    with scripted(tmp_path, lambda number, request: b"+late\r\n" if forever.wait(60) else b"") as server:
        done = run(exercise, "command", server.address, "0.3", "X")
        forever.set()
    assert done.stdout == f"GYMCC_TIMED_OUT {server.address}: no answer within 0.3 s to command\n"


def test_a_broken_connection_is_made_again_but_a_command_is_not_repeated(exercise, tmp_path):
    with scripted(tmp_path, lambda number, request: None if number == 0 else b"+again\r\n") as server:
        done = run(exercise, "repeat", server.address, "20", "X", stdin="ab")
    first, second = done.stdout.splitlines()
    assert first == f"GYMCC_BROKEN {server.address}: command: the server closed the connection"
    assert second == "again"
    assert server.requests() == [[b"X"], [b"X"]]


def test_a_decision_is_asked_again_when_the_connection_breaks(example, tmp_path):
    with scripted(tmp_path, lambda number, request: None if number < 2 else scored(request)) as server:
        done = run(example, server.address, "p", stdin="1 0.5 2 1 1")
    assert done.stdout.split() == ["1", "1", "2"]
    assert [request[0] for request in server.seen[2]][:4] == DECISION


def test_a_client_uses_keys_of_its_own_and_has_them_dropped(example, tmp_path):
    with scripted(tmp_path, lambda number, request: scored(request)) as server:
        for _ in range(2):
            run(example, server.address, "p", stdin="1 0.5 2 1 1")
        until(lambda: [len(requests) for requests in server.seen] == [6, 6])
    keys = []
    for _, *asked, dropped in server.seen:
        used = {request[1] for request in asked} - {b"p"}
        assert dropped == [b"DEL", *sorted(used)]
        assert asked[2][4:] == [asked[0][1], asked[1][1], b"OUTPUTS", b"1", asked[3][1]]
        keys += used
    assert len(set(keys)) == 6


def test_a_client_survives_a_restart_of_the_server(exercise, tmp_path):
    first = tmp_path / "one"
    first.mkdir()
    with running(first) as server:
        program = subprocess.Popen(
            [exercise, "repeat", server.unix, "20", "PING"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert _said(program) == b"PONG\n"
    with running(first):
        assert _said(program) == b"PONG\n"
        program.stdin.close()
        assert program.wait(20) == 0
        program.stdout.close()


def _said(program):
    program.stdin.write(b"x")
    program.stdin.flush()
    return program.stdout.readline()
