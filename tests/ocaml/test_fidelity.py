"""The comparison of the simulator with a real compiler, and what it has found."""

from __future__ import annotations

import json

import pytest

from gymcc.benchmarks import bench_ocaml
from gymcc.benchmarks.ocaml_fidelity.figures import Figure, measured
from gymcc.benchmarks.ocaml_fidelity.samples import planned
from gymcc.benchmarks.ocaml_fidelity.scores import row, summary
from gymcc.benchmarks.statistics import spearman
from gymcc.envs.ocaml import fidelity
from gymcc.envs.ocaml.actions import Action
from gymcc.envs.ocaml.dataset import SHIPPED, shipped
from gymcc.envs.ocaml.env import make_problem
from gymcc.scripts.main import run
from tests.ocaml.compiler_cases import needs_closure, own_cache  # noqa: F401 - a fixture that is always used

SITE, TREE = make_problem(), make_problem(mode="tree")
PROBLEMS = pytest.mark.parametrize(
    "problem", [SITE, TREE, make_problem(rules="flambda")], ids=["site", "tree", "flambda"]
)


def legal(problem, program, vector) -> bool:
    state = problem.initial(program)
    for path, action in vector:
        assert state.path == path
        state = problem.apply(state, int(action))
    return state.path is None


@PROBLEMS
def test_vectors_are_different_whole_and_the_same_every_time(problem):
    plan = planned(problem, "vectors", 12, seed=3)
    assert len(plan.vectors) == len(set(plan.vectors)) == 12
    assert all(legal(problem, "vectors", vector) for vector in plan.vectors)
    assert plan == planned(problem, "vectors", 12, seed=3) != planned(problem, "vectors", 12, seed=4)
    shares = [sum(action is Action.INLINE for _, action in vector) / len(vector) for vector in plan.vectors]
    assert max(shares) - min(shares) > 0.5


def test_small_programs_have_all_the_vectors_that_there_are():
    assert len(planned(SITE, "lenses", 30, seed=0).vectors) == 2 ** len(SITE.initial("lenses").agenda)


@pytest.mark.parametrize(("rules", "others"), [("closure", 1), ("flambda", 2)])
def test_single_changes_are_of_every_call_around_the_compilers_decisions_and_a_random_vector(rules, others):
    problem = make_problem(rules=rules)
    calls = list(problem.initial("vectors").agenda)
    plan = planned(problem, "vectors", 6, seed=0)
    for flip in plan.flips:
        assert [path for path, _ in flip.before] == [path for path, _ in flip.after] == calls
        assert {a[0] for a, b in zip(flip.before, flip.after, strict=True) if a != b} == {flip.path}
    around = list(dict.fromkeys(flip.before for flip in plan.flips))
    backend = problem.backend("vectors")
    assert dict(around[0]) == {path: backend.default(path[0]) for path in calls}
    assert around[1:] == [plan.vectors[0]]
    assert len([flip for flip in plan.flips if flip.before == around[0]]) == others * len(calls)
    assert set(plan.all) == {*plan.vectors, *around, *(flip.after for flip in plan.flips)}


def simulated(program, vectors, sign=1):
    """Figures as the simulator has them, or turned around."""
    figures = [SITE.backend(program).cost(dict(vector)) for vector in vectors]
    return {v: Figure(f.cost**sign * 1e9, round(f.text**sign * 1e9)) for v, f in zip(vectors, figures, strict=True)}


def test_the_simulator_agrees_with_itself_and_not_with_its_opposite():
    plan = planned(SITE, "vectors", 10, seed=0)
    same = row(SITE, "vectors", plan, simulated("vectors", plan.all))
    other = row(SITE, "vectors", plan, simulated("vectors", plan.all, -1))
    assert (same["spearman"], other["spearman"]) == (pytest.approx(1), pytest.approx(-1))
    assert (same["spearman_bytes"], other["spearman_bytes"]) == (pytest.approx(1), pytest.approx(-1))
    assert same["flips"] == same["agrees"] > 5
    assert (other["agrees"], other["failed"]) == (0, 0)
    assert same["real_range"] == pytest.approx(same["simulated_range"]) == pytest.approx(other["real_range"])
    assert same["vectors"] == 10


def test_what_the_compiler_failed_on_is_left_out_and_counted():
    plan = planned(SITE, "vectors", 10, seed=0)
    found = simulated("vectors", plan.all[2:])
    scored = row(SITE, "vectors", plan, found)
    assert (scored["vectors"], scored["failed"]) == (8, 2)
    assert scored["agrees"] == scored["flips"]
    assert row(SITE, "vectors", plan, {})["spearman"] is None


def test_decisions_that_change_nothing_cannot_be_ranked():
    plan = planned(SITE, "vectors", 10, seed=0)
    scored = row(SITE, "vectors", plan, dict.fromkeys(plan.all, Figure(5e6, 900)))
    assert (scored["spearman"], scored["spearman_bytes"], scored["flips"], scored["real_range"]) == (None, None, 0, 1.0)


