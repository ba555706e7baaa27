"""Models, scripts, published policies and the server itself, through the Python client."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from gymcc.agents.policy import Policy, PolicyError, shipped
from gymcc.agents.serving import Client, served_policy
from gymcc.agents.serving.client.errors import ReplyError, UnknownKey
from gymcc.agents.serving.publish import publish
from tests.serving.orchestrator import running
from tests.serving.scripted import scripted

SCRIPT = "def double(x):\n    return 2 * x\n\ndef total(x, y):\n    return x + y\n"


def halve(x):
    return x / 2


@pytest.fixture(params=[False, True], ids=["standalone", "cluster"])
def client(orchestrator, request):
    with Client(orchestrator.tcp, request.param, timeout=30) as client:
        yield client


@pytest.fixture
def name(request):
    return request.node.name


@pytest.fixture
def model():
    return shipped()["looptune-mm-dqn"].read_bytes()


def observed(policy: Policy, batch: int = 1):
    rng = np.random.default_rng(batch)
    observations = rng.random((batch, policy.card.observation_size), np.float32)
    masks = rng.random((batch, len(policy.card.actions))) < 0.7
    masks[:, 0] = True
    return observations, masks.astype(np.float32)


def test_a_model_is_stored_run_looked_for_and_deleted(client, name, model, tmp_path):
    (tmp_path / "model.onnx").write_bytes(model)
    policy = Policy.load("looptune-mm-dqn")
    observations, masks = observed(policy, 3)
    assert not client.poll_model(name, 1, 2)
    client.set_model_from_file(name, tmp_path / "model.onnx", "ONNX", "CPU", tag="first")
    assert client.model_exists(name)
    assert client.poll_model(name, 1, 1)
    assert client.get_model(name) == model
    client.put_tensor("o", observations)
    client.put_tensor("m", masks)
    client.run_model(name, ["o", "m"], ["scores"])
    np.testing.assert_allclose(client.get_tensor("scores"), policy.scores(observations, masks), atol=1e-5)
    client.run_model(name, ["o", "m"], "scores")
    client.delete_model(name)
    assert not client.model_exists(name)
    with pytest.raises(UnknownKey, match=r"AI\.MODELEXECUTE"):
        client.run_model(name, ["o", "m"], ["scores"])


def test_inference_leaves_nothing_behind_when_the_client_is_closed(client, orchestrator, name, model):
    policy = Policy.load("looptune-mm-dqn")
    client.set_model(name, model, "ONNX")
    with Client(orchestrator.unix, timeout=30) as other:
        (scores,) = other.infer(name, observed(policy))
        keys = sorted(other._scratch_keys)
        assert [client.key_exists(key) for key in keys] == [True] * 3
    np.testing.assert_allclose(scores, policy.scores(*observed(policy)), atol=1e-5)
    assert [client.key_exists(key) for key in keys] == [False] * 3
    client.delete_model(name)


def test_inference_is_one_write(tmp_path):
    def answer(number, request):
        return (
            b"*6\r\n+dtype\r\n+INT8\r\n+shape\r\n*1\r\n:1\r\n+blob\r\n$1\r\n\x07\r\n"
            if b"META" in request
            else b"+OK\r\n"
        )

    with scripted(tmp_path, answer) as server, Client(server.address, timeout=20) as client:
        assert client.infer("m", [np.int8([1]), np.int8([2])])[0].tolist() == [7]
        client.infer("m", [np.int8([1])])
        names = [request[0] for request in server.requests()]
    assert names[:4] == [b"AI.TENSORSET", b"AI.TENSORSET", b"AI.MODELEXECUTE", b"AI.TENSORGET"]
    first, second, run, get = server.requests()[:4]
    assert run == [b"AI.MODELEXECUTE", b"m", b"INPUTS", b"2", first[1], second[1], b"OUTPUTS", b"1", get[1]]


def test_clients_that_infer_at_once_do_not_meet(orchestrator):
    policy = Policy.load("looptune-mm-dqn")
    wrong = []

    def work(seed):
        observations, masks = observed(policy, seed)
        expected = policy.scores(observations, masks)
        with Client(orchestrator.unix, timeout=60) as client:
            for _ in range(50):
                if not np.allclose(client.infer("mm", [observations, masks])[0], expected, atol=1e-5):
                    wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 1), (1, 0)])
def test_inference_has_inputs_and_outputs(client, inputs, outputs):
    with pytest.raises(ValueError, match=r"a model has one (in|out)put at least"):
        client.infer("mm", [np.zeros(1)] * inputs, outputs)


def test_a_model_given_what_it_does_not_take_is_refused_by_name(client):
    with pytest.raises(ReplyError, match=r"AI\.MODELEXECUTE"):
        client.infer("mm", [np.zeros((1, 3), np.float32)])
    with pytest.raises(UnknownKey, match="model key is empty"):
        client.infer("nobody", [np.zeros((1, 3), np.float32)])


def test_chunks_of_a_model_are_put_together(orchestrator, name, model):
    with Client(orchestrator.unix, timeout=30) as client:
        size = int(client._call("AI.CONFIG", "GET", "MODEL_CHUNK_SIZE"))
        try:
            client.set_model_chunk_size(1000)
            client.set_model(name, model, "ONNX")
            assert client.get_model(name) == model
        finally:
            client.set_model_chunk_size(size)
        client.delete_model(name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "JAX"}, "unknown backend 'JAX'; allowed: ONNX, TORCH, TF, TFLITE"),
        ({"device": "TPU"}, "unknown device 'TPU'"),
        ({"batch_size": -1}, "BATCHSIZE is not negative"),
        ({"inputs": ["x"]}, "INPUTS are named for TF models only"),
        ({"model": b""}, "a model has one byte at least"),
        ({"name": ""}, "a name is a text"),
    ],
)
def test_bad_models_are_refused_before_they_are_sent(client, options, message):
    with pytest.raises(ValueError, match=message):
        client.set_model(**({"name": "x", "model": b"blob", "backend": "ONNX"} | options))


def test_a_script_is_stored_run_and_deleted(client, name):
    pytest.importorskip("torch")
    client.set_script(name, SCRIPT)
    assert client.get_script(name) == SCRIPT
    client.put_tensor("x", [1.0, 2.0])
    client.run_script(name, "double", "x", "y")
    client.run_script(name, "total", ["x", "y"], ["z"])
    assert client.get_tensor("z").tolist() == [3, 6]
    with pytest.raises(ReplyError, match=r"AI\.SCRIPTRUN"):
        client.run_script(name, "triple", ["x"], ["y"])
    client.delete_script(name)
    assert not client.model_exists(name)


def test_a_function_is_stored_as_its_source(client, name):
    pytest.importorskip("torch")
    client.set_function(name, halve)
    client.put_tensor("x", [1.0, 2.0])
    client.run_script(name, "halve", ["x"], ["y"])
    assert client.get_tensor("y").tolist() == [0.5, 1]
    with pytest.raises(ValueError, match="a function with a source"):
        client.set_function(name, print)
    client.delete_script(name)


def test_the_server_tells_of_itself(client, orchestrator):
    (sections,) = client.get_db_node_info([orchestrator.tcp])
    assert "redis_version" in sections["Server"]
    parameter = next(iter(client.config_get("*", orchestrator.tcp)))
    assert isinstance(parameter, str)
    with pytest.raises(ValueError, match=f"is connected with {orchestrator.tcp}, not with elsewhere:1"):
        client.config_get("*", "elsewhere:1")
    if client._settings.clustered:
        (state,) = client.get_db_cluster_info([orchestrator.tcp])
        assert state["cluster_state"] == "ok"
    else:
        with pytest.raises(ValueError, match="cluster=True"):
            client.get_db_cluster_info([orchestrator.tcp])


def test_runs_of_a_model_are_counted(client, orchestrator, name, model):
    policy = Policy.load("looptune-mm-dqn")
    client.set_model(name, model, "ONNX", tag="v1")
    for _ in range(3):
        client.infer(name, observed(policy, 2))
    (info,) = client.get_ai_info([orchestrator.tcp], name)
    assert (info["calls"], info["samples"], info["tag"], info["errors"]) == ("3", "6", "v1", "0")
    assert client.get_ai_info([orchestrator.tcp], name, reset_stat=True) == [{}]
    (info,) = client.get_ai_info([orchestrator.tcp], name)
    assert info["calls"] == "0"
    client.delete_model(name)


def test_saving_and_emptying(tmp_path):
    with running(tmp_path, snapshot=str(tmp_path / "snapshot")) as server, Client(server.unix, timeout=30) as client:
        client.put_tensor("x", [1.0])
        client.save([server.unix])
        assert (tmp_path / "snapshot").exists()
        client.flush_db([server.unix])
        assert not client.tensor_exists("x")


def test_a_published_policy_decides_on_the_server_as_it_does_here(orchestrator):
    here = Policy.load("jitcse-cloning")
    with Client(orchestrator.unix, timeout=30) as client:
        there = served_policy(client, "jit")
        assert there.card == here.card
        observations, masks = observed(here, 5)
        np.testing.assert_allclose(there.scores(observations, masks), here.scores(observations, masks), atol=1e-5)
        assert there.act(observations[0], masks[0]) == here.act(observations[0], masks[0])
        assert served_policy(client, "jit:1").card == here.card


def test_a_name_that_comes_to_stand_for_another_version_decides_by_that(orchestrator, name):
    with Client(orchestrator.unix, timeout=30) as client:
        publish(client, "jitcse-cloning", name)
        there, other = served_policy(client, name), Policy.load("jitcse-ppo")
        publish(client, "jitcse-ppo", name)
        np.testing.assert_allclose(there.scores(*observed(other)), other.scores(*observed(other)), atol=1e-5)
        models = {model.key: model for model in client.get_models()}
        assert models[f"{name}:2"].aliases == (name,)
        assert models[f"{name}:1"].aliases == ()
        assert models[f"{name}:2"].size == shipped()["jitcse-ppo"].stat().st_size


def test_what_is_no_policy_is_an_error(orchestrator, name, model):
    with Client(orchestrator.unix, timeout=30) as client:
        client.set_model(name, model, "ONNX")
        with pytest.raises(UnknownKey, match="no policy is published as"):
            served_policy(client, name)
        client.set_card(name, "{}")
        with pytest.raises(PolicyError, match="side-car schema None"):
            served_policy(client, name)
        client.delete_model(name)
