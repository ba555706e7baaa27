"""What the source says about a call: the features of "Inlining ML with ML" that need no patched compiler."""

from __future__ import annotations

from gymcc.envs.ocaml.backends.compiler.listing import Definition, Kind, Listing, Site

_OF_CALLEE = (
    "size",
    "arity",
    "calls",
    "primitives",
    "loops",
    "closures",
    "allocations",
    "branches",
    "tries",
    "recursive",
    "uses",
    "escapes",
    "top",
    "depth",
    "only_use",
)
_OF_SITE = (
    "arguments",
    "constant_arguments",
    "function_arguments",
    "variable_arguments",
    "allocating_arguments",
    "loop_depth",
    "branch_depth",
    "nesting",
    "try_depth",
)
_OF_CALLER = ("size", "calls", "recursive", "uses")
FEATURES = (
    *(f"callee_{name}" for name in _OF_CALLEE),
    *_OF_SITE,
    *(f"is_{kind}" for kind in Kind),
    *(f"caller_{name}" for name in _OF_CALLER),
)


def features(listing: Listing, site: int) -> tuple[float, ...]:
    """One number for each of :data:`FEATURES`: counts, depths, and 0 or 1.

    All of the callee is 0 if the source does not say which function is called, all of the caller at the top level of
    a file. The caller is the innermost function with a name around the call.
    """
    call = listing.sites[site]
    caller = listing.definitions[call.inside[-1]] if call.inside else None
    return (
        *_of_definition(_OF_CALLEE, listing.callee(site)),
        *(float(getattr(call, name)) for name in _OF_SITE),
        *_of_kind(call),
        *_of_definition(_OF_CALLER, caller),
    )


def _of_definition(names: tuple[str, ...], definition: Definition | None) -> tuple[float, ...]:
    if definition is None:
        return (0.0,) * len(names)
    derived = {"depth": len(definition.inside), "only_use": definition.uses == 1}
    return tuple(float(derived[name] if name in derived else getattr(definition, name)) for name in names)


def _of_kind(call: Site) -> tuple[float, ...]:
    return tuple(float(call.kind is kind) for kind in Kind)
