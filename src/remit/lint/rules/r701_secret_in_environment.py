"""A secret in a function's environment: it can be read in the console, and by everyone with GetFunctionConfiguration.

A dynamic reference is no help: CloudFormation puts the secret in when it deploys. A build refuses the same secrets in
every file that it packs; a comment that allows this rule at the line counts there, too.

Flagged:

    Resources:
      Report:
        Type: AWS::Lambda::Function
        Properties:
          Environment:
            Variables:
              DATABASE: "{{resolve:secretsmanager:orders-database}}"

Better:

    Resources:
      Report:
        Type: AWS::Lambda::Function
        Properties:
          Environment:
            Variables:
              DATABASE_SECRET: orders-database

Source: "Use AWS Secrets Manager secrets in AWS Lambda functions" (AWS Secrets Manager User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit import secrets
from remit.iam import tokens
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import Environment

SEVERITY = ERROR
_DYNAMIC = r"\{\{resolve:(?:secretsmanager|ssm-secure):(?:[^{}]|\$\{[^{}]*\})*\}\}"


def environment(environment: Environment) -> Iterator[Problem]:
    """Values that are secrets, or will be."""
    hint = "read it when the function runs, from Secrets Manager or Parameter Store"
    for name, raw in environment.variables.items():
        value = tokens.from_intrinsic(raw) if tokens.is_intrinsic(raw) else raw
        if not isinstance(value, str):
            continue
        secret = secrets.kind(value) or secrets.kind(f"{name}={value}")
        if secret is not None:
            yield Problem(
                f"variable {name} of {environment.function} is {secret}", f"rotate it; {hint}", (name,), ERROR
            )
        elif re.search(_DYNAMIC, value):
            message = f"variable {name} of {environment.function}: the secret is put in as plain text at deploy time"
            yield Problem(message, hint, (name,), WARNING)
        elif (description := secrets.named(name, value)) is not None:
            message = f"variable {name} of {environment.function} {description} in plain text"
            yield Problem(message, hint, (name,), WARNING)