def test_the_summary_is_of_medians_and_of_all_changes_together():
    def made(program, held_out, value, flips, agrees):
        found = {"program": program, "held_out": held_out, "mode": "site", "spearman": value, "spearman_bytes": None}
        return found | {"flips": flips, "agrees": agrees}

    rows = [
        made("a", False, 0.2, 10, 1),
        made("b", True, 0.9, 0, 0),
        made("c", True, 0.7, 10, 9),
        made("d", True, None, 0, 0),
    ]
    told = {each["what"]: (each["programs"], each["value"], each["target"]) for each in summary(rows)}
    assert told == {
        "site mode, median spearman, all": (3, 0.7, ">= 0.7"),
        "signs of 20 single changes over 1 %, all": (2, 0.5, ">= 0.8"),
        "site mode, median spearman, held out": (2, pytest.approx(0.8), ">= 0.7"),
        "signs of 10 single changes over 1 %, held out": (1, 0.9, ">= 0.8"),
    }


@needs_closure
def test_real_figures_are_compiled_once_and_kept(monkeypatch):
    real = make_problem(backend="closure")
    plan = planned(SITE, "church", 6, seed=0)
    found = measured(real, "church", plan.vectors, 2)
    ours = [SITE.backend("church").cost(dict(vector)).cost for vector in plan.vectors]
    assert spearman(ours, [found[vector].instructions for vector in plan.vectors]) > 0.7
    monkeypatch.setattr(type(real.backend("church")), "cost", None)
    assert measured(real, "church", plan.vectors, 1) == found


def test_unknown_programs_and_middle_ends_are_named(capsys):
    for arguments, said in (
        (["--programs", "bdd,nonsense"], "unknown program 'nonsense'; allowed: bdd,"),
        (["--middle-end", "llvm"], "unknown middle end 'llvm'; allowed: closure, flambda"),
    ):
        with pytest.raises(SystemExit):
            run(["bench", "ocaml-fidelity", *arguments])
        assert said in capsys.readouterr().err


# What has been found


def test_figures_of_one_middle_end_take_the_place_of_its_old_ones(tmp_path):
    file = tmp_path / "fidelity.json"
    for middle_end, value in (("closure", 0.1), ("flambda", 0.2), ("closure", 0.3)):
        fidelity.write_fidelity(middle_end, {"tool": "1"}, [{"what": "x", "value": value}], [{"program": "a"}], file)
    found = json.loads(file.read_text())
    assert {name: each["summary"][0]["value"] for name, each in found.items()} == {"closure": 0.3, "flambda": 0.2}
    assert [each.name for each in tmp_path.iterdir()] == ["fidelity.json"]


def test_the_shipped_figures_are_of_this_simulator_and_all_programs_and_meet_the_bars():
    found = fidelity.shipped_fidelity()["closure"]
    assert found["versions"].items() >= SITE.versions().items()
    named = {(each["program"], each["mode"]) for each in found["programs"]}
    assert named == {(program, mode) for program in shipped()[SHIPPED] for mode in ("site", "tree")}
    assert found["summary"] == json.loads(json.dumps(summary(found["programs"])))
    told = {each["what"]: each for each in found["summary"]}
    for mode in ("site", "tree"):
        for part in ("all", "held out"):
            line = told[f"{mode} mode, median spearman, {part}"]
            assert line["programs"] >= 12
            assert line["value"] >= 0.7
    signs = [each["value"] for what, each in told.items() if what.startswith("signs")]
    assert len(signs) == 2
    assert min(signs) >= 0.8


def test_the_card_tells_the_fidelity_and_what_there_is_to_gain():
    facts = SITE.landscape(["vectors", "lenses"])
    assert facts["never_geomean"] > 1
    assert facts["never_worst"] >= facts["never_geomean"]
    assert facts["best_known_geomean"] < 1
    assert facts["best known lenses"].endswith("(proven best)")
    assert float(facts["fidelity site mode, median spearman, all"].split()[0]) > 0.7
    assert "Spearman" in facts["fidelity vectors"]
    generated = SITE.landscape(["gen/0"])
    assert not any(name.startswith(("fidelity", "best")) for name in generated)


def test_the_benchmark_has_steps_by_size_and_head_room(monkeypatch):
    few = ("dispatch", "intervals", "interpreter", "vectors")
    monkeypatch.setattr(bench_ocaml, "shipped", lambda: {SHIPPED: few})
    monkeypatch.setattr(bench_ocaml, "SEEDS", 0)
    monkeypatch.setattr(bench_ocaml, "EACH", 1)
    tables = bench_ocaml.bench(steps=2, compiled=0)
    rows = [each for table in tables.values() for each in table]
    assert all(each["value"] > 0 for each in rows)
    steps = [each["what"] for each in rows if each["what"].startswith("closure: a step")]
    assert len(steps) == len(bench_ocaml.GROUPS) + 1
    head_room = [each["value"] for each in rows if "best known" in each["what"]]
    assert len(head_room) == 2
    assert max(head_room) < 1
