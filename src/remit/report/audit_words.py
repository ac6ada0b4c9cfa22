"""How the tables and the page of an audit call what they list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.audit.escalation_paths import EscalationPath, is_brought

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.audit.audit import AuditReport
    from remit.audit.results import ExposureRow

REACHES: Final = {
    "anyone": "anyone on the internet",
    "network": "anyone from some networks",
    "organization": "anyone in the organization",
    "account": "another account",
    "member account": "an account of the organization",
    "provider": "an identity provider",
    "service": "a service of AWS",
}
"""Whom an exposure lets in, the widest first."""


def who_words(row: ExposureRow) -> str:
    """The words for whom an exposure lets in."""
    return REACHES[row.reach] if row.who == "*" else f"{row.who} ({REACHES[row.reach]})"


def exposure_rows(exposures: Iterable[ExposureRow]) -> Sequence[tuple[str, ...]]:
    """Resource, outsider, actions, and what must hold; the widest reach first.

    Services are left to JSON, since most roles are theirs.
    """
    order = list(REACHES)
    outsiders = [row for row in exposures if row.reach != "service"]
    rows = []
    for row in sorted(outsiders, key=lambda row: (order.index(row.reach), row.resource, row.who)):
        must_hold = ", ".join(f"{key} = {value}" for key, value in row.must_hold)
        rows.append((row.resource, who_words(row), ", ".join(row.actions), must_hold))
    return rows


def undecided_words(report: AuditReport) -> Iterator[tuple[str, str]]:
    """Of whom or what something was not decided beside access, each with a text: what, and the reason."""
    for technique in report.undecided_techniques:
        yield technique.principal, f"{technique.technique}: {technique.reason}"
    for exposure in report.undecided_exposures:
        yield exposure.resource, f"{exposure.statement}: {exposure.reason}"


def must_hold_words(path: EscalationPath) -> str:
    """Word a path's further needs: values of condition keys, and facts that the files do not show."""
    values = []
    for key, value in path.must_hold:
        values.append(f"{key} = {value}" + (", which the caller brings" if is_brought(key) else ""))
    return ", ".join((*values, *path.assumes))


def counted(number: int, noun: str) -> str:
    """How many there are of a thing: `1 role`, `1,200 roles`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
