"""The methods by name, and the one function that runs them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from gymcc.envs.core.choices import choose
from gymcc.envs.nitta.methods import sampling, threads
from gymcc.envs.nitta.methods.best_first import top_down_by_score
from gymcc.envs.nitta.methods.explorer import Explorer, Limit, LimitReached, Point, Scores, SynthesisCrashed
from gymcc.envs.nitta.methods.explorer import default_scores as by_default
from gymcc.envs.nitta.methods.protocol import SynthesisNode, depth, is_success

N = TypeVar("N", bound=SynthesisNode)
Method = Callable[[Explorer[Any], Any], Any]
NAME = re.compile(r"(?P<name>[a-zA-Z]+)(?P<number>\d+(\.\d+)?)?")
MAX_DEEP = 4  # levels of allBestThreads: each multiplies the threads by the number of options


def simple_synthesis(explorer: Explorer[N], node: N) -> N:
    """obviousBindThread, then the best of the threads from every child."""
    return threads.all_best_threads(explorer, threads.obvious_bind_thread(explorer, node), 1)


def smart_bind_synthesis(explorer: Explorer[N], node: N) -> N:
    """Refactor and bind everything first, then the best of the threads from every child."""
    return threads.all_best_threads(explorer, threads.smart_bind_thread(explorer, node), 1)


def state_of_the_art(explorer: Explorer[N], node: N) -> N:
    """The best end of five methods: what NITTA runs unless told otherwise."""
    ends = [
        simple_synthesis(explorer, node),
        smart_bind_synthesis(explorer, node),
        threads.best_thread(explorer, node),
        threads.best_thread(explorer, threads.all_binds_and_refactorings(explorer, node)),
        threads.try_all_group_binds(explorer, threads.obvious_group_binds(explorer, node)),
    ]
    return threads.best_leaf(node, ends)


def no_synthesis(explorer: Explorer[N], node: N) -> N:
    """Stay where we are."""
    return node


METHODS: Mapping[str, Method] = {
    "stateOfTheArt": state_of_the_art,
    "simpleSynthesis": simple_synthesis,
    "smartBindSynthesis": smart_bind_synthesis,
    "bestThread": threads.best_thread,
    "bestStep": threads.best_step,
    "allBestThreads": partial(threads.all_best_threads, deep=1),
    "allBindsAndRefs": threads.all_binds_and_refactorings,
    "obviousBindThread": threads.obvious_bind_thread,
    "obviousGroupBinds": threads.obvious_group_binds,
    "tryAllGroupBinds": threads.try_all_group_binds,
    "topDownByScore": top_down_by_score,
    "noSynthesis": no_synthesis,
    "randomDescents": partial(sampling.repeated, draws=(sampling.uniform,)),
    "weightedDescents": partial(sampling.repeated, draws=(sampling.weighted,)),
    "noisyGreedy": partial(sampling.repeated, draws=(sampling.noisy_greedy,)),
    "refactorFirst": partial(sampling.repeated, draws=(sampling.refactor_first,)),
    "mixedDescents": partial(
        sampling.repeated, draws=(sampling.weighted, sampling.noisy_greedy, sampling.refactor_first)
    ),
}
ENDLESS = frozenset({"randomDescents", "weightedDescents", "noisyGreedy", "refactorFirst", "mixedDescents"})


@dataclass(frozen=True, slots=True)
class Outcome(Generic[N]):
    """Where a method ended, and what it took."""

    method: str
    node: N
    ended: str  # "done", "limit" (evaluations or seconds), or "crash": NITTA itself ends with an error
    evaluations: int  # nodes whose options were listed and scored, each once
    seconds: float  # wall time
    curve: tuple[Point, ...]  # best schedule so far: (evaluations, seconds, duration), shorter and shorter

    @property
    def steps(self) -> int:
        """Decisions from the root."""
        return depth(self.node)

    @property
    def complete(self) -> bool:
        """Whether the node is a complete schedule."""
        return is_success(self.node)

    def row(self) -> dict[str, Any]:
        """For a table, or NITTA's users: keys sid, steps, duration, complete, isTerminal, isFinish and the effort."""
        node = self.node
        return {
            "method": self.method,
            "sid": node.sid,
            "steps": self.steps,
            "duration": node.duration,
            "complete": self.complete,
            "isTerminal": node.is_leaf,
            "isFinish": node.is_complete,
            "ended": self.ended,
            "evaluations": self.evaluations,
            "seconds": self.seconds,
        }


def resolve(text: str) -> Method:
    """The method of a name, with a number where it takes one, or several in a row.

    ``allBestThreads2`` looks 2 levels deep, ``topDownByScore1.2`` has the depth base 1.2, and
    ``allBindsAndRefs+bestThread`` applies the second to the result of the first. Raises ValueError.
    """
    parts = [_resolved(part) for part in text.split("+")]

    def chain(explorer: Explorer[N], node: N) -> N:
        for method in parts:
            node = method(explorer, node)
        return node

    return parts[0] if len(parts) == 1 else chain


def _resolved(text: str) -> Method:
    found = NAME.fullmatch(text)
    name, number = (found["name"], found["number"]) if found else (text, None)
    method: Method = choose(METHODS, name, "synthesis method")
    if number is None:
        return method
    if name == "allBestThreads" and number.isdigit() and int(number) <= MAX_DEEP:
        return partial(threads.all_best_threads, deep=int(number))
    if name == "topDownByScore" and float(number) >= 1:
        return partial(top_down_by_score, base=float(number))
    raise ValueError(f"{text!r}: allBestThreads takes levels, 0 to {MAX_DEEP}, topDownByScore a base of at least 1")


def synthesise(
    root: N, method: str, limit: Limit | None = None, scores: Scores[N] = by_default, seed: int = 0
) -> Outcome[N]:
    """Run a method from ``root``; ``scores`` takes the place of NITTA's own, e.g. a model's.

    Where the limit or a crash ends it, the node is the shortest schedule seen, or ``root`` without any. Raises
    ValueError for an unknown method, or one that draws at random without a limit.
    """
    run = resolve(method)
    limit = limit or Limit()
    if limit == Limit() and ENDLESS & set(method.split("+")):
        raise ValueError(f"{method} goes on until a limit: give evaluations, seconds or both")
    explorer = Explorer(limit, scores, seed)
    ended = "done"
    try:
        node = run(explorer, root)
    except (LimitReached, SynthesisCrashed) as reason:
        ended = "limit" if isinstance(reason, LimitReached) else "crash"
        node = explorer.best or root
    return Outcome(method, node, ended, explorer.evaluations, explorer.seconds, tuple(explorer.curve))
