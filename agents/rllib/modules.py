"""RLlib modules around one plain network: masked DQN and masked PPO. RLlib's own losses are used unchanged."""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.algorithms.dqn.dqn_learner import QF_NEXT_PREDS, QF_PREDS, QF_TARGET_NEXT_PREDS
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import make_target_network
from ray.rllib.core.rl_module.apis import (
    TARGET_NETWORK_ACTION_DIST_INPUTS,
    InferenceOnlyAPI,
    QNetAPI,
    TargetNetworkAPI,
    ValueFunctionAPI,
)
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from gymcc.agents.rllib.networks import ENCODERS, ILLEGAL, MaskedNet


def build_net(observation_space: Any, action_space: Any, settings: dict[str, Any]) -> MaskedNet:
    """The network for a ``DictMask`` observation space; ``settings``: encoder, layers, dueling."""
    inputs = observation_space["observations"].shape[0]
    return ENCODERS[settings["encoder"]](inputs, int(action_space.n), settings["layers"], settings["dueling"])


def _unpack(observation: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    return observation["observations"].float(), observation["action_mask"]


class MaskedDQN(TorchRLModule, InferenceOnlyAPI, TargetNetworkAPI, QNetAPI):  # type: ignore[misc]
    """Q network. An illegal action's Q is -inf, which RLlib's loss takes for 0 where no action is legal."""

    def setup(self) -> None:
        self.net = build_net(self.observation_space, self.action_space, self.model_config)
        self.uses_double_q = self.model_config["double"]

    def make_target_networks(self) -> None:
        self._target_net = make_target_network(self.net)

    def get_non_inference_attributes(self) -> list[str]:
        return ["_target_net"]

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        return [(self.net, self._target_net)]

    @staticmethod
    def _q(net: nn.Module, observation: dict[str, Tensor]) -> Tensor:
        inputs, mask = _unpack(observation)
        scores, _ = net(inputs, mask)
        return torch.where(mask > 0.5, scores, torch.full_like(scores, float("-inf")))

    def compute_q_values(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        return {QF_PREDS: self._q(self.net, batch[Columns.OBS])}

    def forward_target(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        return {QF_PREDS: self._q(self._target_net, batch[Columns.OBS])}

    def _forward_inference(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        return {Columns.ACTIONS: self._q(self.net, batch[Columns.OBS]).argmax(-1)}

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        with torch.no_grad():
            following = batch[Columns.NEXT_OBS]
            out = {QF_TARGET_NEXT_PREDS: self._q(self._target_net, following)}
            if self.uses_double_q:
                out[QF_NEXT_PREDS] = self._q(self.net, following)
        out[QF_PREDS] = self._q(self.net, batch[Columns.OBS])
        return out


class MaskedPPO(TorchRLModule, ValueFunctionAPI):  # type: ignore[misc]
    """Policy and value; logits of illegal actions are finite, since RLlib's entropy makes nan of -inf."""

    def setup(self) -> None:
        self.net = build_net(self.observation_space, self.action_space, self.model_config)

    def _both(self, batch: dict[str, Any], net: nn.Module | None = None) -> tuple[Tensor, Tensor]:
        inputs, mask = _unpack(batch[Columns.OBS])
        scores, value = (net or self.net)(inputs, mask)
        return torch.where(mask > 0.5, scores, torch.full_like(scores, ILLEGAL)), value

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        return {Columns.ACTION_DIST_INPUTS: self._both(batch)[0]}

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        logits, value = self._both(batch)
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.EMBEDDINGS: value}

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        return self._both(batch)[1] if embeddings is None else embeddings


class MaskedAPPO(MaskedPPO, InferenceOnlyAPI, TargetNetworkAPI):
    """The same with a target network, which runners have no use for."""

    def make_target_networks(self) -> None:
        self._target_net = make_target_network(self.net)

    def get_non_inference_attributes(self) -> list[str]:
        return ["_target_net"]

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        return [(self.net, self._target_net)]

    def forward_target(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        return {TARGET_NETWORK_ACTION_DIST_INPUTS: self._both(batch, self._target_net)[0]}
