"""An Allow to read every secret, or to decrypt with every key.

A function needs one or two of them; the others are what somebody who takes it over would look for. It is a note where
the ARN says at least whose they are.

Flagged:

    {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
     "Resource": "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders/database-*"}

Source: "Permissions policy examples for AWS Secrets Manager" (AWS Secrets Manager User Guide); "Best practices for IAM
policies" (AWS Key Management Service Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import facts
from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Document, Item

SEVERITY = WARNING
_READS = {
    "secretsmanager:GetSecretValue": "read every secret of the account",
    "kms:Decrypt": "decrypt with every key whose policy leaves it to IAM",
    "ssm:GetParameter": "read every parameter of the account, SecureStrings among them",
    "ssm:GetParameters": "read every parameter of the account, SecureStrings among them",
    "ssm:GetParametersByPath": "read every parameter of the account, SecureStrings among them",
}
_SERVICES = frozenset(name.partition(":")[0] for name in _READS)


def policy(document: Document) -> Iterator[Problem]:
    """Statements about everything."""
    for item in document.items:
        if item.wide:
            yield from _of(item)


def _of(item: Item) -> Iterator[Problem]:
    """Each pattern once; `kms:*` has a finding of its own."""
    for pattern in item.wide:
        prefix, _, operation = pattern.partition(":")
        names = facts.meant(pattern) if prefix.lower() in _SERVICES and operation != "*" else ()
        found = next((name for name in names if name in _READS), None)
        if found is not None:
            message = f"{pattern} on every resource can {_READS[found]}"
            severity = WARNING if "*" in item.resources else NOTE
            yield Problem(message, "name those that are needed", ("Action", pattern), severity, item.index)
