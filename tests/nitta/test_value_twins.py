"""Programs that are the same but for names are known again, others are not."""

import json
import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gymcc.agents.nitta_value.guide import CARD, SHIPPED, GuideCard
from gymcc.agents.nitta_value.learning import pick
from gymcc.agents.nitta_value.settings import GuideSettings
from gymcc.agents.nitta_value.twins import fingerprint, trained_on
from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.library import Library, shipped_sources
from gymcc.envs.nitta.program import Program
from gymcc.scripts.main import run as gymcc_main
from tests.nitta.recorded import DATA


def renamed(program, random):
    """Every variable under another name, and the functions in another order."""
    names = sorted({v for f in program.functions for v in f.variables})
    others = [f"n{at}" for at in range(len(names))]
    random.shuffle(others)
    name = dict(zip(names, others, strict=True))
    functions = [function.renamed(name, name) for function in program.functions]
    random.shuffle(functions)
    return Program("other", tuple(functions))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(shipped_sources())), seed=st.integers(0, 10**6))
def test_names_and_order_make_no_difference(name, seed):
    program = Library().program(name)
    assert fingerprint(renamed(program, Random(seed))) == fingerprint(program)


def test_shipped_programs_are_told_apart():
    programs = [Library().program(name) for name in shipped_sources()]
    alike = Counter(fingerprint(program) for program in programs)
    assert max(alike.values()) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("f(a, b) f(a - b, b)", "f(x, y) f(x - y, y)", True),
        ("f(a, b) f(a - b, b)", "f(a, b) f(a, b - a)", True),  # the two loops in the other order
        ("f(a, b) f(a - b, b)", "f(a, b) f(b - a, b)", False),
        ("f(a, b) f(a - b, b)", "f(a, b) f(a - b, a)", False),
        ("f(a, b) f(a + b, b)", "f(a, b) f(b + a, b)", True),
        ("f(a) f(a * 3)", "f(a) f(a * 5)", True),
        ("f(a) f(a << 3)", "f(a) f(a << 5)", False),
        ("f(a) f(a + 3)", "f(a) f(a - 3)", False),
        ("f(a) f(a - 3)", "f(a) f(3 - a)", False),
    ],
)
def test_twins_by_hand(one, other, same):
    def program(text):
        head, body = re.fullmatch(r"(f\(.*?\)) (.*)", text).groups()
        return compile_lua(f"function {head}\n {body}\nend\nf({', '.join('1' * (head.count(',') + 1))})\n", "f")

    assert (fingerprint(program(one)) == fingerprint(program(other))) == same


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="no guide is shipped")
def test_what_the_shipped_guide_was_trained_on_is_no_test_program(capsys):
    card = GuideCard.read(SHIPPED / CARD)
    seen = trained_on(card)
    assert len(seen) == card.programs["count"] == len(pick(GuideSettings.model_validate(card.settings).programs))
    for path in (DATA / "programs").glob("*.lua"):
        assert fingerprint(compile_lua(path.read_text(), path.stem)) not in seen
    with pytest.raises(SystemExit):
        gymcc_main(["nitta", "trial", "--dataset", "nitta/programs-tiny", "--split", "train", "--json"])
    (report,) = json.loads(capsys.readouterr().out)
    assert report["programs"] == []
    assert "tiny/negate" in report["left_out"]
