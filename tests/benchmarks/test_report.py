import dataclasses
import json
import math
import re
from html.parser import HTMLParser
from statistics import geometric_mean

import numpy as np
import pytest

from gymcc.benchmarks.report import Worked, best_of, counted, outcomes, per_instance, summarise, versus, write_report
from gymcc.benchmarks.report.curves import EVALUATIONS, SECONDS, quality
from gymcc.benchmarks.report.markup import Markup, tag
from gymcc.benchmarks.report.svg import Axis
from gymcc.benchmarks.report.verdict import sentences
from gymcc.benchmarks.report.words import digits, duration, interval, percent, ratio, tick_duration
from gymcc.benchmarks.statistics import Interval
from gymcc.envs.core.record import Record

KEYS = {
    "method", "instances", "runs", "speedup_geomean", "speedup_iqm", "speedup_iqm_low", "speedup_iqm_high",
    "final_speedup_geomean", "final_speedup_iqm", "final_speedup_iqm_low", "final_speedup_iqm_high", "gflops_mean",
    "share_of_bound", "seconds_mean", "seconds_max", "evaluations_mean", "regressions", "proven",
    "better", "same", "worse", "counted",
}  # fmt: skip


def record(method="policy", instance="m1", costs=(4.0, 1.0, 2.0), **changes):
    given = {
        "env": "toy-v0", "options": {}, "instance": instance, "method": method, "seed": 0,
        "actions": ["go"] * (len(costs) - 1), "costs": list(costs), "evaluations": 2, "seconds": 0.5,
        "curve": [[0, 0.1, 4.0], [1, 0.2, 1.0]], "bound": 0.5, "proven": False, "start": "a", "final": "b",
        "deterministic": True, "versions": {"backend": "toy"}, "machine": {}, "extra": {"flops": 2e9},
    }  # fmt: skip
    return Record(**{**given, **changes})


def many():
    found = []
    for number in range(12):
        instance = f"m{number}"
        found.append(record("policy", instance, (4.0, 1.0 + number / 20)))
        found.append(
            record("beam4", instance, (4.0, 1.5), evaluations=900, seconds=3.0, extra={"flops": 2e9, "numpy": 1.2})
        )
        found.append(record("random", instance, (4.0, 2.0, 5.0)))
    return found


