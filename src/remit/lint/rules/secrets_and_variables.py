"""Secrets in plain sight, and environment variables of Lambda's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit import secrets
from remit.catalogue.quotas import quota
from remit.iam import tokens
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.project.setting_values import RESERVED_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import Environment, ParsedStatement

_DYNAMIC = r"\{\{resolve:(?:secretsmanager|ssm-secure):(?:[^{}]|\$\{[^{}]*\})*\}\}"


@rule("R701", ERROR, looks_at="environment")
def secret_in_environment(environment: Environment) -> Iterator[Problem]:
    """A secret in a function's environment: it can be read in the console, and by everyone with GetFunctionConfiguration.

    A dynamic reference is no help: CloudFormation puts the secret in when it deploys, which is a warning. So is a value
    that only its variable's name tells to be a secret. A build refuses the same secrets in every file that it packs; a
    comment that allows this rule at the line counts there, too.

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
    hint = "read it when the function runs, from Secrets Manager or Parameter Store"
    for name, raw in environment.variables.items():
        value = tokens.textual(raw)
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
        elif (description := secrets.told_by_variable(name, value)) is not None:
            message = f"variable {name} of {environment.function} {description} in plain text"
            yield Problem(message, hint, (name,), WARNING)


_LEAST = 16


@rule("R702", ERROR, looks_at="statement")
def secret_in_policy(item: ParsedStatement) -> Iterator[Problem]:
    """A policy holds what looks like a secret: a key of AWS, a private key, a token.

    Policies are read by many, and are kept in versions. Remove it, and rotate the key.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/key": "AKIAQ3EGRIBQ2B5VZ7FT"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/team": "orders"}}}

    Source: "Secure access keys" (IAM User Guide).
    """
    for spot, text in item.texts:
        if len(text) < _LEAST:
            continue
        is_name = text.startswith("arn:") or "${" in text  # names may be long, and mix cases and digits
        secret = secrets.kind(text) if is_name else secrets.bare_key(text)
        if secret is not None:
            yield Problem(f"a text of this policy looks like {secret}", "remove it, and rotate the key", spot)


_NAME = r"[a-zA-Z][a-zA-Z0-9_]+"


@rule("R703", ERROR, looks_at="environment")
def reserved_variable(environment: Environment) -> Iterator[Problem]:
    """An environment variable that Lambda sets itself, a name that it does not take, or more than 4 KB of them.

    CreateFunction is refused.

    Flagged:

        Resources:
          Report:
            Type: AWS::Lambda::Function
            Properties:
              Environment: {Variables: {AWS_REGION: eu-west-1}}

    Better:

        Resources:
          Report:
            Type: AWS::Lambda::Function
            Properties:
              Environment: {Variables: {REPORT_REGION: eu-west-1}}

    Source: "Defined runtime environment variables" (AWS Lambda Developer Guide).
    """
    if environment.own:
        return
    size = sum(
        len(f"{name}{value}".encode()) for name, value in environment.variables.items() if isinstance(value, str)
    )
    most = quota("lambda.function.environment")
    if size > most.most:
        message = f"the variables of {environment.function} have {size:,} bytes; Lambda takes {most.most:,}"
        yield Problem(message, "keep what is long in Parameter Store, or in the package")
    for name in environment.variables:
        if name in RESERVED_VARIABLES:
            yield Problem(
                f"variable {name} of {environment.function} is reserved by Lambda", "use another name", (name,)
            )
        elif not re.fullmatch(_NAME, name) and not name.startswith("Fn::"):
            message = f"'{name}' of {environment.function} is not a valid name for an environment variable"
            yield Problem(message, "a letter, then letters, digits and _; two characters at least", (name,))
