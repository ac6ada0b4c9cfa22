"""A value that its operator cannot read: no number, no date, neither true nor false, no base64.

It equals nothing, so an Allow never applies.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"Bool": {"aws:SecureTransport": "yes"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"Bool": {"aws:SecureTransport": "true"}}}

Source: "IAM JSON policy elements: Condition operators" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.iam import value_comparison
from remit.lint import conditions
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_PARTS = 5  # colons of an ARN at least


def _arn(text: str) -> str | None:
    """An ARN, or a pattern that may be one's; each part is compared by itself."""
    return text if "*" in text or "?" in text or (text.startswith("arn:") and text.count(":") >= _PARTS) else None


_READERS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "Bool": (value_comparison.boolean, "neither 'true' nor 'false'", "use 'true' or 'false'"),
    "Null": (value_comparison.boolean, "neither 'true' nor 'false'", "'true': the key is absent; 'false': it is there"),
    "Numeric": (value_comparison.number, "not a number", "write a number, as '3600'"),
    "Date": (
        value_comparison.instant,
        "not a date",
        "write an ISO 8601 date, as '2027-01-31T00:00:00Z', or seconds since 1970",
    ),
    "ARN": (_arn, "not an ARN", "an ARN has six parts: arn:partition:service:region:account:resource"),
    "Binary": (value_comparison.binary, "not base64", "encode the bytes in base64"),
}
_TRUE = {
    "yes": "true",
    "1": "true",
    "on": "true",
    "y": "true",
    "no": "false",
    "0": "false",
    "off": "false",
    "n": "false",
}


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Values that are none of their operator's type."""
    for condition in item.statement.conditions:
        reader = _READERS.get(conditions.family(condition) or "")
        for value in condition.values if reader is not None else ():
            if reader is not None and "${" not in value and reader[0](value) is None:
                yield _problem(condition, value, reader[1], reader[2])


def _problem(condition: Condition, value: str, mistake: str, hint: str) -> Problem:
    shortened = value if len(value) <= 60 else f"{value[:57]}…"  # noqa: PLR2004 - a line
    if value.lower() in _TRUE and condition.operator in ("Bool", "Null"):
        hint = f"did you mean '{_TRUE[value.lower()]}'?"
    message = f"'{shortened}' is {mistake}, and {condition.spelled} compares nothing else: they are never equal"
    return Problem(message, hint, ("Condition", condition.spelled, condition.key, value))
