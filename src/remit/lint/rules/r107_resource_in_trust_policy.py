"""A trust policy has a Resource.

The role itself is the resource; IAM refuses the document ("Has prohibited field Resource").

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole", "Resource": "*"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]}

Source: "How to use trust policies with IAM roles" (AWS Security Blog).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem
from remit.lint.rule_inputs import TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """A Resource where the role is the resource."""
    for element in ("Resource", "NotResource"):
        if written.document.kind == TRUST and element in written.value:
            message = f"a trust policy has no '{element}': the role itself is the resource, and IAM refuses it"
            yield Problem(message, "remove it", (element,))
