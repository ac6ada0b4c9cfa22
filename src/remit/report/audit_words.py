"""How the tables and the page of an audit call what they list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    """What a path needs besides: values of condition keys, and what the files do not show."""
    pairs = [pair for step in path.steps for need in step.needs for pair in need.must_hold]
    values = [f"{key} = {value}" for key, value in pairs]
    return ", ".join(dict.fromkeys((*values, *path.assumes)))
