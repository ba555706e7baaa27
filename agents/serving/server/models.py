"""Compiled models, and where they run: quick ones at once, slow ones in threads, so that nobody else waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf
from time import perf_counter
from typing import Any, TypeVar

from gymcc.agents.serving.server import runners
from gymcc.agents.serving.server.batching import Batcher
from gymcc.agents.serving.server.errors import NO_CODE, CommandError, one_line
from gymcc.agents.serving.server.limits import QUICK, TELLING, Settings
from gymcc.agents.serving.server.runners.base import Runner
from gymcc.agents.serving.server.values import Alias, Array, Model, Script

T = TypeVar("T")
MODEL, COMPILER = "gymcc-model", "gymcc-compiler"  # names of threads


class Engine:
    """A compiled model that knows from its last run how long it takes."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.batcher: Batcher | None = None
        self._seconds = inf
        self.quick = 0  # rows up to which a run should be over within a millisecond

    def run(self, arrays: Sequence[Array], rows: int) -> Sequence[Array]:
        """The outputs; raises :class:`CommandError` whatever the model raises."""
        begin = perf_counter()
        try:
            outputs = self.runner.run(arrays)
        except CommandError:
            raise
        except Exception as error:  # of any back end
            raise CommandError(f"ERR the model failed: {one_line(error)}") from error
        self.note(perf_counter() - begin, rows)
        return outputs

    def note(self, seconds: float, rows: int) -> None:
        """A run that took a little longer is rather the machine's doing than the model's; one much longer is not."""
        if seconds < TELLING:
            seconds = min(seconds, 2 * self._seconds)
        self._seconds = seconds
        self.quick = int(rows * QUICK / seconds) if seconds < QUICK else 0


class Host:
    """Compiles models and scripts and runs them. What is compiled lives as long as the value it was made of."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(settings.threads, MODEL)
        self._compilers = ThreadPoolExecutor(2, COMPILER)
        self._compiling: dict[str, asyncio.Future[Any]] = {}

    async def run(self, model: Model, arrays: Sequence[Array], timeout: float = inf) -> Sequence[Array]:
        """The outputs of a model; raises :class:`CommandError`, also past ``timeout`` seconds."""
        engine: Engine = model.compiled or await self._compile(model)
        rows = len(arrays[0]) if arrays else 1
        if engine.batcher is not None:
            return await within(engine.batcher.run(arrays, rows), timeout)
        if rows <= engine.quick:
            return engine.run(arrays, rows)
        return await self.off_loop(engine.run, arrays, rows, timeout=timeout)

    async def prepare(self, value: Model | Script | Alias) -> None:
        """Compile; raises :class:`CommandError`."""
        if isinstance(value, Model):
            await self._compile(value)
        elif isinstance(value, Script):
            await self.script(value)

    async def _compile(self, model: Model) -> Any:
        if model.backend in runners.CODE and not self._settings.allow_code:
            raise CommandError(NO_CODE)
        runner = await self._once(model.digest, runners.load, model, self._settings.model_threads)
        if model.compiled is None:
            engine = model.compiled = Engine(runner)
            if model.batch[0]:
                engine.batcher = Batcher(model.batch, partial(self._batch, engine))
        return model.compiled

    async def script(self, script: Script) -> Any:
        """The compiled script; raises :class:`CommandError`."""
        if not self._settings.allow_code:
            raise CommandError(NO_CODE)
        if script.compiled is None:
            script.compiled = await self._once(script.digest, _compiled, script)
        return script.compiled

    async def off_loop(self, function: Callable[..., T], *args: Any, timeout: float = inf) -> T:
        """Call in one of the models' threads; raises :class:`CommandError` past ``timeout`` seconds."""
        return await within(asyncio.get_running_loop().run_in_executor(self._pool, function, *args), timeout)

    async def in_thread(self, function: Callable[..., T], *args: Any) -> T:
        """Call in a thread that no model keeps busy."""
        return await asyncio.get_running_loop().run_in_executor(self._compilers, function, *args)

    def close(self) -> None:
        """Run no more models; what is under way is not waited for."""
        for pool in (self._pool, self._compilers):
            pool.shutdown(wait=False, cancel_futures=True)

    def threads(self) -> list[threading.Thread]:
        """Those that are there."""
        return [thread for thread in threading.enumerate() if thread.name.startswith((MODEL, COMPILER))]

    async def _batch(self, engine: Engine, arrays: Sequence[Array], rows: int) -> Sequence[Array]:
        if rows <= engine.quick:
            return engine.run(arrays, rows)
        return await self.off_loop(engine.run, arrays, rows)

    async def _once(self, digest: str, function: Callable[..., Any], *args: Any) -> Any:
        future = self._compiling.get(digest)
        if future is None:
            future = asyncio.get_running_loop().run_in_executor(self._compilers, function, *args)
            self._compiling[digest] = future
            future.add_done_callback(lambda _: self._compiling.pop(digest))
        await asyncio.wait({future})
        return future.result()


async def within(future: asyncio.Future[T], timeout: float) -> T:
    """The future's result; raises :class:`CommandError` if it is not there in time."""
    if timeout < inf:
        await asyncio.wait({future}, timeout=timeout)
        if not future.done():
            future.cancel()  # it does not begin any more, or its result is lost
            raise CommandError(f"TIMEDOUT the model took longer than {timeout * 1000:.0f} ms")
    return await future


def _compiled(script: Script) -> Any:
    from gymcc.agents.serving.server.runners.torch import TorchScript

    return TorchScript(script)
