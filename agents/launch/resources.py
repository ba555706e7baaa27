"""What a job asks SLURM for, checked before anything is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

WORD = re.compile(r"[\w.@+,:=/\[\]-]+")  # names of partitions, accounts, nodes: nothing that a script could trip over
LEAD = 120  # seconds before the time limit at which a job is told to checkpoint, unless a third of its time is less


@dataclass(frozen=True, slots=True)
class Resources:
    """One job's request; None leaves the choice to the cluster. Raises ValueError for what SLURM cannot mean."""

    nodes: int = 1
    cpus_per_node: int = 4
    gpus: int = 0  # per node
    time: str = "1:00:00"  # as SLURM has it: minutes, h:mm:ss or d-hh:mm:ss
    memory: str | None = None  # per node, e.g. 16G
    partition: str | None = None
    qos: str | None = None
    account: str | None = None
    nodelist: str | None = None
    mail: str | None = None  # address that learns of end, failure and requeueing
    exclusive: bool = False

    def __post_init__(self) -> None:
        for name, least in (("nodes", 1), ("cpus_per_node", 1), ("gpus", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"--{name.replace('_', '-')} {getattr(self, name)}: allowed: {least} or more")
        for name in ("memory", "partition", "qos", "account", "nodelist", "mail"):
            value = getattr(self, name)
            if value is not None and not WORD.fullmatch(value):
                raise ValueError(f"--{name} {value!r}: allowed: letters, digits and . @ + , : = / [ ] - _")
        if seconds(self.time) < 60:
            raise ValueError(f"--time {self.time}: allowed: a minute or more")

    @property
    def lead(self) -> int:
        """Seconds before the time limit at which the job is to checkpoint and requeue itself."""
        return min(LEAD, seconds(self.time) // 3)

    @property
    def runners(self) -> int:
        """One process per core, but for the core of the learner."""
        return self.nodes * self.cpus_per_node - 1

    def directives(self) -> list[str]:
        """The options of ``sbatch`` that ask for this."""
        optional = {
            "partition": self.partition,
            "qos": self.qos,
            "account": self.account,
            "nodelist": self.nodelist,
            "mem": self.memory,
            "gpus-per-node": self.gpus or None,
            "mail-user": self.mail,
            "mail-type": "END,FAIL,REQUEUE" if self.mail else None,
        }
        return [
            f"--nodes={self.nodes}",
            "--ntasks-per-node=1",
            f"--cpus-per-task={self.cpus_per_node}",
            f"--time={self.time}",
            *(f"--{name}={value}" for name, value in optional.items() if value is not None),
            *(["--exclusive"] if self.exclusive else []),
        ]


def seconds(time: str) -> int:
    """A time limit in seconds; ``minutes``, ``mm:ss``, ``h:mm:ss``, ``d-h``, ``d-h:mm`` or ``d-h:mm:ss``."""
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", time)
    if match is None:
        raise ValueError(f"--time {time!r}: allowed: minutes, mm:ss, h:mm:ss or d-hh:mm:ss")
    days, *parts = (int(part) if part is not None else None for part in match.groups())
    first, second, third = parts
    if days is None and third is None:
        return 60 * (first or 0) + (second or 0)
    return 86400 * (days or 0) + 3600 * (first or 0) + 60 * (second or 0) + (third or 0)
