"""A comparison as one self-contained HTML page, and as rows of figures."""

from gymcc.benchmarks.report.summary import best_of, outcomes, per_instance, summarise, versus

__all__ = ["best_of", "outcomes", "per_instance", "summarise", "versus"]
