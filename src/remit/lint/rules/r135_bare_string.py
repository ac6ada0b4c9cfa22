"""A setting or an option that takes a list of policies is given one string.

It is read as a list of that one item, never letter by letter; a list says the same without a doubt.

Flagged:

    from remit import configure

    with configure() as config:
        config.lambda_.iam.policy = "xray:PutTraceSegments"

Better:

    from remit import configure

    with configure() as config:
        config.lambda_.iam.policy = ["xray:PutTraceSegments"]

Source: "The configuration" (remit's README).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip

SEVERITY = NOTE


def slip(slip: Slip) -> Iterator[Problem]:
    """A string that stands alone."""
    if slip.kind == "bare":
        yield Problem(f"{slip.inside} is a string: it is read as [{slip.text!r}]", "write a list")
