"""Two statements of a policy have the same Sid.

IAM refuses the document: Sids must be unique in a policy. In the policy of a resource it is a warning: some services
take them twice.

Flagged:

    {"Version": "2012-10-17", "Statement": [
      {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
      {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bills/*"}
    ]}

Better:

    {"Version": "2012-10-17", "Statement": [
      {"Sid": "ReadOrders", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
      {"Sid": "ReadBills", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bills/*"}
    ]}

Source: "IAM JSON policy elements: Sid" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.rule_inputs import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument

SEVERITY = ERROR


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """A Sid that an earlier statement has."""
    earlier: dict[str, list[ParsedStatement]] = {}
    for item in document.statements:
        sid = item.statement.sid
        if not sid:
            continue
        if sid not in earlier:
            earlier[sid] = [item]
            continue
        namesake = next((candidate for candidate in earlier[sid] if not candidate.excludes(item)), None)
        earlier[sid].append(item)
        if namesake is not None:
            lax = document.kind == RESOURCE
            why = "not every service takes that" if lax else "IAM refuses the policy"
            message = f"Sid {sid!r} stands twice, first in {namesake.called}: {why}"
            severity = WARNING if lax else ERROR
            yield Problem(message, "give one another Sid, or none", ("Sid",), severity, item.index)
