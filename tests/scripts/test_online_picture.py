"""The picture of a training while compilers run: steps that stand until the next version, and a mean of episodes."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

pytest.importorskip("hiredis")

from gymcc.scripts.online_picture import RECENT, Log, _steps, draw


def test_a_versions_cost_stands_until_the_next_one():
    xs, ys = _steps([(2.0, 0.0, 1), (5.0, np.log(0.9), 2)], 9.0)
    assert xs == [2.0, 5.0, 5.0, 9.0]
    assert ys == pytest.approx([1.0, 1.0, 0.9, 0.9])


def test_the_picture_has_all_three_curves_within_its_frame():
    worked = [(float(second), np.log(1.2) if second < 2 * RECENT else np.log(0.9)) for second in range(4 * RECENT)]
    picture = ElementTree.fromstring(draw(Log(worked, [(150.0, 0.0, 1), (250.0, np.log(0.95), 2)])))
    words = [each.text for each in picture.iter() if each.text]
    assert {"default", "programs that nobody learns from", "seconds"} <= set(words)
    assert len([each for each in picture.iter() if each.get("class") == "curve"]) == 3


def test_without_a_version_there_is_a_picture_of_random_decisions():
    picture = ElementTree.fromstring(draw(Log([(0.5, 0.1), (1.5, 0.2)], [])))
    assert len([each for each in picture.iter() if each.get("class") == "curve"]) == 2
