"""A dataset: named tensors with named metadata, numbers or texts, that are stored and read as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gymcc.agents.serving.client.session import named
from gymcc.agents.serving.protocol import metadata
from gymcc.agents.serving.protocol.tensors import dtype_name

_NO_TENSOR = frozenset({"meta", ".meta"})  # the key of the metadata itself


class Dataset:
    """Tensors and metadata under ``name``; a field holds values of one type, in the order in which they were added."""

    def __init__(self, name: str) -> None:
        self._name = named(name)
        self._tensors: dict[str, NDArray[Any]] = {}
        self._fields: dict[str, list[Any]] = {}

    def __repr__(self) -> str:
        return f"Dataset({self._name!r}, tensors={list(self._tensors)}, metadata={list(self._fields)})"

    def get_name(self) -> str:
        """Its name, without prefix."""
        return self._name

    # Tensors

    def add_tensor(self, name: str, data: ArrayLike) -> None:
        """Add a copy of an array; raises ValueError if there is a tensor of that name, or its type cannot be stored."""
        array = np.array(data)
        dtype_name(array)
        if name in self._tensors or name in _NO_TENSOR:
            raise ValueError(
                f"{self._name}: {'there is a' if name in self._tensors else 'no name for a'} tensor {name!r}"
            )
        self._tensors[named(name)] = array

    def get_tensor(self, name: str) -> NDArray[Any]:
        """The tensor itself, no copy; raises KeyError."""
        array: NDArray[Any] = _of(self._tensors, name, f"{self._name}: tensor")
        return array

    def get_tensor_names(self) -> list[str]:
        """In order of insertion."""
        return list(self._tensors)

    def get_tensor_dims(self, name: str) -> list[int]:
        """A tensor's shape; raises KeyError."""
        return list(self.get_tensor(name).shape)

    def get_tensor_type(self, name: str) -> type:
        """A tensor's numpy type; raises KeyError."""
        return self.get_tensor(name).dtype.type

    # Metadata

    def add_meta_scalar(self, name: str, data: metadata.Scalar) -> None:
        """Append a number to a field; raises ValueError if the field's values are of another type."""
        if isinstance(data, str):
            raise ValueError(f"{self._name}: {name!r}: add_meta_string adds texts, got {data!r}")
        self._append(name, data)

    def add_meta_string(self, name: str, data: str) -> None:
        """Append a text to a field; raises ValueError if the field's values are numbers."""
        if not isinstance(data, str):
            raise ValueError(f"{self._name}: {name!r}: add_meta_scalar adds numbers, got {data!r}")
        self._append(name, data)

    def get_meta_scalars(self, name: str) -> NDArray[Any]:
        """A field's numbers, of its type; raises KeyError, and ValueError if it holds texts."""
        if self.get_metadata_field_type(name) is str:
            raise ValueError(f"{self._name}: {name!r} holds texts")
        return np.array(self._fields[name], self.get_metadata_field_type(name))

    def get_meta_strings(self, name: str) -> list[str]:
        """A field's texts; raises KeyError, and ValueError if it holds numbers."""
        if self.get_metadata_field_type(name) is not str:
            raise ValueError(f"{self._name}: {name!r} holds numbers")
        return list(self._fields[name])

    def get_metadata_field_names(self) -> list[str]:
        """In order of insertion."""
        return list(self._fields)

    def get_metadata_field_type(self, name: str) -> type:
        """``str`` or numpy's scalar type; raises KeyError."""
        first = _of(self._fields, name, f"{self._name}: metadata field")[:1]
        return metadata.type_of(metadata.encode(first))

    def _append(self, name: str, value: metadata.Value) -> None:
        if name in metadata.RESERVED:
            raise ValueError(f"{self._name}: {name!r} is a reserved field of metadata")
        field = self._fields.get(named(name), [])
        try:
            metadata.encode([*field[:1], value])
        except ValueError as error:
            raise ValueError(f"{self._name}: {name!r}: {error}") from None
        self._fields.setdefault(name, []).append(value)

    # As it is stored

    def to_fields(self) -> dict[str, bytes]:
        """The fields of its hash, but for the one that says it is complete."""
        fields = {name: metadata.encode(values) for name, values in self._fields.items()}
        return fields | ({metadata.TENSOR_NAMES: metadata.encode(list(self._tensors))} if self._tensors else {})

    @classmethod
    def from_fields(cls, name: str, fields: Mapping[str, bytes], tensors: Iterable[NDArray[Any]]) -> Dataset:
        """Inverse of :meth:`to_fields`, given the tensors in the order of :func:`tensor_names`; raises ValueError."""
        dataset = cls(name)
        dataset._tensors = dict(zip(tensor_names(fields), tensors, strict=True))
        for field, value in fields.items():
            if field not in metadata.RESERVED:
                values, kind = metadata.decode(value), metadata.type_of(value)
                dataset._fields[field] = list(values if kind is str else np.array(values, kind))
        return dataset


def tensor_names(fields: Mapping[str, bytes]) -> list[str]:
    """The names of the tensors of a dataset, from its hash; raises ValueError."""
    value = fields.get(metadata.TENSOR_NAMES)
    return [str(name) for name in metadata.decode(value)] if value is not None else []


def _of(items: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in items:
        raise KeyError(f"{what} {name!r} does not exist; there are: {', '.join(items) or 'none'}")
    return items[name]
