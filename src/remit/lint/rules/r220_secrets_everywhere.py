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

from remit.lint.finding import NOTE, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import PolicyDocument

SEVERITY = WARNING
_READS = {
    "secretsmanager:GetSecretValue": "read every secret of the account",
    "kms:Decrypt": "decrypt with every key whose policy leaves it to IAM",
    "ssm:GetParameter": "read every parameter of the account, SecureStrings among them",
    "ssm:GetParameters": "read every parameter of the account, SecureStrings among them",
    "ssm:GetParametersByPath": "read every parameter of the account, SecureStrings among them",
}


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """Statements about everything; of each pattern the first action."""
    for item, pattern, action in document.wide_among(_READS):
        message = f"{pattern} on every resource can {_READS[action]}"
        severity = WARNING if "*" in item.resources else NOTE
        yield Problem(message, "name those that are needed", ("Action", pattern), severity, item.index)
