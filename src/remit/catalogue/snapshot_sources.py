"""The sources of the snapshot: packages, their versions and dates, and the number of facts in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from remit.catalogue import snapshot
from remit.catalogue.snapshot import chunk

_OLD: Final = 120  # days


@dataclass(frozen=True, slots=True)
class SourcePackage:
    """A package that facts came from; `date` is the day its data was made, "" where it does not tell."""

    name: str
    version: str
    date: str
    licence: str
    holds: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The sources, and counts by what is counted, both in a fixed order."""

    day: date
    """That of the newest source."""
    is_own: bool
    """True for the data that remit brings, false for that of a newer `remit-data`."""
    sources: tuple[SourcePackage, ...]
    counts: tuple[tuple[str, int], ...]


def versions() -> Versions:
    """Return the versions of the sources of the facts."""
    row = chunk("versions", "")
    day = date.fromisoformat(snapshot.date(snapshot.folder()).replace(".", "-"))
    return Versions(
        day,
        snapshot.folder() == snapshot.OWN,
        tuple(SourcePackage(*row) for row in row["sources"]),
        tuple((name, count) for name, count in row["counts"]),
    )


def note_on_age(today: date) -> str | None:
    """A sentence on data that is old; None while it is not."""
    days = (today - versions().day).days
    if days <= _OLD:
        return None
    return f"what remit knows about AWS is {days} days old: `pip install --upgrade remit-data`"
