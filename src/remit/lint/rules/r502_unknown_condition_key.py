"""A condition key that does not exist.

No request has it: an Allow never applies, a Deny with a negated operator always.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVcp": "vpc-1"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}

Source: "AWS global condition context keys" (IAM User Guide); the "Service Authorization Reference" (AWS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.iam.tokens import references
from remit.lint import conditions, meant_actions
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = ERROR


def _near(key: str) -> str | None:
    from remit.catalogue.resemblance import nearest_key  # noqa: PLC0415 - asked of mistakes alone

    return nearest_key(key)


def conditional(item: Item) -> Iterator[Problem]:
    """Keys that are nowhere."""
    for condition in item.statement.conditions:
        key = condition.key
        prefix, colon, name = key.partition(":")
        spot = ("Condition", condition.spelled, key)
        is_whole_block = condition.values == (key,)  # see `Condition`
        if item.document.raw is None and not is_whole_block and references(key):
            message = f"the condition key '{key}' is filled in by nothing: CloudFormation fills in values, never keys"
            yield Problem(message, "write the key whole, or decide by `project.stage`", spot)
            continue
        if conditions.exists(key) or "${" in key or (colon and "." in prefix):
            continue
        if not colon or not name:
            owners = (f"{prefix}:{key}" for prefix in sorted(item.services) if service(prefix))
            near = next((one for one in owners if conditions.exists(one)), None) or _near(f"aws:{key}")
            hint = f"did you mean `{near}`?" if near else "a key reads aws:Name or service:Name"
            yield Problem(f"'{key}' is not a condition key: it has no prefix", hint, spot)
            continue
        near = _near(key)
        hint = f"did you mean `{near}`?" if near else "`remit explain ACTION` lists the keys of an action"
        sure = near is not None or service(prefix) is None
        severity = ERROR if sure and not meant_actions.written_by_aws(key) else WARNING
        yield Problem(f"unknown condition key '{key}': no request has it, so it is never met", hint, spot, severity)
