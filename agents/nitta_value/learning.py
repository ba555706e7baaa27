"""Training a guide: rounds of lessons from many programs, each guided by what was learned in the rounds before.

The run folder holds ``config.yaml``, ``lessons/<round>/<program>.npz``, ``guides/<round>/``, ``metrics.jsonl``, and in
the end ``guide.onnx`` and ``guide.json``, those of the round that did best on validation. Whatever is there already
is not made again, so that a training that was killed goes on when it is called again with the same settings.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import gymcc
from gymcc.agents.config import ConfigError
from gymcc.agents.nitta_value.fitting import export, fit
from gymcc.agents.nitta_value.guide import CARD, NETWORK, Guide, GuideCard
from gymcc.agents.nitta_value.lessons import Effort, Lessons, gather
from gymcc.agents.nitta_value.observe import COLUMNS
from gymcc.agents.nitta_value.settings import GuideSettings, Programs, dump, load
from gymcc.agents.nitta_value.trial import Trial, compared, summary
from gymcc.envs.nitta.dataset import GENERATED, PROGRAMS, shipped
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.tree import open_tree

Progress = Callable[[dict[str, Any]], None]


def learn(settings: GuideSettings, run: Path, progress: Progress = lambda row: None) -> Path:
    """Train in ``run``, a new folder or one that was begun with the same settings; returns it."""
    _begin(run, settings)
    programs, validation = pick(settings.programs), pick(settings.validation.programs)
    guide: Path | None = None
    results: list[tuple[float, Path]] = []
    for number, effort in enumerate(settings.rounds):
        lessons = run / "lessons" / f"{number:02}"
        lessons.mkdir(parents=True, exist_ok=True)
        task = partial(_lesson, lessons, guide, Effort(**effort.model_dump()), settings.seed)
        for done, (program, best) in enumerate(_each(task, programs, settings.processes), 1):
            progress({"round": number, "program": program, "done": done, "of": len(programs), "best": best})
        guide = run / "guides" / f"{number:02}"
        if not (guide / CARD).exists():
            members = settings.fitting.members if number + 1 == len(settings.rounds) else 1
            row = _fitted(settings, run, lessons, guide, members, programs, validation)
            _log(run, {"round": number, **row})
            progress({"round": number, **row})
        results.append((_score(guide), guide))
    best_guide = min(reversed(results), key=lambda result: result[0])[1]  # of equals the last
    for name in (NETWORK, CARD):
        shutil.copy(best_guide / name, run / name)
    return run


def pick(programs: Programs) -> list[str]:
    """The ids of programs; raises :class:`ConfigError` for a size that the generator does not know."""
    found = list(shipped()[PROGRAMS].split(programs.split)) if programs.shipped else []
    known = shipped()[GENERATED].split(programs.split)
    for size, count in programs.generated.items():
        of_size = [each for each in known if each.startswith(f"gen/{size}/")]
        if not of_size:
            raise ConfigError(f"programs.generated: no programs of size {size!r} in {GENERATED}")
        found += Random(f"{programs.seed} {size}").sample(of_size, min(count, len(of_size)))
    if not found:
        raise ConfigError("programs: none are chosen; allow the shipped ones, or give numbers by size in `generated`")
    return found


def _begin(run: Path, settings: GuideSettings) -> None:
    config = run / "config.yaml"
    if not config.exists():
        if run.exists() and any(run.iterdir()):
            raise ConfigError(f"{run}: exists already and is no training of a guide")
        run.mkdir(parents=True, exist_ok=True)
        config.write_text(dump(settings))
    if load(config) != settings:
        raise ConfigError(f"{run}: was begun with other settings; go on with its config.yaml or take another folder")


def _each(task: Callable[[str], Any], programs: list[str], processes: int) -> Iterator[Any]:
    """The task's results for all programs, in order."""
    if processes == 1:
        yield from map(task, programs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(task, programs)


def _lesson(folder: Path, guide: Path | None, effort: Effort, seed: int, program: str) -> tuple[str, float | None]:
    """Gather a program's lessons unless they are there, on top of those of the round before.

    Gives the best duration seen, None if nothing was done.
    """
    path = folder / f"{program.replace('/', '-')}.npz"
    if path.exists():
        return program, None
    root = open_tree(Library().program(program))
    lessons, best = gather(root, Guide.load(guide) if guide else None, effort, f"{seed} {folder.name} {program}")
    before = folder.with_name(f"{int(folder.name) - 1:02}") / path.name
    (Lessons.load(before).merged(lessons) if before.exists() else lessons).save(path)
    return program, best


def _fitted(
    settings: GuideSettings,
    run: Path,
    folder: Path,
    guide: Path,
    members: int,
    programs: list[str],
    validation: list[str],
) -> dict[str, Any]:
    """Fit networks to all lessons so far, validate them and write them; figures for a row of metrics.

    A program of which no schedule is known teaches nothing: everything in it would be hopeless.
    """
    parts = [part for part in map(Lessons.load, sorted(folder.glob("*.npz"))) if not part.hopeless.all()]
    if not parts:
        raise ConfigError(f"no schedule of any of the {len(programs)} programs was found: more descents may help")
    lessons = Lessons.joined(parts)
    fits = [fit(lessons, settings.fitting, settings.seed + member) for member in range(members)]
    nets, losses = [net for net, _ in fits], fits[0][1]
    card = GuideCard(
        columns=list(COLUMNS),
        risk=settings.risk,
        settings=settings.model_dump(mode="json"),
        programs={"count": len(programs), "checksum": checksum(programs)},
        gymcc=gymcc.__version__,
    )
    partial_guide = guide.with_name(f".{guide.name}")
    export(nets, card, partial_guide)
    found = summary(_trials(run, validation, Guide.load(partial_guide)))
    export(nets, GuideCard(**{**asdict(card), "validation": found}), partial_guide)
    shutil.rmtree(guide, ignore_errors=True)
    partial_guide.rename(guide)
    return {"solved": len(parts), "lessons": len(lessons.growth), **losses, **found}


def _trials(run: Path, validation: list[str], guide: Guide) -> list[Trial]:
    """The guided search against stateOfTheArt on validation programs; what that found is kept in the run folder."""
    path = run / "state_of_the_art.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    trials = [compared(program, guide, known.get(program)) for program in validation]
    path.write_text(json.dumps({trial.program: trial.reference() for trial in trials}) + "\n")
    return trials


def _score(guide: Path) -> float:
    """Less is better: the mean of log ratios to stateOfTheArt's durations, failures as if ten times as long."""
    return float(GuideCard.read(guide / CARD).validation["score"])


def _log(run: Path, row: Mapping[str, Any]) -> None:
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def checksum(programs: list[str]) -> str:
    """Of ids in order, to tell whether two guides saw the same programs."""
    return hashlib.blake2b("\n".join(programs).encode(), digest_size=8).hexdigest()
