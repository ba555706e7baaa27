"""Back end SuperPMI: the real RyuJIT, compiling methods of a collection over and over, asked line by line.

A user needs a checked build of the JIT of .NET 9 or later with ``superpmi`` (CORE_ROOT) and a collection of methods
(``.mch``), or the stub that ``gymcc jitcse stub`` writes. :class:`SuperPMI` is the compiler; below it lie a
:class:`Pool` of processes, a :class:`Client` for each, and the grammar of what they say.
"""

from __future__ import annotations

from gymcc.envs.jitcse.backends.superpmi.cache import Cache
from gymcc.envs.jitcse.backends.superpmi.client import Client
from gymcc.envs.jitcse.backends.superpmi.compiler import SuperPMI, instance_of
from gymcc.envs.jitcse.backends.superpmi.corpus import Corpus, locate
from gymcc.envs.jitcse.backends.superpmi.dataset import CollectionDataset, dataset_of
from gymcc.envs.jitcse.backends.superpmi.errors import (
    BadCorpus,
    MethodFailed,
    MethodUnusable,
    Quarantined,
    Unanswered,
    WrongJit,
)
from gymcc.envs.jitcse.backends.superpmi.grammar import MalformedReply, parse_report
from gymcc.envs.jitcse.backends.superpmi.methods import Methods, survey
from gymcc.envs.jitcse.backends.superpmi.pool import Pool
from gymcc.envs.jitcse.backends.superpmi.report import Report
from gymcc.envs.jitcse.backends.superpmi.selection import Filter, Split, split

__all__ = [
    "BadCorpus",
    "Cache",
    "Client",
    "CollectionDataset",
    "Corpus",
    "Filter",
    "MalformedReply",
    "MethodFailed",
    "MethodUnusable",
    "Methods",
    "Pool",
    "Quarantined",
    "Report",
    "Split",
    "SuperPMI",
    "Unanswered",
    "WrongJit",
    "dataset_of",
    "instance_of",
    "locate",
    "parse_report",
    "split",
    "survey",
]
