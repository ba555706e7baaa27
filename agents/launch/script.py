"""The batch script of a job: settings on top, then ``body.sh`` as it is, so that a person can read and change both."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from gymcc.agents.launch.resources import Resources

BODY = Path(__file__).with_name("body.sh")
PLAIN = re.compile(r"[\w./+@:,=-]+")  # paths that neither sbatch nor Ray nor bash reads anything into

HEAD = """\
#!/usr/bin/env bash
# Trains in {run}
# and goes on there when it is started again. Made by: {command}
# Submit it again by hand: sbatch {run}/launch/job.sh
#SBATCH --job-name=gymcc-{name}
{directives}
# Told of the end of its time {lead} seconds before, it checkpoints and requeues itself; so it does for a lost head.
#SBATCH --signal=B:USR1@{lead}
#SBATCH --requeue
# A lost worker does not end the job.
#SBATCH --no-kill
#SBATCH --open-mode=append
#SBATCH --output={run}/launch/job.log

run={run}
python={python}
cpus={cpus}               # of each node
gpus={gpus}
port={port}               # of Ray's head; 0: a free one
patience={patience}       # seconds for all nodes to join
lead={lead}       # seconds to checkpoint before the end of the time
requeues={requeues}       # times that this job may requeue itself
evaluate={evaluate}       # compare with searches after training

setup() {{
{setup}
}}

"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job does with its resources."""

    python: Path  # interpreter with GymCC, on every node
    port: int = 0  # of Ray's head; 0: a free one
    patience: int = 300  # seconds for all nodes to join
    requeues: int = 20
    evaluate: bool = False
    setup: tuple[str, ...] = ()  # lines of shell before anything else, e.g. module load

    def __post_init__(self) -> None:
        if not (self.port == 0 or 1024 <= self.port < 65536):
            raise ValueError(f"--port {self.port}: allowed: 1024 to 65535, or 0 for a free one")
        if self.patience < 1:
            raise ValueError(f"--patience {self.patience}: allowed: 1 second or more")


def batch_script(run: Path, resources: Resources, plan: Plan, command: str) -> str:
    """The text of ``launch/job.sh``; raises ValueError for a path that SLURM or Ray would misread."""
    for what, path in (("run folder", run), ("Python", plan.python)):
        if not path.is_absolute() or not PLAIN.fullmatch(str(path)):
            raise ValueError(f"{what} {str(path)!r}: for SLURM, allowed are letters, digits and . / + @ : , = - _")
    head = HEAD.format(
        run=run,
        name=run.name,
        command=" ".join(command.split()),
        directives="\n".join(f"#SBATCH {option}" for option in resources.directives()),
        lead=resources.lead,
        python=shlex.quote(str(plan.python)),
        cpus=resources.cpus_per_node,
        gpus=resources.gpus,
        port=plan.port,
        patience=plan.patience,
        requeues=plan.requeues,
        evaluate="yes" if plan.evaluate else "no",
        setup="\n".join(f"  {line}" for line in plan.setup or (":",)),
    )
    return head + BODY.read_text()
