"""Searches over a :class:`gymcc.envs.core.problem.Problem`: baselines for agents, and tuners in their own right.

>>> from gymcc.agents.search import Budget, search
>>> from gymcc.envs.looptune.env import make_problem
>>> search(make_problem("model"), "m64_n64_k64", "beam4", Budget(evaluations=100)).proven
False

All are held to the step limit that agents have, see each other's costs never, and end by themselves when they are
done: greedy at a local optimum, random and annealing after 10,000 prices without news, a beam once it dropped nothing.
They need neither gymnasium nor torch.
"""

from gymcc.agents.search.budget import Budget
from gymcc.agents.search.methods import ALIASES, METHODS, methods_of, resolve_method, search
from gymcc.agents.search.result import SearchResult

__all__ = ["ALIASES", "METHODS", "Budget", "SearchResult", "methods_of", "resolve_method", "search"]
