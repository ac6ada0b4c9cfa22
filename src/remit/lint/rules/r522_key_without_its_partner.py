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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import WARNING, Problem
from remit.lint.rule_inputs import CONTROL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = WARNING
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


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Keys, each with what has to stand beside it."""
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
    """What a resource control policy has to say of services."""
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
