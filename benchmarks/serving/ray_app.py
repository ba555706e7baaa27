"""The same model behind Ray Serve, raw bytes in and out: ``python ray_app.py MODEL PORT``; prints ``ready``."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import ray
from ray import serve
from ray.serve.schema import LoggingConfig
from starlette.requests import Request
from starlette.responses import Response


class Mlp:
    """``POST /mlp`` with float32 numbers; the answer is the model's."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    async def __call__(self, request: Request) -> Response:
        observation = np.frombuffer(await request.body(), np.float32).reshape(1, -1)
        return Response(self._session.run(["y"], {"x": observation})[0].tobytes())


def main(model: str, port: int) -> None:
    """Serve until SIGTERM."""
    quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False}
    ray.init(num_cpus=2, object_store_memory=100 << 20, _temp_dir=str(Path(model).parent), **quiet)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    deployed: Any = serve.deployment(Mlp, logging_config=LoggingConfig(enable_access_log=False))
    serve.run(deployed.bind(Path(model).read_bytes()), route_prefix="/mlp")
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    print("ready", flush=True)
    asked.wait()
    serve.shutdown()  # type: ignore[no-untyped-call]
    ray.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
