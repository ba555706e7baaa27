"""Training with RLlib's new API stack: masked DQN and PPO, checkpoints, validation, export. Needs ``gymcc[rl]``."""
