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
    "sweep": "sweep",
    "launch": "launch",
    "jobs": "jobs",
    "logs": "launch_logs",
    "cancel": "launch_cancel",
    "evaluate": "evaluate",
    "report": "report",
    "wandb": "tracking",
    "generate": "generate",
    "verify": "verify",
    "bench": "bench",
    "jitcse": "jitcse",
    "nitta": "nitta",
    "ocaml": "ocaml",
    "serve": "serve",
    "publish": "publish",
    "models": "models",
    "work": "work",
    "doctor": "doctor",
}
INTERRUPTED = 130


def build(wanted: str) -> typer.Typer:
    """The command line with the sub-command that was asked for, or with all of them (for help)."""
    app = typer.Typer(
        name="gymcc",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # `a:b:step` and `C[m,n]` in a help text are not markup
    )

    @app.callback()
    def group() -> None:
        """Compiler optimisation problems as Gymnasium environments: play, search, train, evaluate."""

    for name in [wanted] if wanted in COMMANDS else COMMANDS:
        module = import_module(f"gymcc.scripts.{COMMANDS[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(module.command)
    return app


def run(arguments: list[str]) -> None:
    """Run one command; exits with status 2 and one line on bad input, 130 on Ctrl-C."""
    sys.argv = ["gymcc", *arguments]  # what reports quote, however the command line was called
    try:
        build(arguments[0] if arguments else "")(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        if os.environ.get("GYMCC_DEBUG"):
            raise
        advice = "; training and policies need `pip install 'gymcc[rl]'`" if isinstance(error, ImportError) else ""
        print(f"gymcc: {error}{advice}", file=sys.stderr)
        sys.exit(2)


def main() -> None:
    """Entry point of the `gymcc` script."""
    run(sys.argv[1:])


if __name__ == "__main__":
    main()
