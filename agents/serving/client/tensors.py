"""Tensors: put, get, look for, copy, rename, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gymcc.agents.serving.client.connection import Command
from gymcc.agents.serving.client.errors import ProtocolError
from gymcc.agents.serving.client.session import Session, named
from gymcc.agents.serving.protocol import names
from gymcc.agents.serving.protocol.tensors import dtype_name, from_blob, to_blob


class TensorMethods(Session):
    """A client's methods for tensors, and for any key."""

    def put_tensor(self, name: str, data: ArrayLike) -> None:
        """Store an array of any memory order and byte order; raises ValueError for types that cannot be sent."""
        self._call(*tensor_set(self._written_tensor(name), np.asarray(data)))

    def get_tensor(self, name: str) -> NDArray[Any]:
        """A copy of the tensor, row-major; raises :class:`.errors.UnknownKey`."""
        command = tensor_get(self._read_tensor(name))
        return parse_tensor(self._call(*command))

    def tensor_exists(self, name: str) -> bool:
        """Whether there is a tensor, or anything else, under that name."""
        return self.key_exists(self._read_tensor(name))

    def poll_tensor(self, name: str, poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether the tensor was there in one of several looks."""
        return self.poll_key(self._read_tensor(name), poll_frequency_ms, num_tries)

    def key_exists(self, key: str | bytes) -> bool:
        """Whether there is anything under the very key ``key``, whatever the prefixes."""
        return self._expect(int, "EXISTS", key) > 0

    def poll_key(self, key: str | bytes, poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether there was anything under the very key ``key`` in one of several looks."""
        return self._poll(lambda: self.key_exists(key), poll_frequency_ms, num_tries)

    def delete_tensor(self, name: str) -> None:
        """Delete what one would read under that name, if there is anything."""
        self._call("DEL", self._read_tensor(name))

    def copy_tensor(self, src_name: str, dest_name: str) -> None:
        """Store what one reads under ``src_name`` under ``dest_name`` too; raises :class:`.errors.UnknownKey`."""
        with self._operation():
            copy = parse_tensor(self._call(*tensor_get(self._read_tensor(src_name))))
            self._call(*tensor_set(self._written_tensor(dest_name), copy))

    def rename_tensor(self, old_name: str, new_name: str) -> None:
        """Move what one reads under ``old_name``; raises :class:`.errors.UnknownKey`."""
        self._call("RENAME", self._read_tensor(old_name), self._written_tensor(new_name))

    def _written_tensor(self, name: str) -> str:
        return names.prefixed(self._written("tensor"), named(name))

    def _read_tensor(self, name: str) -> str:
        return names.prefixed(self._read("tensor"), named(name))


def tensor_set(key: str | bytes, array: NDArray[Any]) -> Command:
    """The command that stores ``array``."""
    return ("AI.TENSORSET", key, dtype_name(array), *array.shape, "BLOB", to_blob(array))


def tensor_get(key: str | bytes) -> Command:
    """The command whose reply :func:`parse_tensor` reads."""
    return ("AI.TENSORGET", key, "META", "BLOB")


def parse_tensor(reply: Any) -> NDArray[Any]:
    """A tensor from ``[_, type, _, shape, _, blob]``, of which only the places count; raises ProtocolError."""
    if not (isinstance(reply, Sequence) and len(reply) == 6 and isinstance(reply[1], bytes)):
        raise ProtocolError(f"the answer {reply!r:.60} is no tensor")
    try:
        return from_blob(reply[1].decode(), reply[3], reply[5]).copy()
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"the answer is no tensor: {error}") from error
