"""Under which keys things lie: prefixes of ensembles, the parts of a dataset, and the slots of a cluster.

A process that writes under ``SSKEYOUT=a`` puts the tensor ``x`` at ``a.x``, the dataset ``d`` at ``a.{d}.meta`` and
``a.{d}.TENSOR``, and the list ``l`` at ``a.l``. The braces keep a dataset in one slot of a cluster. A clustered client
keeps each model on every shard, under a name that begins with bytes which fall into the shard's first slot.
"""

from __future__ import annotations

from binascii import crc_hqx
from functools import cache

SLOTS = 16384
SCRATCH = "gymcc.scratch."  # what the keys begin with that one connection alone uses, while it makes a request


def prefixed(prefix: str, name: str) -> str:
    """``name`` of the ensemble's member ``prefix``; ``name`` itself without one."""
    return f"{prefix}.{name}" if prefix else name


def dataset_key(prefix: str, name: str) -> str:
    """What lists hold of a dataset, and what the keys of its parts begin with."""
    return prefixed(prefix, f"{{{name}}}")


def meta_key(dataset: str) -> str:
    """The hash with the metadata of the dataset at :func:`dataset_key` ``dataset``."""
    return f"{dataset}.meta"


def tensor_key(dataset: str, tensor: str) -> str:
    """A tensor of the dataset at :func:`dataset_key` ``dataset``."""
    return f"{dataset}.{tensor}"


def dataset_name(dataset: str) -> str:
    """Inverse of :func:`dataset_key`; raises ValueError."""
    start, end = dataset.find("{"), dataset.rfind("}")
    if start < 0 or end <= start + 1:
        raise ValueError(f"{dataset!r} is no dataset's key, which has its name in braces")
    return dataset[start + 1 : end]


def gpu_key(name: str, gpu: int) -> str:
    """The copy on device ``GPU:gpu`` of a model or script that is on several."""
    return f"{name}.GPU:{gpu}"


def slot(key: bytes) -> int:
    """The slot of a cluster that ``key`` falls into: that of the text in its first braces, if there is any."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc_hqx(key, 0) % SLOTS


@cache
def shard_tag(first_slot: int) -> bytes:
    """Two bytes that fall into ``first_slot``, or three that begin with 1 where two would contain a brace."""
    if not 0 <= first_slot < SLOTS:
        raise ValueError(f"a cluster has slots 0 to {SLOTS - 1}, got {first_slot}")
    for start in (b"", b"\1"):
        for number in range(1 << 16):
            tag = start + number.to_bytes(2, "big")
            if crc_hqx(tag, 0) == first_slot and b"}" not in tag:
                return tag
    raise AssertionError(f"no tag falls into slot {first_slot}")  # a CRC of 16 bits is onto, whatever comes first


def shard_key(first_slot: int, name: str) -> bytes:
    """The model, script or tensor ``name`` on the shard whose slots begin with ``first_slot``."""
    return b"{" + shard_tag(first_slot) + b"}." + name.encode()


def temporary_key(first_slot: int, name: str) -> bytes:
    """The copy of tensor ``name`` on the shard where a model is run on it."""
    return shard_key(first_slot, name) + b".TMP"
