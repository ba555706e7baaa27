"""The batch script of a program: options on top, then what it runs, with a server on each of its nodes if wanted."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gymcc.agents.launch.resources import WORD
from gymcc.agents.launch.script import PLAIN

READY = 60  # seconds for the server beside a program
OPTION = re.compile(r"[a-z][a-z0-9-]*")
COUNTS = ("ntasks", "ntasks-per-node")  # how often a program runs; unless asked for, once on every node

BEGIN = """
cd {folder} || exit 1
{variables}
[ -z "${{SLURM_CPUS_PER_TASK:-}}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
trap 'scancel "$SLURM_JOB_ID" 2>/dev/null' TERM   # what `gymcc cancel` sends: programs get SIGTERM, and time to end
"""
# One server a node; it and its socket go when the program has ended.
BESIDE = """
tmp=${{TMPDIR:-/tmp}}
[ ${{#tmp}} -le 48 ] || tmp=/tmp                   # paths of sockets have 107 characters
export GYMCC_SERVERS=$tmp/gymcc-$SLURM_JOB_ID
srun --export=ALL --overlap --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 --kill-on-bad-exit=1 \\
  --output={log}-%N.log bash -c {serve} < /dev/null & server=$!
srun --export=ALL --overlap bash -c {wait} program {program} < /dev/null & step=$!
while kill -0 $step 2>/dev/null && kill -0 $server 2>/dev/null; do wait -n $step $server; done
if kill -0 $step 2>/dev/null; then
  echo "the server ended before the program; it says: $(tail -qn 1 {log}-*.log)" >&2
  kill $step
fi
"""
SERVE = """
folder=$GYMCC_SERVERS-$SLURMD_NODENAME
end() {{ kill "$server" 2>/dev/null; wait "$server"; rm -rf "$folder"; exit; }}
trap end USR1 TERM
rm -rf "$folder" && mkdir -m 700 "$folder" || exit 1
setsid {serve} --unix "$folder/gymcc.sock" & server=$!   # SLURM's signals end at this script
wait "$server"; status=$?
rm -rf "$folder"
exit "$status"
"""
WAIT = """
socket=$GYMCC_SERVERS-$SLURMD_NODENAME/gymcc.sock
export SSDB=unix://$socket SR_DB_TYPE=Standalone
for _ in $(seq {tries}); do [ -S "$socket" ] && exec "$@"; sleep 0.1; done
echo "no server on $SLURMD_NODENAME within {seconds} s" >&2
exit 1
"""
# A server for programs of all nodes, where they can reach it.
SHARED = """
address=$({python} -m gymcc.agents.launch.port "${{GYMCC_HEAD_IP:-}}" {port}) || exit 1
echo "$address" > {file}
srun --export=ALL {program} --host "${{address%:*}}" --port "${{address##*:}}" < /dev/null & step=$!
"""
ALONE = """
srun --export=ALL {program} < /dev/null & step=$!
"""
END = """
wait $step; status=$?
while kill -0 $step 2>/dev/null; do wait $step; status=$?; done   # a signal cuts waiting short
{also}
echo '{{"status": '$status'}}' > {ended}
exit $status
"""
END_SERVER = (
    "kill -USR1 $server 2>/dev/null; wait $server 2>/dev/null   # which srun forwards; at SIGTERM it would kill"
)


@dataclass(frozen=True, slots=True)
class Script:
    """What a job runs: a program, one with a server on each of its nodes (``beside``), or a server (``port``)."""

    name: str
    command: Sequence[str]
    folder: Path  # where the program runs
    beside: Sequence[str] | None = None  # the server's command, but for its socket
    port: int | None = None


def output(folder: Path) -> Path:
    """Where a job's standard output goes."""
    return folder / f"{folder.name}.out"


def address_file(folder: Path) -> Path:
    """Where a server's job writes its address to."""
    return folder / "launch" / "address"


def ended(status: int) -> str:
    """An exit status of a shell in words."""
    return f"signal {status - 128}" if status > 128 else f"exit status {status}"


def text(
    script: Script, folder: Path, variables: Mapping[str, str | None], options: Mapping[str, str | int | None]
) -> str:
    """The batch script with its files in ``folder``; raises ValueError for what SLURM would misread."""
    lines = ["#!/usr/bin/env bash", *directives(script, folder, options)]
    exports = [f"unset {key}" if value is None else f"export {key}={quoted(value)}" for key, value in variables.items()]
    begin = BEGIN.format(folder=quoted(script.folder), variables="\n".join(exports))
    also = END_SERVER if script.beside is not None else ""
    end = END.format(also=also, ended=quoted(folder / "launch" / "ended.json"))
    return "\n".join(lines) + begin + _steps(script, folder) + end


def directives(script: Script, folder: Path, options: Mapping[str, str | int | None]) -> list[str]:
    """The options of ``sbatch``; raises ValueError for those that could say something else."""
    if not PLAIN.fullmatch(str(folder)):
        raise ValueError(f"folder {str(folder)!r}: for SLURM, allowed are letters, digits and . / + @ : , = - _")
    for key, value in options.items():
        if not OPTION.fullmatch(key) or not (value is None or WORD.fullmatch(str(value))):
            raise ValueError(
                f"run_args {key!r}: {value!r}: allowed are the long names of sbatch's options, without --, and values "
                "of letters, digits and . @ + , : = / [ ] - _"
            )
    out = output(folder)
    asked = {"job-name": f"gymcc-{script.name}", **options, "output": out, "error": out.with_suffix(".err")}
    if not any(count in asked for count in COUNTS):
        asked["ntasks-per-node"] = 1
    return [f"#SBATCH --{key}" + ("" if value is None else f"={value}") for key, value in asked.items()]


def _steps(script: Script, folder: Path) -> str:
    program = shlex.join(script.command)
    if script.port is not None:
        python, file = quoted(sys.executable), quoted(address_file(folder))
        return SHARED.format(python=python, port=script.port, file=file, program=program)
    if script.beside is None:
        return ALONE.format(program=program)
    serve = SERVE.format(serve=shlex.join(script.beside))
    wait = WAIT.format(tries=READY * 10, seconds=READY)
    log = quoted(folder / "launch" / "server")
    return BESIDE.format(log=log, serve=quoted(serve), wait=quoted(wait), program=program)


def quoted(value: object) -> str:
    """As one word of a shell's."""
    return shlex.quote(str(value))
