"""The best sets known of the frozen methods on the embedded x64 JIT: ``python -m gymcc.benchmarks.jitcse_labels``.

Exhaustive up to 10 viable candidates, so proven; beyond, hill climbing from the stock heuristic's and other sets.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from gymcc.envs.jitcse.analysis import Choice
from gymcc.envs.jitcse.backends.embedded import Embedded, Prepared
from gymcc.envs.jitcse.frontend import analyse
from gymcc.envs.jitcse.policies import optimum, viable
from gymcc.envs.jitcse.policies.stock import stock
from gymcc.envs.jitcse.shipped import LABELS, methods

SEED = 0


def lines() -> Iterator[str]:
    """A line per method, as :func:`gymcc.envs.jitcse.shipped.labels` reads them."""
    backend = Embedded("x64")
    for instance, method in methods().items():
        analysis = analyse(method)
        prepared = backend.prepare(analysis)

        def score(choice: Choice, prepared: Prepared = prepared) -> float:
            return backend.score(prepared, choice).perf_score

        found = optimum(score, viable(analysis), starts=[stock(analysis)], seed=SEED)
        mask = sum(1 << number for number in found.choice)
        yield f"{instance} {len(analysis.candidates)} {mask:x} {'proven' if found.proven else 'unproven'}"


def main() -> None:
    """Write the file that ships."""
    text = "".join(f"{line}\n" for line in lines())
    LABELS.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{LABELS}: {text.count(chr(10))} methods")


if __name__ == "__main__":
    main()
