"""The temporaries of candidates: their lifetimes, by the choices they depend on."""

from __future__ import annotations

from collections.abc import Sequence

from gymcc.envs.jitcse.backends.embedded.choices.sites import Form, Site
from gymcc.envs.jitcse.backends.embedded.pricing.layout import Layout
from gymcc.envs.jitcse.backends.embedded.registers.spans import Span, assigned, span
from gymcc.envs.jitcse.ir import Type


class Temporary:
    """A candidate's temporary. Its stores and reads depend on the candidates around its trees: ``relevant``."""

    __slots__ = ("bit", "floating", "id", "level", "relevant", "sites", "spans", "struct")

    def __init__(self, id_: int, kind: Type, level: int, relevant: int, sites: tuple[int, ...]) -> None:
        self.id = id_
        self.bit = 1 << id_
        self.floating = kind.floating
        self.struct = kind is Type.STRUCT
        self.level = level  # of crossing, if it is alive across a call
        self.relevant = relevant
        self.sites = sites  # indices
        self.spans: dict[int, Span] = {}

    def make(self, key: int, layout: Layout, sites: Sequence[Site], forms: Sequence[Form]) -> Span:
        """The lifetime for ``key``, candidates of ``relevant`` and dead locals, given the forms of all sites."""
        writes = after_calls = 0
        reads = []
        for index in self.sites:
            form, position = forms[index], sites[index].position
            if form.writes & self.bit:
                writes |= 1 << position
                if form.code.late & self.bit:
                    after_calls |= 1 << position
            if form.reads & self.bit:
                reads.append(position)
        found = assigned(span(layout, writes, reads), writes)
        found = found._replace(across=found.across & ~after_calls)
        self.spans[key] = found
        return found
