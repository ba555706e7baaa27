"""What the embedded model offers first, against a server's answer for every recorded small program."""

from __future__ import annotations

import json

import pytest

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.tree import open_tree

from .recorded import DATA

ACCEPTED = [entry for entry in json.loads((DATA / "frontend.json").read_text()) if entry["accepted"]]


@pytest.mark.parametrize("entry", ACCEPTED, ids=lambda entry: entry["name"])
def test_the_root_offers_what_the_server_offers(entry):
    root = open_tree(compile_lua(entry["program"]))
    assert [f"{option.decision.kind}View" for option in root.options] == entry["rootOptions"]


def test_a_loop_that_is_fed_a_constant_folds_to_its_first_value():
    root = open_tree(compile_lua("function f(a)\n    send(a)\n    f(5)\nend\n\nf(3)\n"))
    folded = next(child for child in root.children if child.option.decision.kind == "ConstantFolding")
    assert {function.text for function in folded.state.waiting.functions} == {"const(3.000000) = a^0#0", "send(a^0#0)"}
