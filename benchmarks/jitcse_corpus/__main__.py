"""``python -m gymcc.benchmarks.jitcse_corpus OUT [LIBRARY]``: make the frozen set, of this Python's own library."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gymcc.benchmarks.jitcse_corpus.freeze import freeze, standard_library


def main(arguments: list[str]) -> int:
    """Write the frozen set and print its card; 2 for wrong arguments."""
    if not 1 <= len(arguments) <= 2 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    library = Path(arguments[1]) if len(arguments) > 1 else standard_library()
    try:
        card = freeze(library, Path(arguments[0]))
    except (ValueError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(json.dumps(card, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
