"""One instance worked through: its states and code; and features with their importance."""

import re

import gymnasium as gym
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gymcc  # noqa: F401
from gymcc.benchmarks.report import Worked, write_report
from gymcc.benchmarks.report.worked import MAX_LINES
from tests.benchmarks.test_report import Page, record

STEPS = [("", "start", 4.0), ("go", "middle", 1.0), ("go", "end", 2.0)]


def written(tmp_path, **given):
    path = tmp_path / "report.html"
    write_report(path, title="t", records=[record()], **given)
    return path.read_text()


def test_code_of_both_sides_is_shown_with_the_changed_lines_marked(tmp_path):
    html = written(tmp_path, worked=Worked(STEPS, "mov a, b\nadd a, c\nret", "mov a, b\nlea a, [b + c]\nnop\nret"))
    text = "".join(Page(html).text)
    assert "mov a, b\nadd a, c\nret" in text
    assert "mov a, b\nlea a, [b + c]\nnop\nret" in text
    assert re.findall(r"<mark>(.*?)</mark>", html) == ["add a, c", "lea a, [b + c]", "nop"]
    assert "After 1 action" in text
    assert text.index("middle") < text.index("Code after")
    assert "further lines" not in text


def test_long_code_is_cut_and_says_so(tmp_path):
    long = "\n".join(f"line {number}" for number in range(MAX_LINES + 7))
    text = "".join(Page(written(tmp_path, worked=Worked(STEPS, long, "short"))).text)
    assert f"line {MAX_LINES - 1}\n" in text
    assert f"line {MAX_LINES}\n" not in text
    assert "… and 7 further lines" in text


def test_without_code_there_are_states_alone(tmp_path):
    assert "Code" not in "".join(Page(written(tmp_path, worked=Worked(STEPS))).text)
    assert "worked through" not in "".join(Page(written(tmp_path)).text)


def test_features_are_told_with_what_they_change(tmp_path):
    features = [["cost_ex", 0.5, 1.25], ["use_count", 0.125, 1.0]]
    html = written(tmp_path, importance={"instances": 7, "states": 31, "features": features})
    text = "".join(Page(html).text)
    for part in (
        "What the policy decides by",
        "31 states",
        "7 instances",
        "cost_ex",
        "1.25",
        "12.5",
        "cost without it",
    ):
        assert part in text
    assert re.findall(r'class="bar" style="width:([^%]+)%', html) == ["100.0", "25.0"]


@pytest.mark.parametrize("study", [None, {"instances": 3, "states": 9, "features": []}])
def test_without_features_the_section_is_left_out(tmp_path, study):
    assert "decides by" not in written(tmp_path, importance=study)


def test_without_costs_their_column_is_left_out(tmp_path):
    text = written(tmp_path, importance={"instances": 1, "states": 1, "features": [["a", 1.0, None]]})
    assert "cost without it" not in text


def multiply_adds(text, indent=0):
    """How often the innermost line of a loop nest's pseudocode runs, times the elements it covers."""
    total, factors = 0, []
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip())) // 4
        del factors[depth:]
        if found := re.match(r"for \w+ from 0 to (\d+)(?: by (\d+))?:", line.strip()):
            factors.append(int(found[1]) // int(found[2] or 1))
        elif line.strip().startswith("tail of"):
            factors.append(1)
        elif found := re.match(r"C tile of (.*) -> ", line.strip()):
            covered = 1
            for extent in re.findall(r"(\d+) \w+(?: x|$)", found[1]):
                covered *= int(extent)
        elif line.strip() == "C tile += A * B":
            times = 1
            for factor in factors:
                times *= factor
            total += times * covered
    return total


@settings(max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 90), st.randoms(use_true_random=False))
def test_pseudocode_of_a_nest_computes_every_element_once(m, n, k, random):
    env = gym.make("looptune-mm-model-v0", action_set="extended").unwrapped
    state = env.problem.initial(f"m{m}_n{n}_k{k}")
    for _ in range(random.randrange(9)):
        if legal := env.problem.legal(state).nonzero()[0].tolist():
            state = env.problem.apply(state, random.choice(legal))
    assert multiply_adds(env.problem.listing(state)) == m * n * k
