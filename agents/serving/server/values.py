"""What a key may hold. Only a store changes hashes and lists; the others stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gymcc.agents.serving.protocol.tensors import DTYPES
from gymcc.agents.serving.server.errors import BAD_BLOB, CommandError, readable

Array = NDArray[Any]
MAX_DIMS = 32  # numpy's own limit was 32 until NumPy 2
BOOKKEEPING = 64  # bytes that a small object of Python's costs
NAMES = {name.encode(): dtype for name, dtype in DTYPES.items()}
TYPES = {dtype: name for name, dtype in NAMES.items()}


class Layout(NamedTuple):
    """Element type and shape of a tensor, with what follows from them; made once for all tensors of a kind."""

    name: bytes  # FLOAT, INT64, …
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    size: int  # bytes of the blob
    meta: bytes  # encoded reply to `META`, without the array's own head
    head: bytes  # encoded reply to `META BLOB`, up to the blob's first byte


class Tensor(NamedTuple):
    """A tensor, row-major and little-endian; a named tuple, for one is made by every put and every model's output."""

    layout: Layout
    blob: bytes

    def array(self) -> Array:
        """A read-only view."""
        return np.ndarray(self.layout.shape, self.layout.dtype, self.blob)

    def nbytes(self) -> int:
        """Memory held, roughly."""
        return self.layout.size + 2 * BOOKKEEPING


@lru_cache(maxsize=4096)
def layout(name: bytes, dims: tuple[bytes, ...]) -> Layout:
    """The layout that a request spells: type name and dimensions; raises :class:`CommandError`."""
    dtype = NAMES.get(name.upper())
    if dtype is None:
        raise CommandError(f"ERR invalid data type {readable(name)}; allowed are {' '.join(DTYPES)}")
    if not 0 < len(dims) <= MAX_DIMS or not all(dim.isdigit() and len(dim) < 16 and int(dim) for dim in dims):
        raise CommandError(f"ERR invalid or negative value found in tensor shape; 1 to {MAX_DIMS} sizes, each positive")
    return _layout(dtype, tuple(map(int, dims)))


@lru_cache(maxsize=4096)
def _layout(dtype: np.dtype[Any], shape: tuple[int, ...]) -> Layout:
    name, size = TYPES[dtype], prod(shape) * dtype.itemsize
    dims = b"".join(b":%d\r\n" % dim for dim in shape)
    meta = b"$5\r\ndtype\r\n$%d\r\n%b\r\n$5\r\nshape\r\n*%d\r\n%b" % (len(name), name, len(shape), dims)
    return Layout(name, dtype, shape, size, meta, b"*6\r\n%b$4\r\nblob\r\n$%d\r\n" % (meta, size))


def tensor(kind: Layout, blob: bytes) -> Tensor:
    """A tensor of a blob that must have the layout's length; raises :class:`CommandError`."""
    if len(blob) != kind.size:
        raise CommandError(BAD_BLOB)
    return Tensor(kind, blob)


def from_array(array: Array) -> Tensor:
    """A tensor of a model's output, row-major whatever its memory order; raises :class:`CommandError`."""
    if array.dtype not in TYPES:
        array = _widened(array)
    if not array.size:
        raise CommandError(f"ERR the result is an empty tensor of shape {list(array.shape)}, which cannot be stored")
    return Tensor(_layout(array.dtype, array.shape or (1,)), array.tobytes())


def _widened(array: Array) -> Array:
    """Types that the protocol lacks, in the next one that holds them: bool as UINT8, float16 as FLOAT."""
    wider = {"bool": "u1", "float16": "f4", "bfloat16": "f4", "uint32": "i8"}.get(array.dtype.name)
    if wider is None and array.dtype.newbyteorder("<") not in TYPES:
        raise CommandError(f"ERR a tensor of type {array.dtype} cannot be stored; allowed are {' '.join(DTYPES)}")
    return array.astype(np.dtype(wider or array.dtype).newbyteorder("<"))


@dataclass(slots=True, eq=False)
class Model:
    """A network as it was stored; ``digest`` names its content, device and batching. Changed by its host alone."""

    backend: str  # ONNX, TORCH, TF
    device: str  # CPU, GPU, GPU:1
    blob: bytes
    digest: str
    tag: bytes = b""
    batch: tuple[int, int, int] = (0, 0, 0)  # BATCHSIZE, MINBATCHSIZE, MINBATCHTIMEOUT in ms; 0: none
    inputs: tuple[bytes, ...] = ()
    outputs: tuple[bytes, ...] = ()
    compiled: Any = None  # by the host that runs it: an Engine, which lives as long as the model

    def nbytes(self) -> int:
        """Memory held, roughly: the blob and as much again for the compiled network."""
        return 2 * len(self.blob) + BOOKKEEPING


@dataclass(slots=True, eq=False)
class Script:
    """TorchScript source; with ``entries`` its functions take (tensors, keys, args), without they take tensors."""

    device: str
    source: bytes
    digest: str
    tag: bytes = b""
    entries: tuple[bytes, ...] = ()
    compiled: Any = None  # by the host that runs it

    def nbytes(self) -> int:
        """Memory held, roughly."""
        return 2 * len(self.source) + BOOKKEEPING


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of a model, which can be moved in one step."""

    target: bytes

    def nbytes(self) -> int:
        """Memory held, roughly."""
        return len(self.target) + BOOKKEEPING


@dataclass(slots=True)
class Hash:
    """Fields and values, as a data set's metadata."""

    PER_FIELD: ClassVar[int] = 2 * BOOKKEEPING

    fields: dict[bytes, bytes] = field(default_factory=dict)
    size: int = 0  # bytes of the fields and values

    def nbytes(self) -> int:
        """Memory held, roughly."""
        return self.size + BOOKKEEPING + self.PER_FIELD * len(self.fields)


@dataclass(slots=True)
class List:
    """Elements in order, as an aggregation list's data sets."""

    PER_ELEMENT: ClassVar[int] = BOOKKEEPING

    elements: list[bytes] = field(default_factory=list)
    size: int = 0

    def nbytes(self) -> int:
        """Memory held, roughly."""
        return self.size + BOOKKEEPING + self.PER_ELEMENT * len(self.elements)


@dataclass(frozen=True, slots=True)
class Text:
    """A plain string."""

    value: bytes

    def nbytes(self) -> int:
        """Memory held, roughly."""
        return len(self.value) + BOOKKEEPING


Value = Tensor | Model | Script | Alias | Hash | List | Text
TYPE_NAMES: dict[type, str] = {Tensor: "ai_tensor", Model: "AI_MODEL", Script: "AI_SCRIPT", Alias: "AI_MODEL"}
TYPE_NAMES |= {Hash: "hash", List: "list", Text: "string"}
