"""Batches from producers to a growing data set: both generations, prefixes, ranks, replicas, windows, repetitions."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from gymcc.agents.serving import Client
from gymcc.agents.serving.online import (
    DataInfo,
    GrowingData,
    TrainingDataUploader,
    TrainingUploader,
    TransitionUploader,
)
from gymcc.agents.serving.online.keras import DataGenerator, DynamicDataGenerator
from gymcc.agents.serving.online.sources import ListSource

_numbers = count()


@pytest.fixture
def client(orchestrator):
    with Client(orchestrator.unix) as client:
        yield client


@pytest.fixture
def name():
    return f"online{next(_numbers)}"


def batch(number: int, size: int = 4):
    """Samples that say which batch they are of, with their targets."""
    samples = np.full((size, 2), number, np.float32)
    return samples, np.arange(size, dtype=np.int64) % 3


def uploaded(client: Client, name: str, batches: int, **options) -> TrainingDataUploader:
    uploader = TrainingDataUploader(name, num_classes=3, client=client, **options)
    uploader.publish_info()
    for number in range(batches):
        uploader.put_batch(*batch(number))
    return uploader


def samples(data: GrowingData) -> list[float]:
    return data.arrays()[0][:, 0].tolist()


def test_the_wire_has_smartsims_names(client, name, monkeypatch):
    uploaded(client, name, 2, rank=0)
    assert client.get_list_length(name) == 2
    stored = client.get_dataset("training_samples_0_1")
    assert stored.get_tensor_names() == ["samples", "targets"]
    info = client.get_dataset(f"{name}_info")
    assert info.get_meta_strings("sample_name") == ["samples"]
    assert info.get_meta_scalars("num_classes").tolist() == [3]
    assert info.get_meta_scalars("num_classes").dtype == np.int64


def test_a_reader_grows_with_what_is_uploaded_and_takes_no_batch_twice(client, name):
    uploader = uploaded(client, name, 1)
    data = GrowingData(2, data_info=name, shuffle=False, client=client, wait_interval=0.01)
    assert (data.num_samples, data.num_classes, len(data)) == (4, 3, 2)
    assert data.update() == 0
    uploader.put_batch(*batch(1))
    got = list(data)
    assert [pair[0][0, 0] for pair in got] == [0, 0, 1, 1], "iterating looks for new batches first"
    assert data.num_samples == 8
    quiet = GrowingData(2, dynamic=False, data_info=name, client=client)
    uploader.put_batch(*batch(2))
    assert len(list(quiet)) == 4, "a static one does not"


def test_shuffling_keeps_samples_with_their_targets(client, name):
    uploader = TrainingDataUploader(name, client=client)
    uploader.publish_info()
    uploader.put_batch(np.arange(100.0).reshape(50, 2), np.arange(50) * 2.0)
    data = GrowingData(10, data_info=name, client=client)
    pairs = [(x[0], y) for xs, ys in data for x, y in zip(xs, ys, strict=True)]
    assert sorted(pairs) == [(2.0 * i, 2.0 * i) for i in range(50)]
    assert pairs != sorted(pairs)


def test_producers_are_told_apart_by_prefix(orchestrator, name, monkeypatch):
    for producer in ("a", "b"):
        monkeypatch.setenv("SSKEYOUT", producer)
        with Client(orchestrator.unix) as own:
            uploaded(own, name, 2)
    monkeypatch.delenv("SSKEYOUT")
    monkeypatch.setenv("SSKEYIN", "a,b")
    with Client(orchestrator.unix) as reader:
        data = GrowingData(4, data_info=name, client=reader, shuffle=False)
        assert samples(data) == [0.0] * 4 + [1.0] * 4 + [0.0] * 4 + [1.0] * 4


def test_replicas_share_batches_out(client, name):
    uploaded(client, name, 5)
    shares = [
        samples(GrowingData(1, data_info=name, client=client, replica_rank=rank, num_replicas=2)) for rank in (0, 1)
    ]
    assert shares == [[0.0] * 4 + [2.0] * 4 + [4.0] * 4, [1.0] * 4 + [3.0] * 4]


def test_a_window_drops_the_oldest(client, name):
    uploader = uploaded(client, name, 3)
    data = GrowingData(4, data_info=name, client=client, window=8)
    assert samples(data) == [1.0] * 4 + [2.0] * 4
    uploader.put_batch(*batch(3))
    data.update()
    assert samples(data) == [2.0] * 4 + [3.0] * 4


def test_consuming_deletes_what_was_read_and_others_pass_over_it(client, name):
    uploader = uploaded(client, name, 2)
    data = GrowingData(4, data_info=name, client=client, consume=True)
    assert data.num_samples == 8
    assert not client.dataset_exists("training_samples_0")
    uploader.put_batch(*batch(2))
    late = GrowingData(4, data_info=name, client=client)
    assert samples(late) == [2.0] * 4


def test_a_producer_that_was_restarted_under_its_name_is_read_on(client, name):
    uploaded(client, name, 3, rank=name)
    assert len(ListSource(client, name, consume=True).fetch()) == 3
    uploaded(client, name, 2, rank=name)  # overwrites nothing, for those were consumed; the list names them twice
    assert [each["samples"][0, 0] for each in ListSource(client, name, consume=True).fetch()] == [0, 1]


def test_a_repeated_append_is_one_batch(client, name):
    uploaded(client, name, 1)
    last = client.get_dataset("training_samples_0")
    source = ListSource(client, name)
    assert len(source.fetch()) == 1
    client.append_to_list(name, last)
    assert source.fetch() == [], "what a client sent again because it heard no answer"


def test_a_reader_waits_for_the_first_batch_and_says_when_it_gives_up(client, name):
    with pytest.raises(TimeoutError, match=name):
        GrowingData(data_info=name, client=client, wait_interval=0.01, max_fetch_trials=3)
    with pytest.raises(TypeError, match="DataInfo"):
        GrowingData(data_info=3)


def test_targets_that_do_not_fit_are_refused(client, name):
    uploader = TrainingDataUploader(name, client=client)
    with pytest.raises(ValueError, match="needs targets"):
        uploader.put_batch(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="2 samples with 3 targets"):
        uploader.put_batch(np.zeros((2, 2)), np.zeros(3))
    assert client.get_list_length(name) == 0
    unlabelled = TrainingDataUploader(name, target_name="", client=client)
    unlabelled.publish_info()
    unlabelled.put_batch(np.ones((2, 2)))
    assert next(iter(GrowingData(2, data_info=name, client=client))).tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("ranks", [None, 2])
def test_the_older_generations_numbered_tensors(client, name, ranks):
    for iteration in range(2):
        for rank in range(ranks or 1):
            key = f"_{iteration}" if ranks is None else f"_{iteration}_{rank}"
            client.put_tensor(f"p{name}{key}", np.full((2, 1), 10.0 * iteration + rank))
            client.put_tensor(f"v{name}{key}", np.full(2, iteration))
    generator = DataGenerator(
        sample_prefix=f"p{name}",
        target_prefix=f"v{name}",
        batch_size=2,
        shuffle=False,
        sub_indices=ranks,
        client=client,
    )
    got = [generator[number][0][0, 0] for number in range(len(generator))]
    assert got == ([0.0, 10.0] if ranks is None else [0.0, 10.0, 1.0, 11.0])
    client.put_tensor(f"p{name}_2" + ("" if ranks is None else "_0"), np.full((2, 1), 20.0))
    generator.on_epoch_end()
    assert len(generator) == len(got), "a sample without its target has to wait"
    client.put_tensor(f"v{name}_2" + ("" if ranks is None else "_0"), np.full(2, 2))
    generator.on_epoch_end()
    assert len(generator) == len(got) + 1


def test_keras_gets_one_hot_targets(client, name):
    uploaded(client, name, 1)
    generator = DynamicDataGenerator(data_info=name, batch_size=4, shuffle=False, client=client)
    assert generator[0][1].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_torch_reads_them_too(orchestrator, client, name):
    torch = pytest.importorskip("torch")
    from gymcc.agents.serving.online.torch import DataLoader, DynamicDataGenerator

    uploader = uploaded(client, name, 3)
    options = {"batch_size": 4, "shuffle": False, "data_info": name, "address": orchestrator.unix}
    generator = DynamicDataGenerator(**options)
    first = list(generator)
    assert [int(x[0, 0]) for x, _ in first] == [0, 1, 2]
    assert first[0][0].dtype is torch.float32
    uploader.put_batch(*batch(3))
    assert len(list(generator)) == 4
    loader = DataLoader(DynamicDataGenerator(**options), num_workers=2)
    assert sorted(int(x[0, 0]) for x, _ in loader) == [0, 1, 2, 3], "workers share batches out"


def test_the_older_uploader_writes_the_newer_form(orchestrator, client, name):
    uploader = TrainingUploader(name, "points", "values", address=orchestrator.unix)
    uploader.publish_info()
    uploader.put_batch(np.zeros((2, 1)), np.ones(2))
    assert DataInfo.download(client, name) == DataInfo(name, "points", "values")
    assert DataInfo.download(client, "nobody") is None


def test_transitions_carry_their_policys_version(client, name):
    uploader = TransitionUploader(name, client=client)
    uploader.publish_info()
    good = {
        "samples": np.ones((3, 5)),
        "masks": np.ones((3, 2)),
        "actions": [0, 1, 0],
        "explored": [0, 0, 1],
        "rewards": [0.5, 0, 1],
        "dones": [False, False, True],
        "next_samples": np.zeros((3, 5)),
        "next_masks": np.ones((3, 2)),
    }
    uploader.put_transitions(good, policy_version=7)
    (got,) = GrowingData(1, data_info=name, client=client).batches
    assert got["policy_version"].tolist() == [7]
    assert got["actions"].dtype == np.int64
    assert got["rewards"].tolist() == [0.5, 0, 1]
    with pytest.raises(ValueError, match="wanted"):
        uploader.put_transitions({"samples": np.ones((3, 5))}, 7)
    with pytest.raises(ValueError, match="several lengths"):
        uploader.put_transitions({**good, "actions": [1]}, 7)
