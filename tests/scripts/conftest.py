"""Running the command line within the test process."""

import pytest

from gymcc.scripts.main import run


@pytest.fixture
def gymcc(capsys):
    """Run a command; gives exit status, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            run(list(arguments))
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call
