"""The environment over a server: the same episodes as over the embedded model, whatever the server does."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from gymcc.agents.search import Budget, search
from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.problem import BackendError
from gymcc.envs.core.record import make_record
from gymcc.envs.core.verify import verify
from gymcc.envs.core.wrappers import fork
from gymcc.envs.nitta import views
from gymcc.envs.nitta.backends.server import problem as live
from gymcc.envs.nitta.env import make_env, make_problem
from gymcc.envs.nitta.library import Library
from gymcc.envs.nitta.microarchitecture import DEFAULT
from gymcc.envs.nitta.observations.options import COLUMNS, WHOLE
from gymcc.envs.nitta.server import http as server_module
from gymcc.envs.nitta.server.api import Api
from gymcc.envs.nitta.server.inspection import Inspection
from gymcc.envs.nitta.tree import Node, open_tree
from gymcc.envs.testing import LAWS, check
from tests.nitta.recorded_server import serving
from tests.nitta.test_client_process import ROOT, gone, group_of, wait_until
from tests.nitta.test_problem import RELAYS

SERVE = (sys.executable, "-m", "gymcc.scripts.main", "nitta", "serve")
PATIENCE = 120.0
Seen = list[tuple[Any, ...]]


@contextmanager
def at_url(instance: str, *faults: str, **options: Any) -> Iterator[CompilerEnv[Node]]:
    """The environment over a server in this process."""
    program = Library().program(instance)
    api = Api(open_tree(program), Inspection(program, DEFAULT))
    with serving(api, faults) as server:
        yield make_env(backend="server", url=server.url, **{"answer_seconds": 20, **options})


def started(**options: Any) -> CompilerEnv[Node]:
    """The environment with servers of its own."""
    return make_env(backend="server", **{"command": SERVE, "start_seconds": PATIENCE, "folder": str(ROOT), **options})


def episode(env: CompilerEnv[Node], instance: str, seed: int) -> Seen:
    """Everything that an agent sees of an episode of random actions, some of them illegal."""
    random = Random(seed)
    observation, info = env.reset(options={"instance": instance})
    seen: Seen = [(observation, 0.0, False, False, info)]
    while not (seen[-1][2] or seen[-1][3]):
        legal = np.flatnonzero(seen[-1][4]["action_mask"])
        action = int(random.choice(legal)) if random.random() < 0.9 else random.randrange(env.problem.n_actions)
        seen.append(env.step(action))
    return seen


def assert_same(one: Seen, other: Seen) -> None:
    assert len(one) == len(other)
    for (a, *outcome, info), (b, *expected, other_info) in zip(one, other, strict=True):
        assert np.array_equal(a, b)
        assert outcome == expected
        assert set(info) == set(other_info)
        for key, value in info.items():
            if key not in ("evals", "illegal"):
                assert np.array_equal(value, other_info[key], equal_nan=not isinstance(value, str)), key
            assert bool(info["illegal"]) == bool(other_info["illegal"])


@pytest.mark.parametrize(
    ("instance", "options"),
    [
        ("tiny/gcd", {"lookahead": True}),
        ("small/fir2", {}),
        ("small/halfadder", {"group_binds": "obvious"}),
        ("small/determinant", {"group_binds": "off", "max_options": 32}),
        ("medium/luhn", {"observation": {"rows": "options"}, "reward": "cost_decrease"}),
    ],
)
def test_law_11_the_server_gives_what_the_embedded_model_gives(instance: str, options: dict[str, Any]) -> None:
    embedded = make_env(**options)
    with at_url(instance, **options) as env:
        for seed in range(3):
            one, other = episode(env, instance, seed), episode(embedded, instance, seed)
            if "observation" in options:
                one, other = ([(o["rows"], *rest) for o, *rest in seen] for seen in (one, other))
            assert_same(one, other)
            assert env.problem.encode(env.state) == embedded.problem.encode(embedded.state)
            assert env.problem.show(env.state) == embedded.problem.show(embedded.state)


def test_the_laws_hold_over_a_server() -> None:
    with at_url("tiny/echo") as env:
        options = {"backend": "server", "url": env.problem.servers.settings.url}  # type: ignore[attr-defined]
        report = check("nitta-synthesis-v0", instances=("tiny/echo",), max_examples=3, **options)
    assert {result.number for result in report.results} - set(report.skipped) == set(LAWS) - {11}


def test_options_that_crash_the_server_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "relays.lua"
    path.write_text(RELAYS)
    embedded, env = make_env(dataset=str(path)), started(dataset=str(path))
    one, other = episode(env, "own/relays", 4), episode(embedded, "own/relays", 4)
    assert_same(one, other)
    assert one[0][4]["action_mask"][:2].tolist() == [0, 1]
    assert "no answer" in env.problem.why_illegal(env.problem.initial("own/relays"), 0)


@pytest.mark.parametrize("fault", ["close:0.1", "500:0.1", "malformed:0.05", "close:1", "500:1", "malformed:1"])
def test_faults_cut_episodes_off_at_most(fault: str) -> None:
    ends = {"complete": 0, "error": 0, "reset": 0}
    with at_url("tiny/gcd", fault) as env:
        for seed in range(12):
            try:
                *_, (_, _, terminated, truncated, info) = episode(env, "tiny/gcd", seed)
            except BackendError:  # not even the start can be had, after several attempts: RLlib's runners begin anew
                ends["reset"] += 1
                continue
            assert terminated != truncated
            assert bool(info["error"]) == truncated
            ends["error" if truncated else "complete"] += 1
    assert ends["reset"] == 12 if fault.endswith(":1") else ends["complete"] > 3 and ends["reset"] <= 1


def test_a_server_that_is_slow_ends_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SLOW_SECONDS", 3.0)
    with at_url("tiny/gcd", answer_seconds=0.5) as env:
        observation, info = env.reset(options={"instance": "tiny/gcd"})
        slow = next(iter(env.problem.servers._known.values()))  # type: ignore[attr-defined]
        monkeypatch.setattr(server_module.Faults, "next", lambda self: "slow")
        after, reward, terminated, truncated, info = env.step(int(np.flatnonzero(info["action_mask"])[0]))
        assert (terminated, truncated, reward) == (False, True, -env.failure_penalty)
        assert "no answer within 0.5 s" in info["error"]
        assert np.array_equal(observation, after)
        assert slow.url == ""


def test_a_server_that_dies_cuts_the_episode_off_and_the_next_has_another(tmp_path: Path) -> None:
    mortal = tmp_path / "mortal.py"
    mortal.write_text(
        "import os, sys\n"
        "from gymcc.envs.nitta.server.api import Api\n"
        "from gymcc.scripts.main import run\n"
        "answer = Api.answer\n"
        "Api.answer = lambda self, method, path: os._exit(3) if '/node/-1/' in path else answer(self, method, path)\n"
        "run(['nitta', 'serve', *sys.argv[1:]])\n"
    )
    env = started(command=(sys.executable, str(mortal)))
    observation, _ = env.reset(options={"instance": "tiny/gcd"})
    after, _, terminated, truncated, info = env.step(1)
    assert (terminated, truncated) == (False, True)
    assert info["error"].endswith(("nobody listens there", "closed the connection and ended"))
    assert np.array_equal(observation, after)
    other = fork(env)
    for each in (env, other):
        each.reset(options={"instance": "tiny/gcd"})
        while not (outcome := each.step(0))[2]:
            assert not outcome[3]
    servers = env.problem.servers  # type: ignore[attr-defined]
    assert other.problem.servers is servers
    assert servers.of("tiny/gcd").starts == 2


def test_servers_are_started_anew_after_some_episodes_and_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_SERVERS", 1)
    env = started(restart_every=2)
    servers = env.problem.servers  # type: ignore[attr-defined]
    for _ in range(3):
        env.reset(options={"instance": "tiny/echo"})
    echo = servers.of("tiny/echo")
    assert echo.starts == 2
    pid = group_of(echo.url)
    env.reset(options={"instance": "tiny/negate"})
    wait_until(lambda: gone(pid))
    assert list(servers._known) == ["tiny/negate"]


def test_a_pickled_environment_goes_on_with_a_server_of_its_own() -> None:
    env = started()
    env.reset(seed=1, options={"instance": "tiny/echo"})
    env.step(int(np.flatnonzero(env.action_masks())[0]))
    other = pickle.loads(pickle.dumps(env))
    urls = [each.problem.servers.of("tiny/echo").url for each in (env, other)]
    assert env.state == other.state
    assert env.state is not other.state
    action = int(np.flatnonzero(env.action_masks())[0])
    one, two = env.step(action), other.step(action)
    assert np.array_equal(one[0], two[0])
    assert one[1:4] == two[1:4]
    assert urls[0] != urls[1]


def test_nothing_is_left_of_the_environment_after_kill_9() -> None:
    code = """
