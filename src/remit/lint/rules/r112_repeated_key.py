"""A dict in a Python file has the same key twice.

Python keeps the last one silently, so that a setting or a grant is lost.

Flagged:

    from remit import configure

    with configure() as config:
        config.lambda_.function.environment = {"TABLE": "orders", "LEVEL": "info", "TABLE": "bills"}

Better:

    from remit import configure

    with configure() as config:
        config.lambda_.function.environment = {"TABLE": "orders", "LEVEL": "info", "BILLS": "bills"}

Source: "Dictionary displays" (The Python Language Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.documents.slips import REPEATED_KEY
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.documents.slips import Slip

SEVERITY = ERROR


def slip(slip: Slip) -> Iterator[Problem]:
    """A key that Python overwrote, or a reader of YAML."""
    if slip.kind == "repeated":
        message = (
            f"the key {slip.text} stands twice in one dict, first at {slip.inside}: Python keeps only the last one"
        )
        yield Problem(message, "merge the two, or rename one")
    elif slip.kind == REPEATED_KEY:
        message = f"the key {slip.text} stands twice in one mapping, first at {slip.inside}: the last one counts"
        yield Problem(message, "merge the two, or rename one", severity=WARNING)
