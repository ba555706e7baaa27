"""`gymcc nitta`: what NITTA has beside the environment: server, scoring service, recordings, programs, learning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gymcc.scripts import nitta_crawl, nitta_crosswalk, nitta_generate, nitta_learn, nitta_trial

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="NITTA: server, scoring service, traces, a learned guide."
)

app.command("generate")(nitta_generate.command)
app.command("crawl")(nitta_crawl.command)
app.command("learn")(nitta_learn.command)
app.command("trial")(nitta_trial.command)
app.command("crosswalk")(nitta_crosswalk.command)

Program = Annotated[Path, typer.Argument(help="Lua program.", metavar="PROGRAM.lua")]
Port = Annotated[str, typer.Option("--port", "-p", metavar="N", help="0: any that is free.")]
Uarch = Annotated[str, typer.Option("--uarch", metavar="FILE", help="Microarchitecture (TOML); default: NITTA's own.")]
Type = Annotated[str, typer.Option("--type", "-t", metavar="fxM.B", help="Of all values; default: the file's.")]
MethodName = Annotated[
    str, typer.Option("--method", "-m", metavar="NAME", help="Search to run first: stateOfTheArt, …")
]
Scores = Annotated[
    list[str] | None,
    typer.Option("--score", "-s", metavar="ml_NAME", help="Ask the ml-backend that runs here for scores; repeatable."),
]
FaultOption = Annotated[
    list[str] | None, typer.Option("--fault", metavar="MODE[:RATE]", help="slow, close, 500 or malformed, on purpose.")
]

Models = Annotated[
    Path | None, typer.Option(help="Folder of models, one folder each; default: the shipped nitta-guide alone.")
]
Host = Annotated[str, typer.Option(help="Interface to listen at; others than this machine can reach 0.0.0.0.")]
Synthesised = Annotated[
    Path | None,
    typer.Option("--program", metavar="PROGRAM.lua", help="What NITTA synthesises; policies and guides need it."),
]

Published = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A `gymcc serve` whose published value networks are served, too.")
]


@app.callback()
def group() -> None:
    """NITTA: a server over the embedded model, the scoring service a real NITTA calls, traces, a learned guide."""


@app.command()
def serve(
    program: Program,
    port: Port = "0",
    uarch: Uarch = "",
    number_type: Type = "",
    method: MethodName = "NoSynthesis",
    score: Scores = None,
    fault: FaultOption = None,
) -> None:
    """Answer NITTA's web API for a program, on this machine only; options may be written as NITTA's are (-p=0)."""
    from gymcc.envs.nitta.numbers import NumberType
    from gymcc.envs.nitta.server.faults import Fault
    from gymcc.envs.nitta.server.scoring import Service
    from gymcc.envs.nitta.server.serving import open_server, read_program
    from gymcc.envs.nitta.server.serving import serve as run

    number = NumberType.parse(_value(number_type)) if number_type else None
    compiled = read_program(program, number, Path(_value(uarch)) if uarch else None)
    faults = [Fault.parse(text) for text in fault or ()]
    services = [Service.parse(_value(text)) for text in score or ()]
    run(open_server(*compiled, port_number(port), _value(method), faults, services))


@app.command()
def ml_backend(
    models: Models = None,
    port: Port = "0",
    host: Host = "127.0.0.1",
    program: Synthesised = None,
    uarch: Uarch = "",
    number_type: Type = "",
    server: Published = None,
) -> None:
    """Score options for NITTA (-s ml_NAME); run it in NITTA's working directory, where it leaves its URL."""
    try:
        from gymcc.agents.serving.nitta_ml.service import run
    except ImportError as error:
        raise RuntimeError(f"the scoring service needs `pip install 'gymcc[serve]'` ({error})") from error
    from gymcc.agents.serving.client.client import Client
    from gymcc.agents.serving.nitta_ml.asked import Target
    from gymcc.agents.serving.nitta_ml.store import Store

    target = Target(program, _value(uarch), _value(number_type)) if program else None
    if target:
        target.root()  # what is wrong with it is told now, not to NITTA
    run(Store(models, target, Client(server) if server else None), host, port_number(port))


def port_number(text: str) -> int:
    """A port as NITTA's users write it; raises ValueError."""
    number = _value(text)
    if not number.isdigit() or not int(number) < 1 << 16:
        raise ValueError(f"port {number!r} is not from 0 (any that is free) to 65535")
    return int(number)


def _value(text: str) -> str:
    """NITTA is called with ``-p=0``, which this command line takes for the value ``=0``."""
    return text.removeprefix("=")
