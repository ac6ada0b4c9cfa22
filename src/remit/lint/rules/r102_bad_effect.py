"""An Effect is neither Allow nor Deny.

IAM refuses the document; the two words are case-sensitive.

Flagged:

    {"Effect": "Permit", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "IAM JSON policy elements: Effect" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.did_you_mean import nearest
from remit.documents.foreign_text import is_unfilled
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR
_PERMITTING = frozenset({"permit", "grant", "accept", "authorize", "authorise", "enable", "true", "yes", "ok"})
_FORBIDDING = frozenset({"forbid", "block", "reject", "refuse", "disallow", "prohibit", "denied", "false", "no"})


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """An Effect that is another word."""
    effect = written.value.get("Effect")
    if isinstance(effect, str) and effect not in ("Allow", "Deny") and not is_unfilled(effect):
        meant = "Deny" if effect.lower() in _FORBIDDING else nearest(effect, ("Allow", "Deny"))
        meant = meant or ("Allow" if effect.lower() in _PERMITTING else None)
        message = f"Effect {effect!r} is not valid: only 'Allow' and 'Deny' exist, spelled so"
        yield Problem(message, f"did you mean `{meant}`?" if meant else "write one of the two", ("Effect",))
