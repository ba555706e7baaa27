"""A value model for NITTA's options as two files: ``value.onnx``, the network, and ``value.json``, its side-car.

The network takes ``features`` float32 ``(options, columns)``, those of :mod:`gymcc.envs.nitta.features` that the
side-car names, and gives ``values`` float32 ``(options,)``, a greater one for a better option: the labels of NITTA's
machine learning are from -3 for a failure to about 10 for a short schedule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gymcc.agents.serving.client.client import Client
from gymcc.agents.serving.client.decide import RemoteNetwork
from gymcc.envs.nitta.features import COLUMNS, matrix

SCHEMA = 1
NETWORK, CARD = "value.onnx", "value.json"


class ModelError(ValueError):
    """A model that cannot be read or used; the message says which and why."""


class ValueCard(BaseModel):
    """The side-car: what goes in, and mean absolute errors on training and validation data (null: not measured)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Annotated[int, Field(alias="schema", ge=SCHEMA, le=SCHEMA)] = SCHEMA
    columns: Annotated[list[str], Field(min_length=1)]
    train_mae: float | None = None
    validation_mae: float | None = None

    @classmethod
    def parse(cls, text: str, where: str) -> ValueCard:
        """From JSON; raises :class:`ModelError`."""
        try:
            card = cls.model_validate_json(text)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise ModelError(f"{where}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
        if unknown := sorted(set(card.columns) - set(COLUMNS)):
            raise ModelError(f"{where}: columns: {unknown[0]!r} is no feature that NITTA's views tell")
        return card


class ValueModel:
    """A value model that is loaded. Thread-safe."""

    def __init__(self, card: ValueCard, session: Any) -> None:
        self.card, self._session = card, session

    @classmethod
    def load(cls, folder: Path) -> ValueModel:
        """Read the two files of a folder; raises :class:`ModelError`."""
        import onnxruntime

        try:
            text = (folder / CARD).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{folder / CARD}: cannot be read: {error}") from error
        card = ValueCard.parse(text, str(folder / CARD))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            network = str(folder / NETWORK)
            session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a dozen classes of its own
            raise ModelError(f"{folder / NETWORK}: no ONNX network: {' '.join(str(error).split())[:200]}") from error
        shapes = {item.name: tuple(item.shape[1:]) for item in [*session.get_inputs(), *session.get_outputs()]}
        expected = {"features": (len(card.columns),), "values": ()}
        if shapes != expected:
            raise ModelError(f"{folder / NETWORK}: network has {shapes}, its side-car says {expected}")
        return cls(card, session)

    @classmethod
    def served(cls, client: Client, name: str) -> ValueModel:
        """The network published as ``name``, which computes on the server; raises :class:`ModelError`."""
        return cls(ValueCard.parse(client.get_card(name), name), RemoteNetwork(client, name))

    def scores(self, views: Sequence[Mapping[str, Any]]) -> list[float]:
        """The values of all options of one node, given as NodeViews; raises ValueError for what is none."""
        rows = matrix(views, self.card.columns)
        values: list[float] = self._session.run(["values"], {"features": rows})[0].tolist()
        return values
