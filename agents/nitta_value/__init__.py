"""Learned synthesis for NITTA: a guide of our own, and NITTA's own value network.

>>> from gymcc.agents.nitta_value.guide import Guide
>>> from gymcc.agents.nitta_value.search import guided
>>> from gymcc.envs.nitta.methods import Limit
>>> explorer, ended = guided(root, Guide.load(), Limit(evaluations=1000))  # explorer.best: the node of the schedule

The guide (``guide``) looks at the embedded model's state (``observe``, ``tails``) and is trained in rounds
(``learning``) of ``lessons`` by ``fitting``; ``trial`` compares it with NITTA's stateOfTheArt. The value network
(``seed``, ``network``) learns from a crawl what NITTA's API tells of options, so that a real NITTA can ask it too, or
from the ``descents`` that workers (``working``) upload to an orchestrator (``online``);
``model_scores`` puts it in the place of NITTA's scores.
"""
