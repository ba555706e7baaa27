"""Methods by instance id, and the best sets of candidates known of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from gymcc.envs.core.problem import UnknownInstance
from gymcc.envs.jitcse.analysis import Choice
from gymcc.envs.jitcse.generator import generate
from gymcc.envs.jitcse.ir import Method
from gymcc.envs.jitcse.shipped import labels, methods

_GENERATED = re.compile(r"gen/(0|[1-9][0-9]{0,17})")
_SHIPPED = re.compile(r"py/[A-Za-z0-9_.#/-]{1,200}")
KEPT = 20_000  # generated methods


class Library:
    """``gen/<seed>``: generated methods without end; ``py/<function>``: the frozen set; others: ``own``."""

    def __init__(self, own: Mapping[str, Method] | None = None) -> None:
        self.own = dict(own or {})

    def method(self, instance: str) -> Method:
        """The method of an id; raises :class:`UnknownInstance`."""
        if instance in self.own:
            return self.own[instance]
        if match := _GENERATED.fullmatch(instance):
            return _generated(int(match[1]))
        found = methods().get(instance) if _SHIPPED.fullmatch(instance) else None
        if found is None:
            known = "gen/<seed>, py/<function> of jitcse/python-stdlib" + (
                ", or one of the folder's" if self.own else ""
            )
            raise UnknownInstance(f"unknown method {instance!r}; allowed: {known}")
        return found

    def best(self, instance: str) -> tuple[Choice, bool] | None:
        """The best set known for the embedded x64 JIT and whether it is proven best; None if nobody has looked."""
        label = None if instance in self.own else labels().get(instance)
        return (label.best, label.proven) if label else None


@lru_cache(KEPT)
def _generated(seed: int) -> Method:
    return generate(seed)
