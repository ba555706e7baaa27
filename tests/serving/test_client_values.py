"""Tensors, datasets and lists of the Python client against the orchestrator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gymcc.agents.serving import Client, Dataset
from gymcc.agents.serving.client.errors import UnknownKey, WrongType
from gymcc.agents.serving.protocol.tensors import DTYPES

ARRAYS = st.sampled_from(list(DTYPES.values())).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=3, max_side=4))
)
ENSEMBLE = {"SSKEYIN": "left,right", "SSKEYOUT": "left"}


@pytest.fixture
def client(orchestrator):
    with Client(orchestrator.unix, timeout=20) as client:
        yield client


@pytest.fixture
def name(request):
    """A name that no other test uses."""
    return request.node.name


@settings(max_examples=40)
@given(ARRAYS, st.sampled_from("CF"), st.sampled_from("<>"))
def test_tensors_come_back_as_they_were_put(orchestrator, array, order, byte_order):
    with Client(orchestrator.tcp, timeout=20) as client:
        client.put_tensor("any", array.astype(array.dtype.newbyteorder(byte_order)).copy(order))
        back = client.get_tensor("any")
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    back[...] = 0  # a copy of one's own


def test_a_tensor_is_looked_for_copied_renamed_and_deleted(client, name):
    assert not client.tensor_exists(name)
    assert not client.poll_tensor(name, 1, 2)
    client.put_tensor(name, [[1, 2], [3, 4]])
    client.copy_tensor(name, name + "2")
    client.rename_tensor(name, name + "3")
    assert [client.tensor_exists(name + end) for end in ("", "2", "3")] == [False, True, True]
    assert client.get_tensor(name + "3").tolist() == client.get_tensor(name + "2").tolist() == [[1, 2], [3, 4]]
    assert client.poll_tensor(name + "3", 1, 1)
    assert client.key_exists(name + "3")
    assert client.poll_key(name + "3", 1, 1)
    client.delete_tensor(name + "3")
    assert not client.tensor_exists(name + "3")
    client.delete_tensor(name + "3")


@pytest.mark.parametrize("method", ["get_tensor", "get_dataset", "delete_dataset", "get_model", "delete_model"])
def test_what_is_not_there_is_an_error_that_names_it(client, name, method):
    with pytest.raises(UnknownKey, match=name.split("[")[0]):
        getattr(client, method)(name)


def test_a_tensor_where_something_else_lies_is_an_error(client, name):
    client.append_to_list(name, Dataset("d"))
    with pytest.raises(WrongType):
        client.get_tensor(name)
    client.delete_list(name)


@pytest.mark.parametrize("bad", ["", None, 3])
def test_bad_names_are_refused(client, bad):
    with pytest.raises(ValueError, match="a name is a text"):
        client.put_tensor(bad, [1.0])


@pytest.mark.parametrize(("frequency", "tries"), [(-1, 1), (1, 0)])
def test_bad_polling_is_refused(client, frequency, tries):
    with pytest.raises(ValueError, match="poll every"):
        client.poll_tensor("x", frequency, tries)


def dataset(name: str, start: int = 0) -> Dataset:
    made = Dataset(name)
    made.add_tensor("samples", np.arange(start, start + 6, dtype=np.float32).reshape(2, 3))
    made.add_tensor("targets", np.arange(2, dtype=np.int64))
    for value in (1, 2):
        made.add_meta_scalar("steps", value)
    made.add_meta_scalar("rate", 0.5)
    made.add_meta_scalar("rate32", np.float32(0.25))
    made.add_meta_string("who", "one")
    made.add_meta_string("who", "two")
    return made


def same(one: Dataset, other: Dataset) -> bool:
    fields = one.get_metadata_field_names()
    return (
        (one.get_tensor_names(), fields) == (other.get_tensor_names(), other.get_metadata_field_names())
        and all(np.array_equal(one.get_tensor(t), other.get_tensor(t)) for t in one.get_tensor_names())
        and one.to_fields() == other.to_fields()
    )


def test_a_dataset_comes_back_as_it_was_put(client, name):
    client.put_dataset(dataset(name))
    back = client.get_dataset(name)
    assert back.get_name() == name
    assert same(back, dataset(name))
    assert back.get_meta_scalars("steps").tolist() == [1, 2]
    assert back.get_meta_scalars("rate32").dtype == np.float32
    assert back.get_meta_strings("who") == ["one", "two"]
    back.add_meta_scalar("steps", 3)  # values that were read may be added to
    assert back.get_meta_scalars("steps").tolist() == [1, 2, 3]


def test_a_dataset_is_looked_for_copied_renamed_and_deleted(client, name):
    assert not client.poll_dataset(name, 1, 2)
    client.put_dataset(dataset(name))
    client.copy_dataset(name, name + "2")
    client.rename_dataset(name, name + "3")
    client.rename_dataset(name + "3", name + "3")
    assert [client.dataset_exists(name + end) for end in ("", "2", "3")] == [False, True, True]
    assert not client.key_exists(f"{{{name}}}.samples")
    assert same(client.get_dataset(name + "2"), client.get_dataset(name + "3"))
    client.delete_dataset(name + "3")
    assert not client.key_exists(f"{{{name}3}}.samples")
    assert not client.dataset_exists(name + "3")


def test_a_dataset_that_is_being_written_is_not_there_yet(client, name):
    client._call("HMSET", f"{{{name}}}.meta", "steps", b"\x04" + bytes(8))
    assert not client.dataset_exists(name)
    with pytest.raises(UnknownKey, match="is being written"):
        client.get_dataset(name)


def test_a_dataset_put_again_keeps_nothing_of_the_first(client, name):
    client.put_dataset(dataset(name))
    second = Dataset(name)
    second.add_meta_string("only", "this")
    client.put_dataset(second)
    assert same(client.get_dataset(name), second)


def test_an_empty_dataset_is_refused(client):
    with pytest.raises(ValueError, match="neither tensors nor metadata"):
        client.put_dataset(Dataset("d"))


def test_lists_grow_and_are_read_in_part(client, name):
    assert client.get_list_length(name) == 0
    assert client.get_datasets_from_list(name) == []
    for i in range(4):
        client.put_dataset(dataset(f"{name}{i}", i))
        client.append_to_list(name, dataset(f"{name}{i}"))
    assert client.get_list_length(name) == 4
    assert [item.get_name() for item in client.get_datasets_from_list(name)] == [f"{name}{i}" for i in range(4)]
    part = client.get_dataset_list_range(name, -3, 2)
    assert [item.get_tensor("samples")[0, 0] for item in part] == [1, 2]
    assert client.poll_list_length(name, 4, 1, 1)
    assert not client.poll_list_length(name, 3, 1, 2)
    assert client.poll_list_length_gte(name, 3, 1, 1)
    assert not client.poll_list_length_gte(name, 5, 1, 1)
    assert client.poll_list_length_lte(name, 5, 1, 1)
    assert not client.poll_list_length_lte(name, 3, 1, 1)


def test_lists_are_copied_renamed_and_deleted_without_their_datasets(client, name):
    client.put_dataset(dataset(name))
    client.append_to_list(name, dataset(name))
    client.copy_list(name, name + "2")
    client.rename_list(name, name + "3")
    client.rename_list(name + "3", name + "3")
    assert [client.get_list_length(name + end) for end in ("", "2", "3")] == [0, 1, 1]
    client.delete_list(name + "3")
    assert client.get_list_length(name + "3") == 0
    assert client.dataset_exists(name)
    for method in (client.copy_list, client.rename_list):
        with pytest.raises(UnknownKey, match=r"the list does not exist"):
            method(name, "other")


def test_a_list_that_names_a_dataset_which_is_gone_is_an_error(client, name):
    client.append_to_list(name, Dataset(name + "gone"))
    with pytest.raises(UnknownKey, match="gone' does not exist"):
        client.get_datasets_from_list(name)


def test_members_of_an_ensemble_read_what_others_write(orchestrator, name):
    left = Client(orchestrator.unix, environ=ENSEMBLE)
    right = Client(orchestrator.unix, environ=ENSEMBLE | {"SSKEYOUT": "right"})
    right.put_tensor(name, [1.0])
    right.put_dataset(dataset(name))
    right.append_to_list("of-" + name, dataset(name))
    assert not left.tensor_exists(name)
    assert not left.dataset_exists(name)
    left.set_data_source("right")
    assert left.get_tensor(name) == [1.0]
    assert same(left.get_dataset(name), dataset(name))
    assert [item.get_name() for item in left.get_datasets_from_list("of-" + name)] == [name]
    keys = [f"right.{name}", f"right.{{{name}}}.meta", f"right.{{{name}}}.samples"]
    assert all(left.key_exists(key) for key in keys)
    left.copy_tensor(name, "copy")
    assert left.key_exists("left.copy")
    with pytest.raises(ValueError, match="'up' is not in SSKEYIN; allowed: left, right"):
        left.set_data_source("up")


def test_prefixes_are_switched_off_by_kind(orchestrator, name):
    client = Client(orchestrator.unix, environ=ENSEMBLE)
    client.use_tensor_ensemble_prefix(False)
    client.use_dataset_ensemble_prefix(False)
    client.use_list_ensemble_prefix(False)
    client.put_tensor(name, [1.0])
    client.put_dataset(dataset(name))
    client.append_to_list(name + "list", dataset(name))
    assert all(client.key_exists(key) for key in (name, f"{{{name}}}.meta", name + "list"))
    assert client.get_list_length(name + "list") == 1
    assert client._call("LRANGE", name + "list", 0, -1) == [f"{{{name}}}".encode()]
