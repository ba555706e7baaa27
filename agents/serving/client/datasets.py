"""Datasets and lists of them (aggregation lists): put, get, look for, copy, rename, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gymcc.agents.serving.client.connection import Command
from gymcc.agents.serving.client.dataset import Dataset, tensor_names
from gymcc.agents.serving.client.errors import ProtocolError, UnknownKey
from gymcc.agents.serving.client.session import Session, named
from gymcc.agents.serving.client.tensors import parse_tensor, tensor_get, tensor_set
from gymcc.agents.serving.protocol import names
from gymcc.agents.serving.protocol.metadata import COMPLETE, COMPLETE_VALUE
from gymcc.agents.serving.protocol.resp import Part


class DatasetMethods(Session):
    """A client's methods for datasets."""

    def put_dataset(self, dataset: Dataset) -> None:
        """Store a dataset, in one write; raises ValueError if there is nothing in it."""
        self._put(self._written_dataset(dataset.get_name()), dataset)

    def get_dataset(self, name: str) -> Dataset:
        """The dataset with all its tensors; raises :class:`.errors.UnknownKey`."""
        with self._operation():
            return self._get_all([self._read_dataset(name)])[0]

    def dataset_exists(self, name: str) -> bool:
        """Whether the dataset is there, and complete."""
        return self._expect(int, "HEXISTS", names.meta_key(self._read_dataset(name)), COMPLETE) > 0

    def poll_dataset(self, name: str, poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether the dataset was there in one of several looks."""
        return self._poll(lambda: self.dataset_exists(name), poll_frequency_ms, num_tries)

    def delete_dataset(self, name: str) -> None:
        """Delete a dataset with its tensors; raises :class:`.errors.UnknownKey`."""
        with self._operation():
            self._delete(self._read_dataset(name))

    def copy_dataset(self, src_name: str, dest_name: str) -> None:
        """Store what one reads under ``src_name`` under ``dest_name`` too; raises :class:`.errors.UnknownKey`."""
        with self._operation():
            self._put(self._written_dataset(dest_name), self.get_dataset(src_name))

    def rename_dataset(self, old_name: str, new_name: str) -> None:
        """Move what one reads under ``old_name``; raises :class:`.errors.UnknownKey`."""
        with self._operation():
            self.copy_dataset(old_name, new_name)
            if self._read_dataset(old_name) != self._written_dataset(new_name):
                self._delete(self._read_dataset(old_name))

    def _written_dataset(self, name: str) -> str:
        return names.dataset_key(self._written("dataset"), named(name))

    def _read_dataset(self, name: str) -> str:
        return names.dataset_key(self._read("dataset"), named(name))

    def _put(self, key: str, dataset: Dataset) -> None:
        fields, meta = dataset.to_fields(), names.meta_key(key)
        if not fields:
            raise ValueError(f"dataset {dataset.get_name()!r} has neither tensors nor metadata")
        commands: list[Command] = [("DEL", meta), ("HMSET", meta, *_flat(fields))]
        for name in dataset.get_tensor_names():
            commands.append(tensor_set(names.tensor_key(key, name), dataset.get_tensor(name)))
        self._pipeline([*commands, ("HSET", meta, COMPLETE, COMPLETE_VALUE)])

    def _delete(self, key: str) -> None:
        meta = names.meta_key(key)
        (fields,) = self._fields([key])
        self._call("DEL", meta, *(names.tensor_key(key, name) for name in tensor_names(fields)))

    def _get_all(self, keys: Sequence[str]) -> list[Dataset]:
        """The datasets at several keys, in two exchanges."""
        found = self._fields(keys)
        wanted = [(key, name) for key, fields in zip(keys, found, strict=True) for name in tensor_names(fields)]
        replies = self._pipeline([tensor_get(names.tensor_key(key, name)) for key, name in wanted])
        tensors = map(parse_tensor, replies)
        return [
            Dataset.from_fields(names.dataset_name(key), fields, [next(tensors) for _ in tensor_names(fields)])
            for key, fields in zip(keys, found, strict=True)
        ]

    def _fields(self, keys: Sequence[str]) -> list[dict[str, bytes]]:
        replies = self._pipeline([("HGETALL", names.meta_key(key)) for key in keys])
        found = [_pairs(reply) for reply in replies]
        for key, fields in zip(keys, found, strict=True):
            if COMPLETE not in fields:
                state = "is being written" if fields else "does not exist"
                raise UnknownKey(f"HGETALL {names.meta_key(key)}", f"dataset {names.dataset_name(key)!r} {state}")
        return found


class ListMethods(DatasetMethods):
    """A client's methods for lists of datasets, which grow at their end."""

    def append_to_list(self, list_name: str, dataset: Dataset) -> None:
        """Append a dataset, which is to be put by itself.

        The one method that is not repeated when the connection breaks: :class:`.errors.OutcomeUnknown`.
        """
        self._call("RPUSH", self._written_list(list_name), self._written_dataset(dataset.get_name()))

    def get_list_length(self, list_name: str) -> int:
        """How many datasets the list has, 0 if there is none."""
        return self._expect(int, "LLEN", self._read_list(list_name))

    def poll_list_length(self, name: str, list_length: int, poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether the list had that many datasets in one of several looks."""
        return self._poll_length(name, list_length.__eq__, poll_frequency_ms, num_tries)

    def poll_list_length_gte(self, name: str, list_length: int, poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether the list had that many datasets or more in one of several looks."""
        return self._poll_length(name, list_length.__le__, poll_frequency_ms, num_tries)

    def poll_list_length_lte(self, name: str, list_length: int, poll_frequency_ms: int, num_tries: int) -> bool:
        """Whether the list had that many datasets or fewer in one of several looks."""
        return self._poll_length(name, list_length.__ge__, poll_frequency_ms, num_tries)

    def get_datasets_from_list(self, list_name: str) -> list[Dataset]:
        """All datasets of the list; raises :class:`.errors.UnknownKey` if one of them is not there."""
        return self.get_dataset_list_range(list_name, 0, -1)

    def get_dataset_list_range(self, list_name: str, start_index: int, end_index: int) -> list[Dataset]:
        """Those from ``start_index`` to ``end_index``, both included; negative ones count from the end."""
        with self._operation():
            return self._get_all(self._elements(self._read_list(list_name), start_index, end_index))

    def delete_list(self, list_name: str) -> None:
        """Delete the list, but not its datasets."""
        self._call("DEL", self._read_list(list_name))

    def copy_list(self, src_name: str, dest_name: str) -> None:
        """Have ``dest_name`` list the datasets of ``src_name``; raises :class:`.errors.UnknownKey`."""
        self._copy_list(self._read_list(src_name), self._written_list(dest_name))

    def rename_list(self, src_name: str, dest_name: str) -> None:
        """:meth:`copy_list`, and delete ``src_name``; raises :class:`.errors.UnknownKey`."""
        source, target = self._read_list(src_name), self._written_list(dest_name)
        self._copy_list(source, target, *([] if source == target else [("DEL", source)]))

    def _written_list(self, name: str) -> str:
        return names.prefixed(self._written("list"), named(name))

    def _read_list(self, name: str) -> str:
        return names.prefixed(self._read("list"), named(name))

    def _poll_length(self, name: str, fits: Callable[[int], bool], poll_frequency_ms: int, num_tries: int) -> bool:
        return self._poll(lambda: fits(self.get_list_length(name)), poll_frequency_ms, num_tries)

    def _elements(self, key: str, start: int, end: int) -> list[str]:
        return [element.decode() for element in self._expect(list, "LRANGE", key, start, end)]

    def _copy_list(self, source: str, target: str, *then: Command) -> None:
        with self._operation():
            elements = self._elements(source, 0, -1)
            if not elements:
                raise UnknownKey(f"LRANGE {source}", "the list does not exist")
            # From the start, hence repeatable although it appends.
            self._pipeline([("DEL", target), ("RPUSH", target, *elements), *then], repeatable=True)


def _flat(fields: Mapping[str, bytes]) -> list[Part]:
    return [part for field in fields.items() for part in field]


def _pairs(reply: Any) -> dict[str, bytes]:
    if not isinstance(reply, list) or len(reply) % 2:
        raise ProtocolError(f"the answer {reply!r:.60} is no list of pairs")
    return {name.decode(): value for name, value in zip(reply[::2], reply[1::2], strict=True)}
