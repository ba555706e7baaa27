"""A field of a dataset's metadata: one byte for the type, then the values without a count.

Numbers are packed little-endian; a string is its length in bytes (8 bytes, little-endian) and its UTF-8 text.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, error
from typing import Any

import numpy as np

TENSOR_NAMES = ".tensor_names"  # reserved field: the names of the dataset's tensors, strings in order of insertion
COMPLETE = ".COMPLETE"  # reserved field: written last, so that whoever sees it sees the dataset whole
COMPLETE_VALUE = b"1"  # raw, without a byte for the type
RESERVED = frozenset({TENSOR_NAMES, COMPLETE})

Scalar = int | float | np.number[Any]
Value = Scalar | str

_STRING = 7
_NUMBERS: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f8"),
    2: np.dtype("<f4"),
    3: np.dtype("<i4"),
    4: np.dtype("<i8"),
    5: np.dtype("<u4"),
    6: np.dtype("<u8"),
}
_CODES = {(dtype.kind, dtype.itemsize): code for code, dtype in _NUMBERS.items()}
_LENGTH = Struct("<Q")


def encode(values: Sequence[Value]) -> bytes:
    """The field with ``values``, all of one type; raises ValueError.

    int is sent as int64, float as float64, numpy's scalars as what they are (of 32 and 64 bits).
    """
    if not values:
        raise ValueError("a field of metadata needs one value at least")
    codes = {_code(value) for value in values}
    if len(codes) > 1:
        raise ValueError(f"the values of a field are of one type, got {', '.join(sorted(set(map(_type, values))))}")
    code = codes.pop()
    if code == _STRING:
        return bytes([code]) + b"".join(_text(str(value)) for value in values)
    try:
        return bytes([code]) + np.array(values, _NUMBERS[code]).tobytes()
    except OverflowError:
        raise ValueError(f"an int of metadata is sent as int64; one of {list(values)} is beyond it") from None


def decode(field: bytes) -> list[int] | list[float] | list[str]:
    """The values of a field, as Python's own; raises ValueError if it is malformed."""
    code = _known(field)
    if code == _STRING:
        return _strings(field)
    dtype = _NUMBERS[code]
    if (len(field) - 1) % dtype.itemsize:
        raise ValueError(
            f"a metadata field of {dtype.name} has {len(field) - 1} bytes, no multiple of {dtype.itemsize}"
        )
    values: list[int] | list[float] = np.frombuffer(field, dtype, offset=1).tolist()
    return values


def type_of(field: bytes) -> type:
    """What a field's values are: ``str`` or numpy's scalar type; raises ValueError if it is malformed."""
    code = _known(field)
    return str if code == _STRING else _NUMBERS[code].type


def _known(field: bytes) -> int:
    code = field[0] if field else 0
    if code != _STRING and code not in _NUMBERS:
        raise ValueError(f"a metadata field begins with its type, 1 to {_STRING}; this one with {field[:1]!r}")
    return code


def _type(value: Value) -> str:
    return type(value).__name__


def _code(value: Value) -> int:
    if isinstance(value, str):
        return _STRING
    if type(value) in (int, float):
        return 4 if isinstance(value, int) else 1
    code = _CODES.get((value.dtype.kind, value.dtype.itemsize)) if isinstance(value, np.generic) else None
    if code is None:
        allowed = ", ".join(["str", "int", "float", *(dtype.name for dtype in _NUMBERS.values())])
        raise ValueError(f"metadata cannot hold {value!r} of type {_type(value)}; allowed: {allowed}")
    return code


def _text(value: str) -> bytes:
    text = value.encode()
    return _LENGTH.pack(len(text)) + text


def _strings(field: bytes) -> list[str]:
    values, start = [], 1
    while start < len(field):
        try:
            (length,) = _LENGTH.unpack_from(field, start)
        except error:
            raise ValueError("a metadata field of strings ends within a length") from None
        start += _LENGTH.size
        if start + length > len(field):
            raise ValueError(f"a metadata string of {length} bytes is cut short after {len(field) - start}")
        values.append(field[start : start + length].decode())
        start += length
    return values