import time
from tests.nitta.test_server_env import started
env = started()
env.reset(options={"instance": "tiny/echo"})
print(env.problem.servers.of("tiny/echo").url, flush=True)
time.sleep(600)
"""
    client = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    pid = group_of(client.stdout.readline().strip())
    client.kill()
    client.wait()
    client.stdout.close()
    wait_until(lambda: gone(pid))


def test_decisions_of_a_newer_nitta_are_taken_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a server calls the breaking of loops otherwise: below the first, only the server knows the node."""
    whole = views.decision

    def renamed(option: Any, state: Any) -> Any:
        view = whole(option, state)
        return view | {"tag": "CutLoopView"} if view["tag"] == "BreakLoopView" else view

    monkeypatch.setattr(views, "decision", renamed)
    embedded, ends = make_env(), []
    with at_url("tiny/gcd") as env, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(8):
            one, other = episode(env, "tiny/gcd", seed), episode(embedded, "tiny/gcd", seed)
            assert [outcome[1:4] for outcome in one] == [outcome[1:4] for outcome in other]
            rows = [observation for observation, *_ in one]
            kinds = slice(COLUMNS.index("is Allocation"), COLUMNS.index("critical"))
            odd = [row[(row[:, 0] > 0) & ~row[:, kinds].any(1)] for row in rows]
            assert any(len(each) for each in odd)
            assert all(env.observation_space.contains(row) for row in rows)
            last = rows[-1][-1]
            assert last[2 + WHOLE.index("whole: ticks")] == other[-1][0][-1][2 + WHOLE.index("whole: ticks")]
            assert not last[2 + WHOLE.index("whole: clock of unit 0") :].any()
            assert len(env.observe("graph")) == 0
            assert "complete" in env.problem.show(env.state)
            ends.append(env.state)
        assert len(set(ends)) > 1  # known by where they lie


