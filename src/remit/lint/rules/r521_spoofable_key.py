"""A condition on what the caller writes at will: the referer, the user agent.

Anyone can send the value that the policy asks for.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringLike": {"aws:UserAgent": "Boto3*"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}

Source: "AWS global condition context keys" (IAM User Guide): aws:referer, aws:UserAgent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_KEYS = frozenset({"aws:referer", "aws:useragent"})


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Keys of a request's headers."""
    if item.keys.isdisjoint(_KEYS):
        return
    service = any(kind == "Service" for kind, _ in item.principals)
    for condition in item.statement.conditions:
        if condition.key.lower() in _KEYS:
            message = f"{condition.key} is what the caller says: anyone can send the value that the policy asks for"
            hint = (
                "compare aws:SourceAccount or aws:SourceArn"
                if service
                else "compare aws:SourceVpce or aws:PrincipalArn"
            )
            yield Problem(message, hint, ("Condition", condition.spelled, condition.key))
