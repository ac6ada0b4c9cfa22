"""Documents for programs: what records hold, as values that JSON takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remit.errors import Origin


def members(record: object, *names: str) -> dict[str, Any]:
    """These attributes of a record, by their names and in this order; a tuple is a list."""
    document = {}
    for name in names:
        value = getattr(record, name)
        document[name] = list(value) if isinstance(value, tuple) else value
    return document


def place(origin: Origin | None) -> dict[str, Any]:
    """The members of a document that say where something stands; null where nobody knows."""
    names = ("file", "line", "column")
    return dict.fromkeys(names) if origin is None else members(origin, *names)
