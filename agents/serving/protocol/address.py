"""Where the server is and how long to wait for it, from the variables that SmartRedis and SmartSim's launcher use."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

PASSWORD = "GYMCC_PASSWORD"  # noqa: S105  the variable's name; SmartRedis knows no passwords
CONNECT_TIMEOUT = 10.0
COMMAND_TIMEOUT = 30.0
CONNECT_INTERVAL = 0.1
_ALLOWED = re.compile(r"[A-Za-z0-9.:,/_\-\[\]]+")
_HOST = re.compile(r"\[?([A-Za-z0-9._\-]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?=\]))\]?:([0-9]{1,5})")
_UNIX = "unix://"


@dataclass(frozen=True, slots=True)
class Address:
    """``host:port`` or, with ``path``, a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """From ``host:port``, ``[ipv6]:port`` or ``unix://path``; raises ValueError."""
        if text.startswith(_UNIX) and len(text) > len(_UNIX):
            return cls(path=text[len(_UNIX) :])
        match = _HOST.fullmatch(text)
        if not match or not 0 < int(match[2]) < 1 << 16:
            raise ValueError(f"{text!r} is no address; allowed: host:port (1 to 65535), [ipv6]:port, unix://path")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        if self.path:
            return _UNIX + self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_addresses(text: str) -> tuple[Address, ...]:
    """The addresses of ``SSDB``'s form ``ADDRESS[,ADDRESS…]``; raises ValueError."""
    if not _ALLOWED.fullmatch(text):
        raise ValueError(f"{text!r} is no list of addresses; allowed are letters, digits and .:,/_-[]")
    return tuple(Address.parse(part) for part in text.split(","))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client goes by; times in seconds."""

    addresses: tuple[Address, ...]
    clustered: bool = False
    key_in: tuple[str, ...] = ()  # prefixes of the ensemble's members whose data may be read
    key_out: str = ""  # prefix of what is written
    connect_timeout: float = CONNECT_TIMEOUT  # until a connection stands, attempts repeated
    command_timeout: float = COMMAND_TIMEOUT  # until the reply is there, reconnecting included
    connect_interval: float = CONNECT_INTERVAL  # between two attempts to connect
    model_timeout: float = inf  # after which the server gives up a model that is run
    password: str = ""

    @classmethod
    def from_environment(
        cls, suffix: str = "", environ: Mapping[str, str] | None = None, address: str | None = None
    ) -> Settings:
        """From ``SSDB``, or ``address`` in its form, and the other variables; raises ValueError.

        ``suffix``: of ``SSDB_suffix`` and ``SR_DB_TYPE_suffix``, for the database of that name. Where a variable is
        missing the defaults are ours: SmartRedis's are a cluster and 100 s.
        """
        read = _Variables(os.environ if environ is None else environ, f"_{suffix}" if suffix else "")
        return cls(
            addresses=parse_addresses(address) if address else read.addresses(),
            clustered=read.clustered(),
            key_in=tuple(name for name in read.text("SSKEYIN").split(",") if name),
            key_out=read.text("SSKEYOUT"),
            connect_timeout=read.seconds("SR_CONN_TIMEOUT", CONNECT_TIMEOUT),
            command_timeout=read.seconds("SR_CMD_TIMEOUT", COMMAND_TIMEOUT),
            connect_interval=read.seconds("SR_CONN_INTERVAL", CONNECT_INTERVAL, unit=1e-3),
            model_timeout=read.seconds("SR_MODEL_TIMEOUT", inf, unit=1e-3),
            password=read.text(PASSWORD),
        )


@dataclass(frozen=True, slots=True)
class _Variables:
    environ: Mapping[str, str]
    suffix: str

    def text(self, name: str) -> str:
        return self.environ.get(name, "")

    def addresses(self) -> tuple[Address, ...]:
        name = "SSDB" + self.suffix
        if not self.text(name):
            raise ValueError(f"no address of a server: give one, or set {name} to host:port or unix://path")
        return parse_addresses(self.text(name))

    def clustered(self) -> bool:
        name = "SR_DB_TYPE" + self.suffix
        kind = self.text(name) or "Standalone"
        if kind not in ("Clustered", "Standalone"):
            raise ValueError(f"{name} is {kind!r}; allowed: Clustered, Standalone")
        return kind == "Clustered"

    def seconds(self, name: str, default: float, unit: float = 1.0) -> float:
        text = self.text(name)
        if not text:
            return default
        if not text.isdecimal() or int(text) == 0:
            raise ValueError(f"{name} is {text!r}; allowed: a positive whole number of {'s' if unit == 1 else 'ms'}")
        return int(text) * unit
