"""A condition key where it says nothing: of a caller that has none, of the resource itself, of any service at all.

A service that calls by itself belongs to no account and no organisation of yours, so the condition is never met. The
policy of a resource need not ask whose resource it is (that of a VPC endpoint must). And the owner of a VPC endpoint is
known to some services alone.

Flagged:

    {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject",
     "Resource": "arn:aws:s3:::data/*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}

Better:

    {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject",
     "Resource": "arn:aws:s3:::data/*",
     "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:cloudfront::111122223333:distribution/E1"}}}

Source: "AWS global condition context keys" (IAM User Guide): availability.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import conditions
from remit.lint.finding import ERROR, NOTE, WARNING, Problem
from remit.lint.rule_inputs import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_OF_PRINCIPALS = (
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principaltag/", "aws:username",
)  # fmt: skip
_OF_RESOURCES = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount")
_OF_ENDPOINTS = ("aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths")
_KEYS = (*_OF_PRINCIPALS, *_OF_RESOURCES, *_OF_ENDPOINTS)


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Keys that the request cannot have, has always, or has for some services alone."""
    if not any(key.startswith(_KEYS) for key in item.keys):
        return
    for condition in item.statement.conditions:
        key, spot = condition.key.lower(), ("Condition", condition.spelled, condition.key)
        if key.startswith(_OF_PRINCIPALS) and item.allows and _services_alone(item) and conditions.needs_key(condition):
            message = f"a service that calls by itself has no {condition.key}: the condition is never met"
            yield Problem(message, "compare aws:SourceArn, aws:SourceAccount or aws:SourceOrgID", spot)
        elif key in _OF_RESOURCES and item.document.kind == RESOURCE and _plain(condition) and not _of_endpoint(item):
            message = f"{condition.key} is the owner of this very resource: the policy of a resource need not ask"
            yield Problem(message, "remove it, or use it in the policies of roles", spot, NOTE)
        elif key in _OF_ENDPOINTS and _every_service(item):
            message = f"{condition.key} is known to some services alone, and the statement is about all of them"
            yield Problem(message, "name the actions of services that support it", spot, WARNING)


def _services_alone(item: ParsedStatement) -> bool:
    return item.principal_element == "Principal" and {kind for kind, _ in item.principals} == {"Service"}


def _of_endpoint(item: ParsedStatement) -> bool:
    """Whether it may be the policy of a VPC endpoint, through which every resource of a service is reached."""
    return any(sibling.everywhere and "kms" not in sibling.services for sibling in item.document.statements)


def _plain(condition: Condition) -> bool:
    return conditions.family(condition) != "Null"


def _every_service(item: ParsedStatement) -> bool:
    return item.statement.actions.negated or not {"*", "*:*"}.isdisjoint(item.statement.actions.patterns)
