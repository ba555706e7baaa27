"""What an experiment starts: programs, called models as SmartSim does, and servers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gymcc.agents.serving.experiment.settings import RunSettings

Paths = str | Path | Sequence[str | Path]
Put = Callable[[Path, Path], None]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*")  # a folder's name, and characters that variables of clients allow
_TAG = re.compile(r";([A-Za-z_][A-Za-z0-9_]*);")


def checked_name(name: str) -> str:
    """``name``; raises ValueError if it cannot be a folder's name and a prefix of keys."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name; allowed: letters, digits, _, . and -, a letter or digit first")
    return name


class Model:
    """One program of an experiment. It runs in a folder of its own if files are attached, else where it was made.

    Its output goes to ``NAME.out`` and ``NAME.err`` in its folder.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        run_settings: RunSettings,
        params: Mapping[str, Any] | None = None,
        path: str | Path | None = None,
    ) -> None:
        self.name, self.folder, self.run_settings = checked_name(name), folder, run_settings
        self.params = dict(params or {})
        self._path = None if path is None else Path(path).resolve()
        self._origin = Path.cwd()
        self._files: dict[str, tuple[Put, Path]] = {}  # by name, which none shares
        self._sources: list[str] = []
        self._prefixed = False

    def attach_generator_files(self, to_copy: Paths = (), to_symlink: Paths = (), to_configure: Paths = ()) -> None:
        """Files and folders that the program's folder gets before it starts: copies, links, and texts filled in.

        In files to configure ``;name;`` stands for the value that ``params`` has for it. Raises FileNotFoundError, and
        ValueError for two of one name or a text that ``params`` cannot fill.
        """
        kinds: list[tuple[Put, Paths]] = [(_copy, to_copy), (_link, to_symlink), (self._configure, to_configure)]
        for put, given in kinds:
            for path in [given] if isinstance(given, str | Path) else given:
                source = Path(path).resolve()
                if not source.exists():
                    raise FileNotFoundError(f"{path}: no such file to attach to {self.name}")
                if self._files.get(source.name, (put, source)) != (put, source):
                    raise ValueError(f"{path}: {self.name} has another file of that name attached")
                if put == self._configure:
                    self._filled(source)
                self._files[source.name] = put, source

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
        return self.folder if self._files else self._origin

    def generate(self) -> None:
        """Make its folder with the attached files, over what earlier starts left there."""
        for folder in (self.folder, self.path):
            folder.mkdir(parents=True, exist_ok=True)
        for name, (put, source) in self._files.items():
            target = self.path / name
            if target.is_symlink():  # of an earlier start: what it leads to must not be written over
                target.unlink()
            if source != target:
                put(source, target)

    def _configure(self, source: Path, target: Path) -> None:
        target.write_text(self._filled(source))
        shutil.copymode(source, target)

    def _filled(self, source: Path) -> str:
        def value(tag: re.Match[str]) -> str:
            if tag[1] not in self.params:
                known = ", ".join(self.params) or "none"
                raise ValueError(f"{source}: {tag[0]} is not among the params of {self.name}; they are: {known}")
            return str(self.params[tag[1]])

        return _TAG.sub(value, source.read_text())

    def variables(self) -> dict[str, str | None]:
        """What tells its clients which keys are its own and which it may read; None: not what this process was told."""
        return {"SSKEYIN": ",".join(self._sources) or None, "SSKEYOUT": self.name if self._prefixed else None}

    @property
    def out(self) -> Path:
        """Its standard output."""
        return self.folder / f"{self.name}.out"

    @property
    def err(self) -> Path:
        """Its standard error."""
        return self.folder / f"{self.name}.err"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    target.symlink_to(source)
