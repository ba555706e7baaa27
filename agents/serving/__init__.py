"""Services that give trained models to compilers: the orchestrator's client, and the server it talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gymcc.agents.serving.client.client import Client
    from gymcc.agents.serving.client.dataset import Dataset
    from gymcc.agents.serving.client.decide import served_policy
    from gymcc.agents.serving.client.errors import ServingError

__all__ = ["Client", "Dataset", "ServingError", "served_policy"]
_ROOMS = {"Client": "client", "Dataset": "dataset", "ServingError": "errors", "served_policy": "decide"}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the services beside the client need not what it needs."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.client.{_ROOMS[name]}"), name)
