"""The same model behind FastAPI and uvicorn, raw bytes in and out: ``python http_app.py MODEL SOCKET``."""

from __future__ import annotations

import sys

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, Request, Response


def app(model: str) -> FastAPI:
    """``POST /mlp`` with float32 numbers; the answer is the model's."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    made = FastAPI(openapi_url=None)

    @made.post("/mlp")
    async def decide(request: Request) -> Response:
        observation = np.frombuffer(await request.body(), np.float32).reshape(1, -1)
        return Response(session.run(["y"], {"x": observation})[0].tobytes())

    return made


if __name__ == "__main__":
    uvicorn.run(app(sys.argv[1]), uds=sys.argv[2], access_log=False, log_level="warning")
