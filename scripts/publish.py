"""`gymcc publish`: a trained policy put on a server, for compilers to ask."""

from __future__ import annotations

from typing import Annotated

import typer

Run = Annotated[
    str,
    typer.Argument(
        help="A run folder of `gymcc train`, or of NITTA's value network, a policy.onnx, or a shipped policy's name."
    ),
]
As = Annotated[str, typer.Option("--as", help="NAME or NAME:VERSION; without a version it is the next number.")]
Server = Annotated[str, typer.Option(help="host:port or unix://PATH.", envvar="SSDB")]
Alias = Annotated[bool, typer.Option(help="NAME alone stands for this version from now on.")]
Device = Annotated[str, typer.Option(help="CPU, GPU or GPU:1, of the server.")]
Batch = Annotated[
    int, typer.Option(help="States of several requests that may be computed at once; 0: one by one.", min=0)
]


def command(
    run: Run, name: As, server: Server = "127.0.0.1:6780", alias: Alias = True, device: Device = "CPU", batch: Batch = 0
) -> None:
    """Put an exported policy on a server, check that it decides there as here, and move NAME to it in one step.

    The password is read from GYMCC_PASSWORD.
    """
    from gymcc.agents.serving.client.client import Client
    from gymcc.agents.serving.publish import publish

    with Client(server) as client:
        key = publish(client, run, name, alias, device, batch)
    print(f"published {key}" + (f"; {name.partition(':')[0]} stands for it" if alias else ""))
