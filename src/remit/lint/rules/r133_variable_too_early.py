"""A variable stands before the fifth colon of an ARN.

There it is literal text: partition, service, region and account must be written out.

Flagged:

    {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:${aws:PrincipalAccount}:alerts"}

Better:

    {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:alerts"}

Source: "IAM policy elements: Variables and tags" (IAM User Guide): where you can use variables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_VARIABLE = r"\$\{[^{}:]+:[^{}:][^{}]*\}"


def concerned(text: str) -> bool:
    """Whether a document has variables."""
    return "${" in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Resources with IAM's variables in their first parts."""
    for text in item.resources:
        arn = parse_arn(text) if "${" in text else None
        if arn is None:
            continue
        variable = re.search(_VARIABLE, f"{arn.partition} {arn.service} {arn.region} {arn.account}")
        if variable is not None:
            message = f"{variable.group()} stands before the fifth colon of '{text}', where variables are literal text"
            yield Problem(message, "write the value, or *", (item.resource_element, text))
