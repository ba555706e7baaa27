"""One orchestrator for the tests that leave it as they find it; each has names of its own."""

from __future__ import annotations

import pytest

from gymcc.agents.serving import Client
from gymcc.agents.serving.publish import publish
from gymcc.scripts import main
from tests.serving.orchestrator import running


@pytest.fixture(scope="session")
def orchestrator(tmp_path_factory):
    """A running server with two policies of this suite published: ``jit`` and ``mm``."""
    with running(tmp_path_factory.mktemp("orchestrator")) as server:
        with Client(server.unix) as client:
            publish(client, "jitcse-cloning", "jit")
            publish(client, "looptune-mm-dqn", "mm")
        yield server


@pytest.fixture
def gymcc(capsys):
    """The command line in this process; gives what it prints, or its complaint."""

    def call(*arguments: str) -> str:
        with pytest.raises(SystemExit) as end:
            main.run(list(arguments))
        assert end.value.code in (0, 2)
        printed = capsys.readouterr()
        return printed.err if end.value.code else printed.out

    return call
