"""What is known of the shipped programs: where stateOfTheArt ends, the shortest schedule found, and proofs.

``python -m gymcc.benchmarks.nitta_labels [--seconds S]`` writes ``envs/nitta/data/labels.json``; what it knows there
already is kept and only improves.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from time import monotonic

import typer
from rich.progress import track

from gymcc.envs.nitta.dataset import PROGRAMS, shipped
from gymcc.envs.nitta.library import LABELS, Label, Library, shipped_labels
from gymcc.envs.nitta.methods import Limit, synthesise
from gymcc.envs.nitta.optimum import TooLarge, shortest
from gymcc.envs.nitta.tree import Node, Root, open_tree

STATES = 400_000  # looked at for a proof
PROVABLE = 11  # functions of a program that a proof is tried of


def main(
    seconds: float = typer.Option(30.0, help="Sampling for each program not proven yet."),
    seed: int = typer.Option(0, help="Another finds other schedules."),
) -> None:
    """Improve the labels of all shipped programs."""
    known = dict(shipped_labels())
    for instance in track(list(shipped()[PROGRAMS]), "labels"):
        root = open_tree(Library().program(instance))
        known[instance] = improved(root, known.get(instance), seconds, seed)
        write(known)


def improved(root: Root, label: Label | None, seconds: float, seed: int) -> Label:
    """The label after another look for schedules, and for a proof where the program is small enough."""
    if label is None:
        label = Label(synthesise(_fresh(root), "stateOfTheArt").node.sid)
    if label.proven:
        return label
    label = _better(root, label, root.at(label.sota))
    if len(root.program.functions) <= PROVABLE:
        try:
            best = shortest(root, STATES)
            return replace(label, best=best.sid if best else None, proven=True)
        except TooLarge:
            pass
    until = monotonic() + seconds
    for method in ("mixedDescents", "refactorFirst", "noisyGreedy"):
        left = max(until - monotonic(), seconds / 3)
        label = _better(root, label, synthesise(_fresh(root), method, Limit(seconds=left), seed=seed).node)
    return label


def _fresh(root: Root) -> Node:
    """The tree without what has been looked at: searches keep all of it."""
    return open_tree(root.program, root.microarchitecture, root.group_binds)


def _better(root: Root, label: Label, found: Node) -> Label:
    if not found.is_complete or (label.best is not None and root.at(label.best).duration <= found.duration):
        return label
    return replace(label, best=found.sid)


def write(known: dict[str, Label]) -> None:
    """Write the labels in one go."""
    temporary = LABELS.with_suffix(".part")
    lines = (f"{json.dumps(instance)}: {json.dumps(asdict(label))}" for instance, label in sorted(known.items()))
    temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    os.replace(temporary, LABELS)


if __name__ == "__main__":
    typer.run(main)
