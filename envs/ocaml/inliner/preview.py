"""What a function or a call would become, for those who decide by that."""

from __future__ import annotations

from gymcc.envs.ocaml.inliner.copying import Copier, Out, Place, Shared
from gymcc.envs.ocaml.inliner.opening import Decide, Offer
from gymcc.envs.ocaml.inliner.sweeping import Sweep
from gymcc.envs.ocaml.inliner.values import Group
from gymcc.envs.ocaml.ir import Binding, LetFunctions


def copied(shared: Shared, offer: Offer, decide: Decide) -> tuple[Binding, ...]:
    """The body of the function that is called, simplified in place of the call."""
    value, copier = offer.value, Copier(shared, decide)
    source, group = value.source, value.group
    copier.known = {**offer.known, **group.known}
    names = dict(group.names) | {param.id: arg for param, arg in zip(source.params, offer.args, strict=True)}
    state = shared.states.copied(offer.state, offer.path[-1], source.id)
    place = Place(state, names, shared.source.around[source.id], frozenset(), source.id)
    out: Out = []
    copier.bindings(source.body.bindings, place, out)
    sweep = Sweep((), shared.rules.drops)
    sweep.uses((place.atom(source.body.result),))
    return sweep.bindings(tuple(out))


def declared(shared: Shared, group: Group, copier: Copier) -> LetFunctions:
    """The residual code of functions under the decisions of a copier of their own."""
    sweep = Sweep((value.variable for value in group.functions), shared.rules.drops)
    swept = sweep.binding(copier.functions(group))
    assert isinstance(swept, LetFunctions)
    return swept
