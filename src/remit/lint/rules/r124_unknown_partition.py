"""A partition that does not exist.

IAM refuses the document (Partition "…" is not valid for resource).

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:asw:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: "Amazon Resource Names (ARNs)" (AWS General Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.partitions import partition, partitions
from remit.errors import nearest
from remit.lint import facts
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = ERROR


def statement(item: Item) -> Iterator[Problem]:
    """Partitions in ARNs."""
    for spot, arn in item.arns:
        if facts.plain(arn.partition) and partition(arn.partition) is None:
            names = [one.name for one in partitions()]
            longer = next((one for one in names if arn.partition and one.startswith(f"{arn.partition}-")), None)
            near = longer or facts.near(arn.partition, names) or nearest(arn.partition, names) or "aws"
            shown = arn.partition or "(empty)"
            yield Problem(f"unknown partition '{shown}': IAM refuses the ARN", f"did you mean '{near}'?", spot)
