"""Settings of a server, and the bounds that keep it up whatever clients send."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
MAX_KEY = 64 * 1024  # bytes
MAX_WORDS = 999_999  # elements of a request
MAX_UNTRUSTED = 64 * 1024  # bytes of a request before the password
FLUSH = 256 * 1024  # bytes of replies that are held back for one write
TURN = 500  # requests of one connection after which it is the others' turn
QUICK = 1e-3  # seconds; a model that takes no longer runs on the event loop
TELLING = 10e-3  # seconds; one run that takes longer shows that a model does
MIN_BATCH_WAIT = 1000  # ms that MINBATCHSIZE is waited for unless MINBATCHTIMEOUT says how long
LATELY = 64  # elements that others may have pushed between a push and its repetition
RETRY_WINDOW = 10.0  # seconds in which a client that lost its connection repeats its last command


@dataclass(slots=True)
class Settings:
    """What `gymcc serve` is started with. Sizes in bytes, times in seconds, 0: no bound."""

    password: str = ""
    backends: tuple[str, ...] = ("ONNX", "TORCH", "TF")  # that may be used, where installed
    allow_code: bool = True  # models of TORCH and TF, and scripts, may do what this process may
    memory: int = 0
    evict: bool = True
    tensor_ttl: float = 0
    max_request: int = 1024 * MIB
    max_clients: int = 10_000
    idle_timeout: float = 0
    stall_timeout: float = 60  # that a client may take over a byte of its replies, or of a request that it began
    threads: int = 2  # models that run at a time, off the event loop
    model_threads: int = 1  # of one model
    chunk: int = 511 * MIB  # what clients are told to cut models into; RedisAI's own
    snapshot: str = ""  # path
    save_every: float = 0
    store: str = ""  # address of a Redis that keeps everything; none: this process does

    def check(self) -> None:
        """Raise ValueError at a value that makes no sense."""
        least = {
            "memory": 0,
            "tensor_ttl": 0,
            "max_request": MIB,
            "max_clients": 1,
            "idle_timeout": 0,
            "save_every": 0,
            "stall_timeout": 0,
        }
        for name, bound in {**least, "threads": 1, "model_threads": 1}.items():
            if not getattr(self, name) >= bound:
                raise ValueError(f"{name.replace('_', ' ')} is {getattr(self, name)}; allowed are {bound} and more")
        if self.save_every and not self.snapshot:
            raise ValueError("save every so often, but where? give a snapshot file, too")
        if self.store and self.snapshot:
            raise ValueError("with a store, Redis keeps everything and writes its own snapshots; leave out the file")
