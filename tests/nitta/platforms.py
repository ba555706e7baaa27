"""Random microarchitectures, and walks over them."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import strategies as st

from gymcc.envs.nitta.microarchitecture import Microarchitecture, UnitSpec, UnitType
from gymcc.envs.nitta.moves import Moves
from gymcc.envs.nitta.tree import Node
from gymcc.envs.nitta.units import InvalidDecision

PREPARING = {"BreakLoop", "ConstantFolding", "OptimizeAccum", "OptimizeLogicalUnit", "SingleBind", "GroupBind"}
MOST = 128
SIZES = {"size": (2, 4, 16, 32), "pipeline": (1, 2, 4, 9), "buffer_size": (1, 2, 6, 8)}


@st.composite
def platforms(draw: st.DrawFn) -> Microarchitecture:
    """None to three units of each type, of any size; prototypes of some, with a template for a name or without."""
    units, prototypes = [], []
    for type_ in UnitType:
        for number in range(draw(st.sampled_from((1, 1, 0, 2, 3)))):
            units.append(UnitSpec(f"{type_.lower()}{number}", type_, **draw(sizes)))
        if type_ is not UnitType.SPI and draw(st.integers(0, 4)) == 4:
            name = f"more_{type_.lower()}"
            prototypes.append(UnitSpec(draw(st.sampled_from((name, name + "{x}"))), type_, **draw(sizes)))
    return Microarchitecture(tuple(sorted(units, key=lambda unit: unit.tag)), tuple(prototypes))


sizes = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SIZES.items()})


def walk(root: Node, random: Random) -> Node:
    """A leaf, or where NITTA can evaluate nothing that is offered; checks each step's mask by trying every option.

    Ways differ in how much they follow the scores, and in whether everything is prepared before anything is sent.
    """
    noise, prepare = random.choice((0.05, 0.3, 1.0)), random.random() < 0.4
    node = root
    while True:
        moves = Moves(node, MOST)
        for index, legal in zip(moves.kept, moves.legal, strict=False):
            assert legal == can_be_applied(node, index)
        actions = np.flatnonzero(moves.legal)
        if not len(actions):
            return node
        values = [
            moves.options[a].score + (9000 if prepare and moves.options[a].kind in PREPARING else 0) for a in actions
        ]
        action = random.choice(actions) if random.random() < noise else actions[int(np.argmax(values))]
        after = node.child(moves.kept[action])
        assert after.duration >= node.duration
        node = after


def can_be_applied(node: Node, index: int) -> bool:
    try:
        node.options[index].decision.apply(node.state)
    except InvalidDecision:
        return False
    return True
