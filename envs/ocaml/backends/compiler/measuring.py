"""What a program costs to run: counted instructions, or seconds where there is nothing to count with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median

from gymcc.envs.core.toolchain import Tool, ToolError
from gymcc.envs.ocaml.backends.compiler.program import Program
from gymcc.envs.ocaml.backends.compiler.workspace import Step, work

NAME = "program"
ITSELF = Tool("the program", Path(NAME), "nothing is missing but the program itself")
LOG = "valgrind.log"
REPEATS = 7  # runs whose median of user time is taken
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # all of it: instructions move with the size of the environment
COUNTING = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", f"--log-file={LOG}")
_COUNT = re.compile(r"I\s+refs:\s+([\d,]+)")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One executable's run."""

    cost: float  # instructions or seconds
    output: str  # hash of what it printed
    printed: int  # bytes


def count(image: bytes, program: Program, valgrind: Tool, seconds: float) -> Measurement:
    """The instructions that an executable takes when run as ``program`` says, by cachegrind: always the same.

    Raises :class:`ToolTimeout` past ``seconds`` and :class:`ToolDied` where it does not end with status 0.
    """
    arguments = (*COUNTING, f"./{NAME}", *program.arguments)
    done = work({NAME: image}, [Step(valgrind, arguments, seconds, ENVIRONMENT, program.stdin)], [LOG])
    log = done.files.get(LOG, b"").decode(errors="replace")
    found = _COUNT.search(log)
    if found is None:
        raise ToolError(valgrind, f"did not say how many instructions it counted: {' '.join(log.split())[-300:]}")
    return _measurement(float(found[1].replace(",", "")), done.steps[0].out)


def time(image: bytes, program: Program, seconds: float) -> Measurement:
    """The median user time of several runs, in seconds. Raises as :func:`count`."""
    step = Step(ITSELF, program.arguments, seconds, ENVIRONMENT, program.stdin)
    outcomes = work({NAME: image}, [step] * REPEATS).steps
    return _measurement(median(outcome.user_seconds for outcome in outcomes), outcomes[0].out)


def steady(image: bytes, program: Program, seconds: float) -> bool:
    """Whether an executable prints the same when run twice. Raises as :func:`count`.

    Both runs are the processor's own: a counter may compute other last digits of an exponential than it.
    """
    step = Step(ITSELF, program.arguments, seconds, ENVIRONMENT, program.stdin)
    first, second = work({NAME: image}, [step] * 2).steps
    return first.out == second.out


def _measurement(cost: float, printed: bytes) -> Measurement:
    return Measurement(cost, sha256(printed).hexdigest(), len(printed))
