"""A condition key stands twice in a block, in different case.

Keys ignore case, so the two are one key: IAM refuses the block, or reads one of the two.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:principaltag/Team": "blue"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}}

Source: "IAM JSON policy elements: Condition" (IAM User Guide); "IAM policy validation check reference" (there):
duplicate keys with different case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Keys that an earlier one of their block spells otherwise."""
    spellings: dict[tuple[str, str], str] = {}
    for condition in item.statement.conditions if len(item.statement.conditions) > 1 else ():
        earlier = spellings.setdefault((condition.spelled, condition.key.lower()), condition.key)
        if earlier != condition.key:
            message = f"'{condition.key}' and '{earlier}' are one key, which ignores case: IAM refuses the block"
            yield Problem(message, "give one key all values", ("Condition", condition.spelled, condition.key))
