"""`gymcc doctor`: what works on this machine, and what to do about what does not."""

from __future__ import annotations

import os
import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from gymcc.envs.core.machine import fingerprint
from gymcc.envs.core.problem import BackendError
from gymcc.scripts.output import Json, show

EXTRAS = {  # `report` is pillow alone
    "rl": ("torch", "ray", "wandb", "onnx", "onnxscript", "pillow"),
    "serve": ("hiredis", "uvloop", "onnxruntime", "redis", "fastapi", "uvicorn"),
    "test": ("pytest", "hypothesis"),
}


def command(as_json: Json = False) -> None:
    """Check the processor, the optional packages, the code generators, RyuJIT and the OCaml compilers."""
    rows = [
        _row("machine", True, ", ".join(fingerprint().values()), ""),
        _row("python", True, platform.python_version(), ""),
        _row("cores", True, f"{len(os.sched_getaffinity(0))} usable, load {os.getloadavg()[0]:.1f}", ""),
        _native(),
        _llvm(),
        _superpmi(),
        *_ocaml(),
        *(_package(name, extra) for extra, names in EXTRAS.items() for name in names),
    ]
    show(rows, as_json)


def _row(what: str, ok: bool, found: str, advice: str) -> dict[str, object]:
    return {"what": what, "ok": ok, "found": found, "advice": advice}


def _native() -> dict[str, object]:
    native = import_module("gymcc.envs.looptune.backends.native")
    target = native.detect()
    if target is None:
        return _row("looptune native", False, "no AVX-512, no AVX2", "use -o backend=model or looptune-mm-model-v0")
    return _row("looptune native", True, f"{target.name}, peak {native.peak_gflops(target):.0f} GFLOPS", "")


def _llvm() -> dict[str, object]:
    try:
        facts = import_module("gymcc.envs.jitcse.backends.llvm").Llvm().versions()
    except BackendError as error:
        return _row("jitcse llvm", False, str(error), "pip install 'gymcc[llvm]'")
    return _row("jitcse llvm", True, ", ".join(f"{name} {value}" for name, value in facts.items()), "")


def _superpmi() -> dict[str, object]:
    superpmi = import_module("gymcc.envs.jitcse.backends.superpmi")
    try:
        corpus = superpmi.locate()
        with superpmi.Pool(corpus) as pool:
            pool.borrow(superpmi.Client.check)
    except (ValueError, BackendError) as error:
        found, _, advice = str(error).partition("; ")
        return _row("jitcse superpmi", False, found, advice)
    return _row("jitcse superpmi", True, ", ".join(corpus.versions().values()), "")


def _ocaml() -> list[dict[str, object]]:
    report = import_module("gymcc.envs.ocaml.backends.compiler.report").report
    return [_row(each.what, each.ok, each.found, each.advice) for each in report()]


def _package(name: str, extra: str) -> dict[str, object]:
    try:
        return _row(name, True, version(name), "")
    except PackageNotFoundError:
        return _row(name, False, "not installed", f"pip install 'gymcc[{extra}]'")
