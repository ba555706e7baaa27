"""Committees: what they decide, what they learn from, how sure they must be, and the commands around them."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gymcc.agents.config import ConfigError
from gymcc.agents.config import load as load_experiment
from gymcc.agents.importance import importance
from gymcc.agents.ocaml_inlining import choosing, learning
from gymcc.agents.ocaml_inlining.choosing import Outcome, choose_rule, columns, figures, folds, outcome
from gymcc.agents.ocaml_inlining.fitting import fit, weigh
from gymcc.agents.ocaml_inlining.learning import opened
from gymcc.agents.ocaml_inlining.lessons import UNKNOWN, Lessons, experts, lessons
from gymcc.agents.ocaml_inlining.network import Columns, Committee, Rule
from gymcc.agents.ocaml_inlining.settings import Choice, Experts, Settings, load
from gymcc.agents.policy import Card, Policy, rollout, rollouts
from gymcc.agents.rllib.export import TorchScorer, export
from gymcc.benchmarks.ocaml_rewards import label
from gymcc.envs.ocaml.actions import Action
from gymcc.scripts.ocaml import app

INPUTS, COLUMNS = 7, Columns(unasked=3, growth=4, callee=5, whole=6)
SHARES = st.floats(0.5, 0.95)  # of at least a half, so that but one can be reached
CONFIGS = Path(__file__).parents[2] / "configs"
PROGRAMS = ("dispatch", "parsers", "lenses", "gen/4")
QUICK = """
splits: [train, validation]
experts: {models: [star], margins: [0.0005], hidden: 4}
fitting: {steps: 20}
choice: {folds: 2, inline: [0.5, 0.9], never: [0.9], within: [1]}
"""


def committee(seed, rule):
    torch.manual_seed(seed)
    net = Committee(INPUTS, experts=3, hidden=4, columns=COLUMNS)
    with torch.no_grad():
        net.last.normal_(std=2)
    net.follow(rule)
    return net


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.tuples(SHARES, SHARES, st.floats(0.1, 3)), st.booleans(), st.booleans())
def test_a_committee_decides_against_the_compiler_only_where_it_is_sure(seed, rule, flambda, inlines_unasked):
    net, random = committee(seed, Rule(*rule)), np.random.default_rng(seed)
    seen = random.normal(size=(1, INPUTS)).astype(np.float32)
    seen[0, 3:] = inlines_unasked, *np.log1p(random.uniform([0, 0, 0], [2, 50, 100])).astype(np.float32)
    mask = np.array([[flambda, 1, 1]], np.int8)
    hidden = np.maximum(seen @ net.first.detach().numpy() + net.bias.detach().numpy(), 0)
    logits = hidden @ net.second.detach().numpy() + net.last.detach().numpy()
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    likely = (powers / powers.sum(-1, keepdims=True)).mean(0)[0]
    unasked = Action.INLINE if inlines_unasked else Action.NEVER
    expected = Action.DEFAULT if flambda else unasked
    growth, callee, whole = np.expm1(seen[0, 4:])
    if likely[Action.INLINE] > rule[0] and growth + callee / max(1, whole) <= rule[2]:
        expected = Action.INLINE
    if likely[Action.NEVER] > rule[1]:
        expected = Action.NEVER
    assert TorchScorer(net).scores(seen, mask)[0].argmax() == expected


def test_nothing_but_what_is_legal_is_decided():
    net = committee(1, Rule())
    seen = np.random.default_rng(1).normal(size=(50, INPUTS)).astype(np.float32)
    for legal in ([0, 0, 1], [0, 1, 0], [1, 0, 0]):
        scores = TorchScorer(net).scores(seen, np.tile(legal, (50, 1)))
        assert set(scores.argmax(-1)) == {legal.index(1)}


def row(inline, call, method="ridge"):
    return {"inline": inline, "call": call, "method": method, "chosen": inline > call}


@pytest.fixture(scope="module")
def env():
    return opened(Settings())


def test_experts_differ_in_model_and_margin_and_the_lasso_has_none():
    known = Experts(models=("star", "hand_lasso"), margins=(0.1, 0.2), repeats=2)
    assert experts(known) == [("star", 0.1), ("star", 0.2), ("hand_lasso", 0.0)] * 2


def test_lessons_are_the_calls_on_the_best_tree_with_their_classes(env):
    agenda = env.problem.initial("dispatch").agenda
    worth = [(0.1, 0.0), (0.0, 0.1), (0.0, 0.001), (-inf, 0.2), (0.5, 0.0)]
    values = {"star": {path: row(*each) for path, each in zip(agenda, worth, strict=False)}}
    known = Experts(models=("star",), margins=(0.01,))
    found = lessons(env, "static", {"dispatch": values}, label, known)
    assert len(found.observations) == len(agenda)  # site mode: all calls, known or not
    classes = found.classes[:, 0].tolist()
    assert classes[:5] == [Action.INLINE, Action.NEVER, Action.DEFAULT, UNKNOWN, Action.INLINE]
    assert set(classes[5:]) == {UNKNOWN}
    assert found.stakes[:5, 0] == pytest.approx([0.1, 0.1, 0.001, 0, 0.3])
    names = env.observations["static"].names
    assert found.observations[1, names.index("inlined")] == pytest.approx(np.log(2))  # on the tree's way
    assert found.observations[2, names.index("refused")] == pytest.approx(np.log(2))


def made(classes, stakes, program=None, observations=None):
    classes, stakes = np.array(classes, np.int64), np.array(stakes, np.float32)
    program = np.zeros(len(classes), np.int64) if program is None else np.array(program)
    if observations is None:
        observations = np.zeros((len(classes), INPUTS), np.float32)
    return Lessons(("gen/0", "bdd"), program, observations, classes, stakes)


def test_weights_leave_out_the_unknown_and_follow_what_is_at_stake():
    known = made([[1, UNKNOWN], [2, 2], [0, 1]], [[0.3, 0], [0.1, 0.1], [0.2, 0.3]], program=[0, 1, 1])
    quick = Settings.model_validate({"fitting": {"stakes": 1.0, "shipped_weight": 2.0}})
    assert weigh(known, quick) == pytest.approx(np.array([[1.5, 0], [1, 1], [2, 3]]))
    assert weigh(known, Settings()) == pytest.approx(np.array([[1, 0], [1, 1], [1, 1]]))


def test_repeated_experts_draw_programs_with_replacement():
    program = [0, 0, 1, 2, 3, 3]
    known = Lessons(tuple("abcd"), np.array(program), np.zeros((6, INPUTS), np.float32), *_ones(6, members=20))
    repeated = Settings.model_validate({"experts": {"models": ["star"], "margins": [0.1], "repeats": 20}})
    drawn = weigh(known, repeated)[[0, 2, 3, 4]]  # a row for each program
    assert weigh(known, repeated)[[1, 5]] == pytest.approx(drawn[[0, 3]])
    assert drawn.sum(0) == pytest.approx(np.full(20, 4))
    assert set(drawn.ravel()) > {0, 1}
    assert len({tuple(column) for column in drawn.T}) > 10


def _ones(rows, members):
    return np.ones((rows, members), np.int64), np.ones((rows, members), np.float32)


def test_what_hardly_varies_is_not_looked_at():
    net, seen = committee(3, Rule()), torch.rand(50, INPUTS)
    seen[:, 1] = 2.0
    net.standardise(seen)
    changed = seen.clone()
    changed[:, 1] += 5
    assert torch.equal(net.logits(changed), net.logits(seen))
    changed[:, 2] += 5
    assert not torch.equal(net.logits(changed), net.logits(seen))


def test_experts_learn_what_they_are_shown():
    random = np.random.default_rng(0)
    seen = random.normal(size=(200, INPUTS)).astype(np.float32)
    right = np.where(seen[:, 0] > 0, Action.INLINE, Action.NEVER)
    opposite = np.where(seen[:, 0] > 0, Action.NEVER, Action.INLINE)
    known = made(np.stack([right, opposite], 1), np.ones((200, 2)), observations=seen)
    logits = fit(known, Settings(), COLUMNS).logits(torch.from_numpy(seen)).argmax(-1).numpy()
    assert (logits[0] == right).mean() > 0.97
    assert (logits[1] == opposite).mean() > 0.97


def test_the_fastest_rule_that_keeps_the_limits_is_chosen():
    fast, large = Outcome(0.8, 1.0, 0.8), Outcome(0.5, 1.5, 0.52)
    slow, calm = Outcome(1.1, 1.0, 1.1), Outcome(0.99, 1.0, 0.99)
    a, b, c, d = Rule(0.5, 0.5), Rule(0.5, 0.9), Rule(0.6, 0.5), Rule(0.6, 0.9)
    limits = Choice(growth=1.1, slowest=1.02)
    mixed = [Outcome(0.5, 1.0, 0.5), slow]
    assert choose_rule({a: [large, large], b: mixed, c: [fast, calm], d: [calm, calm]}, limits) == c
    assert choose_rule({a: [large, large], b: mixed}, limits) == b  # none keeps them: the surest
    assert choose_rule({a: [fast, large], d: [calm, calm]}, Choice(growth=1.3)) == a


def test_rules_are_chosen_on_programs_that_their_committee_has_not_seen(env, monkeypatch):
    programs, tried = ["bits", "church", "lambda", "monads", "queues"], []

    def fitted(known, settings, columns):
        net = committee(0, Rule())
        net.seen = {known.programs[each] for each in known.program}
        return net

    def outcomes(net, env, observation, fold):
        assert "gen/0" in net.seen
        assert not net.seen & set(fold)
        tried.append(tuple(fold))
        return [Outcome(1.0, 1.0, 1.0)] * len(fold)

    monkeypatch.setattr(choosing, "fit", fitted)
    monkeypatch.setattr(choosing, "outcomes_of", outcomes)
    every = ("gen/0", "life", *programs)
    known = Lessons(every, np.arange(7), np.zeros((7, INPUTS), np.float32), *_ones(7, members=1))
    chosen = Settings.model_validate({"choice": {"folds": 2, "inline": [0.5, 0.9], "never": [1], "within": [1]}})
    net, found = choosing.learned(known, env, programs, chosen)
    assert net.seen == {"gen/0", *programs}  # life is of the dataset, and none of those
    assert sorted(tried) == sorted([("bits", "lambda", "queues"), ("church", "monads")] * 2)
    assert tuple(found["rule"].values())[:2] == (0.5, 1.0)


def test_programs_of_other_splits_are_not_learned_from(monkeypatch, tmp_path):
    taken = []

    def recorded(known, env, programs, settings):
        taken.extend((set(known.programs), programs))
        return committee(0, Rule()), {}

    monkeypatch.setattr(learning, "learned", recorded)
    monkeypatch.setattr(learning, "save", lambda *_: None)
    worth = {name: {"star": {}} for name in ("life", "church", "gen/4")}
    learning.learn(Settings.model_validate({"experts": {"models": ["star"]}}), worth, label, tmp_path / "out")
    assert taken == [{"church", "gen/4"}, ["church"]]  # life is to test on


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=3), min_size=2, max_size=30, unique=True), st.integers(2, 30))
def test_every_program_is_held_out_once(programs, count):
    if count > len(programs):
        with pytest.raises(ValueError, match=f"{len(programs)} programs cannot"):
            folds(programs, count)
        return
    parts = folds(programs, count)
    assert sorted(name for part in parts for name in part) == sorted(programs)
    assert all(parts)


def test_the_exported_committee_decides_as_the_live_one(env, tmp_path):
    names = env.observations["static"].names
    torch.manual_seed(3)
    net = Committee(len(names), experts=3, hidden=4, columns=columns(env, Settings()))
    with torch.no_grad():
        net.second.mul_(5)
    side = Card("ocaml-inline-v0", {}, "static", len(names), ["default", "inline", "never"], {}, {}, {}, 0, {}, "0")
    export(net, side, tmp_path)
    loaded = Policy.load(tmp_path)
    live = rollouts(TorchScorer(net), env, "static", ["lenses", "dispatch"])
    assert [rollout(loaded, env, program) for program in ("lenses", "dispatch")] == live
    assert len({action for actions in live for action in actions}) == 2


def test_outcomes_are_shares_of_the_default(env):
    unasked = env.problem.heuristic("dispatch")
    assert outcome(env, "dispatch", unasked) == pytest.approx((1, 1, 1))
    state = env.problem.initial("dispatch")
    never = [int(Action.NEVER)] * len(state.agenda)
    for action in never:
        state = env.problem.apply(state, action)
    found = outcome(env, "dispatch", never)
    assert found.cost == pytest.approx(env.problem.cost(state))
    assert found.time > 1


def run(*arguments):
    return CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)


def test_the_commands_from_runs_to_a_policy_and_its_table(tmp_path):
    runs, values, config = tmp_path / "runs", tmp_path / "values", tmp_path / "quick.yaml"
    config.write_text(QUICK)
    named = [part for name in PROGRAMS for part in ("--program", name)]
    run("collect", *named, "--mode", "site", "--steps", 15, "--chains", 1, "--out", runs)
    run("attribute", runs, "--out", values)
    with pytest.raises(ValueError, match="1 programs cannot be held out in 2 folds"):  # only dispatch is not for tests
        run("learn", config, "--values", values, "--out", tmp_path / "policy")
    evaluate = ("evaluate", config, "--values", values, "--out", tmp_path / "held", "--evaluations", 20, "--folds")
    said = run(*evaluate, 3, "--json")
    assert said.exit_code == 0
    table = json.loads(said.stdout)
    assert [row["program"] for row in table[:3]] == sorted(PROGRAMS[:3])
    rows = (tmp_path / "held" / "rows.jsonl").read_text()
    for row in map(json.loads, rows.splitlines()):
        card = json.loads((tmp_path / "held" / f"fold-{row['fold']}" / "policy.json").read_text())
        assert set(card["validation"]["programs"]) == {*PROGRAMS[:3]} - {row["program"]}
    (tmp_path / "held" / "rows.jsonl").write_text(rows[: len(rows) // 2])  # as a kill leaves it
    again = run(*evaluate, 3, "--json")
    assert json.loads(again.stdout) == table
    assert (tmp_path / "held" / "rows.jsonl").read_text() == rows
    with pytest.raises(ValueError, match="begun with other"):
        run(*evaluate, 2)


def test_faults_are_told_by_key(tmp_path):
    config = tmp_path / "bad.yaml"
    config.write_text("experts: {models: [moon]}\n")
    with pytest.raises(ConfigError, match=r"experts\.models\.0.*star"):
        load(config)
    with pytest.raises(ValueError, match="cannot read what decisions are worth"):
        run("learn", CONFIGS / "ocaml-inline.yaml", "--values", tmp_path, "--out", tmp_path / "x")


def test_shipped_configs_can_be_read():
    assert load(CONFIGS / "ocaml-inline.yaml").observation == "static"
    for name in ("ppo", "dqn"):
        assert load_experiment(CONFIGS / f"ocaml-{name}.yaml").env.id == "ocaml-inline-v0"


def test_the_shipped_policy_speeds_up_test_programs_and_slows_none_down(env):
    policy = Policy.load("ocaml-inline")
    tried = ("life", "matrices", "quaternions", "streams")
    assert not set(tried) & set(policy.card.validation["programs"])
    found = [outcome(env, program, rollout(policy, env, program)) for program in tried]
    assert figures(found)["time"] < 0.97
    assert figures(found)["slowest"] <= 1.02


def test_what_the_shipped_policy_decides_by_has_names(env):
    study = importance(Policy.load("ocaml-inline"), env, ["dispatch", "life"])
    assert study is not None
    assert study.features
    assert {row.name for row in study.features} <= set(env.observations["static"].names)
