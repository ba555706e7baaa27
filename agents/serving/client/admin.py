"""The server itself: what it says of itself and of a model, its configuration, saving and emptying it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gymcc.agents.serving.client.scripts import ScriptMethods
from gymcc.agents.serving.client.session import listed


class AdminMethods(ScriptMethods):
    """A client's methods for the server. ``address`` and ``addresses`` must name the server it is connected with."""

    def get_db_node_info(self, addresses: Sequence[str]) -> list[dict[str, dict[str, str]]]:
        """For each address the server's own account, by section and key."""
        return [_sections(self._text_at(address, "INFO", "EVERYTHING")) for address in listed(addresses)]

    def get_db_cluster_info(self, addresses: Sequence[str]) -> list[dict[str, str]]:
        """For each address the state of the cluster; raises ValueError unless the client is for a cluster."""
        if not self._settings.clustered:
            raise ValueError("get_db_cluster_info is for clients with cluster=True")
        return [_lines(self._text_at(address, "CLUSTER", "INFO")) for address in listed(addresses)]

    def get_ai_info(self, address: Sequence[str], key: str, reset_stat: bool = False) -> list[dict[str, str]]:
        """For each address how often and how long a model ran; ``reset_stat`` begins to count anew."""
        command = ["AI.INFO", self._model_key(self._read("model"), key), *(["RESETSTAT"] if reset_stat else [])]
        infos = []
        for item in listed(address):
            self._check_address(item)
            reply = self._call(*command)
            pairs = [_text(part) for part in reply] if isinstance(reply, list) else []
            infos.append(dict(zip(pairs[::2], pairs[1::2], strict=True)))
        return infos

    def config_get(self, expression: str, address: str) -> dict[str, str]:
        """The parameters of the server whose names fit ``expression``."""
        self._check_address(address)
        flat = [_text(part) for part in self._expect(list, "CONFIG", "GET", expression)]
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def config_set(self, config_param: str, value: str, address: str) -> None:
        """Set a parameter of the server."""
        self._check_address(address)
        self._call("CONFIG", "SET", config_param, value)

    def save(self, addresses: Sequence[str]) -> None:
        """Have the server write all it holds to its disk before it answers."""
        for address in listed(addresses):
            self._check_address(address)
            self._call("SAVE")

    def flush_db(self, addresses: Sequence[str]) -> None:
        """Delete everything."""
        for address in listed(addresses):
            self._check_address(address)
            self._call("FLUSHDB")

    def _text_at(self, address: str, *command: str) -> str:
        self._check_address(address)
        return self._expect(bytes, *command).decode()

    def _check_address(self, address: str) -> None:
        if address != str(self._connection.address):
            raise ValueError(f"the client is connected with {self._connection.address}, not with {address}")


def _text(part: Any) -> str:
    return part.decode() if isinstance(part, bytes) else str(part)


def _lines(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines() if line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def _sections(text: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    for part in text.split("# ")[1:]:
        name, _, body = part.partition("\n")
        sections[name.strip()] = _lines(body)
    return sections
