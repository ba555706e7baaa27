"""RLlib's DQN with our runner and replay: its algorithm, learner, loss, target network and checkpoints are stock."""

from __future__ import annotations

import numpy as np
import torch
from ray.rllib.algorithms.dqn import DQN as RLlibDQN
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME, TD_ERROR_KEY

from gymcc.agents.config import DQN
from gymcc.agents.rllib.clock import Clock
from gymcc.agents.rllib.replay import Replay, Sample
from gymcc.agents.rllib.sampling import sample, steps_sampled
from gymcc.agents.rllib.seeding import seed_all


class ReplayDQNConfig(DQNConfig):  # type: ignore[misc]
    """DQNConfig with our algorithm settings under ``ours``."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or ReplayDQN)
        self.ours: DQN = DQN(name="dqn")


class ReplayDQN(RLlibDQN):  # type: ignore[misc]
    """DQN whose training step is: weights to the runners, whole episodes back, ``replay_ratio`` of updates."""

    def setup(self, config: ReplayDQNConfig) -> None:
        seed_all(config.run_seed)
        super().setup(config)
        spaces = self.env_runner_group.get_spaces()["__env_single__"]
        size, n_actions = spaces[0]["observations"].shape[0], int(spaces[1].n)
        self.replay = Replay(config.ours, size, n_actions, seed=config.run_seed)
        self.updates_due = 0.0
        self.clock = Clock()

    def training_step(self) -> None:
        before = steps_sampled(self)
        runners = max(1, self.config.num_env_runners)
        wanted = self.config.rollout_fragment_length * self.config.num_envs_per_env_runner * runners
        with self.clock.sampling():
            results = sample(self, wanted)
        self.clock.add(results)
        for result in results:
            for episode in result.episodes:
                self.replay.add(episode)
        ours, steps = self.config.ours, steps_sampled(self)
        if self.replay.steps < min(ours.learning_starts, ours.buffer_size // 2):
            return
        self.updates_due += (steps - before) * ours.replay_ratio / ours.batch_size
        with self.clock.learning(steps - before):
            while self.updates_due >= 1:
                self.updates_due -= 1
                self._learn(self.replay.sample(ours.batch_size), steps)

    def _learn(self, sample: Sample, steps: int) -> None:
        batch = MultiAgentBatch({DEFAULT_MODULE_ID: _to_batch(sample)}, env_steps=len(sample.rows))
        results = self.learner_group.update(batch=batch, timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: steps})
        errors = [result[DEFAULT_MODULE_ID].pop(TD_ERROR_KEY).peek() for result in results]
        self.replay.update(sample.rows, np.concatenate([np.asarray(part).ravel() for part in errors]))
        self.metrics.aggregate(results, key=LEARNER_RESULTS)


def _to_batch(sample: Sample) -> SampleBatch:
    """The column names that RLlib's DQN learner expects."""
    tensor = torch.from_numpy
    return SampleBatch(
        {
            Columns.OBS: {"observations": tensor(sample.observations), "action_mask": tensor(sample.masks)},
            Columns.NEXT_OBS: {
                "observations": tensor(sample.next_observations),
                "action_mask": tensor(sample.next_masks),
            },
            Columns.ACTIONS: tensor(sample.actions),
            Columns.REWARDS: tensor(sample.rewards),
            Columns.TERMINATEDS: tensor(sample.terminated),
            "n_step": tensor(sample.lengths).float(),
            "weights": tensor(sample.weights),
        }
    )
