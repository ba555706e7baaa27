"""The baselines of JIT CSE as methods of search: what they keep, what they prove, and what they may spend."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from gymcc.agents.search import Budget, methods_of, search
from gymcc.envs.core.problem import BackendError
from gymcc.envs.jitcse.backends.superpmi.stub import write_core_root
from gymcc.envs.jitcse.env import make_env, make_problem
from gymcc.envs.jitcse.policies import linear_order, viable
from gymcc.envs.jitcse.problem import JitCse
from gymcc.envs.jitcse.state import CseState
from gymcc.scripts.main import run

RULES = ("none", "all", "random_set", "linear", "optimum")
FEW, MANY = "gen/15", "gen/34"  # with 7 viable candidates, with 12
ENOUGH = Budget(evaluations=2_000)


@pytest.fixture(scope="module")
def problem() -> JitCse:
    return make_problem(dataset="jitcse/generated")


def kept(problem: JitCse, method: str, instance: str, budget: Budget = ENOUGH, seed: int = 0) -> frozenset[int]:
    actions = search(problem, instance, method, budget, seed).actions
    assert actions[-1] == problem.stop
    return frozenset(actions[:-1])


def test_the_instances_are_as_told(problem):
    assert [len(viable(problem.compiler.analysis(instance))) for instance in (FEW, MANY)] == [7, 12]


@pytest.mark.parametrize("instance", [FEW, MANY])
def test_simple_rules_keep_what_they_say(problem, instance):
    can = frozenset(viable(problem.compiler.analysis(instance)))
    assert kept(problem, "none", instance) == frozenset()
    assert kept(problem, "all", instance) == can
    assert kept(problem, "linear", instance) == frozenset(linear_order(problem.compiler.analysis(instance)))
    drawn = {kept(problem, "random_set", instance, seed=seed) for seed in range(12)}
    assert len(drawn) > 4
    assert all(choice <= can for choice in drawn)


def test_the_optimum_of_few_candidates_is_that_of_brute_force(problem):
    can = viable(problem.compiler.analysis(FEW))
    sets = [frozenset(each) for size in range(len(can) + 1) for each in combinations(can, size)]
    found = search(problem, FEW, "optimum", ENOUGH)
    assert found.best_cost == min(problem.cost(CseState(FEW, choice)) for choice in sets)
    assert found.proven
    assert found.evaluations == len(sets) - 1  # the start is free
    assert not search(problem, FEW, "optimum", Budget(evaluations=len(sets) - 2)).proven


def test_the_optimum_of_many_is_the_best_seen(problem):
    found = search(problem, MANY, "optimum", Budget(evaluations=400))
    assert found.evaluations == 400
    assert not found.proven
    others = [search(problem, MANY, method, Budget(evaluations=400)) for method in ("heuristic", "greedy1", "all")]
    assert found.best_cost <= min(other.best_cost for other in others)
    assert [cost for *_, cost in found.curve][-1] == found.best_cost == problem.cost(state(problem, found.actions))


def state(problem: JitCse, actions) -> CseState:
    found = problem.initial(MANY)
    for action in actions:
        found = problem.apply(found, action)
    return found


def test_a_rule_ends_where_it_leads_even_if_that_is_worse():
    problem = make_problem()
    costs = []
    for instance in problem.datasets["jitcse/python-stdlib"].instances[:60]:
        found = search(problem, instance, "all", ENOUGH)
        costs.append(found.best_cost / found.baseline_cost)
        assert found.evaluations <= 1
    assert max(costs) > 1


def test_rules_choose_among_the_first_candidates_only():
    narrow = make_problem(dataset="jitcse/generated", max_candidates=4)
    for method in RULES:
        assert kept(narrow, method, MANY) <= frozenset(range(4))


def test_the_command_line_knows_them(capsys):
    methods = ",".join((*RULES, "greedy1", "exhaustive"))
    with pytest.raises(SystemExit) as stop:
        run(["search", "jitcse-v0", "--method", methods, "--instance", FEW, "--evaluations", "2000", "--json"])
    assert not stop.value.code
    rows = {row["method"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(methods.split(","))
    assert rows["none"]["speedup"] == 1
    best = rows["optimum"]["speedup"]
    assert best == rows["exhaustive"]["speedup"] == max(row["speedup"] for row in rows.values())
    assert rows["optimum"]["proven"]
    assert rows["exhaustive"]["proven"]


def test_problems_without_rules_refuse_them(capsys):
    with pytest.raises(SystemExit) as stop:
        run(["search", "looptune-mm-model-v0", "--method", "linear"])
    assert stop.value.code == 2
    assert "unknown method 'linear'; allowed: random, " in capsys.readouterr().err


def test_the_live_jit_tells_its_learned_policy(tmp_path):
    written = write_core_root(tmp_path / "stub", 20)
    live = make_env("superpmi", core_root=str(written.core_root), collection=str(written.collection))
    instance = live.instances[0]
    embedded = make_problem(dataset="jitcse/generated")
    same = f"gen/{int(instance.removeprefix('spmi/')) - 1}"
    assert methods_of(live.problem) == methods_of(embedded)
    for method in ("all", "linear", "heuristic"):
        assert kept(live.problem, method, instance) == kept(embedded, method, same)
    live.problem.compiler.close()


def test_a_live_jit_without_the_learned_policy_is_named(tmp_path):
    written = write_core_root(tmp_path / "stub", 20)
    script = written.core_root / "superpmi"
    script.rename(script.with_name("real"))
    pipe = f"{script.with_name('real')} \"$@\" | sed -u 's/Parameterized CSE/Standard CSE/'"
    script.write_text(f"#!/bin/bash\nset -o pipefail\n{pipe}\n")
    script.chmod(0o755)
    live = make_env("superpmi", core_root=str(written.core_root), collection=str(written.collection))
    with pytest.raises(BackendError, match=r"has no linear policy .JitRLCSEGreedy.; .NET 9 and later have"):
        search(live.problem, live.instances[0], "linear", ENOUGH)
    live.problem.compiler.close()
