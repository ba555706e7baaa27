"""From one Python function to a method, as a C# compiler and RyuJIT's importer would shape its like.

Each module adds one layer to the class that does it: core, outside, names, containers, places, conditions, calls,
loops, expressions, inlining, statements.
"""

from gymcc.benchmarks.jitcse_corpus.lowering.core import Unsupported
from gymcc.benchmarks.jitcse_corpus.lowering.statements import lower

__all__ = ["Unsupported", "lower"]
