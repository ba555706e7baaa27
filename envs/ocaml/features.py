"""What the source says of each call: the same names and meaning for the simulator and the real compilers.

They are those that the source tells without compiling anything: of the called function, the call and the function
around it, counts of expressions as in :class:`gymcc.envs.ocaml.source.Definition`. What is not known is 0: of a callee
that the source does not name, of the caller at the top level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gymcc.envs.ocaml.backend import Definition, Site

_OF_CALLEE = (
    "size", "arity", "calls", "primitives", "loops", "closures", "allocations", "branches", "tries", "recursive",
    "uses", "escapes", "top", "depth", "only_use",
)  # fmt: skip
_OF_CALL = (
    "arguments", "constant_arguments", "function_arguments", "variable_arguments", "allocating_arguments",
    "loop_depth", "branch_depth", "nesting", "try_depth",
)  # fmt: skip
_KINDS = ("external", "unknown", "partial", "self", "over", "direct")
_OF_CALLER = ("size", "calls", "recursive", "uses")
NAMES = (
    *(f"callee_{name}" for name in _OF_CALLEE),
    *_OF_CALL,
    *(f"is_{kind}" for kind in _KINDS),
    *(f"caller_{name}" for name in _OF_CALLER),
)
PROFILE = ("profile_known", "profile_calls", "profile_share")
_FLAGS = ("callee_recursive", "callee_escapes", "callee_top", "callee_only_use", "caller_recursive")
IS_COUNT = np.array([name not in _FLAGS and not name.startswith("is_") for name in NAMES])  # shown as log(1 + x)


def site_features(sites: Sequence[Site], definitions: Sequence[Definition]) -> NDArray[np.float64]:
    """Raw features ``(sites, len(NAMES))``: counts and flags."""
    rows = [features_of(site, definitions) for site in sites]
    return np.array(rows, np.float64).reshape(len(rows), len(NAMES))


def scaled(features: NDArray[np.float64]) -> NDArray[np.float32]:
    """Counts as log(1 + x), flags as they are."""
    return np.where(IS_COUNT, np.log1p(features), features).astype(np.float32)


def profile_features(counts: Sequence[int] | None, sites: int) -> NDArray[np.float32]:
    """How often each call is made in a run, ``(sites, len(PROFILE))``: whether known, log(1 + calls), share of all."""
    found = np.zeros((sites, len(PROFILE)), np.float32)
    if counts is not None:
        found[:, 0] = 1
        found[:, 1] = np.log1p(counts)
        found[:, 2] = np.array(counts) / max(1, sum(counts))
    return found


def features_of(site: Site, definitions: Sequence[Definition]) -> tuple[float, ...]:
    """The raw features of one call, in the order of :data:`NAMES`."""
    callee = None if site.callee is None else definitions[site.callee]
    caller = definitions[site.inside[-1]] if site.inside else None
    return (
        *_of_definition(_OF_CALLEE, callee),
        *(float(getattr(site, name)) for name in _OF_CALL),
        *(float(site.kind == kind) for kind in _KINDS),
        *_of_definition(_OF_CALLER, caller),
    )


def _of_definition(names: Sequence[str], of: Definition | None) -> tuple[float, ...]:
    if of is None:
        return (0.0,) * len(names)
    derived = {"depth": len(of.inside), "only_use": of.uses == 1}
    return tuple(float(derived[name] if name in derived else getattr(of, name)) for name in names)
