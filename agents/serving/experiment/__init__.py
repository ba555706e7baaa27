"""Workflows of programs and a server between them, with the names that SmartSim gave them.

A SmartSim script runs with its imports changed: ``smartsim`` is this package, ``smartsim.database`` and
``smartsim.settings`` are modules of it, ``smartredis`` is :mod:`gymcc.agents.serving`, and ``smartsim.ml`` is
:mod:`gymcc.agents.serving.online`.

>>> exp = Experiment("inference-session", launcher="local")
>>> db = Orchestrator(port=6780)
>>> model = exp.create_model("model", RunSettings("python", exe_args="inference.py"))
>>> model.attach_generator_files(to_copy="inference.py")
>>> exp.start(db, model, block=True, summary=True)
>>> exp.stop(db)
"""

from __future__ import annotations

from gymcc.agents.serving.experiment.database import Orchestrator
from gymcc.agents.serving.experiment.entity import Model
from gymcc.agents.serving.experiment.experiment import Experiment, ExperimentError
from gymcc.agents.serving.experiment.settings import RunSettings

__all__ = ["Experiment", "ExperimentError", "Model", "Orchestrator", "RunSettings"]
