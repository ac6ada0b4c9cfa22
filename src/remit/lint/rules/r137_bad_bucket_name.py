"""A bucket's name that S3 does not give: capitals, underscores, dots in a row, more than 63 characters.

Buckets made before March 2018 in us-east-1 may be called so; any other ARN with such a name matches nothing.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::My_Data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::my-data/*"}

Source: "General purpose bucket naming rules" (Amazon S3 User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.lint import arn_parts
from remit.lint.finding import WARNING, Problem
from remit.lint.plain_text import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_GIVEN = r"[a-z0-9*?](?!.*\.\.)[a-z0-9.*?-]{0,62}"
_UNSET = frozenset({"", "None", "NaN"})  # findings of R136


def concerned(text: str) -> bool:
    """Whether a document names buckets."""
    return ":s3:" in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Buckets in the resources."""
    for text in item.resources:
        arn = parse_arn(text) if ":s3:" in text and not arn_parts.holds_another(text) else None
        if arn is None or arn.service != "s3" or arn.region or arn.account:
            continue
        bucket = arn.resource.partition("/")[0]
        if bucket in _UNSET or "{" in bucket or "<" in bucket or "%" in bucket or re.fullmatch(_GIVEN, bucket):
            continue
        if bucket.isascii() and not bucket.startswith(":") and not PLACEHOLDER.search(bucket):
            message = f"no new bucket can be called '{bucket}': names are of small letters, digits, dots and hyphens"
            proper = re.sub(r"[^a-z0-9.*?-]+", "-", bucket.lower())[:63].strip("-")
            yield Problem(message, f"is it '{proper}'?", (item.resource_element, text))
