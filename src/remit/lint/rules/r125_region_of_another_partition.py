"""A region that belongs to another partition than the ARN says.

The regions of China, GovCloud and the European Sovereign Cloud have partitions of their own; nothing has both.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:cn-north-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/orders"}

Source: "Amazon Resource Names (ARNs)" (AWS General Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.partitions import partition, partition_of
from remit.lint.finding import ERROR, Problem
from remit.lint.plain_text import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """ARNs whose partition and region exclude each other."""
    for spot, arn in item.arns:
        if not arn.region or not is_plain(arn.region) or not is_plain(arn.partition):
            continue
        home = partition_of(arn.region)
        if home is not None and partition(arn.partition) is not None and home.name != arn.partition:
            message = (
                f"region {arn.region} is in partition {home.name}, and the ARN says {arn.partition}: nothing matches"
            )
            yield Problem(message, f"write arn:{home.name}:, or {{aws.partition}} in an f-string", spot)
