"""From an experiment to RLlib's configuration of it."""

from __future__ import annotations

from typing import Any

import ray
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.tune.registry import register_env

from gymcc.agents.config import APPO, DQN, IMPALA, PPO, ConfigError, Experiment
from gymcc.agents.rllib import environment
from gymcc.agents.rllib.asynchronous import REQUESTS, EpisodeAPPOConfig, EpisodeIMPALAConfig
from gymcc.agents.rllib.cores import available_cores
from gymcc.agents.rllib.dqn import ReplayDQNConfig
from gymcc.agents.rllib.learners import APPOLearner, DQNLearner, IMPALALearner, PPOLearner
from gymcc.agents.rllib.modules import MaskedAPPO, MaskedDQN, MaskedPPO
from gymcc.agents.rllib.ppo import EpisodePPOConfig
from gymcc.agents.rllib.runner import EpisodeRunner
from gymcc.agents.rllib.uploads import UploadRunner
from gymcc.envs.core.env import CompilerEnv


def build(experiment: Experiment, env: CompilerEnv[Any], seed: int) -> AlgorithmConfig:
    """RLlib's configuration; ``env`` is a sample of the training environment. Raises :class:`ConfigError`."""
    _check(experiment, env)
    register_env(environment.NAME, environment.make)
    config, learner = _configured(experiment)
    config.run_seed = seed  # not RLlib's: see seeding.py
    config.uploads = experiment.data
    settings = {
        "id": experiment.env.id,
        "options": environment.training_options(experiment),
        "pin": not env.problem.deterministic,
    }
    return (
        config.environment(environment.NAME, env_config=settings)
        .env_runners(
            env_runner_cls=EpisodeRunner if experiment.data is None else UploadRunner,
            num_env_runners=experiment.runners.num_env_runners,
            num_envs_per_env_runner=experiment.runners.envs_per_runner if experiment.data is None else 1,
        )
        .learners(num_learners=0, num_gpus_per_learner=0, learner_class=learner)
        .fault_tolerance(restart_failed_env_runners=True, restart_failed_sub_environments=True)
        .reporting(
            min_sample_timesteps_per_iteration=experiment.budget.iteration_steps if experiment.data is None else 0
        )
        .debugging(log_level="ERROR")
    )


def _check(experiment: Experiment, env: CompilerEnv[Any]) -> None:
    cores = int(ray.cluster_resources().get("CPU", 0)) if ray.is_initialized() else len(available_cores())
    runners = experiment.runners.num_env_runners
    if not env.problem.deterministic and runners > cores:
        raise ConfigError(
            f"runners.num_env_runners: {runners} processes would measure on {cores} cores; allowed: 0 to {cores}"
        )
    shape, encoder = env.observation_space.shape, experiment.network.encoder
    if shape is None:
        raise ConfigError(f"env.options.observation: a network needs one array, {experiment.env.id} gives several")
    beyond = {"set": 0, "options": 1}.get(encoder)
    if beyond is not None and (len(shape) != 2 or shape[0] != env.problem.n_actions + beyond):
        rows = f"a row for each of the {env.problem.n_actions} actions" + " and one more" * beyond
        raise ConfigError(f"network.encoder: {encoder} needs {rows}, {experiment.env.id} observes {shape}")


def _configured(experiment: Experiment) -> tuple[AlgorithmConfig, type]:
    """What is the algorithm's own, and its learner."""
    algorithm = experiment.algorithm
    if isinstance(algorithm, DQN):
        return _dqn(experiment, algorithm), DQNLearner
    if isinstance(algorithm, APPO):
        return _appo(experiment, algorithm), APPOLearner
    if isinstance(algorithm, IMPALA):
        return _impala(experiment, algorithm), IMPALALearner
    assert isinstance(algorithm, PPO), algorithm
    return _ppo(experiment, algorithm), PPOLearner


def _dqn(experiment: Experiment, dqn: DQN) -> AlgorithmConfig:
    config = ReplayDQNConfig()
    config.ours = dqn
    settings = {**experiment.network.model_dump(), "dueling": dqn.dueling, "double": dqn.double}
    # At least; episodes are always played to their end. Uploads are asked for once an iteration, for they may not come.
    fragment = dqn.n_step if experiment.data is None else max(dqn.n_step, experiment.budget.iteration_steps)
    return (
        config.env_runners(rollout_fragment_length=fragment)
        .rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedDQN, model_config=settings))
        .training(
            lr=dqn.lr,
            gamma=dqn.gamma,
            n_step=dqn.n_step,
            double_q=dqn.double,
            dueling=dqn.dueling,
            num_atoms=1,
            train_batch_size_per_learner=dqn.batch_size,
            target_network_update_freq=dqn.target_update,
            grad_clip=dqn.grad_clip,
            grad_clip_by="global_norm",
            replay_buffer_config={"type": "PrioritizedEpisodeReplayBuffer", "no_local_replay_buffer": True},
        )
    )


def _ppo(experiment: Experiment, ppo: PPO) -> AlgorithmConfig:
    config = EpisodePPOConfig()
    config.ours = ppo
    settings = {**experiment.network.model_dump(), "dueling": False}
    return config.rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedPPO, model_config=settings)).training(
        lr=ppo.lr,
        gamma=ppo.gamma,
        lambda_=ppo.lam,
        clip_param=ppo.clip,
        entropy_coeff=ppo.entropy,
        vf_loss_coeff=ppo.value_weight,
        train_batch_size_per_learner=ppo.batch_size,
        minibatch_size=ppo.minibatch_size,
        num_epochs=ppo.epochs,
        grad_clip=ppo.grad_clip,
    )


def _impala(experiment: Experiment, impala: IMPALA) -> AlgorithmConfig:
    config = EpisodeIMPALAConfig()
    config.ours = impala
    return _asynchronous(config, experiment, impala, MaskedPPO)


def _appo(experiment: Experiment, appo: APPO) -> AlgorithmConfig:
    config = EpisodeAPPOConfig()
    config.ours = appo
    return _asynchronous(config, experiment, appo, MaskedAPPO).training(
        clip_param=appo.clip,
        target_network_update_freq=appo.target_update,
        circular_buffer_num_batches=1,  # of the two's product with the batch size the target's period is a multiple
        circular_buffer_iterations_per_batch=1,
    )


def _asynchronous(
    config: AlgorithmConfig, experiment: Experiment, impala: IMPALA, module: type[MaskedPPO]
) -> AlgorithmConfig:
    settings = {**experiment.network.model_dump(), "dueling": False}
    config.use_env_runner_state_server = False  # weights travel with the requests
    return (
        config.env_runners(rollout_fragment_length=impala.trace, max_requests_in_flight_per_env_runner=REQUESTS)
        .rl_module(rl_module_spec=RLModuleSpec(module_class=module, model_config=settings))
        .reporting(min_time_s_per_iteration=0)
        .training(
            lr=impala.lr,
            gamma=impala.gamma,
            entropy_coeff=impala.entropy,
            vf_loss_coeff=impala.value_weight,
            train_batch_size_per_learner=impala.batch_size,
            num_epochs=impala.epochs,
            grad_clip=impala.grad_clip,
        )
    )
