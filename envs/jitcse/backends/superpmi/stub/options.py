"""Options of a compilation as the JIT reads them: of the command line, of variables, and of the request, which wins.

Integers are hexadecimal, as in ``jitconfigvalues.h``; lists are decimal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_INTEGERS = re.compile(r"-?\d+")
_FLOATS = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


class BadOption(ValueError):
    """An option without ``=``."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is set, as text; names are compared without regard to case."""

    given: Mapping[str, str]

    @classmethod
    def of_variables(cls, variables: Mapping[str, str]) -> Options:
        """What the JIT takes from variables ``DOTNET_<name>``."""
        named = {name[len("DOTNET_") :]: value for name, value in variables.items() if name.startswith("DOTNET_")}
        return cls({name.lower(): value for name, value in named.items()})

    def with_text(self, text: str) -> Options:
        """With ``NAME=VALUE``. Raises :class:`BadOption`."""
        name, found, value = text.partition("=")
        if not found or not name:
            raise BadOption(text)
        return Options({**self.given, name.lower(): value})

    def text(self, name: str) -> str | None:
        """The value as it stands, None if it is not set."""
        return self.given.get(name.lower())

    def integer(self, name: str, default: int = 0) -> int:
        """The value as a hexadecimal number of 32 bits, signed; what is no number counts as 0, as for ``strtoul``."""
        text = self.text(name)
        if text is None:
            return default
        found = re.match(r"\s*(?:0[xX])?([0-9a-fA-F]+)", text)
        value = int(found[1], 16) & 0xFFFFFFFF if found else 0
        return value - 2**32 if value >= 2**31 else value

    def integers(self, name: str) -> tuple[int, ...] | None:
        """The value as a list of decimal numbers, None if it is not set."""
        text = self.text(name)
        return None if text is None else tuple(map(int, _INTEGERS.findall(text)))

    def floats(self, name: str) -> tuple[float, ...] | None:
        """The value as a list of numbers, None if it is not set."""
        text = self.text(name)
        return None if text is None else tuple(map(float, _FLOATS.findall(text)))
