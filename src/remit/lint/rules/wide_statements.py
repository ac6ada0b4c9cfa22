"""Statements that allow more than anybody lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.catalogue.expand import expand
from remit.lint.finding import NOTE, WARNING, Problem, rule
from remit.lint.rule_inputs import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument


@rule("R212", NOTE, looks_at="statement")
def whole_service(item: ParsedStatement) -> Iterator[Problem]:
    """An Allow for every action of a service on every resource.

    `"logs"` and `"logs:*"` are short and wide: they delete as well as write.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "Security best practices in IAM" (IAM User Guide): apply least-privilege permissions.
    """
    if not item.allows or not item.everywhere or item.statement.conditions or item.document.kind != IDENTITY:
        return
    for text in item.statement.actions.patterns if not item.statement.actions.negated else ():
        prefix, _, operation = text.partition(":")
        if operation == "*" and service(prefix):
            message = f"'{text}' on '*' grants every action of {prefix} on every resource"
            yield Problem(message, "name the actions and the resources that are used", ("Action", text))


@rule("R213", WARNING, looks_at="negated")
def allow_not_resource(item: ParsedStatement) -> Iterator[Problem]:
    """An Allow with NotResource.

    It grants the actions on everything else, also on what does not exist yet.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::secrets/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "IAM JSON policy elements: NotResource" (IAM User Guide).
    """
    if item.allows and item.resource_element == "NotResource" and not item.excepting_everything:
        message = "Allow with NotResource grants every other resource"
        yield Problem(message, "name the resources in Resource; NotResource belongs to Deny", ("NotResource",))


@rule("R214", WARNING, looks_at="negated")
def allow_not_action(item: ParsedStatement) -> Iterator[Problem]:
    """An Allow with NotAction.

    It grants every other action, also of services that do not exist yet.

    Flagged:

        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "IAM JSON policy elements: NotAction" (IAM User Guide).
    """
    if item.allows and item.statement.actions.negated and not item.excepting_everything:
        message = "Allow with NotAction grants every other action"
        yield Problem(message, "name the actions in Action; NotAction belongs to Deny", ("NotAction",))


_CREATE = "iam:CreateServiceLinkedRole"
_EVERY_ROLE = frozenset({"*", "role/*", "role/aws-service-role/*", "role/aws-service-role/*/*"})


@rule("R217", WARNING, looks_at="statement")
def any_service_linked_role(item: ParsedStatement) -> Iterator[Problem]:
    """An Allow to create the service-linked role of every service.

    A service whose role exists can act in the account; one or two services are meant, most likely.

    Flagged:

        {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*",
         "Condition": {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}}}

    Source: "Create a service-linked role" (IAM User Guide); "IAM policy validation check reference" (there): create SLR
    with star in resource.
    """
    resource = item.every_role(_EVERY_ROLE)
    if resource is None or "iam:awsservicename" in item.keys:
        return
    patterns = [text for text in item.statement.actions.patterns if text.lower().startswith("iam:") and text != "iam:*"]
    pattern = next((text for text in patterns if _CREATE in expand(text)), None)
    if pattern is not None:
        message = f"{pattern} on '{resource}' can create the service-linked role of every service"
        hint = "compare iam:AWSServiceName, or name the role: …:role/aws-service-role/SERVICE.amazonaws.com/*"
        yield Problem(message, hint, ("Action", pattern))


_READS = {
    "secretsmanager:GetSecretValue": "read every secret of the account",
    "kms:Decrypt": "decrypt with every key whose policy leaves it to IAM",
    "ssm:GetParameter": "read every parameter of the account, SecureStrings among them",
    "ssm:GetParameters": "read every parameter of the account, SecureStrings among them",
    "ssm:GetParametersByPath": "read every parameter of the account, SecureStrings among them",
}


@rule("R220", WARNING, looks_at="policy")
def secrets_everywhere(document: PolicyDocument) -> Iterator[Problem]:
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
    for item, pattern, action in document.wide_among(_READS):
        message = f"{pattern} on every resource can {_READS[action]}"
        severity = WARNING if "*" in item.resources else NOTE
        yield Problem(message, "name those that are needed", ("Action", pattern), severity, item.index)
