"""A condition key of tags without the name of a tag.

aws:PrincipalTag is a family of keys; only aws:PrincipalTag/NAME is one.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag": "orders"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": "orders"}}}

Source: "AWS global condition context keys" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Families of keys without a member's name, and keys that have none with one."""
    for condition in item.statement.conditions:
        spot = ("Condition", condition.spelled, condition.key)
        if conditions.lacks_name(condition.key):
            bare = condition.key.rstrip("/")
            yield Problem(f"'{condition.key}' needs a tag's name", f"write `{bare}/NAME`", spot)
        elif conditions.has_name_too_much(condition.key):
            bare = condition.key.partition("/")[0]
            yield Problem(f"'{bare}' is a key by itself: no request has '{condition.key}'", f"write `{bare}`", spot)
