"""The conformance kit: thirteen laws that every compiler environment must obey, tried in one call.

    from gymcc.envs.testing import check
    print(check("my_package:my-compiler-v0"))

Walks are drawn and failures shrunk by hypothesis, so this package needs ``pip install 'gymcc[test]'``. A law that does
not hold raises :class:`LawBroken`, which names it and the smallest counterexample found. Costs of an environment that
is measured, not deterministic, are compared only within one process.
"""

from __future__ import annotations

try:
    import hypothesis  # noqa: F401
except ImportError as error:
    raise ImportError("gymcc.envs.testing draws its examples with hypothesis: pip install 'gymcc[test]'") from error

from gymcc.envs.testing.kit import LAWS, check
from gymcc.envs.testing.report import LawBroken, Report, Result
from gymcc.envs.testing.subject import Live, Subject

__all__ = ["LAWS", "LawBroken", "Live", "Report", "Result", "Subject", "check"]
