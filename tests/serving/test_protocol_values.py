"""Tensors, metadata and requests as bytes, against struct, hiredis and what SmartRedis 0.6.1 was seen to send."""

from __future__ import annotations

import struct

import hiredis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gymcc.agents.serving.protocol import metadata, tensors
from gymcc.agents.serving.protocol.resp import encode_command

NATIVE = [dtype.newbyteorder("=") for dtype in tensors.DTYPES.values()]
ARRAYS = st.sampled_from(NATIVE).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=4, max_side=4))
)
INT64 = st.integers(-(2**63), 2**63 - 1)
FIELDS = st.one_of(
    st.lists(INT64, min_size=1), st.lists(st.floats(allow_nan=False), min_size=1), st.lists(st.text(), min_size=1)
)


@given(ARRAYS)
@settings(max_examples=60)
def test_a_tensor_survives_the_wire(array):
    back = tensors.from_blob(tensors.dtype_name(array), array.shape, tensors.to_blob(array))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@given(ARRAYS, st.data())
@settings(max_examples=60)
def test_memory_order_strides_and_byte_order_make_no_difference(array, data):
    expected = np.ascontiguousarray(array).tobytes()
    wide = np.repeat(array, 2, axis=-1)
    views = [np.asfortranarray(array), array.astype(array.dtype.newbyteorder(">")), wide[..., ::2]]
    views.append(np.ascontiguousarray(array[::-1])[::-1])
    view = data.draw(st.sampled_from(views))
    assert tensors.to_blob(view) == expected
    assert tensors.dtype_name(view) == tensors.dtype_name(array)


def test_a_blob_is_row_major_and_little_endian():
    array = np.asfortranarray([[1, 2], [3, 4]], ">i2")
    assert tensors.to_blob(array) == struct.pack("<4h", 1, 2, 3, 4)


@pytest.mark.parametrize(
    "array",
    [
        np.float16([1]),
        np.bool_([True]),
        np.uint32([1]),
        np.uint64([1]),
        np.complex64([1]),
        np.array(["a"]),
        np.float32(3),
        np.array(1.0),
        np.zeros((2, 0)),
        np.array([{}]),
    ],
)
def test_what_the_wire_cannot_carry_is_refused(array):
    with pytest.raises(ValueError, match="cannot be sent"):
        tensors.to_blob(np.asarray(array))


@pytest.mark.parametrize(
    ("name", "shape", "blob", "message"),
    [
        ("FLOAT16", (1,), b"12", "unknown type of tensor 'FLOAT16'"),
        ("FLOAT", (2,), b"1234", "takes 8 bytes, got 4"),
        ("FLOAT", (), b"1234", "dimensions are positive"),
        ("INT8", (-1, -1), b"1", "dimensions are positive"),
        ("INT8", (0,), b"", "dimensions are positive"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(name, shape, blob, message):
    with pytest.raises(ValueError, match=message):
        tensors.from_blob(name, shape, blob)


@given(FIELDS)
def test_metadata_survives_the_wire(values):
    back = metadata.decode(metadata.encode(values))
    assert back == values
    assert type(back[0]) is type(values[0])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ([1, 2], b"\x04" + struct.pack("<2q", 1, 2)),
        ([1.5], b"\x01" + struct.pack("<d", 1.5)),
        ([np.float32(1.5)], b"\x02" + struct.pack("<f", 1.5)),
        ([np.int32(-1)], b"\x03" + struct.pack("<i", -1)),
        ([np.uint32(7)], b"\x05" + struct.pack("<I", 7)),
        ([np.uint64(2**63)], b"\x06" + struct.pack("<Q", 2**63)),
        (["ab", "c", ""], b"\x07\x02" + bytes(7) + b"ab\x01" + bytes(7) + b"c" + bytes(8)),
    ],
)
def test_metadata_is_encoded_as_smartredis_encodes_it(values, field):
    assert metadata.encode(values) == field
    assert metadata.decode(field) == values
    assert metadata.type_of(field) is {int: np.int64, float: np.float64}.get(type(values[0]), type(values[0]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "one value at least"),
        ([1, 2.0], "of one type, got float, int"),
        ([2**63], "beyond it"),
        ([True], "cannot hold True of type bool"),
        ([None], "cannot hold None"),
        ([np.int16(1)], "cannot hold"),
    ],
)
def test_metadata_that_cannot_be_sent_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        metadata.encode(values)


@given(st.binary(max_size=40))
def test_any_bytes_are_metadata_or_refused(field):
    try:
        values = metadata.decode(field)
    except ValueError:
        return
    if values and not any(np.isnan(value) for value in values if isinstance(value, float)):
        assert len(metadata.encode(values)) >= len(values)


@pytest.mark.parametrize("field", [b"", b"\0", b"\x08a", b"\x04abc", b"\x07abc", b"\x07\x09" + bytes(7) + b"short"])
def test_malformed_metadata_is_refused(field):
    with pytest.raises(ValueError, match="metadata"):
        metadata.decode(field)


@given(st.lists(st.one_of(st.binary(), st.text(), INT64), min_size=1))
def test_hiredis_reads_what_was_sent(parts):
    reader = hiredis.Reader()
    reader.feed(encode_command(*parts))
    expected = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    assert reader.gets() == expected
    assert reader.gets() is False


def test_views_are_sent_as_their_bytes():
    view = memoryview(np.array([1, 2], "<i2"))
    assert encode_command("SET", bytearray(b"k"), view) == encode_command("SET", b"k", b"\1\0\2\0")


@pytest.mark.parametrize("parts", [(), (1.5,), ("SET", None), (True,)])
def test_other_parts_are_refused(parts):
    with pytest.raises(ValueError, match="command"):
        encode_command(*parts)
