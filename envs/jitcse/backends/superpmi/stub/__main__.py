"""What the scripts of a stub's CORE_ROOT run: ``superpmi`` or ``mcs``, and their arguments."""

from __future__ import annotations

import sys

from gymcc.envs.jitcse.backends.superpmi.stub.files import GUID


def main(program: str, arguments: list[str]) -> int:
    """Run one of the programs; the exit status."""
    if program == "superpmi":
        from gymcc.envs.jitcse.backends.superpmi.stub.server import main as serve

        return serve(arguments)
    if program == "mcs" and arguments == ["-printJITEEVersion"]:
        print(GUID)
        return 0
    print(f"the stub knows superpmi and mcs -printJITEEVersion, not {program} {' '.join(arguments)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
