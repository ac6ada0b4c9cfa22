"""Statements that allow more than anybody lists, up to making an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.catalogue.escalation_techniques import ALL_TECHNIQUES
from remit.catalogue.expand import expand
from remit.catalogue.managed_policies import is_of_aws
from remit.iam import tokens
from remit.lint.finding import NOTE, WARNING, Problem, Spot, rule
from remit.lint.rule_inputs import IDENTITY, ParsedStatement, PolicyDocument, Project
from remit.template.branches import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.written_template import WrittenTemplate

_POLICIES = {
    "AdministratorAccess": "every action on every resource",
    "PowerUserAccess": "nearly every action on every resource",
    "IAMFullAccess": "every action of IAM, and with it any right of the account",
}


@rule("R210", WARNING, looks_at="statement")
def administrator(item: ParsedStatement) -> Iterator[Problem]:
    """An Allow for every action on every resource.

    Whoever takes over the function takes over the account. The managed policies AdministratorAccess, PowerUserAccess and
    IAMFullAccess are flagged, too.

    Flagged:

        {"Effect": "Allow", "Action": "*", "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

    Source: "Security best practices in IAM" (IAM User Guide): apply least-privilege permissions.
    """
    actions = item.statement.actions
    everything = [text for text in actions.patterns if text in ("*", "*:*")]
    if (
        item.document.kind == IDENTITY
        and item.allows
        and everything
        and not actions.negated
        and item.everywhere
        and not item.statement.conditions
    ):
        message = "the statement grants every action on every resource: it makes an administrator"
        yield Problem(message, "list the actions that are used", ("Action", everything[0]))


@rule("R210", looks_at="template")
def _administrator_in_template(written: WrittenTemplate) -> Iterator[Problem]:
    """Managed policies in `_POLICIES` of a template's roles, users, groups and functions, by ARN or name."""
    for name, _, properties in written.with_properties():
        for element in ("ManagedPolicyArns", "ManagedPolicies", "Policies"):
            path: Spot = ("Resources", name, "Properties", element)
            for item in items(properties.get(element), path):
                text = tokens.textual(item.value)
                policy = text.rpartition("/")[2] if isinstance(text, str) else ""
                if policy in _POLICIES and (is_of_aws(text) or text == policy):
                    message = f"the managed policy {policy} grants {name} {_POLICIES[policy]}"
                    yield Problem(message, "list the actions that are used", item.path)


@rule("R210", looks_at="project")
def _administrator_in_project(project: Project) -> Iterator[Problem]:
    """Managed policies in `_POLICIES` of an app's roles, by ARN, where they are attached."""
    functions = {function.name: function for function in project.app.functions}
    for role in project.roles:
        for arn in role.managed:
            name = arn.rpartition("/")[2]
            owner = functions.get(role.functions[0]) if role.functions else None
            origin = role.origin if owner is None else owner.managed_written.get(arn, owner.origin)
            if name in _POLICIES and is_of_aws(arn):
                message = f"the managed policy {name} grants {', '.join(role.functions)} {_POLICIES[name]}"
                yield Problem(message, "list the actions that are used", origin=origin)


_EVERY_ROLE = frozenset({"*", "role/*"})


@rule("R211", WARNING, looks_at="statement")
def pass_any_role(item: ParsedStatement) -> Iterator[Problem]:
    """iam:PassRole on every role, without iam:PassedToService.

    Whoever may pass any role to a service acts with the rights of the mightiest one.

    Flagged:

        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/task",
         "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}

    Source: "Granting a user permissions to pass a role to an AWS service" (IAM User Guide).
    """
    resource = item.every_role(_EVERY_ROLE)
    if resource is None or "iam:passedtoservice" in item.keys:
        return
    patterns = [text for text in item.statement.actions.patterns if text.lower().startswith("iam:")]
    pattern = next((text for text in patterns if "iam:PassRole" in expand(text)), None)
    if pattern is not None:
        message = f"{pattern} on '{resource}' without iam:PassedToService: any role can be passed to any service"
        yield Problem(message, "name the role, and add the condition", ("Action", pattern))


# The first row of an action says it best: later ones are about boundaries, and about rights given to others.
_ALONE = {
    technique.actions[0]: technique.does
    for technique in reversed(ALL_TECHNIQUES)
    if len(technique.needs) == 1 and technique.gain != "passed role"
}
_WITH_PASS_ROLE = [technique for technique in ALL_TECHNIQUES if technique.gain == "passed role"]
_SERVICES = frozenset(name.partition(":")[0] for name in _ALONE)


@rule("R215", WARNING, looks_at="statement")
def escalation(item: ParsedStatement) -> Iterator[Problem]:
    """An Allow through which its owner can gain more rights: change policies, make keys for others, run code as others.

    Flagged:

        {"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}

    Better:

        {"Effect": "Allow", "Action": "iam:GetRolePolicy", "Resource": "arn:aws:iam::111122223333:role/report"}

    Source: "Grant least privilege access" (AWS Well-Architected Framework); the IAM actions of level "Permissions
    management".
    """
    if _SERVICES.isdisjoint(item.services):
        return
    for pattern in item.wide:
        for name in _expanded(pattern) if pattern.partition(":")[0].lower() in _SERVICES else ():
            if name in _ALONE:
                gain = f"the principal can {_ALONE[name]}, and so gain any right of the account"
                message = f"with {name} on every resource, {gain}"
                yield Problem(message, "name the resources, or set a permissions boundary", ("Action", pattern))
                break


@rule("R215", looks_at="policy")
def _escalation_in_policy(document: PolicyDocument) -> Iterator[Problem]:
    """PassRole on every role, together with something that runs under it; the first such technique alone."""
    if not any("iam" in item.services for item in document.statements):
        return
    wide = [(item, pattern) for item in document.statements for pattern in item.wide]
    if not any("iam:PassRole" in _expanded(pattern) for _, pattern in wide if pattern.lower().startswith("iam:")):
        return
    granted = {name: (item, pattern) for item, pattern in wide for name in _expanded(pattern)}
    for technique in _WITH_PASS_ROLE:
        name = technique.needs[0].action  # which takes the role
        if name in granted:
            item, pattern = granted[name]
            gain = f"the principal can have {technique.service} run its commands as any role of the account"
            message = f"with iam:PassRole and {name} on every resource, {gain}"
            yield Problem(message, "name the roles that may be passed", ("Action", pattern), index=item.index)
            return


def _expanded(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern means; none for every action, of which R210 tells."""
    return expand(pattern) if pattern not in ("*", "*:*") else ()


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
_EVERY_LINKED_ROLE = frozenset({"*", "role/*", "role/aws-service-role/*", "role/aws-service-role/*/*"})


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
    resource = item.every_role(_EVERY_LINKED_ROLE)
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
