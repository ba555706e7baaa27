"""The growing data set as a Keras ``Sequence``, by SmartSim's names: ``smartsim.ml.tf.data`` is this module.

Without TensorFlow it is a plain sequence of batches, ended epochs told by ``on_epoch_end``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gymcc.agents.serving.online.growing import Arrays, GrowingData
from gymcc.agents.serving.online.info import LIST, SAMPLES, TARGETS, DataInfo

try:
    from tensorflow.keras.utils import Sequence as Base  # type: ignore[import-not-found,import-untyped,unused-ignore]
except ImportError:
    Base = object


class StaticDataGenerator(Base):  # type: ignore[misc,unused-ignore]
    """Batches by number; integer targets come one-hot if ``num_classes`` is known."""

    dynamic = False

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.generator = GrowingData(**{**options, "dynamic": self.dynamic})
        self._begin_epoch()

    @property
    def batch_size(self) -> int:
        """Samples of a batch."""
        return self.generator.batch_size

    def __len__(self) -> int:
        return len(self._order) // self.batch_size

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        rows = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        batch = self.generator.batch(self._arrays, rows)
        classes = self.generator.num_classes
        if isinstance(batch, tuple) and classes is not None:
            return batch[0], np.eye(classes, dtype=np.float32)[batch[1].astype(np.int64).ravel()]
        return batch

    def on_epoch_end(self) -> None:
        """Take in what is new, if the data grows, and shuffle anew."""
        if self.dynamic:
            self.generator.update()
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self._arrays: Arrays = self.generator.arrays()
        count = len(self._arrays[0])
        self._order = self.generator._random.permutation(count) if self.generator.shuffle else np.arange(count)


class DynamicDataGenerator(StaticDataGenerator):
    """Looks for new batches at the end of every epoch."""

    dynamic = True


class DataGenerator(DynamicDataGenerator):
    """The older generation's arguments (SmartSim 0.4.0): tensors ``<prefix>_<iteration>[_<sub-index>]``.

    With ``uploader_info="auto"`` a producer's ``TrainingUploader`` says what there is, in the newer form.
    """

    def __init__(
        self,
        batch_size: int = 32,
        shuffle: bool = True,
        uploader_info: str = "manual",
        uploader_name: str = LIST,
        sample_prefix: str = SAMPLES,
        target_prefix: str | None = TARGETS,
        sub_indices: int | Sequence[int] | None = None,
        num_classes: int | None = None,
        smartredis_cluster: bool = False,
        smartredis_address: str | None = None,
        **options: Any,
    ) -> None:
        manual = uploader_info == "manual"
        if uploader_info not in ("manual", "auto"):
            raise ValueError(f"uploader_info {uploader_info!r}; allowed: manual, auto")
        info = DataInfo(uploader_name, sample_prefix, target_prefix or "", num_classes)
        super().__init__(
            batch_size=batch_size,
            shuffle=shuffle,
            data_info=info if manual else uploader_name,
            numbered=manual,
            sub_indices=sub_indices,
            cluster=smartredis_cluster,
            address=smartredis_address,
            **options,
        )
