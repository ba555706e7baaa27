"""The default observation: the call that is next, what has been decided around it, and the program as a whole."""

from __future__ import annotations

from functools import lru_cache
from math import log1p
from typing import NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.episode import Episode
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.features import NAMES, PROFILE, profile_features, scaled, site_features
from gymcc.envs.ocaml.problem import OcamlInline
from gymcc.envs.ocaml.state import InlineState

LIMIT = 20.0
PROGRAMS = 10_000
CHOICE = ("can_default", "can_inline", "can_never", "default_is_inline")
CONTEXT = (
    "decided_share", "inlined", "refused", "predicted_growth", "depth", "left",
    "parent_default", "parent_inline", "parent_never",
    "siblings_decided", "siblings_inlined", "callee_decided", "callee_inlined", "inside_decided", "inside_inlined",
    "around_decided", "around_inlined",
)  # fmt: skip
WHOLE = (
    "whole_sites", "whole_choices", "whole_functions", "whole_size", "whole_recursive", "whole_unknown",
    "whole_partial", "whole_loops", "whole_branches", "whole_allocations", "whole_closures", "whole_nesting",
)  # fmt: skip


class Fixed(NamedTuple):
    """What of a program no decision changes."""

    features: NDArray[np.float32]  # (sites, names of features)
    profile: NDArray[np.float32]
    whole: tuple[float, ...]
    sizes: NDArray[np.float64]  # of what each site calls, in expressions
    size: float  # of the program
    callers: tuple[int, ...]  # innermost definition around each site, -1 at the top
    callees: tuple[int, ...]  # what each calls, -1 unknown


class NextCall:
    """float32 vector in [-20, 20]; ``names`` says what each number is.

    First the features of the call (:mod:`gymcc.envs.ocaml.features`, counts as log(1 + x)) and its profile; which
    actions are legal, and whether the compiler would inline unasked. Then the context: share of decisions taken, calls
    inlined and refused, the growth in expressions that those inlined predict (as log(1 + x) of its ratio to the
    program), length of the path, decisions left, the decision on the call around in tree mode (none is all zeros);
    decisions taken and inlined among the calls of the same caller (siblings), calls of the same callee, calls in the
    callee's body (inside) and calls of the caller (around). Last the program: numbers of calls, choices, functions,
    expressions and so on. At the end of an episode, what concerns a call is 0.
    """

    def __init__(self, problem: OcamlInline, profile: bool = True) -> None:
        self.problem, self.profile = problem, profile
        profiled = PROFILE if profile else ()
        self.names = (*NAMES, *profiled, *CHOICE, *CONTEXT, *WHOLE)
        self.space = gym.spaces.Box(-LIMIT, LIMIT, (len(self.names),), np.float32)
        self._fixed = lru_cache(PROGRAMS)(self._of_program)

    def __getstate__(self) -> dict[str, object]:
        return {"problem": self.problem, "profile": self.profile}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __call__(self, episode: Episode[InlineState]) -> NDArray[np.float32]:
        state = episode.state
        fixed = self._fixed(state.program)
        if state.path is None:
            known = np.zeros(len(NAMES) + (len(PROFILE) if self.profile else 0) + len(CHOICE), np.float32)
        else:
            known = self._of_call(state, fixed, state.path[-1])
        found = np.concatenate([known, _context(state, fixed), fixed.whole]).astype(np.float32)
        return np.clip(found, -LIMIT, LIMIT, out=found)

    def _of_call(self, state: InlineState, fixed: Fixed, site: int) -> NDArray[np.float32]:
        allowed = self.problem.allowed(state)
        default = self.problem.backend(state.program).default(site)
        choice = [*(action in allowed for action in Action), default is Action.INLINE]
        profile = fixed.profile[site] if self.profile else ()
        return np.concatenate([fixed.features[site], profile, choice]).astype(np.float32)

    def _of_program(self, instance: str) -> Fixed:
        backend = self.problem.backend(instance)
        sites, definitions = backend.sites, backend.definitions
        choices = len(self.problem.initial(instance).agenda)
        totals = [
            sum(getattr(definition, name) for definition in definitions if not definition.inside)
            for name in ("size", "loops", "branches", "allocations", "closures")
        ]
        kinds = [sum(site.kind == kind for site in sites) for kind in ("unknown", "partial")]
        recursive = sum(definition.recursive for definition in definitions)
        nesting = max((site.nesting for site in sites), default=0)
        size, *rest = totals
        whole = (len(sites), choices, len(definitions), size, recursive, *kinds, *rest, nesting)
        return Fixed(
            scaled(site_features(sites, definitions)),
            profile_features(self.problem.compilers.profile(instance), len(sites)),
            tuple(log1p(each) for each in whole),
            np.array([0 if site.callee is None else definitions[site.callee].size for site in sites], np.float64),
            float(max(1, size)),
            tuple(site.inside[-1] if site.inside else -1 for site in sites),
            tuple(-1 if site.callee is None else site.callee for site in sites),
        )


def _context(state: InlineState, fixed: Fixed) -> NDArray[np.float32]:
    inlined = [path[-1] for path, action in state.decisions if action is Action.INLINE]
    refused = sum(action is Action.NEVER for _, action in state.decisions)
    decided, left = len(state.decisions), len(state.agenda)
    growth = float(fixed.sizes[inlined].sum()) / fixed.size
    path = state.path or ()
    first = (decided / max(1, decided + left), log1p(len(inlined)), log1p(refused), log1p(growth))
    return np.array([*first, len(path), log1p(left), *_parent(state), *_near(state, fixed)], np.float32)


def _parent(state: InlineState) -> list[float]:
    """The decision on the call whose copied body the next one stands in, one-hot."""
    decided = dict(state.decisions).get(state.path[:-1]) if state.path else None
    return [float(decided is action) for action in Action]


def _near(state: InlineState, fixed: Fixed) -> list[float]:
    """Decisions on calls that have to do with the next one, as log(1 + x): taken and inlined, of four kinds."""
    if state.path is None:
        return [0.0] * 8
    caller, callee = fixed.callers[state.path[-1]], fixed.callees[state.path[-1]]
    counts = [0] * 8
    for path, action in state.decisions:
        its_caller, its_callee = fixed.callers[path[-1]], fixed.callees[path[-1]]
        related = (
            its_caller == caller,
            its_callee == callee >= 0,
            its_caller == callee >= 0,
            its_callee == caller >= 0,
        )
        for at, holds in enumerate(related):
            counts[2 * at] += holds
            counts[2 * at + 1] += holds and action is Action.INLINE
    return [log1p(count) for count in counts]
