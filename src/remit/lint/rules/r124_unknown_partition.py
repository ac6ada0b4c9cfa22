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
from remit.did_you_mean import nearest
from remit.lint.finding import ERROR, Problem
from remit.lint.plain_text import is_plain
from remit.lint.reference_samples import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Partitions in ARNs."""
    for spot, arn in item.arns:
        name = settled(arn.partition)
        if is_plain(name) and partition(name) is None:
            names = [candidate.name for candidate in partitions()]
            longer = next(
                (candidate for candidate in names if arn.partition and candidate.startswith(f"{arn.partition}-")), None
            )
            meant = longer or nearest(arn.partition, names) or "aws"
            written = arn.partition or "(empty)"
            hint = f"did you mean '{meant}'?" if name == arn.partition else "write ${AWS::Partition}"
            yield Problem(f"unknown partition '{written}': IAM refuses the ARN", hint, spot)
