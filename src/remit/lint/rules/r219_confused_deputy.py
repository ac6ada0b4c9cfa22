"""The policy of a resource lets a service in, for whomever the service acts.

Other accounts use the service, too: it may be led to this resource on behalf of any of them.

Flagged:

    {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
     "Resource": "arn:aws:sqs:us-east-1:111122223333:orders"}

Better:

    {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
     "Resource": "arn:aws:sqs:us-east-1:111122223333:orders",
     "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:placed"}}}

Source: "The confused deputy problem" (IAM User Guide): cross-service confused deputy prevention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem
from remit.lint.rule_inputs import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
_ENDINGS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws.internal", ".aws")
_SOURCES = frozenset({
    "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner",
})  # fmt: skip
_ALIKE = ("kms:encryptioncontext", "aws:referer", "aws:sourcearn", "aws:sourceacc")
"""What says for whom as well: the context names the resource; of a referer, and of a misspelt key, other rules tell."""


def concerned(text: str) -> bool:
    """Whether a document lets services in."""
    return 'Principal"' in text and '"Service"' in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """A service's principal without a source."""
    principals = item.statement.principals
    if not item.allows or item.document.kind != RESOURCE or principals is None or principals.negated:
        return
    if item.services == {"sts"}:
        return  # a trust policy after all: services assume roles of their own account
    keys = item.keys
    if not keys.isdisjoint(_SOURCES) or any(key.startswith(_ALIKE) for key in keys):
        return
    for kind, value in principals.patterns:
        if kind == "Service" and (
            value.endswith(_ENDINGS) or "${" in value
        ):  # of another, R138 tells that there is none
            message = f"'{value}' is let in for whomever it acts, whatever their account"
            hint = "compare aws:SourceArn with the resource that it acts for, or aws:SourceAccount with your account"
            yield Problem(message, hint, ("Principal", kind, value))
            return
