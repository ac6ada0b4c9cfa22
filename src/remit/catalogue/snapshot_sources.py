"""The sources of the snapshot: packages, their versions and dates, and the number of facts in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.catalogue import snapshot
from remit.catalogue.snapshot import chunk

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class SourcePackage:
    """A package that facts came from, and which facts it holds.

    `date` is the day its data was made, "" where it does not tell.
    """

    name: str
    version: str
    date: str
    licence: str
    holds: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The sources, and counts by what is counted, both in a fixed order."""

    day: date
    """The date of the newest source."""
    is_own: bool
    """True for the data that remit brings, false for that of a newer `remit-data`."""
    sources: tuple[SourcePackage, ...]
    counts: tuple[tuple[str, int], ...]


def versions() -> Versions:
    """Return the versions of the sources of the facts."""
    row = chunk("versions", "")
    return Versions(
        snapshot.day(),
        snapshot.folder() == snapshot.OWN,
        tuple(SourcePackage(*row) for row in row["sources"]),
        tuple((name, count) for name, count in row["counts"]),
    )
