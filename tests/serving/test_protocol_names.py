"""Keys, slots, addresses and environment variables, against what SmartRedis 0.6.1 was seen to use."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymcc.agents.serving.protocol import names
from gymcc.agents.serving.protocol.address import COMMAND_TIMEOUT, Address, Settings, parse_addresses


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM by its definition, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def test_the_keys_of_a_dataset():
    key = names.dataset_key("prodA", "training_samples_0_0")
    assert key == "prodA.{training_samples_0_0}"
    assert names.meta_key(key) == "prodA.{training_samples_0_0}.meta"
    assert names.tensor_key(key, "samples") == "prodA.{training_samples_0_0}.samples"
    assert names.dataset_key("", "d") == "{d}"
    assert names.prefixed("prodA", "td") == "prodA.td"
    assert names.prefixed("", "td") == "td"
    assert names.gpu_key("m", 1) == "m.GPU:1"


@given(st.text(min_size=1), st.sampled_from(["", "a", "a.b"]))
def test_a_dataset_is_named_by_its_key(name, prefix):
    assert names.dataset_name(names.dataset_key(prefix, name)) == name


@pytest.mark.parametrize("key", ["", "d", "{}", "}d{", "a.{d"])
def test_other_keys_name_no_dataset(key):
    with pytest.raises(ValueError, match="no dataset's key"):
        names.dataset_name(key)


@pytest.mark.parametrize(
    ("key", "slot"),  # as redis-server's CLUSTER KEYSLOT answers
    [(b"foo", 12182), (b"{foo}.meta", 12182), (b"{}foo", crc16(b"{}foo") % 16384), (b"a{b}{c}", crc16(b"b") % 16384)],
)
def test_slots(key, slot):
    assert names.slot(key) == slot


@given(st.binary().filter(lambda key: b"{" not in key))
def test_the_slot_is_a_crc(key):
    assert names.slot(key) == crc16(key) % 16384


@pytest.mark.parametrize(
    ("slot", "tag"),  # as SmartRedis 0.6.1 sends them
    [(0, b"\0\0"), (9, b"\x01&\\"), (51, b"\x01m\xd8"), (5461, b"8M"), (10923, b"\xed\xeb"), (16116, b"\x01g\\")],
)
def test_the_tag_of_a_shard_is_the_one_that_smartredis_uses(slot, tag):
    assert names.shard_tag(slot) == tag


@given(st.integers(0, names.SLOTS - 1), st.text())
def test_a_shards_keys_fall_into_its_first_slot(slot, name):
    assert names.slot(names.shard_key(slot, name)) == slot
    assert names.temporary_key(slot, name) == names.shard_key(slot, name) + b".TMP"


@pytest.mark.parametrize("slot", [-1, 16384])
def test_there_are_16384_slots(slot):
    with pytest.raises(ValueError, match="slots 0 to 16383"):
        names.shard_tag(slot)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:6780", (Address("127.0.0.1", 6780),)),
        ("unix:///tmp/a.sock", (Address(path="/tmp/a.sock"),)),
        ("node-1:1,node_2.x:65535", (Address("node-1", 1), Address("node_2.x", 65535))),
        ("[::1]:6780", (Address("::1", 6780),)),
    ],
)
def test_addresses(text, expected):
    assert parse_addresses(text) == expected
    assert ",".join(map(str, expected)) == text


@pytest.mark.parametrize("text", ["", "host", "host:0", "host:65536", "a:1,", "unix://", "a b:1", "::1:6780", "a;b:1"])
def test_bad_addresses_are_refused(text):
    with pytest.raises(ValueError, match=r"is no (address|list of addresses)"):
        parse_addresses(text)


def test_settings_of_an_empty_environment():
    settings = Settings.from_environment(environ={"SSDB": "h:1"})
    assert settings == Settings((Address("h", 1),))
    assert settings.command_timeout == COMMAND_TIMEOUT
    assert settings.model_timeout == inf


def test_settings_of_a_full_environment():
    environ = {"SSDB_db": "h:1", "SR_DB_TYPE_db": "Clustered", "SSKEYIN": "a,b", "SSKEYOUT": "a", "SR_CMD_TIMEOUT": "7"}
    environ |= {"SR_CONN_TIMEOUT": "3", "SR_CONN_INTERVAL": "20", "SR_MODEL_TIMEOUT": "1500", "GYMCC_PASSWORD": "p"}
    expected = Settings((Address("h", 1),), True, ("a", "b"), "a", 3.0, 7.0, 0.02, 1.5, "p")
    assert Settings.from_environment("db", environ) == expected


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "set SSDB to host:port"),
        ({"SSDB": "h:1", "SR_DB_TYPE": "Both"}, "allowed: Clustered, Standalone"),
        ({"SSDB": "h:1", "SR_CMD_TIMEOUT": "0"}, "SR_CMD_TIMEOUT is '0'; allowed: a positive whole number of s"),
        ({"SSDB": "h:1", "SR_MODEL_TIMEOUT": "x"}, "positive whole number of ms"),
    ],
)
def test_a_bad_environment_is_refused(environ, message):
    with pytest.raises(ValueError, match=message):
        Settings.from_environment(environ=environ)
