"""What the policy of a VPC's gateway endpoint means, written as the policy of any other resource would have it.

A gateway knows no principal but `*`: the name of an account means its root user alone, and any other means nobody.

Source: "Principals for gateway endpoints" (AWS PrivateLink Guide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from remit.iam.comparison import StatementLocation, Undecided
from remit.iam.decide.evaluation_logic import is_documented_in_gateway, means_everyone
from remit.iam.policy import Condition, Policy, Statement
from remit.iam.prove.compared_side import REASONS_BY_ENDPOINT_TYPE
from remit.iam.request import principal_of

_TYPE_PROPERTIES: Final = {
    "AWS::EC2::VPCEndpoint": "VpcEndpointType",
    "aws_vpc_endpoint": "vpc_endpoint_type",
    "aws_vpc_endpoint_policy": "vpc_endpoint_type",
}
"""The types that hold an endpoint's policy, and the property of the endpoint's type.

A policy that stands beside its endpoint in a plan has the endpoint's (`template/terraform/plan.py`).
"""
_BESIDE: Final = "aws_vpc_endpoint_policy"
_DEFAULT: Final = "Gateway"
_LAYER: Final = "resource"


def is_gateway(kind: str, properties: Mapping[str, Any]) -> bool:
    """Return whether a resource is, or is a policy of, a gateway endpoint for certain: `Gateway` is the default type.

    False for a reference in the type's place, and for a policy beside its endpoint that does not have its type.
    """
    name = _TYPE_PROPERTIES.get(kind)
    if name is None:
        return False
    default = "" if kind == _BESIDE else _DEFAULT
    return (properties.get(name) or default) == _DEFAULT


def as_in_gateway(policy: Policy) -> Policy:
    """A gateway's policy, with a condition on the caller's ARN in each Allow statement that names principals."""
    return replace(policy, statements=tuple(map(_for_root_users, policy.statements)))


def _for_root_users(statement: Statement) -> Statement:
    """A statement for the root users alone that it names; as it is if it means everyone, or nobody knows whom."""
    principals = statement.principals
    if principals is None or means_everyone(statement) or not is_documented_in_gateway(statement):
        return statement
    named = [principal_of(principal) for _, principal in principals.patterns]
    arns = tuple(f"arn:*:iam::{caller.account}:root" for caller in named if caller.kind == "root")
    condition = Condition("ArnLike", "aws:PrincipalArn", arns)  # without values, it is true of nobody
    return replace(statement, conditions=(*statement.conditions, condition))


def undecided_in_gateway(policy: Policy, number: int) -> Iterator[Undecided]:
    """Yield the statements of a gateway's policy of which AWS does not document whom they mean.

    `number` is the policy's, for their locations.
    """
    for index, statement in enumerate(policy.statements):
        if statement.principals is None or means_everyone(statement) or is_documented_in_gateway(statement):
            continue
        location = StatementLocation(_LAYER, number, index, statement)
        yield Undecided(location, REASONS_BY_ENDPOINT_TYPE[_DEFAULT])
