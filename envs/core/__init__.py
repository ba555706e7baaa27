"""What every environment shares: the problem contract, the Gymnasium adapter, observations, rewards and records."""
