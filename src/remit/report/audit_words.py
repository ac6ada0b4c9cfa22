"""How the tables and the page of an audit call what they list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.audit.escalation_paths import is_brought

if TYPE_CHECKING:
    from remit.audit.escalation_paths import EscalationPath

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


def must_hold_words(path: EscalationPath) -> str:
    """Word a path's further needs: values of condition keys, and facts that the files do not show."""
    values = []
    for key, value in path.must_hold:
        values.append(f"{key} = {value}" + (", which the caller brings" if is_brought(key) else ""))
    return ", ".join((*values, *path.assumes))
