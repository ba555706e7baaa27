"""What an experiment starts: programs, called models as SmartSim does, and servers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from gymcc.agents.serving.experiment.settings import RunSettings

Paths = str | Path | Sequence[str | Path]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*")  # a folder's name, and characters that variables of clients allow


def checked_name(name: str) -> str:
    """``name``; raises ValueError if it cannot be a folder's name and a prefix of keys."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name; allowed: letters, digits, _, . and -, a letter or digit first")
    return name


class Model:
    """One program of an experiment. It runs in a folder of its own if files are attached, else where it was made.

    Its output goes to ``NAME.out`` and ``NAME.err`` in its folder.
    """

    def __init__(self, name: str, folder: Path, run_settings: RunSettings, path: str | Path | None = None) -> None:
        self.name, self.folder, self.run_settings = checked_name(name), folder, run_settings
        self._path = None if path is None else Path(path)
        self._origin = Path.cwd()
        self._copies: list[Path] = []
        self._links: list[Path] = []
        self._sources: list[str] = []
        self._prefixed = False

    def attach_generator_files(self, to_copy: Paths = (), to_symlink: Paths = ()) -> None:
        """Files and folders that the program's folder gets before it starts; raises FileNotFoundError."""
        for given, kept in ((to_copy, self._copies), (to_symlink, self._links)):
            for path in [given] if isinstance(given, str | Path) else given:
                if not Path(path).exists():
                    raise FileNotFoundError(f"{path}: no such file to attach to {self.name}")
                kept.append(Path(path).resolve())

    def enable_key_prefixing(self) -> None:
        """Put this program's name before the keys that it writes, so that programs do not meet."""
        self._prefixed = True

    def register_incoming_entity(self, incoming_entity: Model) -> None:
        """Let this program read what ``incoming_entity`` writes; raises ValueError if it does already."""
        if incoming_entity.name in self._sources:
            raise ValueError(f"{self.name} reads {incoming_entity.name} already")
        self._sources.append(incoming_entity.name)

    @property
    def path(self) -> Path:
        """Where it runs."""
        if self._path is not None:
            return self._path
        return self.folder if self._copies or self._links else self._origin

    def generate(self) -> None:
        """Make its folder with the attached files, over what earlier starts left there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for source in self._copies:
            target = self.path / source.name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source != target.resolve():
                shutil.copy2(source, target)
        for source in self._links:
            target = self.path / source.name
            target.unlink(missing_ok=True)
            target.symlink_to(source)

    def variables(self) -> dict[str, str]:
        """What tells its clients which keys are its own and which it may read."""
        told = {"SSKEYIN": ",".join(self._sources)} if self._sources else {}
        return told | ({"SSKEYOUT": self.name} if self._prefixed else {})

    @property
    def out(self) -> Path:
        """Its standard output."""
        return self.folder / f"{self.name}.out"

    @property
    def err(self) -> Path:
        """Its standard error."""
        return self.folder / f"{self.name}.err"