class Page(HTMLParser):
    """Fails on tags that do not match and collects what would reach outside the file."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.outside, self.seen = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.outside += [
            (tag, key) for key, value in attributes if key in {"src", "href", "action"} or key.startswith("on")
        ]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def written(tmp_path, records, **given):
    path = tmp_path / "deep" / "report.html"
    write_report(path, **{"title": "A title", "records": records, **given})
    return Page(path.read_text(encoding="utf-8"))


def test_row_of_known_records():
    rows = summarise([record(costs=(4.0, 1.0, 2.0)), record(instance="m2", costs=(9.0, 1.0, 10.0), bound=None)])
    (row,) = rows
    assert set(row) == KEYS
    assert row["speedup_geomean"] == pytest.approx(6.0)  # 4 and 9
    assert row["final_speedup_geomean"] == pytest.approx(math.sqrt(2 * 0.9))
    assert row["regressions"] == 0.5
    assert row["gflops_mean"] == 2.0
    assert row["share_of_bound"] == 0.5
    assert (row["instances"], row["runs"], row["evaluations_mean"], row["seconds_max"]) == (2, 2, 2.0, 0.5)
    json.dumps(rows, allow_nan=False)


def test_runs_of_an_instance_are_averaged_before_instances():
    records = [record(costs=(4.0, 1.0)), record(costs=(4.0, 4.0), seed=1), record(instance="m2", costs=(8.0, 1.0))]
    assert summarise(records)[0]["speedup_geomean"] == pytest.approx(geometric_mean([2.0, 8.0]))


def test_the_last_state_counts_where_one_may_stop():
    records = [
        record("policy", "a", (4.0, 1.0, 2.0)),
        record("policy", "b", (4.0, 2.0)),
        record("beam", "a", (4.0, 1.6)),
        record("beam", "b", (4.0, 2.0)),
    ]
    best, last = ({row["method"]: row for row in summarise(records, way)} for way in (False, True))
    assert counted(best["policy"])[0] == best["policy"]["speedup_geomean"] == pytest.approx(math.sqrt(4 * 2))
    assert counted(last["policy"])[0] == last["policy"]["final_speedup_geomean"] == pytest.approx(2)
    assert {key: value for key, value in best["policy"].items() if "speedup" in key} == {
        key: value for key, value in last["policy"].items() if "speedup" in key
    }
    assert last["policy"]["share_of_bound"] == pytest.approx(0.25)
    assert best["policy"]["share_of_bound"] == pytest.approx(math.sqrt(0.5 * 0.25))
    runs = outcomes(records, last_counts=True)
    assert versus(per_instance(runs["policy"]), per_instance(runs["beam"])).estimate == pytest.approx(math.sqrt(0.8))


def test_curves_keep_nothing_better_than_the_last_state():
    lucky = record(costs=(4.0, 1.0, 2.0), curve=[[0, 0.1, 4.0], [1, 0.2, 1.0]], evaluations=2)
    worse = record(costs=(4.0, 8.0), curve=[[0, 0.1, 4.0]], evaluations=1)
    assert quality([lucky], EVALUATIONS, 1.0)[1].tolist() == [4.0, 4.0]
    assert quality([lucky], EVALUATIONS, 1.0, last_counts=True)[1].tolist() == [2.0, 2.0]
    assert quality([worse], EVALUATIONS, 1.0, last_counts=True)[1].tolist() == [0.5]


def test_the_page_says_which_state_counts(tmp_path):
    records = [record("policy", costs=(4.0, 1.0, 2.0)), record("beam", costs=(4.0, 1.6))]
    ways = {False: (["policy", "beam"], "of last state"), True: (["beam", "policy"], "of best on path")}
    for last_counts, (order, said) in ways.items():
        page = written(tmp_path, records, last_counts=last_counts)
        cells = [text for text in page.text if text in ("policy", "beam")]
        assert cells[:2] == order
        assert said in page.text


def test_outside_tools_get_a_row_once_per_instance():
    row = next(row for row in summarise(many()) if row["method"] == "numpy")
    assert set(row) == KEYS
    assert (row["instances"], row["runs"]) == (12, 12)
    assert row["speedup_geomean"] == pytest.approx(4.0 / 1.2)
    assert row["evaluations_mean"] is None


def test_without_work_and_bound_the_columns_are_empty():
    row = summarise([record(extra={}, bound=None)])[0]
    assert row["gflops_mean"] is None
    assert row["share_of_bound"] is None


def test_versus_and_best_of_compare_shared_instances():
    assert versus({"a": 2.0, "b": 8.0, "c": 1.0}, {"a": 1.0, "b": 2.0}).estimate == pytest.approx(math.sqrt(8))
    assert best_of([{"a": 1.0, "b": 5.0}, {"a": 3.0}]) == {"a": 3.0, "b": 5.0}
    with pytest.raises(ValueError, match="at least one"):
        versus({"a": 1.0}, {"b": 1.0})


def test_verdict_claims_a_win_only_if_the_interval_excludes_one():
    runs = outcomes(many())
    row = next(row for row in summarise(many()) if row["method"] == "policy")
    said = {low: sentences(runs, row, ("beam4", Interval(1.1, low, 1.2))) for low in (0.9, 1.05)}
    assert "neither can be said to beat the other" in said[0.9]
    assert "policy beats it" in said[1.05]
    assert "beam4 is better" in sentences(runs, row, ("beam4", Interval(0.8, 0.7, 0.9)))


def test_quality_is_a_step_function_held_after_the_end():
    fast = record(curve=[[0, 0.1, 8.0], [2, 0.2, 2.0]], evaluations=4)
    slow = record("x", curve=[[0, 0.1, 8.0], [8, 1.6, 8.0 / 16]], evaluations=16)
    grid, values = quality([fast, slow], EVALUATIONS, 1.0)
    assert grid.tolist() == list(range(1, 17))
    assert values.tolist() == pytest.approx([1.0] + [2.0] * 6 + [8.0] * 9)  # geometric mean of 4 and 16 is 8
    times, values = quality([fast], SECONDS, 0.15)
    assert np.all(values[times < 0.2] == 1.0)
    assert values[times >= 0.2].tolist() == pytest.approx([4.0] * int((times >= 0.2).sum()))


def test_a_record_without_a_curve_is_drawn_from_its_path():
    _, values = quality([record(curve=[], costs=(4.0, 2.0, 1.0), evaluations=2)], EVALUATIONS, 1.0)
    assert values.tolist() == pytest.approx([2.0, 4.0])


def test_page_stands_alone_and_holds_every_part(tmp_path):
    metrics = [{"env_steps": i * 100, "return_mean": i / 9, "illegal_rate": None, "loss": math.nan} for i in range(9)]
    metrics[3]["validation_speedup"], metrics[7]["validation_speedup"] = 1.5, 2.5
    worked = Worked([("", "for m", 4.0), ("split_4", "for m\n  for n", 1.0)])
    page = written(tmp_path, many(), metrics=metrics, worked=worked, config="seed: 1", commands=["gymcc evaluate RUN"])
    text = " ".join(page.text)
    assert page.outside == []
    assert not {"script", "img", "link", "iframe"} & set(page.seen)
    for part in (
        "A title",
        "Learning curve",
        "Validation speed-up",
        "Quality against evaluations",
        "Quality against time",
    ):
        assert part in text
    for part in (
        "Performance profile",
        "split_4",
        "for m\n  for n",
        "gymcc evaluate RUN",
        "seed: 1",
        "numpy",
        "GFLOPS",
    ):
        assert part in text
    assert "Share of illegal actions" not in text  # never known
    assert "by policy on m0" in text
    assert page.seen.count("path") >= 2 + 2 * 3 + 4


@pytest.mark.parametrize("method", ["policy", "<b>beam</b>"])
def test_nothing_in_the_data_can_become_markup(tmp_path, method):
    evil = "<script>alert('1')</script>\"><img src=x onerror=y>"
    records = [
        record(method, evil, (4.0, 1.0), env=evil, versions={evil: evil}, machine={"cpu": evil}, extra={evil: 1.5}),
        record("random", evil, (4.0, 2.0), options={evil: evil}),
    ]
    worked = Worked([("", evil, 4.0), (evil, evil, 1.0)], evil, f"{evil}\n{evil}")
    study = {"instances": 1, "states": 1, "features": [[evil, 0.5, None]]}
    page = written(
        tmp_path,
        [*records, record("heuristic", evil, (4.0, 3.0))],
        title=evil,
        worked=worked,
        importance=study,
        config=evil,
        commands=[evil],
        metrics=[{"env_steps": 1}],
    )
    assert page.outside == []
    assert not {"script", "img", "b2"} & set(page.seen)
    assert "".join(page.text).count("<script>alert('1')</script>") >= 12


def test_page_stays_small_and_finite_with_many_instances(tmp_path):
    methods = ("policy", "a", "heuristic")
    records = [record(name, f"m{i}", (4.0, 1.0 + (i + len(name)) % 7)) for i in range(2200) for name in methods]
    written(tmp_path, records)
    text = (tmp_path / "deep" / "report.html").read_text()
    assert len(text.encode()) < 2_000_000
    assert not re.search(r"\b(nan|inf)\b", text)


@pytest.mark.parametrize(
    "records",
    [
        [record()],
        [record(costs=(4.0,), curve=[], evaluations=0, seconds=0.0)],
        [record("random"), record("beam4")],
        [record(), record("random", "elsewhere")],
        [record(extra={}, bound=None, deterministic=False, machine={"cpu": "toy"})],
    ],
)
def test_thin_data_still_makes_a_page(tmp_path, records):
    shared = {r.instance for r in records if r.method == "policy"} & {
        r.instance for r in records if r.method != "policy"
    }
    page = written(tmp_path, records, unit="instructions")
    assert "Methods" in page.text
    assert ("Instance by instance" in page.text) == bool(shared or len({r.method for r in records} - {"policy"}) > 1)


def test_no_records_is_an_error_and_leaves_the_old_page(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ValueError, match="at least one record"):
        write_report(path, title="t", records=[])
    assert path.read_text() == "old"


def test_records_are_not_changed(tmp_path):
    records = many()
    before = [dataclasses.asdict(one) for one in records]
    written(tmp_path, records)
    assert [dataclasses.asdict(one) for one in records] == before


def test_tags_escape_text_and_attributes():
    assert tag("p", "<&", title='"x"') == '<p title="&quot;x&quot;">&lt;&amp;</p>'
    assert tag("p", Markup("<i>")) == "<p><i></p>"


def test_ticks_are_round_and_inside():
    assert Axis("", 0.0, 1.0).ticks() == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert Axis("", 0.9, 1200.0, log=True).ticks() == [1.0, 10.0, 100.0, 1000.0]
    assert Axis("", 0.9, 3.1, log=True).ticks() == pytest.approx([1.0, 1.5, 2.0, 2.5, 3.0])
    assert Axis("", 1.0, 100.0, log=True).at(10.0) == pytest.approx(0.5)


def test_figures_in_words():
    assert [digits(x) for x in (0.0, 1.234, 12.34, 1234.5, 0.01234)] == ["0.00", "1.23", "12.3", "1\u202f234", "0.0123"]
    assert [duration(x) for x in (None, 1.5, 0.00398, 2.5e-7)] == ["–", "1.50 s", "3.98 ms", "250 ns"]
    assert [tick_duration(x) for x in (1.0, 0.001, 1e-5)] == ["1 s", "1 ms", "10 µs"]
    assert [ratio(x) for x in (0.5, 0.996, 1.0, 1.0034, 1.2)] == ["0.500", "0.9960", "1.000", "1.003", "1.20"]
    assert interval(Interval(1.0034, 0.94, 1.1)) == "1.003\u00a0× (95 % interval 0.9400–1.100)"
    assert interval(Interval(1.2, 0.99, 1.3)) == "1.20\u00a0× (95 % interval 0.990–1.30)"
    assert [percent(x) for x in (None, 0.5, 0.845)] == ["–", "50\u00a0%", "84.5\u00a0%"]
