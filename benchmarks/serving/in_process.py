"""The least a decision can cost: onnxruntime in the process that wants it."""

from __future__ import annotations

from time import perf_counter, process_time

import numpy as np

from gymcc.benchmarks.serving.client import Measured


def measure(model: bytes, width: int, seconds: float) -> Measured:
    """Batches of one, one after the other; raises ImportError where onnxruntime is missing."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    asked = {"x": np.ones((1, width), np.float32)}
    times: list[float] = []
    for _ in range(200):
        session.run(["y"], asked)
    used, end = process_time(), perf_counter() + seconds
    while (begin := perf_counter()) < end:
        session.run(["y"], asked)
        times.append(perf_counter() - begin)
    used = process_time() - used
    p50, p95 = np.percentile(times, [50, 95]) * 1e6
    return Measured(float(p50), float(p95), len(times) / seconds, used / len(times) * 1e6)
