"""The C++ client: compiled as strictly as g++ can, and run against the orchestrator."""

from __future__ import annotations

import pytest

from gymcc.agents.policy import Policy
from gymcc.agents.serving import Client
from tests.serving.foreign import CLIENTS, HERE, build, check_decision, run, state, typed

STRICT = ("-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wshadow", "-O1", "-g")
INCLUDE = ("-I", CLIENTS / "c", "-I", CLIENTS / "cpp")


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    program = tmp_path_factory.mktemp("cpp") / "decide"
    build("g++", *STRICT, *INCLUDE, "-o", program, CLIENTS / "cpp" / "decide.cpp")
    return program


@pytest.mark.parametrize(("name", "policy"), [("jit", "jitcse-cloning"), ("mm", "looptune-mm-dqn")])
def test_the_example_decides_as_the_policy_does(orchestrator, example, name, policy):
    here = Policy.load(policy)
    done = run(example, orchestrator.unix, name, stdin=typed(*state(here, 3)))
    check_decision(done, here, 3)


def test_all_that_it_can(orchestrator, tmp_path):
    build("g++", *STRICT, *INCLUDE, "-o", tmp_path / "exercise", HERE / "exercise.cpp")
    where = orchestrator.unix
    done = run(tmp_path / "exercise", where)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "11111111",
        f"GYMCC_REFUSED {where}: AI.TENSORGET: ERR tensor key is empty or in a different shard",
        "GYMCC_BAD_ARGUMENT a tensor's shape does not say how many data it has",
        f"GYMCC_REFUSED {where}: model nobody: ERR model key is empty",
        "GYMCC_BAD_ANSWER the tensor has another type of data",
        "GYMCC_NO_CONNECTION unix:///none: no connection: No such file or directory",
    ]
    with Client(where, environ={"SSKEYIN": "plus"}) as client:
        (dataset,) = client.get_datasets_from_list("training_data")
        assert dataset.get_tensor("samples").tolist() == [[1, 2, 3], [4, 5, 6]]
        assert dataset.get_tensor("targets").tolist() == [7, 8]
        client.delete_list("training_data")
