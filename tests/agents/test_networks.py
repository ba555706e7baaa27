"""The set encoder: order and padding make no difference, and the exported network is the same function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")

from gymcc.agents.config import parse  # noqa: E402
from gymcc.agents.rllib.export import describe, export, load_weights  # noqa: E402
from gymcc.agents.rllib.networks import OptionsNet, Scorer, SetNet  # noqa: E402
from gymcc.envs.core.making import make_bare  # noqa: E402

ACTIONS, FEATURES = 6, 4
REST = {"network": {"encoder": "set", "layers": [16, 8]}, "budget": {"env_steps": 1}}


def rows(batch: int, present: int) -> torch.Tensor:
    drawn = torch.rand(batch, ACTIONS, FEATURES)
    drawn[:, :, 0] = 1
    drawn[:, present:-1] = 0
    return drawn


@pytest.fixture(params=[SetNet, OptionsNet])
def net(request: pytest.FixtureRequest) -> OptionsNet:
    torch.manual_seed(0)
    kind = request.param  # the last row is an action only to SetNet
    return kind(ACTIONS * FEATURES, ACTIONS - kind.beyond, [16, 8], dueling=False).eval()


def scores(net: OptionsNet, observation: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return net(observation.flatten(1), torch.ones(len(observation), net.rows - net.beyond))[0]


def test_candidates_in_another_order_have_the_same_scores(net: OptionsNet) -> None:
    observation, order = rows(3, 5), torch.tensor([3, 0, 4, 1, 2, 5])
    moved = order[: net.rows - net.beyond]
    assert torch.allclose(scores(net, observation)[:, moved], scores(net, observation[:, order]), atol=1e-6)


def test_absent_candidates_make_no_difference(net: OptionsNet) -> None:
    observation = rows(3, 2)
    other = observation.clone()
    other[:, 2:-1, 1:] = 7.0  # column 0 still says that there is nothing
    kept = [0, 1, 5][: 3 - net.beyond]  # and stopping, where there is that
    assert torch.allclose(scores(net, observation)[:, kept], scores(net, other)[:, kept], atol=1e-6)


def test_padding_is_left_out_without_a_trace(net: OptionsNet) -> None:
    """As if layers were applied to all rows, and those of absent candidates set to 0 after that."""
    observation = torch.stack([rows(1, present)[0] for present in (0, 1, 3, 5)])
    options, whole = observation[:, :-1], observation[:, -1]
    present = options[..., :1]
    each = net.row(options) * present
    mean = each.sum(1) / present.sum(1).clamp(min=1)
    whole = net.whole(torch.cat([whole, mean, each.amax(1)], -1))
    wanted = (net.score(torch.relu(net.alone(each) + net.among(whole).unsqueeze(1))) * present).squeeze(-1)
    assert torch.allclose(scores(net, observation)[:, : net.rows - 1], wanted, atol=1e-6)


def test_candidates_matter_to_each_other(net: OptionsNet) -> None:
    observation = rows(1, 5)
    other = observation.clone()
    other[:, 4, 1:] += 1
    assert not torch.allclose(scores(net, observation)[:, 0], scores(net, other)[:, 0])


@pytest.mark.parametrize("dueling", [False, True])
def test_the_export_is_the_same_function(dueling: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    scorer = Scorer(SetNet(ACTIONS * FEATURES, ACTIONS, [16], dueling)).eval()
    inputs = (rows(2, 3).flatten(1), torch.ones(2, ACTIONS))
    names = ["observations", "action_mask"]
    axes = {name: {0: "batch"} for name in [*names, "scores"]}
    path = str(tmp_path / "net.onnx")
    torch.onnx.export(scorer, inputs, path, input_names=names, output_names=["scores"], dynamic_axes=axes, dynamo=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    observation, mask = rows(7, 4).flatten(1), (torch.rand(7, ACTIONS) > 0.3).float()
    found = session.run(["scores"], {"observations": observation.numpy(), "action_mask": mask.numpy()})[0]
    with torch.no_grad():
        assert np.allclose(found, scorer(observation, mask).numpy(), atol=1e-5)


def test_an_export_gives_its_weights_back(tmp_path: Path) -> None:
    options = {"backend": "embedded", "dataset": "jitcse/generated"}
    experiment = parse({"env": {"id": "jitcse-v0", "options": options}, "algorithm": {"name": "ppo"}, **REST})
    env = make_bare("jitcse-v0", options)
    net, other = (SetNet(17 * 44, 17, [16, 8], dueling=False) for _ in range(2))
    export(net, describe(experiment, env, 0, {}), tmp_path)
    load_weights(other, str(tmp_path))
    kept = {name: value for name, value in other.state_dict().items() if not name.startswith("value.")}
    assert len(kept) > 8
    for name, value in kept.items():
        assert torch.equal(value, net.state_dict()[name]), name
