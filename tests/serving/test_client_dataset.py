"""A dataset by itself."""

from __future__ import annotations

import numpy as np
import pytest

from gymcc.agents.serving import Dataset


@pytest.fixture
def dataset():
    made = Dataset("d")
    made.add_tensor("t", np.zeros((2, 3), np.int16))
    made.add_meta_scalar("n", 1)
    made.add_meta_string("s", "a")
    return made


def test_what_is_in_it(dataset):
    assert dataset.get_name() == "d"
    assert dataset.get_tensor_names() == ["t"]
    assert dataset.get_tensor_dims("t") == [2, 3]
    assert dataset.get_tensor_type("t") is np.int16
    assert dataset.get_metadata_field_names() == ["n", "s"]
    assert dataset.get_metadata_field_type("n") is np.int64
    assert dataset.get_metadata_field_type("s") is str
    assert repr(dataset) == "Dataset('d', tensors=['t'], metadata=['n', 's'])"


def test_a_tensor_is_copied_when_it_is_added():
    array, dataset = np.zeros(2), Dataset("d")
    dataset.add_tensor("t", array)
    array[0] = 1
    assert dataset.get_tensor("t").tolist() == [0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.add_tensor("t", np.zeros(1)), "there is a tensor 't'"),
        (lambda d: d.add_tensor("meta", np.zeros(1)), "no name for a tensor 'meta'"),
        (lambda d: d.add_tensor("u", np.float16([1])), "cannot be sent"),
        (lambda d: d.add_tensor("", np.zeros(1)), "a name is a text"),
        (lambda d: d.add_meta_scalar("n", 1.5), "'n': the values of a field are of one type, got float, int"),
        (lambda d: d.add_meta_scalar("s", 1), "of one type"),
        (lambda d: d.add_meta_string("n", "a"), "of one type"),
        (lambda d: d.add_meta_string("m", 1), "add_meta_scalar adds numbers"),
        (lambda d: d.add_meta_scalar("m", "a"), "add_meta_string adds texts"),
        (lambda d: d.add_meta_scalar("m", True), "cannot hold True"),
        (lambda d: d.add_meta_scalar(".COMPLETE", 1), "reserved"),
        (lambda d: d.add_meta_string(".tensor_names", "t"), "reserved"),
        (lambda d: d.get_meta_strings("n"), "'n' holds numbers"),
        (lambda d: d.get_meta_scalars("s"), "'s' holds texts"),
    ],
)
def test_bad_additions_are_refused_and_change_nothing(dataset, call, message):
    before = dataset.to_fields()
    with pytest.raises(ValueError, match=message):
        call(dataset)
    assert dataset.to_fields() == before


@pytest.mark.parametrize("method", ["get_tensor", "get_meta_scalars", "get_meta_strings", "get_tensor_dims"])
def test_what_is_not_in_it_is_an_error_that_says_what_is(dataset, method):
    with pytest.raises(KeyError, match=r"'q' does not exist; there are: (t|n, s)"):
        getattr(dataset, method)("q")
