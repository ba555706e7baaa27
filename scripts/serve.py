"""`gymcc serve`: the orchestrator, which keeps tensors, data sets and models and runs the models."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

PORT = 6780  # SmartSim's
UNITS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}

Host = Annotated[str, typer.Option(help="Address to listen on; beyond this machine it takes a password or --insecure.")]
Port = Annotated[int | None, typer.Option(help="TCP port, 0: any free one. Default 6780, or none with --unix.")]
Unix = Annotated[Path | None, typer.Option(help="Unix socket to listen on, for this user only; the fastest.")]
Password = Annotated[str, typer.Option(help="Wanted of TCP clients.", envvar="GYMCC_PASSWORD")]
Insecure = Annotated[bool, typer.Option("--insecure", help="Let anybody in who reaches the address.")]
Code = Annotated[
    bool | None,
    typer.Option(
        "--allow-code/--no-code",
        help="TorchScript and TensorFlow models and scripts, which can run any code. Default: only if local.",
        show_default=False,
    ),
]
Memory = Annotated[str, typer.Option(help="Bound of what is kept, e.g. 2gb, 0: none; auto: half of the machine's.")]
Evict = Annotated[bool, typer.Option(help="At the bound, drop the tensors not used for longest; else refuse.")]
Ttl = Annotated[float, typer.Option(help="Seconds after which a tensor outside data sets goes; 0: never.")]
Request = Annotated[str, typer.Option(help="Largest request, and so tensor or model.")]
Clients = Annotated[int, typer.Option(help="Connections at a time.")]
Idle = Annotated[float, typer.Option(help="Seconds after which a silent connection is closed; 0: never.")]
Stall = Annotated[
    float, typer.Option(help="Seconds without progress of a reply or request after which a client is cut; 0: never.")
]
Threads = Annotated[int, typer.Option(help="Slow models that run at a time.")]
ModelThreads = Annotated[int, typer.Option(help="Threads of one ONNX or TORCH model.")]
Backends = Annotated[str, typer.Option(help="Back ends that may be used, where installed.")]
Snapshot = Annotated[Path | None, typer.Option(help="File that SAVE writes, as does the end, and the start reads.")]
Store = Annotated[
    str,
    typer.Option(
        help="Redis, or any node of its cluster, that keeps everything: redis://[:password@]host[:port][/number]. "
        "Servers that share one share data and models.",
        envvar="GYMCC_STORE",
    ),
]
SaveEvery = Annotated[float, typer.Option(help="Seconds between two snapshots, if anything was done; 0: never.")]


def command(
    host: Host = "127.0.0.1",
    port: Port = None,
    unix: Unix = None,
    password: Password = "",
    insecure: Insecure = False,
    code: Code = None,
    memory: Memory = "auto",
    evict: Evict = True,
    ttl: Ttl = 0,
    max_request: Request = "1gb",
    max_clients: Clients = 10_000,
    idle_timeout: Idle = 0,
    stall_timeout: Stall = 60,
    threads: Threads = 2,
    model_threads: ModelThreads = 1,
    backends: Backends = "ONNX,TORCH,TF",
    snapshot: Snapshot = None,
    save_every: SaveEvery = 0,
    store: Store = "",
) -> None:
    """Serve tensors, data sets and models to SmartRedis clients, and policies to compilers.

    Prints `ready` and its addresses, as clients take them in SSDB, once clients may come. Ends at Ctrl-C or SIGTERM.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(model_threads))  # of torch; read when it is imported
    from gymcc.agents.serving.server.app import Listen, build, run
    from gymcc.agents.serving.server.limits import Settings
    from gymcc.agents.serving.server.safety import guard

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings(
        password=password,
        backends=_backends(backends),
        memory=_machine() // 2 if memory == "auto" else size(memory),
        evict=evict,
        tensor_ttl=ttl,
        max_request=size(max_request),
        max_clients=max_clients,
        idle_timeout=idle_timeout,
        stall_timeout=stall_timeout,
        threads=threads,
        model_threads=model_threads,
        snapshot=str(snapshot.resolve()) if snapshot else "",
        save_every=save_every,
        store=store,
    )
    listen = Listen(host, PORT if port is None and unix is None else port, str(unix) if unix else "")
    settings.check()
    guard(settings, listen, insecure, code)
    run(build(settings), listen, lambda addresses: print("ready", *addresses, flush=True))


def size(text: str) -> int:
    """Bytes of `2gb`, `512mb` or `1048576`; raises ValueError."""
    number, factor = (text[:-2], UNITS[text[-2:].lower()]) if text[-2:].lower() in UNITS else (text, 1)
    if not number.isdecimal():
        raise ValueError(f"{text!r} is no size; allowed are bytes, or a number with kb, mb or gb")
    return int(number) * factor


def _backends(text: str) -> tuple[str, ...]:
    from gymcc.agents.serving.server.runners import BACKENDS

    names = tuple(text.upper().split(","))
    if unknown := set(names) - set(BACKENDS):
        raise ValueError(f"unknown back ends {', '.join(sorted(unknown))}; allowed are {', '.join(BACKENDS)}")
    return names


def _machine() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
