"""RLlib's IMPALA and APPO with our runner: runners play on while the learner learns; V-trace corrects for the delay.

Losses, V-trace and checkpoints are RLlib's. Its learner thread is not used: this process is the learner, and every
runner has a second request waiting, so that neither waits for the other as long as both have work.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ray.rllib.algorithms.appo import APPO as RLlibAPPO
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.impala import IMPALA as RLlibIMPALA
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.utils.metrics import (
    LEARNER_RESULTS,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_TRAINED_LIFETIME,
)

from gymcc.agents.config import APPO, IMPALA
from gymcc.agents.rllib.clock import Clock
from gymcc.agents.rllib.columns import in_rows
from gymcc.agents.rllib.sampling import Sampled, count, request, sample, steps_sampled
from gymcc.agents.rllib.seeding import seed_all
from gymcc.agents.rllib.trajectory import Trajectory

REQUESTS = 2  # that a runner has, the one it works on included
PATIENCE = 0.01  # seconds between looks for answers
TAG = "episodes"


class _Asynchronous:
    """A training step: one batch of whatever episodes are there, and as many requests as have been answered."""

    def setup(self, config: Any) -> None:
        seed_all(config.run_seed)
        super().setup(config)  # type: ignore[misc]
        self.clock = Clock()
        self._waiting: deque[Trajectory] = deque()
        self._request: Any = None  # with the present weights

    def training_step(self) -> None:
        algorithm: Any = self
        ours = algorithm.config.ours
        with self.clock.sampling():
            episodes = self._batch(ours.batch_size)
        if not episodes:
            return
        steps = steps_sampled(self)
        with self.clock.learning(sum(len(episode.actions) for episode in episodes)):
            results = algorithm.learner_group.update(
                batch=in_rows(episodes, ours.trace),
                timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: steps, NUM_ENV_STEPS_TRAINED_LIFETIME: steps},
                num_epochs=ours.epochs,
            )
        self._request = None
        algorithm.metrics.aggregate(results, key=LEARNER_RESULTS)

    def _batch(self, steps: int) -> list[Trajectory]:
        """Episodes of so many steps at least; none where all runners are lost."""
        taken: list[Trajectory] = []
        while steps > 0:
            while not self._waiting:
                answers = self._answers()
                if answers is None:
                    return taken
                self._waiting += [episode for answer in answers for episode in answer.episodes]
            episode = self._waiting.popleft()
            steps -= len(episode.actions)
            taken.append(episode)
        return taken

    def _answers(self) -> list[Sampled] | None:
        """What runners have sent since, asking them for more; None if there are none left."""
        algorithm: Any = self
        group, batch = algorithm.env_runner_group, algorithm.config.ours.batch_size
        if group.num_remote_workers() == 0:
            answers = sample(self, batch)
        elif group.num_healthy_remote_workers() == 0:
            return None
        else:
            if self._request is None:
                self._request = request(self, -(-batch // group.num_healthy_remote_workers()))
            for _ in range(REQUESTS):
                group.foreach_env_runner_async(self._request, tag=TAG)
            answers = [answer for _, answer in group.fetch_ready_async_reqs(timeout_seconds=PATIENCE, tags=TAG)]
            for answer in answers:
                count(self, answer)
        self.clock.add(answers)
        return answers


class EpisodeIMPALA(_Asynchronous, RLlibIMPALA):  # type: ignore[misc]
    """IMPALA (Espeholt et al. 2018)."""


class EpisodeAPPO(_Asynchronous, RLlibAPPO):  # type: ignore[misc]
    """APPO: PPO's clipped loss on V-trace's advantages, beside a target network (Luo et al. 2020)."""


class EpisodeIMPALAConfig(IMPALAConfig):  # type: ignore[misc]
    """IMPALAConfig with our algorithm settings under ``ours``."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or EpisodeIMPALA)
        self.ours: IMPALA = IMPALA(name="impala")


class EpisodeAPPOConfig(APPOConfig):  # type: ignore[misc]
    """APPOConfig with our algorithm settings under ``ours``."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or EpisodeAPPO)
        self.ours: APPO = APPO(name="appo")
