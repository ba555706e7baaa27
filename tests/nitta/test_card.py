"""The card of the shipped programs, and what the environment's page says of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

import gymcc.envs.nitta
from gymcc.benchmarks.cards import card
from gymcc.envs.nitta.dataset import shipped
from gymcc.envs.nitta.env import make_problem
from gymcc.envs.nitta.library import LABELS, Label, shipped_labels, shipped_sources
from gymcc.envs.nitta.tree import open_tree

PROGRAMS = "nitta/programs"


@pytest.fixture(scope="module")
def facts() -> dict[str, object]:
    return {row["fact"]: row["value"] for row in card(make_problem(), PROGRAMS)}


def test_every_program_is_listed_with_what_is_known_of_it(facts):
    labels = json.loads(LABELS.read_text())
    assert set(labels) == set(shipped_sources())
    problem = make_problem()
    for instance, label in labels.items():
        root = open_tree(problem.library.program(instance))
        sota, best = root.at(label["sota"]), root.at(label["best"])
        said = str(facts[instance])
        assert f"stateOfTheArt {sota.duration if sota.is_complete else 'fails'}," in said
        assert f"best known {best.duration}" in said
        assert best.is_complete
        assert ("proven" in said) == label["proven"]
        assert not sota.is_complete or best.duration <= sota.duration


def test_shares_are_those_of_the_programs(facts):
    said = [str(facts[instance]) for instance in shipped_sources()]
    assert facts["programs_known"] == len(said)
    assert facts["sota_success_percent"] == pytest.approx(100 * sum("fails" not in each for each in said) / len(said))
    proven = [re.findall(r"\d+|fails", each) for each in said if "proven" in each]
    assert facts["best_proven"] == len(proven)
    assert facts["sota_best_percent_of_proven"] == pytest.approx(100 * sum(a == b for a, b in proven) / len(proven))
    assert facts["tiny_best_proven"] == len(shipped()[f"{PROGRAMS}-tiny"])
    assert 1 <= facts["sota_over_best_known_geomean"] < 1.5


def test_what_has_no_schedule_or_is_not_known_is_told(monkeypatch):
    labels = {name: label for name, label in shipped_labels().items() if name.startswith("tiny")}
    labels["tiny/gcd"] = Label("-0", None, proven=True)
    labels["tiny/echo"] = replace(labels["tiny/echo"], best=None, proven=False)
    del labels["tiny/hold"]
    monkeypatch.setattr("gymcc.envs.nitta.library.shipped_labels", lambda: labels)
    found = make_problem().landscape(shipped()[f"{PROGRAMS}-tiny"].instances)
    assert found["tiny/gcd"] == "stateOfTheArt fails, no schedule exists (proven)"
    assert found["tiny/echo"] == "stateOfTheArt 1"
    assert "tiny/hold" not in found
    assert found["programs_known"] == len(labels)
    assert "tiny_programs_known" not in found  # there is one tier
    assert make_problem().landscape(["gen/small/1"]) == {}


def test_the_page_counts_right():
    page = gymcc.envs.nitta.__doc__ or ""
    assert f"{len(shipped_sources())} programs of ours" in page
    for dataset in shipped():
        assert dataset.removesuffix("-tiny").removesuffix("-small") in page or "-" in dataset
