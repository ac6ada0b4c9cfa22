"""Conditions and actions of sessions: MFA, tags, keys that a caller sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.expand import expand
from remit.lint import conditions
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.lint.rule_inputs import CONTROL, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument


@rule("R516", WARNING, looks_at="conditional")
def mfa_trap(item: ParsedStatement) -> Iterator[Problem]:
    """A condition on multi-factor authentication that misses whoever has none.

    Requests with long-term keys have no `aws:MultiFactorAuthPresent` at all, so a Deny with Bool "false" does not reach
    them, and an Allow with Bool "false" is for those without it. BoolIfExists reaches both.

    Flagged:

        {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
         "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}

    Better:

        {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
         "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}

    Source: "AWS global condition context keys" (IAM User Guide): aws:MultiFactorAuthPresent.
    """
    for condition in item.statement.conditions:
        if condition.key.lower() != "aws:multifactorauthpresent" or conditions.family(condition) != "Bool":
            continue
        if [value.lower() for value in condition.values] != ["false"]:
            continue
        spot = ("Condition", condition.spelled, condition.key)
        if item.allows:
            message = f"the Allow is for requests without multi-factor authentication: {condition.key} is 'false'"
            yield Problem(message, "did you mean 'true'?", spot)
        elif not condition.if_exists:
            message = f"the Deny misses requests without {condition.key}, as those with long-term keys are"
            yield Problem(message, f"use {condition.spelled}IfExists", spot)


_SETS = {
    "aws:requesttag/": "sts:TagSession",
    "aws:tagkeys": "sts:TagSession",
    "sts:transitivetagkeys": "sts:TagSession",
    "sts:sourceidentity": "sts:SetSourceIdentity",
}
_ANYWHERE = "rolesanywhere.amazonaws.com"
_NEEDED = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")


@rule("R520", ERROR, looks_at="policy", needs="(?i)sts:")
def missing_session_action(document: PolicyDocument) -> Iterator[Problem]:
    """A trust policy compares what nobody may set: session tags without sts:TagSession, a source identity likewise.

    Whoever passes tags or a source identity needs the trust policy to allow that action, too; without it the request is
    denied, and without tags the condition is not met.

    Flagged:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:AssumeRole",
           "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}}
        ]}

    Better:

        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"},
           "Action": ["sts:AssumeRole", "sts:TagSession"],
           "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}}
        ]}

    Source: "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles" (IAM User Guide); "Trust
    model in AWS Identity and Access Management Roles Anywhere" (IAM Roles Anywhere User Guide).
    """
    if document.kind != TRUST:
        return
    allowed = _allowed(document.statements)
    for item in document.statements:
        for condition in item.statement.conditions if item.allows else ():
            action = next((name for key, name in _SETS.items() if condition.key.lower().startswith(key)), None)
            if action is not None and action not in allowed and conditions.needs_key(condition):
                message = f"nobody may set {condition.key}: the policy does not allow {action}, and it is never met"
                spot = ("Condition", condition.spelled, condition.key)
                yield Problem(message, f"add {action} to Action", spot, index=item.index)
    anywhere = [item for item in document.statements if item.allows and ("Service", _ANYWHERE) in item.principals]
    missing = [name for name in _NEEDED if name not in _allowed(anywhere)]
    if anywhere and missing:
        message = f"IAM Roles Anywhere assumes no role without {' and '.join(missing)}"
        trusting = anywhere[0]
        place = (trusting.action_element, trusting.statement.actions.patterns[0])
        yield Problem(message, f"allow {', '.join(_NEEDED)}", place, index=trusting.index)


def _allowed(items: tuple[ParsedStatement, ...] | list[ParsedStatement]) -> frozenset[str]:
    return frozenset(
        name for item in items if item.allows for text in item.statement.actions.patterns for name in expand(text)
    )


_KEYS = frozenset({"aws:referer", "aws:useragent"})


@rule("R521", WARNING, looks_at="conditional")
def spoofable_key(item: ParsedStatement) -> Iterator[Problem]:
    """A condition on what the caller writes at will: the referer, the user agent.

    Anyone can send the value that the policy asks for.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringLike": {"aws:UserAgent": "Boto3*"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}}

    Source: "AWS global condition context keys" (IAM User Guide): aws:referer, aws:UserAgent.
    """
    if item.keys.isdisjoint(_KEYS):
        return
    service = any(kind == "Service" for kind, _ in item.principals)
    for condition in item.statement.conditions:
        if condition.key.lower() in _KEYS:
            message = f"{condition.key} is what the caller says: anyone can send the value that the policy asks for"
            hint = (
                "compare aws:SourceAccount or aws:SourceArn"
                if service
                else "compare aws:SourceVpce or aws:PrincipalArn"
            )
            yield Problem(message, hint, ("Condition", condition.spelled, condition.key))


_PARTNERS = {
    "aws:vpcsourceip": (
        frozenset({"aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce"}),
        "an address inside a VPC says nothing while any VPC will do",
        "add aws:SourceVpc",
    ),
    "dynamodb:attributes": (
        frozenset({"dynamodb:select", "dynamodb:returnvalues"}),
        "a request that names no attributes gets all of them",
        'add "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}',
    ),
}
_READS = ("dynamodb:getitem", "dynamodb:query", "dynamodb:scan", "dynamodb:batchgetitem", "dynamodb:*")
_PEOPLE = frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"})
_SERVICES = frozenset({"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceaccount"})
_IS_SERVICE = "aws:principalisawsservice"


@rule("R522", WARNING, looks_at="conditional")
def key_without_its_partner(item: ParsedStatement) -> Iterator[Problem]:
    """A condition key without the one that makes it safe.

    Addresses inside a VPC are anybody's, until the VPC is named. DynamoDB looks at the attributes of those requests alone
    that name some. And a resource control policy concerns services, too, unless it says that it means people, or services.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}, "StringEquals": {"aws:SourceVpc": "vpc-1a2b3c4d"}}}

    Source: "AWS global condition context keys" (IAM User Guide): aws:VpcSourceIp; "Using IAM policy conditions for
    fine-grained access control" (Amazon DynamoDB Developer Guide); "Resource control policy examples" (AWS Organizations
    User Guide).
    """
    keys = item.keys
    of_resources = item.document.kind == CONTROL and item.statement.principals is not None and not item.allows
    if not of_resources and keys.isdisjoint(_PARTNERS):
        return
    for condition in item.statement.conditions:
        key, spot = condition.key.lower(), ("Condition", condition.spelled, condition.key)
        partners, why, hint = _PARTNERS.get(key, (keys, "", ""))
        if partners.isdisjoint(keys) and item.allows and conditions.family(condition) != "Null":
            yield Problem(f"{condition.key} alone does not hold: {why}", hint, spot)
        if of_resources and conditions.negated(condition):
            yield from _of_resources(item, condition.key, spot)


def _of_resources(item: ParsedStatement, name: str, spot: tuple[str, ...]) -> Iterator[Problem]:
    """Yield the problems of a resource control policy that speaks of services."""
    keys = item.keys
    needed = {condition.key.lower() for condition in item.statement.conditions if conditions.needs_key(condition)}
    if name.lower() in _PEOPLE and _IS_SERVICE not in keys:
        message = f"services that act for you have no {name}: they are denied, too"
        yield Problem(message, 'add "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}', spot)
    elif name.lower() in _SERVICES and _IS_SERVICE not in keys:
        message = f"people have no {name}: they are denied, too"
        yield Problem(message, 'add "Bool": {"aws:PrincipalIsAWSService": "true"}', spot)
    elif name.lower() in _SERVICES and needed.isdisjoint(("aws:sourceaccount", "aws:sourcearn")):
        message = f"not every request of a service has {name}: those without are denied, too"
        yield Problem(message, 'add "Null": {"aws:SourceAccount": "false"}', spot)
