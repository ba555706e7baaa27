"""Entry point of `gymcc`: gathers the sub-commands and turns expected errors into one clear line."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import typer

COMMANDS = {
    "list": "catalogue",
    "info": "info",
    "play": "play",
    "search": "search",
    "compare": "compare",
    "train": "train",
    "evaluate": "evaluate",
    "report": "report",
    "generate": "generate",
    "verify": "verify",
    "bench": "bench",
    "doctor": "doctor",
}
INTERRUPTED = 130

app = typer.Typer(
    name="gymcc",
    help="Compiler optimisation problems as Gymnasium environments: play, search, train, evaluate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _gather() -> None:
    """Add every sub-command; a group (such as `generate`) brings its own Typer."""
    for name, module_name in COMMANDS.items():
        module = import_module(f"gymcc.scripts.{module_name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(module.command)


def main() -> None:
    """Run the command line; exit status 2 and one line on bad input, 130 on Ctrl-C."""
    _gather()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        if os.environ.get("GYMCC_DEBUG"):
            raise
        print(f"gymcc: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
