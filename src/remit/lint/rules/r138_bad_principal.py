"""A principal that IAM does not know: a service's name that is misspelt, a wildcard in an ARN, a group.

The policy is refused (MalformedPolicyDocument: Invalid principal in policy).

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "lambda.amazon.com"}, "Action": "sts:AssumeRole"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]}

Source: "AWS JSON policy elements: Principal" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import principals
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = ERROR
_READERS = {"Service": principals.of_service, "AWS": principals.of_account}


def concerned(text: str) -> bool:
    """Whether a document has principals."""
    return 'Principal"' in text


def statement(item: Item) -> Iterator[Problem]:
    """Services, and accounts with their users and roles."""
    found = item.statement.principals
    element = "NotPrincipal" if found is not None and found.negated else "Principal"
    for kind, value in found.patterns if found is not None else ():
        read = _READERS.get(kind)
        problem = read(value) if read is not None else None
        if problem is not None:
            yield Problem(*problem, (element, kind, value))
