"""The table of laws, and trying them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from time import perf_counter
from typing import Any

from gymcc.envs.testing.batches import batched_is_looped
from gymcc.envs.testing.conventions import gymnasium_conventions
from gymcc.envs.testing.costs import costs_respect_bounds, embedded_ranks_like_live
from gymcc.envs.testing.forks import forks_are_independent
from gymcc.envs.testing.masks import mask_and_apply_agree, no_dead_ends
from gymcc.envs.testing.processes import seeds_decide
from gymcc.envs.testing.purity import apply_is_pure, text_reads_back
from gymcc.envs.testing.records import records_replay
from gymcc.envs.testing.report import Broken, LawBroken, Report, Result, Skipped
from gymcc.envs.testing.rewards import rewards_telescope
from gymcc.envs.testing.semantics import semantics_are_kept
from gymcc.envs.testing.spaces import observations_stay_in_their_space
from gymcc.envs.testing.subject import Live, Subject
from gymcc.envs.testing.walks import located

LAWS: dict[int, tuple[str, Callable[[Subject], None]]] = {
    1: ("observations stay in their space", observations_stay_in_their_space),
    2: ("mask and apply agree", mask_and_apply_agree),
    3: ("apply is pure", apply_is_pure),
    4: ("forks are independent", forks_are_independent),
    5: ("records replay", records_replay),
    6: ("rewards telescope", rewards_telescope),
    7: ("no dead ends", no_dead_ends),
    8: ("text reads back", text_reads_back),
    9: ("costs respect bounds", costs_respect_bounds),
    10: ("batched is looped", batched_is_looped),
    11: ("embedded ranks like live", embedded_ranks_like_live),
    12: ("seeds decide", seeds_decide),
    13: ("semantics are kept", semantics_are_kept),
    14: ("Gymnasium's conventions", gymnasium_conventions),  # not one of DESIGN's thirteen
}

# The problem's laws come first: over a broken problem an environment breaks others too.
ORDER = (2, 7, 3, 8, 9, 13, 1, 6, 4, 5, 10, 11, 12, 14)


def check(
    env_id: str,
    *,
    instances: Sequence[str] = (),
    max_examples: int = 20,
    laws: Collection[int] = tuple(LAWS),
    live: Live | None = None,
    **make_kwargs: Any,
) -> Report:
    """Hold ``gymnasium.make(env_id, **make_kwargs)`` to the laws; raises :class:`LawBroken` at the first one broken.

    ``env_id`` may be ``"module:id"``; law 12 makes the environment in new processes, which import that module.
    ``instances``: where walks start; without them the first, middle and last that the environment draws from. Small
    ones keep a check short. ``max_examples``: walks per law. ``live``: the measured counterpart that law 11 asks.
    """
    drawn = Subject(env_id, make_kwargs, (), 0).bare().instances
    chosen = tuple(instances) or tuple(dict.fromkeys((drawn[0], drawn[len(drawn) // 2], drawn[-1])))
    subject = Subject(env_id, make_kwargs, chosen, max_examples, live)
    results = [_try(subject, number) for number in ORDER if number in laws]
    return Report(env_id, tuple(sorted(results, key=lambda result: result.number)))


def _try(subject: Subject, number: int) -> Result:
    name, law = LAWS[number]
    start, skipped = perf_counter(), ""
    try:
        located(lambda: law(subject), lambda: "")
    except Skipped as reason:
        skipped = str(reason)
    except Broken as fault:
        raise LawBroken(subject.env_id, number, name, fault) from fault
    return Result(number, name, skipped, perf_counter() - start)
