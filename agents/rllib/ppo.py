"""RLlib's PPO with our runner: its learner, loss and checkpoints are stock, its connectors are left out."""

from __future__ import annotations

from typing import Any

from ray.rllib.algorithms.ppo import PPO as RLlibPPO
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.utils.metrics import LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME

from gymcc.agents.config import PPO
from gymcc.agents.rllib.clock import Clock
from gymcc.agents.rllib.columns import with_advantages
from gymcc.agents.rllib.sampling import sample, steps_sampled
from gymcc.agents.rllib.seeding import seed_all
from gymcc.agents.rllib.trajectory import Trajectory


class EpisodePPOConfig(PPOConfig):  # type: ignore[misc]
    """PPOConfig with our algorithm settings under ``ours``."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or EpisodePPO)
        self.ours: PPO = PPO(name="ppo")


class EpisodePPO(RLlibPPO):  # type: ignore[misc]
    """PPO whose training step is: weights to the runners, whole episodes back, epochs of updates on them."""

    def setup(self, config: Any) -> None:
        seed_all(config.run_seed)
        super().setup(config)
        self.clock = Clock()

    def training_step(self) -> None:
        ours = self.config.ours
        episodes: list[Trajectory] = []
        missing = ours.batch_size
        with self.clock.sampling():
            while missing > 0:
                results = sample(self, missing)
                self.clock.add(results)
                if not results:  # all runners are lost; they are looked for before the next training step
                    break
                missing -= sum(result.steps for result in results)
                episodes += [episode for result in results for episode in result.episodes]
        if not episodes:
            return
        with self.clock.learning(sum(len(episode.actions) for episode in episodes)):
            results = self.learner_group.update(
                batch=with_advantages(episodes, ours.gamma, ours.lam),
                timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: steps_sampled(self)},
                num_epochs=ours.epochs,
                minibatch_size=ours.minibatch_size,
                shuffle_batch_per_epoch=True,
            )
        self.metrics.aggregate(results, key=LEARNER_RESULTS)
