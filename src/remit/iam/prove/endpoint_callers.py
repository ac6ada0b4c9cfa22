"""The callers whom the policies of VPC endpoints tell apart, each with what these policies say about it alone.

A role is compared by its policies and not by its name. Where an endpoint's policy names principals, users and roles are
looked at class by class: in each, a statement of the policy means everyone, or nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.iam.decide.evaluation_logic import GATEWAY_SERVICES, is_documented_in_gateway, means_everyone
from remit.iam.pattern import overlaps
from remit.iam.policy import Condition, Policy, Principals, Statement, allow
from remit.iam.prove.caller_classes import EVERYONE, ComparedCaller, caller_classes
from remit.iam.prove.compared_side import ENDPOINT
from remit.iam.request import principal_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.comparison import StatementLocation
    from remit.iam.decide.endpoint import EndpointType
    from remit.iam.decide.evaluate import Layers

_EVERYONE: Final = Principals(((EVERYONE, EVERYONE),))
_DEFAULT: Final = (Policy((replace(allow("*"), principals=_EVERYONE),)),)
"""The policy of an endpoint that has no other."""
_NOBODY: Final = Condition("StringEquals", "aws:PrincipalArn", ())
"""A condition that no request meets, since no value is among none: the statement keeps its place, and means nobody."""
_KINDS: Final = ("user", "role", "session")


@dataclass(frozen=True, slots=True)
class EndpointCaller:
    """Users or roles whom no statement tells apart: the layers of both sides, of whose endpoints all mean everyone.

    `name` is how the policies spell them; empty: whoever is not named. `caller` is one of them.
    """

    name: str
    caller: ComparedCaller
    old: Layers
    new: Layers


def names_callers(layers: Layers) -> bool:
    """Return whether the policy of the VPC endpoint names principals."""
    return any(not means_everyone(statement) for statement in _statements(layers))


def endpoint_callers(old: Layers, new: Layers) -> Iterator[EndpointCaller]:
    """The classes of callers of two sides, strangers first."""
    statements = (*_statements(new), *_statements(old))
    for callers in caller_classes((*_policies(old), *_policies(new))):
        caller = next((caller for caller in callers if principal_of(caller.principal).kind in _KINDS), None)
        if caller is not None:
            name = _name(caller, statements)
            yield EndpointCaller(name, caller, _for_caller(old, caller), _for_caller(new, caller))


def located(source: StatementLocation, layers: Layers) -> StatementLocation:
    """A location in an endpoint's policy with the statement that some layers have there; any other as it is."""
    if source.layer != ENDPOINT or source.policy >= len(layers.endpoint):
        return source
    statements = layers.endpoint[source.policy].statements
    return replace(source, statement=statements[source.index]) if source.index < len(statements) else source


def _policies(layers: Layers) -> Iterator[Policy]:
    """All policies: a condition of any of them may be on the caller's ARN."""
    yield from (*layers.endpoint, *layers.identity, *layers.boundary, *layers.session)
    for level in (*layers.scp, *layers.rcp):
        yield from level


def _statements(layers: Layers) -> Iterator[Statement]:
    """Yield the statements of a VPC endpoint's policies."""
    for policy in layers.endpoint:
        yield from policy.statements


def _name(caller: ComparedCaller, statements: tuple[Statement, ...]) -> str:
    """The principal by which the first of the statements names a caller; empty where they name everyone alone."""
    for statement in statements:
        if statement.principals is None or means_everyone(statement):
            continue
        number = caller.pattern_of(statement.principals)
        if number is not None:
            return statement.principals.patterns[number][1]
    return ""


def _for_caller(layers: Layers, caller: ComparedCaller) -> Layers:
    """The layers as one caller has them: each statement of the endpoint's policies means everyone, or nobody.

    An Allow of the endpoint holds with the keys alone that the caller settles, also where there is no such policy.
    """
    policies = layers.endpoint
    if not policies and caller.settled:
        policies = _DEFAULT
    endpoint = []
    for policy in policies:
        statements = (_for_everyone(statement, caller, layers.endpoint_type) for statement in policy.statements)
        endpoint.append(replace(policy, statements=tuple(statements)))
    return replace(layers, endpoint=tuple(endpoint))


def _for_everyone(statement: Statement, caller: ComparedCaller, endpoint_type: EndpointType) -> Statement:
    """A statement that means a caller as one that means everyone, and any other as one that means nobody.

    As it is, where it is not known whom a name means: see `evaluation_logic.meant_by_endpoint`.
    """
    is_meant = caller.is_meant(statement)
    if is_meant and not means_everyone(statement) and _may_be_of_gateway(statement, endpoint_type):
        if endpoint_type != "Gateway" or not is_documented_in_gateway(statement):
            return statement
        is_meant = False
    conditions = statement.conditions
    if not is_meant:
        conditions = (*conditions, _NOBODY)
    elif statement.effect == "Allow":
        conditions = (*conditions, *caller.settled)
    return replace(statement, principals=_EVERYONE, conditions=conditions)


def _may_be_of_gateway(statement: Statement, endpoint_type: EndpointType) -> bool:
    """Return whether a gateway may read a statement."""
    if endpoint_type:
        return endpoint_type == "Gateway"
    if statement.actions.negated:
        return True
    patterns = [pattern.lower() for pattern in statement.actions.patterns]
    return any(overlaps(pattern, f"{service}*") for pattern in patterns for service in GATEWAY_SERVICES)
