"""RLlib's learners with a learning rate that follows the budget, in time as well as in steps."""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.algorithms.appo.torch.appo_torch_learner import APPOTorchLearner
from ray.rllib.algorithms.dqn.torch.dqn_torch_learner import DQNTorchLearner
from ray.rllib.algorithms.impala.torch.impala_torch_learner import IMPALATorchLearner
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.learner.learner import Learner


class _BudgetedRate:
    """Adam without RLlib's schedule, which knows environment steps only."""

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        learner: Any = self
        params = learner.get_parameters(learner.module[module_id])
        optimizer = torch.optim.Adam(params, lr=config.lr, fused=True)
        learner.register_optimizer(module_id=module_id, optimizer=optimizer, params=params)

    def set_rate(self, rate: float) -> None:
        """Learning rate of all updates from now on."""
        learner: Any = self
        for _, optimizer in learner.get_optimizers_for_module("default_policy"):
            for group in optimizer.param_groups:
                group["lr"] = rate


class DQNLearner(_BudgetedRate, DQNTorchLearner):  # type: ignore[misc]
    """RLlib's DQN loss, unchanged."""


class PPOLearner(_BudgetedRate, PPOTorchLearner):  # type: ignore[misc]
    """RLlib's PPO loss, unchanged."""


class _InThisThread:
    """Updates are done when they are asked for, not by a thread that would share the core with what asks."""

    def update(self, **kwargs: Any) -> Any:
        return Learner.update(self, **kwargs)


class IMPALALearner(_BudgetedRate, _InThisThread, IMPALATorchLearner):  # type: ignore[misc]
    """RLlib's IMPALA loss, unchanged."""


class APPOLearner(_BudgetedRate, _InThisThread, APPOTorchLearner):  # type: ignore[misc]
    """RLlib's APPO loss, unchanged."""
