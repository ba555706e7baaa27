"""A comparison as one self-contained HTML page, and as rows of figures. Needs numpy and nothing else."""

from gymcc.benchmarks.report.page import write_report
from gymcc.benchmarks.report.picture import write_picture
from gymcc.benchmarks.report.summary import best_of, outcomes, per_instance, summarise, versus

__all__ = ["best_of", "outcomes", "per_instance", "summarise", "versus", "write_picture", "write_report"]