def test_the_heuristic_is_the_servers_and_records_hold() -> None:
    embedded = make_problem()
    with at_url("tiny/gcd") as env:
        problem = env.problem
        assert list(problem.heuristic("tiny/gcd")) == list(embedded.heuristic("tiny/gcd"))
        assert problem.heuristic_cost("tiny/gcd") == embedded.heuristic_cost("tiny/gcd")
        assert problem.facts("tiny/gcd") == embedded.facts("tiny/gcd")
        options = {"backend": "server", "url": problem.servers.settings.url}  # type: ignore[attr-defined]
        found = {"method": "heuristic", "seed": 0, "evaluations": 1, "seconds": 0.1, "curve": [], "proven": False}
        record = make_record(problem, "nitta-synthesis-v0", options, "tiny/gcd", problem.heuristic("tiny/gcd"), **found)
        assert verify(record, {}) == []
    with at_url("tiny/gcd", group_binds="off") as env:
        filtered = make_problem(group_binds="off")
        assert list(env.problem.heuristic("tiny/gcd")) == list(filtered.heuristic("tiny/gcd"))


def test_a_url_has_one_program() -> None:
    with at_url("tiny/gcd") as env:
        assert env.instances == ("tiny/gcd",)
        url = env.problem.servers.settings.url  # type: ignore[attr-defined]
        with pytest.raises(BackendError, match="another program than tiny/echo"):
            env.reset(options={"instance": "tiny/echo"})
        for dataset in ("nitta/programs-small", "nitta/generated"):
            with pytest.raises(ValueError, match="as dataset"):
                make_env(backend="server", url=url, dataset=dataset)
    with pytest.raises(BackendError, match="nobody listens"):
        make_env(backend="server", url=url)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"backend": "cloud"}, "embedded, server"),
        ({"command": "nitta"}, "command: for backend=server"),
        ({"backend": "server", "url": "http://localhost:1", "command": "x", "restart_every": 3}, "command and restart"),
        ({"backend": "server", "url": "nitta"}, "http://HOST:PORT"),
        ({"backend": "server", "answer_seconds": 0}, "positive"),
        ({"backend": "server", "restart_every": -1}, "restart_every"),
    ],
)
def test_bad_options_of_a_server(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make_env(**options)


def test_a_command_that_is_not_there() -> None:
    env = make_env(backend="server", command="no-such-nitta --fast")
    with pytest.raises(BackendError, match="no-such-nitta"):
        env.reset(options={"instance": "tiny/echo"})


def test_searches_pass_over_what_a_server_does_not_tell() -> None:
    with at_url("tiny/gcd", "close:0.2", "500:0.1") as env:
        for method in ("random", "mcts", "beam"):
            found = search(env.problem, "tiny/gcd", method, Budget(evaluations=100), seed=3)
            assert found.evaluations == 100
            assert found.best_cost <= found.baseline_cost
        assert search(env.problem, "tiny/gcd", "random", Budget(evaluations=300)).best_cost < 20
