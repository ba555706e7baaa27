"""The HTTP interface of the scoring service: requests and answers as NITTA's own machine-learning back end has them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from gymcc.agents.serving.client.errors import ServingError
from gymcc.agents.serving.nitta_ml.store import Model, Store, UnknownModel

ALL = "all"


class Body(BaseModel):
    """JSON with names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class NodeView(Body):
    """An option as NITTA's web API shows it; what a model does not look at is passed on unchecked."""

    model_config = ConfigDict(extra="allow")

    sid: str
    parameters: Any
    decision: dict[str, Any]


class ScoringInput(Body):
    """Options of one node; ``scoring_target`` is the id of the one to be scored, or "all"."""

    scoring_target: str
    nodes: list[NodeView]


class ScoreRequest(Body):
    """Several nodes at once."""

    inputs: list[ScoringInput]


class ModelInfo(Body):
    """What is known of a model."""

    name: str
    train_mae: float | None
    validation_mae: float | None


class InfoResponse(Body):
    """Answer to ``GET /models/{name}``."""

    data: ModelInfo


class Scores(Body):
    """A list for each input."""

    scores: list[list[float]]


class ScoreResponse(Body):
    """Answer to ``POST /models/{name}/score``."""

    data: Scores


def build_app(store: Store) -> FastAPI:
    """The service for the models of a store."""
    app = FastAPI(title="GymCC models for NITTA")

    @app.exception_handler(UnknownModel)
    def unknown(_: Request, error: UnknownModel) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404)

    @app.exception_handler(ValueError)
    def unusable(_: Request, error: ValueError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(ServingError)
    def unavailable(_: Request, error: ServingError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503)

    @app.get("/models/{name}")
    def info(name: str) -> InfoResponse:
        model = store[name]
        known = ModelInfo(name=model.name, train_mae=model.train_mae, validation_mae=model.validation_mae)
        return InfoResponse(data=known)

    @app.post("/models/{name}/score")
    def score(name: str, body: ScoreRequest) -> ScoreResponse:
        model = store[name]
        return ScoreResponse(data=Scores(scores=[_scored(model, each) for each in body.inputs]))

    return app


def _scored(model: Model, asked: ScoringInput) -> list[float]:
    """The scores of the targets, which depend on their siblings; raises HTTPException where there is no target."""
    views = [node.model_dump(by_alias=True) for node in asked.nodes]
    wanted = [at for at, view in enumerate(views) if asked.scoring_target in (ALL, view["sid"])]
    if not wanted:
        raise HTTPException(400, "No target node(s) were found")
    scores = model.scorer.scores(views)
    return [scores[at] for at in wanted]
