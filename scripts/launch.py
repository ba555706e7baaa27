"""`gymcc launch`: train in the background of this machine, or as a SLURM job of one node or many."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from time import strftime
from typing import Annotated

import typer

from gymcc.agents.config import Experiment, load
from gymcc.agents.launch import start
from gymcc.agents.launch.resources import Resources
from gymcc.agents.overrides import overridden
from gymcc.scripts.environments import make
from gymcc.scripts.output import Json, invocation, show


class Where(StrEnum):
    """Who runs the training."""

    local = "local"
    slurm = "slurm"


Config = Annotated[Path, typer.Argument(help="A YAML of configs/, or with --resume a run folder.")]
On = Annotated[Where, typer.Option("--on", help="This machine, or the SLURM cluster whose commands it has.")]
Out = Annotated[Path | None, typer.Option(help="Run folder to make; default runs/<config>-<time>.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in the given folder.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override a key, e.g. --set budget.minutes=600.")]
Runners = Annotated[
    int | None, typer.Option(help="Processes that step environments; default: on SLURM one per core but one.")
]
Jobs = Annotated[int, typer.Option(help="Runs to start, one per seed from the configuration's on.")]
WandbRun = Annotated[str | None, typer.Option(help="Continue this W&B run: entity/project/id or its URL.")]
Evaluate = Annotated[bool, typer.Option("--evaluate", help="Afterwards compare with searches and write report.html.")]
Address = Annotated[str | None, typer.Option(help="With --on local: join the Ray cluster at host:port.")]
Nodes = Annotated[int, typer.Option(help="Nodes of the job.")]
Cpus = Annotated[int, typer.Option("--cpus-per-node", help="Cores of each node.")]
Gpus = Annotated[int, typer.Option(help="GPUs of each node to reserve; networks as small as ours train on a core.")]
Time = Annotated[str, typer.Option(help="Time limit: minutes, h:mm:ss or d-hh:mm:ss. At its end the job requeues.")]
Memory = Annotated[str | None, typer.Option(help="Memory of each node, e.g. 16G.")]
Partition = Annotated[str | None, typer.Option(help="SLURM's partition.")]
Qos = Annotated[str | None, typer.Option(help="SLURM's quality of service.")]
Account = Annotated[str | None, typer.Option(help="SLURM's account.")]
Nodelist = Annotated[str | None, typer.Option(help="Only on these nodes.")]
Mail = Annotated[str | None, typer.Option(help="Address that learns of end, failure and requeueing.")]
Exclusive = Annotated[bool, typer.Option("--exclusive", help="Share the nodes with nobody: for measured costs.")]
Setup = Annotated[list[str] | None, typer.Option(help='Line of shell to begin with, e.g. "module load python".')]
Port = Annotated[int, typer.Option(help="Port of Ray's head; 0: a free one.")]
Patience = Annotated[int, typer.Option(help="Seconds for all nodes to join.")]
Requeues = Annotated[int, typer.Option(help="Times that a job may requeue itself.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write and print the batch script, do not submit it.")]


def command(
    config: Config,
    on: On = Where.local,
    out: Out = None,
    resume: Resume = False,
    override: Set = None,
    runners: Runners = None,
    jobs: Jobs = 1,
    wandb_run: WandbRun = None,
    evaluate: Evaluate = False,
    address: Address = None,
    nodes: Nodes = 1,
    cpus: Cpus = 4,
    gpus: Gpus = 0,
    time: Time = "1:00:00",
    memory: Memory = None,
    partition: Partition = None,
    qos: Qos = None,
    account: Account = None,
    nodelist: Nodelist = None,
    mail: Mail = None,
    exclusive: Exclusive = False,
    setup: Setup = None,
    port: Port = 0,
    patience: Patience = 300,
    requeues: Requeues = 20,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Start a training that goes on when this terminal closes: `gymcc jobs`, `logs`, `cancel` look after it.

    A SLURM job starts Ray on its nodes, checkpoints and requeues itself before its time is over or when it is told to,
    and goes on from its newest checkpoint. The batch script is RUN/launch/job.sh: read it, change it, sbatch it.
    """
    resources = Resources(
        nodes, cpus, gpus, time, memory, partition, qos, account, nodelist, mail, exclusive
    )  # faults in any option are told before anything is written
    plan = start.default_plan(
        port=port, patience=patience, requeues=requeues, evaluate=evaluate, setup=tuple(setup or ())
    )
    if address and on is Where.slurm:
        raise ValueError("--address joins a cluster that runs already: it goes with --on local")
    if evaluate and on is Where.local:
        raise ValueError("--evaluate goes with --on slurm; here, `gymcc evaluate RUN` does it when the run has ended")
    if dry_run and on is Where.local:
        raise ValueError("--dry-run shows the batch script of --on slurm")
    told = invocation()
    rows = []
    for experiment, run in _runs(config, out, resume, override or [], jobs):
        if on is Where.slurm:
            job = start.on_slurm(
                experiment,
                run,
                resources,
                plan,
                command=told,
                runners=runners,
                wandb_run=wandb_run,
                submit=not dry_run,
            )
        else:
            job = start.on_this_machine(
                experiment,
                run,
                command=told,
                address=address,
                patience=patience,
                runners=runners,
                wandb_run=wandb_run,
            )
        rows.append({"run": str(run), "on": on.value, "job": job})
        if dry_run and not as_json:
            print((run / "launch/job.sh").read_text())
    show(rows, as_json)
    if not as_json and not dry_run:
        print(f"gymcc logs {shlex.quote(str(rows[0]['run']))} --follow")


def _runs(
    config: Path, out: Path | None, resume: bool, overrides: list[str], jobs: int
) -> list[tuple[Experiment | None, Path]]:
    """What to train and where; no experiment: go on in that folder."""
    if resume:
        if out or overrides or jobs != 1:
            raise ValueError("--resume continues a run as it was configured: it takes no --out, --set or --jobs")
        return [(None, config.resolve())]
    experiment = overridden(load(config), overrides)
    for more in ({}, experiment.validation.options):  # faults in options are told here, not on the cluster
        make(experiment.env.id, **experiment.env.options | more)
    run: Path = out or Path("runs") / f"{config.stem}-{strftime('%Y%m%d-%H%M%S')}"
    return [*start.seeds(experiment, run.resolve(), jobs)]
