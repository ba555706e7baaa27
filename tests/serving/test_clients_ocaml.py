"""The OCaml client: compiled with all warnings, and run against the orchestrator."""

from __future__ import annotations

import shutil
import subprocess
import threading

import pytest

from gymcc.agents.policy import Policy
from gymcc.agents.serving import Client
from tests.serving.foreign import CLIENTS, DECISION, HERE, build, check_decision, run, scored, state, typed, until
from tests.serving.orchestrator import running
from tests.serving.scripted import scripted

# All but those that are a matter of taste: fragile matches, names of fields, shadowing, missing interfaces.
WARNINGS = "+a-4-9-40-41-42-44-45-70"


def compiled(folder, *sources):
    for source in sources:
        shutil.copy(source, folder)
    names = [folder / source.name for source in sources]
    program = folder / "program"
    build("ocamlopt", "-w", WARNINGS, "-warn-error", "+a", "-I", folder, "unix.cmxa", *names, "-o", program)
    return program


LIBRARY = CLIENTS / "ocaml" / "gymcc.mli", CLIENTS / "ocaml" / "gymcc.ml"


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("ocaml"), *LIBRARY, CLIENTS / "ocaml" / "decide.ml")


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("ocaml"), *LIBRARY, HERE / "exercise.ml")


@pytest.mark.parametrize(("name", "policy"), [("jit", "jitcse-cloning"), ("mm", "looptune-mm-dqn")])
def test_the_example_decides_as_the_policy_does(orchestrator, example, name, policy):
    here = Policy.load(policy)
    for seed, address in enumerate([orchestrator.unix, orchestrator.tcp]):
        check_decision(run(example, address, name, stdin=typed(*state(here, seed))), here, seed)


def test_tensors_survive(orchestrator, exercise):
    done = run(exercise, "types", orchestrator.unix, "60")
    assert (done.stdout, done.stderr) == ("0 1.5 -2 0 1 -2 1000000\n", "")


def test_what_ocaml_uploads_python_reads(orchestrator, exercise):
    assert run(exercise, "upload", orchestrator.unix, "20").stdout == ""
    with Client(orchestrator.unix, environ={"SSKEYIN": "camel"}) as client:
        (dataset,) = client.get_datasets_from_list("training_data")
        assert dataset.get_tensor_names() == ["samples", "targets"]
        assert dataset.get_tensor("samples").tolist() == [[1, 2, 3], [4, 5, 6]]
        assert dataset.get_tensor("targets").tolist() == [7, 8]
        client.delete_list("training_data")


def test_failures_have_a_name_and_the_servers_words(orchestrator, exercise):
    lines, where = run(exercise, "refusals", orchestrator.unix, "20").stdout.splitlines(), orchestrator.unix
    assert lines[0] == f"Refused {where}: AI.TENSORGET: ERR tensor key is empty or in a different shard"
    assert lines[1] == "Bad_argument a tensor's shape does not say how many numbers it has"
    assert lines[2].startswith(f"Bad_argument {where}: x is no tensor")
    assert lines[3] == f"Refused {where}: model nobody: ERR model key is empty"
    assert lines[4].startswith(f"Refused {where}: model mm: ERR ")
    assert lines[5].startswith(f"Refused {where}: NO.SUCH: ERR unknown command")
    assert lines[6] == "Bad_argument the tensor has another type of data, INT64"
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nowhere", "Bad_argument nowhere: no address; allowed: host:port, [ipv6]:port, unix://path"),
        ("host:port", "Bad_argument host:port: no address; allowed"),
        ("unix:///none", "No_connection unix:///none: no connection: No such file or directory"),
        ("127.0.0.1:1", "No_connection 127.0.0.1:1: no connection: Connection refused"),
        ("", "Bad_argument no address: give one, or set SSDB to host:port or unix://path"),
    ],
)
def test_addresses_without_a_server_are_errors_within_the_deadline(exercise, address, message):
    assert run(exercise, "command", address, "0.3", "PING").stdout.startswith(message)


def test_the_environment_says_where_the_server_is(orchestrator, exercise):
    assert run(exercise, "command", "", "20", "PING", SSDB=orchestrator.unix).stdout == "PONG\n"


def test_a_password_is_sent_first(exercise, tmp_path):
    with running(tmp_path, password="secret") as server:
        assert run(exercise, "command", server.tcp, "20", "PING", GYMCC_PASSWORD="secret").stdout == "PONG\n"
        assert "AUTH: WRONGPASS" in run(exercise, "command", server.tcp, "20", "PING", GYMCC_PASSWORD="guess").stdout


def test_answers_of_all_kinds(exercise, tmp_path):
    answers = {b"NIL": b"$-1\r\n", b"NEST": b"*3\r\n:-7\r\n*2\r\n+a\r\n*-1\r\n$2\r\nbc\r\n", b"EMPTY": b"*0\r\n"}
    with scripted(tmp_path, lambda number, request: answers[request[0]]) as server:
        printed = [run(exercise, "command", server.address, "20", word.decode()).stdout for word in answers]
    assert printed == ["nil\n", "3:\n -7\n 2:\n  a\n  nil\n bc\n", "0:\n"]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400\r\n", b"$x\r\n", b"$-2\r\n", b"\r\n"])
def test_an_answer_that_is_none_is_an_error(exercise, tmp_path, answer):
    with scripted(tmp_path, lambda number, request: answer) as server:
        done = run(exercise, "command", server.address, "20", "X")
    assert done.stdout == f"Bad_answer {server.address}: the server does not speak RESP\n"


def test_a_server_that_never_answers_is_an_error_within_the_deadline(exercise, tmp_path):
    forever = threading.Event()
    with scripted(tmp_path, lambda number, request: b"+late\r\n" if forever.wait(60) else b"") as server:
        done = run(exercise, "command", server.address, "0.3", "X")
        forever.set()
    assert done.stdout == f"Timed_out {server.address}: no answer within 0.3 s to X\n"


def test_a_broken_connection_is_made_again_but_a_command_is_not_repeated(exercise, tmp_path):
    with scripted(tmp_path, lambda number, request: None if number == 0 else b"+again\r\n") as server:
        done = run(exercise, "repeat", server.address, "20", "X", stdin="ab")
    first, second = done.stdout.splitlines()
    assert first == f"Broken {server.address}: X: the server closed the connection"
    assert second == "again"
    assert server.requests() == [[b"X"], [b"X"]]


def test_a_decision_is_asked_again_and_its_keys_are_dropped(example, tmp_path):
    with scripted(tmp_path, lambda number, request: None if number < 2 else scored(request)) as server:
        done = run(example, server.address, "p", stdin="1 0.5 2 1 1")
        until(lambda: len(server.seen[2]) == 5)
    assert done.stdout.split() == ["1", "1", "2"]
    *asked, dropped = server.seen[2]
    assert [request[0] for request in asked] == DECISION
    assert dropped == [b"DEL", *sorted({request[1] for request in asked} - {b"p"})]


def test_a_client_survives_a_restart_of_the_server(exercise, tmp_path):
    with running(tmp_path) as server:
        arguments = [exercise, "repeat", server.unix, "20", "PING"]
        program = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert _said(program) == b"PONG\n"
    with running(tmp_path):
        assert _said(program) == b"PONG\n"
        program.stdin.close()
        assert program.wait(20) == 0
        program.stdout.close()


def _said(program):
    program.stdin.write(b"x")
    program.stdin.flush()
    return program.stdout.readline()
