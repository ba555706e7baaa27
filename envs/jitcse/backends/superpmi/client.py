"""One superpmi process: a request goes in, a report comes back, whatever the process does in between."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from gymcc.envs.core.toolchain import Session, ToolError, ToolMissing
from gymcc.envs.jitcse.backends.superpmi import requests
from gymcc.envs.jitcse.backends.superpmi.candidates import candidates
from gymcc.envs.jitcse.backends.superpmi.corpus import INSTALL, Corpus
from gymcc.envs.jitcse.backends.superpmi.errors import MethodFailed, MethodUnusable, Unanswered, WrongJit
from gymcc.envs.jitcse.backends.superpmi.grammar import MalformedReply, Reply, is_done, parse_reply
from gymcc.envs.jitcse.backends.superpmi.report import Heuristic, Hook, Report
from gymcc.envs.jitcse.backends.superpmi.requests import Request

SECONDS = 60.0  # for one compilation; twice that where the process has to open the collection and load the JIT first
RETRIES = 3
PROBED = 10  # methods that may fail to compile before the JIT is blamed
T = TypeVar("T")
FAILED = 1  # the status of a method that could not be compiled


class Client:
    """Asks, and restarts the process where it dies, hangs or garbles its reply. Starts it when first asked.

    A reply that is not one costs a restart, and at most ``retries`` of them are spent on a request. Not thread-safe.
    """

    def __init__(self, corpus: Corpus, seconds: float = SECONDS, retries: int = RETRIES) -> None:
        self.corpus, self.seconds, self.retries = corpus, seconds, retries
        self.starts = 0  # processes so far
        self._session: Session | None = None
        self._names: tuple[tuple[str, ...], tuple[str, ...]] | None = None  # of features, as this process told them

    def stock(self, index: int) -> Report:
        """What the JIT's own heuristic does. Raises :class:`MethodFailed` or :class:`Unanswered`."""
        return self.ask(requests.stock(index))

    def hook(self, index: int, choice: Iterable[int] = ()) -> Report:
        """The method with the candidates of ``choice`` performed, all candidates described by name.

        Raises as :meth:`stock`, and :class:`WrongJit` where the JIT does not know of the hook or tells too little.
        """
        chosen = tuple(choice)
        return self._persistently(index, lambda: self._hook(index, chosen))

    def ask(self, request: Request) -> Report:
        """The report for any request. Raises as :meth:`stock`."""
        return self._persistently(request.index, lambda: _compiled(request.index, self._reply(request)))

    def reply(self, request: Request) -> Reply:
        """All that is printed for a request, such as a listing. Raises as :meth:`stock`."""
        return self._persistently(request.index, lambda: self._reply(request))

    def check(self) -> None:
        """Raise :class:`WrongJit` unless some of the first methods is reported on, with and without the hook."""
        faults = []
        for index in range(1, 1 + PROBED):
            try:
                self.stock(index)
                self.hook(index)
                return
            except MethodUnusable as error:
                faults.append(str(error))
                if isinstance(error, Unanswered):
                    break  # the collection may be that short
        raise WrongJit(
            f"{self.corpus.jit} reports on none of the first methods of {self.corpus.collection.name}: it takes a "
            f"checked JIT of .NET 9 or later, which knows JitMetrics; {INSTALL}. {faults[0]}"
        )

    def close(self) -> None:
        """End the process; another request starts a new one."""
        if self._session:
            self._session.close()
        self._session = self._names = None

    def _persistently(self, index: int, attempt: Callable[[], T]) -> T:
        fault: Exception | None = None
        for _ in range(1 + self.retries):
            try:
                return attempt()
            except ToolMissing:
                raise  # another process will not mend it
            except (ToolError, MalformedReply) as error:
                fault = error
                self.close()
        raise Unanswered(index, f"asked {1 + self.retries} times, at last: {fault}") from fault

    def _reply(self, request: Request) -> Reply:
        seconds = self.seconds
        if self._session is None or not self._session.alive:
            self.close()
            self._session = Session(self.corpus.superpmi, self.corpus.command(), environment=_without_options())
            self.starts += 1
            seconds *= 2
        return parse_reply(self._session.ask(request.line(), is_done, seconds))

    def _hook(self, index: int, chosen: tuple[int, ...]) -> Report:
        asked = self._names is None or not (self._session and self._session.alive)
        report = _compiled(index, self._reply(requests.hook(index, chosen, names=asked)))
        tail = report.tail
        if isinstance(tail, Hook):
            described = replace(report, tail=self._named(_checked(tail, chosen, report.num_cand)))
            if tail.feature_names:
                candidates(described)  # a JIT that tells too little is found out with the first of them
            return described
        if tail is None and report.num_cand == 0:
            return replace(report, tail=Hook(()))
        who = tail.name if isinstance(tail, Heuristic) else "another heuristic"
        raise WrongJit(
            f"{self.corpus.jit} has no JitRLHook ({who} decided): take a checked JIT of .NET 9 or later; {INSTALL}"
        )

    def _named(self, hook: Hook) -> Hook:
        """With the names that this process told, with the first candidates it described."""
        if hook.feature_names:
            self._names = hook.feature_names, hook.method_names
        if not hook.features:
            return Hook((), hook.sequence)
        if self._names is None or len(self._names[0]) != len(hook.features[0]):
            raise MalformedReply(f"{len(hook.features[0])} features without their names")
        return replace(hook, feature_names=self._names[0], method_names=self._names[1])


def _without_options() -> dict[str, None]:
    """The JIT takes options from variables, too; what it is asked must not depend on them."""
    return {name: None for name in os.environ if name.startswith(("DOTNET_", "COMPlus_"))}


def _compiled(index: int, reply: Reply) -> Report:
    report = reply.report
    if report is None and (broken := next((line for line in reply.said if line.startswith(";")), None)):
        raise MalformedReply(f"no report but {broken[:160]!r}")
    if report is None or reply.status == FAILED:
        said = f", saying: {' '.join(reply.said)[:200]}" if reply.said else ""
        raise MethodFailed(index, f"not compiled (status {reply.status}){said}")
    if report.index not in (0, index):
        raise MalformedReply(f"asked for method {index}, got the report of {report.index}")
    return replace(report, index=index)


def _checked(hook: Hook, chosen: tuple[int, ...], candidates: int) -> Hook:
    if hook.sequence != chosen:
        raise MalformedReply(f"asked for candidates {chosen}, got the report of {hook.sequence}")
    if len(hook.features) != candidates:
        raise MalformedReply(f"{len(hook.features)} candidates described of {candidates}")
    return hook
