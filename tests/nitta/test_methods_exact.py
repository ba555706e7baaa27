"""NITTA's methods on the embedded tree end exactly where the real server's ended."""

import pytest

from gymcc.envs.nitta.frontend import compile_lua
from gymcc.envs.nitta.methods import synthesise
from gymcc.envs.nitta.tree import open_tree
from tests.nitta.recorded import DATA, results

FLAGS = ("sid", "steps", "duration", "isTerminal", "isFinish")
METHODS = sorted({method for each in results().values() for method in each["methods"]} - {"topDownByScore1.4"})


def tree(name):
    return open_tree(compile_lua((DATA / "programs" / f"{name}.lua").read_text(), name))


@pytest.mark.parametrize("name", sorted(results()))
def test_ends_where_the_server_ended(name):
    root = tree(name)
    recorded = results()[name]["methods"]
    for method in METHODS:
        assert recorded[method]["status"] == "ok"
        found = synthesise(root, method)
        assert found.ended == "done"
        assert {key: found.row()[key] for key in FLAGS} == {key: recorded[method][key] for key in FLAGS}, method
