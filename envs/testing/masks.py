"""Laws 2 and 7: what may be done."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gymcc.envs.core.env import CompilerEnv
from gymcc.envs.core.problem import IllegalAction, Problem
from gymcc.envs.core.wrappers import DictMask
from gymcc.envs.testing.report import Broken
from gymcc.envs.testing.subject import Subject, bare
from gymcc.envs.testing.walks import Path, Walk, named, on_paths

SEARCHED = 200  # states looked at breadth-first from each instance


def mask_and_apply_agree(subject: Subject) -> None:
    """``legal``, ``why_illegal`` and ``apply`` agree on every action, and so do the mask's three conventions.

    An illegal action given to the environment leaves the state as it is.
    """
    env = DictMask(subject.make())

    def body(problem: Problem[Hashable], walk: Walk, path: Path) -> None:
        for state in path.states:
            _agree(problem, state)
        _conventions(env, problem, walk, path)

    on_paths(subject, body)


def _agree(problem: Problem[Hashable], state: Hashable) -> None:
    legal = problem.legal(state)
    if legal.dtype != np.bool_ or legal.shape != (problem.n_actions,):
        raise Broken(f"legal gives {legal.dtype} {legal.shape}, not bool ({problem.n_actions},)")
    for action in range(-1, problem.n_actions + 1):
        listed = 0 <= action < problem.n_actions and bool(legal[action])
        accepted = _accepts(problem, state, action)
        reason = problem.why_illegal(state, action)
        if not listed == accepted == (not reason):
            what = f"mask says {listed}, apply {accepted}, why_illegal {reason!r}"
            raise Broken(f"action {action} in {problem.encode(state)!r}: {what}")
    served = legal.copy()
    legal[:] = ~legal
    if not np.array_equal(problem.legal(state), served):
        raise Broken("legal does not give a fresh array: changing one in place changes the next")


def _accepts(problem: Problem[Hashable], state: Hashable, action: int) -> bool:
    try:
        problem.apply(state, action)
    except IllegalAction as error:
        if not str(error):
            raise Broken(f"apply refuses action {action} without a reason") from error
        return False
    return True


def _conventions(env: DictMask, problem: Problem[Hashable], walk: Walk, path: Path) -> None:
    inner = bare(env)
    observation, info = env.reset(seed=0, options={"instance": walk.instance})
    _same_masks(inner, problem, observation, info)
    for action in path.actions:
        observation, _, terminated, truncated, info = env.step(action)
        _same_masks(inner, problem, observation, info)
        if terminated or truncated:
            return
    illegal = np.flatnonzero(~problem.legal(inner.state))
    if illegal.size:
        before = inner.state
        *_, info = env.step(illegal[0])
        if inner.state != before or not info["illegal"]:
            raise Broken(f"an illegal action {illegal[0]} changed the state or went unmentioned in info['illegal']")


def _same_masks(env: CompilerEnv[Any], problem: Problem[Hashable], observation: Any, info: dict[str, Any]) -> None:
    legal = problem.legal(env.state)
    served: dict[str, NDArray[Any]] = {
        "info['action_mask']": info["action_mask"],
        "action_masks()": env.action_masks(),
        "DictMask's action_mask": observation["action_mask"],
    }
    for name, mask in served.items():
        if mask.dtype != np.int8 or not np.array_equal(mask, legal.astype(np.int8)):
            raise Broken(f"{name} is {mask.dtype} {mask.tolist()}, the problem says {legal.astype(int).tolist()}")


def no_dead_ends(subject: Subject) -> None:
    """Every reachable state is terminal or has a legal action: breadth-first near the start, by walks further out."""
    problem = subject.problem()
    for instance in subject.instances:
        _search(problem, instance)

    def body(problem: Problem[Hashable], walk: Walk, path: Path) -> None:
        _alive(problem, path.states[-1])

    on_paths(subject, body)


def _search(problem: Problem[Hashable], instance: str) -> None:
    start = problem.initial(instance)
    way: dict[Hashable, tuple[int, ...]] = {start: ()}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        try:
            _alive(problem, state)
        except Broken as fault:
            raise Broken(str(fault), named(problem, instance, way[state])) from fault
        for action in np.flatnonzero(problem.legal(state)) if not problem.is_terminal(state) else ():
            following = problem.apply(state, int(action))
            if following not in way and len(way) < SEARCHED:
                way[following] = (*way[state], int(action))
                queue.append(following)


def _alive(problem: Problem[Hashable], state: Hashable) -> None:
    if not problem.is_terminal(state) and not problem.legal(state).any():
        raise Broken(f"{problem.encode(state)!r} is not terminal, but nothing is legal there")
