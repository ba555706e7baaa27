"""What a stream of batches is called and what is in it, so that readers need to know its list's name only."""

from __future__ import annotations

from dataclasses import dataclass

from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.dataset import Dataset
from gymcc.agents.serving.client.errors import ServingError

LIST, SAMPLES, TARGETS = "training_data", "samples", "targets"  # SmartSim's defaults


@dataclass(frozen=True, slots=True)
class DataInfo:
    """``list_name``: of the aggregation list; the tensors of its data sets are ``sample_name`` and ``target_name``.

    ``target_name`` is empty, or that of the samples, where there are no targets. ``num_classes``: of integer targets.
    """

    list_name: str = LIST
    sample_name: str = SAMPLES
    target_name: str = TARGETS
    num_classes: int | None = None

    @property
    def has_targets(self) -> bool:
        """Whether batches come with targets."""
        return self.target_name not in ("", self.sample_name)

    def publish(self, client: Client) -> None:
        """Put it where :meth:`download` finds it: the data set ``LIST_info``."""
        body = Dataset(info_name(self.list_name))
        body.add_meta_string("sample_name", self.sample_name)
        if self.target_name:
            body.add_meta_string("target_name", self.target_name)
        if self.num_classes is not None:
            body.add_meta_scalar("num_classes", self.num_classes)
        client.put_dataset(body)

    @classmethod
    def download(cls, client: Client, list_name: str) -> DataInfo | None:
        """What the first producer published of a list; None if nobody has yet."""
        name = info_name(list_name)
        if not client.dataset_exists(name):
            return None
        try:
            body = client.get_dataset(name)
        except ServingError:  # it went in between
            return None
        fields = set(body.get_metadata_field_names())
        if not {"sample_name"} <= fields:
            return None  # of the older generation, which has prefixes
        target = body.get_meta_strings("target_name")[0] if "target_name" in fields else ""
        classes = int(body.get_meta_scalars("num_classes")[0]) if "num_classes" in fields else None
        return cls(list_name, body.get_meta_strings("sample_name")[0], target, classes)


def info_name(list_name: str) -> str:
    """The data set that describes a list."""
    return f"{list_name}_info"
