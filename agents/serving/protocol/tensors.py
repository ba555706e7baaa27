"""Tensors on the wire: a type name, the dimensions, and the numbers row-major and little-endian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "FLOAT": np.dtype("<f4"),
        "DOUBLE": np.dtype("<f8"),
        "INT8": np.dtype("i1"),
        "INT16": np.dtype("<i2"),
        "INT32": np.dtype("<i4"),
        "INT64": np.dtype("<i8"),
        "UINT8": np.dtype("u1"),
        "UINT16": np.dtype("<u2"),
    }
)
_NAMES = {(dtype.kind, dtype.itemsize): name for name, dtype in DTYPES.items()}


def dtype_name(array: NDArray[Any]) -> str:
    """The type's name on the wire, whatever its byte order; raises ValueError where the wire has none."""
    name = _NAMES.get((array.dtype.kind, array.dtype.itemsize))
    if name is None:
        raise ValueError(f"a tensor of {array.dtype} cannot be sent; allowed: {_allowed()}")
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"a tensor of shape {array.shape} cannot be sent; at least one dimension and number are needed"
        )
    return name


def to_blob(array: NDArray[Any]) -> bytes:
    """The numbers row-major and little-endian, however they lie in memory."""
    return array.astype(DTYPES[dtype_name(array)], copy=False).tobytes(order="C")


def from_blob(name: str, shape: Sequence[int], blob: bytes | memoryview) -> NDArray[Any]:
    """The tensor of type ``name`` and ``shape``: a read-only view of ``blob``. Raises ValueError if they do not fit."""
    dtype = DTYPES.get(name)
    if dtype is None:
        raise ValueError(f"unknown type of tensor {name!r}; allowed: {', '.join(DTYPES)}")
    if not shape or min(shape) < 1:
        raise ValueError(f"a tensor's dimensions are positive, got {tuple(shape)}")
    expected = prod(shape) * dtype.itemsize
    if len(blob) != expected:
        raise ValueError(f"{name} {tuple(shape)} takes {expected} bytes, got {len(blob)}")
    return np.frombuffer(blob, dtype).reshape(tuple(shape))


def _allowed() -> str:
    return ", ".join(f"{dtype.name} ({name})" for name, dtype in DTYPES.items())
