"""A comparison as one self-contained HTML page, and as rows of figures. Needs numpy and nothing else."""

from gymcc.benchmarks.report.page import write_report
from gymcc.benchmarks.report.picture import write_picture
from gymcc.benchmarks.report.summary import (
    against_heuristic,
    best_of,
    counted,
    outcomes,
    per_instance,
    summarise,
    versus,
)
from gymcc.benchmarks.report.worked import Worked

__all__ = [
    "Worked", "against_heuristic", "best_of", "counted", "outcomes", "per_instance", "summarise", "versus",
    "write_picture", "write_report",
]  # fmt: skip
