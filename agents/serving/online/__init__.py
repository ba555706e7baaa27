"""Training while programs run: they upload batches to the orchestrator, and a growing data set takes them in.

Names and formats are SmartSim's (``smartsim.ml``), of both generations: since 0.4.2 a batch is a data set in a list,
before it was two plain tensors with numbers in their names. We write the newer one and read both. Ours besides:
transitions for reinforcement learning, a bounded window, and no batch twice.
"""

from __future__ import annotations

from gymcc.agents.serving.online.growing import GrowingData
from gymcc.agents.serving.online.info import DataInfo
from gymcc.agents.serving.online.upload import TrainingDataUploader, TrainingUploader, TransitionUploader

__all__ = ["DataInfo", "GrowingData", "TrainingDataUploader", "TrainingUploader", "TransitionUploader"]
