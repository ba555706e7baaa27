"""`gymcc models`: what a server has been given to run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gymcc.scripts.output import Json, show
from gymcc.scripts.publish import Server

if TYPE_CHECKING:
    from gymcc.agents.serving.client.client import Client
    from gymcc.agents.serving.client.published import Published


def command(server: Server = "127.0.0.1:6780", as_json: Json = False) -> None:
    """List a server's models: those that were published say what they were trained on and how well they did."""
    from gymcc.agents.serving.client.client import Client

    with Client(server) as client:
        rows = [_row(client, model) for model in client.get_models()]
    if not rows and not as_json:
        print(f"no models at {server}")
        return
    show(rows, as_json)


def _row(client: Client, model: Published) -> dict[str, Any]:
    from gymcc.agents.serving.client.errors import UnknownKey

    try:
        card = json.loads(client.get_card(model.key))
    except UnknownKey:
        card = {}
    return {
        "model": model.key,
        "alias": ", ".join(model.aliases) or None,
        "backend": model.backend,
        "device": model.device,
        "bytes": model.size,
        "env": card.get("env"),
        "env_steps": card.get("env_steps"),
        "validation_speedup": card.get("validation", {}).get("speedup"),
        "digest": model.digest[:12],
    }
