"""HTML and SVG elements that cannot be injected into: all text is escaped unless it is itself made here."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is already markup."""

    __slots__ = ()


def join(*parts: str) -> Markup:
    """Parts one after the other; plain strings are escaped."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def tag(name: str, /, *children: str, **attributes: object) -> Markup:
    """An element. In attribute names ``class_`` stands for class and ``_`` for a hyphen; None leaves one out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children and name in {"meta", "path", "line", "circle", "rect"}:
        return Markup(f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{join(*children)}</{name}>")


def _plain(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
