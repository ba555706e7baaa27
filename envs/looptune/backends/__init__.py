"""Cost back ends of LoopTune, behind one interface: `native` machine code and the analytic `model`.

Both read a nest through :func:`gymcc.envs.looptune.backends.walk.walk`. They are imported when made, so that a
machine without AVX2 never touches the code generator.
"""

from __future__ import annotations

import logging
from typing import Protocol

from gymcc.envs.looptune.backends.walk import Target
from gymcc.envs.looptune.state import Contraction, Nest

log = logging.getLogger(__name__)


class Backend(Protocol):
    """Prices loop nests."""

    name: str
    deterministic: bool
    target: Target

    def seconds(self, nest: Nest) -> float:
        """Time of one execution; raises :class:`gymcc.envs.core.problem.BackendError`."""

    def careful(self) -> Backend:
        """The same back end taking its time, for prices that decide a comparison."""

    def peak_flops(self) -> float:
        """Floating-point operations per second that no nest exceeds."""

    def check(self, nest: Nest, seed: int) -> None:
        """Compare what the nest computes with numpy; raises :class:`gymcc.envs.core.problem.BackendError`."""

    def reference(self, name: str, contraction: Contraction) -> float:
        """Seconds of an outside tool; raises ValueError naming the known ones."""

    def versions(self) -> dict[str, str]:
        """What a record must say for these seconds to be comparable."""


def make(name: str, isa: str = "", patience: float = 1e-3) -> Backend:
    """The back end of that name: ``native`` or ``model``.

    Without ``isa``, native falls back to model, saying so, on a CPU without AVX2. ``isa`` picks the target (``avx512``
    or ``avx2``); empty: the best one here for native, avx512 for model. ``patience``: seconds that a measurement may
    wait for a quiet moment of the core.
    """
    if name == "model":
        from gymcc.envs.looptune.backends.modelled import Modelled

        return Modelled(isa or "avx512")
    if name != "native":
        raise ValueError(f"unknown backend {name!r}; allowed: native, model")
    from gymcc.envs.looptune.backends.measured import Measured
    from gymcc.envs.looptune.backends.native import UnsupportedCPU

    try:
        return Measured(isa, patience)
    except UnsupportedCPU as error:
        if isa:
            raise
        log.warning("%s; using the analytic model instead", error)
        return make("model", isa)
