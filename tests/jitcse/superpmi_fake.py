"""A CORE_ROOT around ``fake_superpmi.py``, and a look at what it was asked."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymcc.envs.jitcse.backends.superpmi import Corpus, locate

GUID = "0a1b2c3d-1111-2222-3333-0123456789ab"


@dataclass
class Fake:
    """A fake's files."""

    root: Path
    collection: Path

    def corpus(self) -> Corpus:
        return locate(self.root, self.collection, variables={})

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_path.read_text().splitlines()]

    def lines(self) -> list[str]:
        return [entry["line"] for entry in self.log()]

    @property
    def log_path(self) -> Path:
        return Path(f"{self.collection}.log")


def script(path: Path, text: str) -> None:
    path.write_text(f"#!{sys.executable} -IS\n{text}")
    path.chmod(0o755)


def make_fake(folder: Path, **setup: Any) -> Fake:
    """``setup`` as described in fake_superpmi.py."""
    root, spmi = folder / "core root", folder / f"{GUID}.linux.x64"
    root.mkdir()
    spmi.mkdir()
    script(root / "superpmi", Path(__file__).with_name("fake_superpmi.py").read_text())
    script(root / "mcs", f"print('{GUID.upper()}')\n")
    (root / "libclrjit.so").write_bytes(b"a checked JIT")
    fake = Fake(root, spmi / "some.mch")
    fake.collection.write_text(json.dumps({"methods": 20, **setup}))
    fake.log_path.touch()
    return fake
