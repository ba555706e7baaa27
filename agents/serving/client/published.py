"""Published models: policies under ``NAME:VERSION``, each with a card, and a name that stands for one version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gymcc.agents.serving.client.errors import ProtocolError, UnknownKey
from gymcc.agents.serving.client.session import Session, named

CARD = "gymcc.model."  # what the key of a model's card begins with; the model's own key follows
FIELD = "card"


@dataclass(frozen=True, slots=True)
class Published:
    """A model on the server."""

    key: str
    backend: str
    device: str
    size: int  # bytes
    digest: str  # of the contents
    aliases: tuple[str, ...]  # names that stand for it


class PublishedMethods(Session):
    """A client's methods for published models; beyond SmartRedis."""

    def get_models(self) -> list[Published]:
        """All models of the server, by key."""
        return [_published(row) for row in self._expect(list, "GYMCC.MODELS")]

    def set_alias(self, name: str, target: str) -> None:
        """From now on ``name`` stands for the model ``target``; raises :class:`.errors.ReplyError` if there is none."""
        self._call("GYMCC.ALIAS", named(name), named(target))

    def get_card(self, name: str) -> str:
        """The side-car of a published policy, JSON; raises :class:`.errors.UnknownKey`."""
        with self._operation():
            targets = {alias: model.key for model in self.get_models() for alias in model.aliases}
            card = self._call("HGET", CARD + targets.get(named(name), name), FIELD)
        if not isinstance(card, bytes):
            raise UnknownKey(f"HGET {CARD}{name}", f"no policy is published as {name!r}")
        return card.decode()

    def set_card(self, key: str, card: str) -> None:
        """Give the model ``key`` its side-car, JSON."""
        self._call("HSET", CARD + named(key), FIELD, card)


def _published(row: Any) -> Published:
    try:
        *texts, size, digest, aliases = row
        key, backend, device = (text.decode(errors="backslashreplace") for text in texts)
        return Published(key, backend, device, int(size), digest.decode(), tuple(alias.decode() for alias in aliases))
    except (TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"GYMCC.MODELS: the answer {row!r:.60} is no model") from error
