"""Requests of several clients in one run of a model, by BATCHSIZE, MINBATCHSIZE and MINBATCHTIMEOUT."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from gymcc.agents.serving.server.errors import CommandError
from gymcc.agents.serving.server.limits import MIN_BATCH_WAIT
from gymcc.agents.serving.server.values import Array

Execute = Callable[[Sequence[Array], int], Awaitable[Sequence[Array]]]
Kind = tuple[tuple[object, ...], ...]


class _Request(NamedTuple):
    arrays: Sequence[Array]
    rows: int
    kind: Kind  # types and shapes but for the rows; only equal ones go together
    reply: asyncio.Future[Sequence[Array]]


class Batcher:
    """Gathers requests for one model along their first axis.

    A batch leaves at the end of the loop's turn in which ``least`` rows are there, or ``wait`` ms after the first
    request; while one is under way, the next gathers. It has ``most`` rows, or is a single request that has more.
    """

    def __init__(self, batch: tuple[int, int, int], execute: Execute) -> None:
        self._most, self._least, wait = batch
        self._wait = (wait or MIN_BATCH_WAIT) / 1000
        self._execute = execute
        self._queue: list[_Request] = []
        self._running: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def run(self, arrays: Sequence[Array], rows: int) -> asyncio.Future[Sequence[Array]]:
        """Queue a request; the future gives its outputs."""
        if any(len(array) != rows for array in arrays):
            raise CommandError("ERR the inputs of a batched model need the same number of rows")
        kind = tuple((array.dtype, *array.shape[1:]) for array in arrays)
        loop = asyncio.get_running_loop()
        request = _Request(arrays, rows, kind, loop.create_future())
        self._queue.append(request)
        if sum(each.rows for each in self._queue) >= self._least:
            self._go()
        elif self._timer is None:
            self._timer = loop.call_later(self._wait, self._go)
        return request.reply

    def _go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._running is None and self._queue:
            self._running = asyncio.get_running_loop().create_task(self._turn())
            self._running.add_done_callback(self._next)

    def _next(self, task: asyncio.Task[None]) -> None:
        self._running = None
        task.exception()
        if sum(each.rows for each in self._queue) >= max(1, self._least):
            self._go()
        elif self._queue and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._wait, self._go)

    async def _turn(self) -> None:
        batch = self._taken()
        try:
            outputs = await self._execute(_joined(batch), sum(request.rows for request in batch))
            shares = _split(outputs, [request.rows for request in batch])
        except Exception as error:
            for request in batch:
                if not request.reply.done():
                    request.reply.set_exception(error)
            return
        for request, share in zip(batch, shares, strict=True):
            if not request.reply.done():
                request.reply.set_result(share)

    def _taken(self) -> list[_Request]:
        """The oldest request and those after it that go together with it."""
        first = self._queue[0]
        taken, rows, left = [first], first.rows, []
        for request in self._queue[1:]:
            if request.kind == first.kind and rows + request.rows <= self._most:
                taken.append(request)
                rows += request.rows
            else:
                left.append(request)
        self._queue = left
        return taken


def _joined(batch: list[_Request]) -> Sequence[Array]:
    if len(batch) == 1:
        return batch[0].arrays
    return [np.concatenate(parts) for parts in zip(*(request.arrays for request in batch), strict=True)]


def _split(outputs: Sequence[Array], rows: list[int]) -> list[Sequence[Array]]:
    if len(rows) == 1:
        return [outputs]
    if any(not output.ndim or len(output) != sum(rows) for output in outputs):
        raise CommandError("ERR ONNX/TORCH batch failed: an output has another number of rows than the batch")
    cuts = list(accumulate(rows))[:-1]
    return [list(share) for share in zip(*(np.split(output, cuts) for output in outputs), strict=True)]
