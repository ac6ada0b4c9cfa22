"""Read the roles that a deployed stack should have: from the template that CloudFormation runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import Grant, Role
from remit.deploy.changeset import deployed_template
from remit.deploy.faults import told
from remit.deploy.stack import describe
from remit.iam import tokens
from remit.iam.policy import Policy, parse
from remit.review.change import Version
from remit.review.standing import trusting
from remit.templates.files import read_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import Resource
    from remit.deploy.session import Account

LAST: Final = "the last deploy"
_INLINE: Final = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_OWN: Final = "${AWS::StackName}-"
_SUFFIXES: Final = {"aws-cn": "amazonaws.com.cn"}


@dataclass(frozen=True, slots=True)
class Declared:
    """A role as a template declares it: `inline` policies by name, and its trust policy.

    `role` has the functions by their names in the project; `attached` are the managed policies with those that the
    template makes itself (as references).
    """

    role: Role
    inline: tuple[tuple[str, Policy], ...]
    attached: tuple[str, ...]
    trust: Policy


@dataclass(frozen=True, slots=True)
class Running:
    """What a template declares: its roles in its order, and its functions' names in the project by logical id.

    `others` has the role of each function, by its name, that runs under none of them.
    """

    roles: tuple[Declared, ...]
    functions: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)


def recorded(account: Account, namespace: str) -> Version | None:
    """The roles of the template that runs; None when nothing is deployed. Two calls."""
    with told():
        stack = describe(account, namespace)
        template = deployed_template(account, stack)
    return version(template, account, namespace) if template else None


def version(template: Mapping[str, Any], account: Account, namespace: str) -> Version:
    """The roles of a template that runs in an account."""
    running = declared(template)
    found = running.roles
    return Version(
        LAST,
        tuple(one.role for one in found),
        names=pseudo(account, namespace),
        trusts={one.role.logical_id: one.trust for one in found},
        namespace=namespace,
        others=running.others,
    )


def pseudo(account: Account, namespace: str) -> dict[str, str]:
    """What CloudFormation's pseudo parameters are there, by their text."""
    return {
        "${AWS::AccountId}": account.account,
        "${AWS::Partition}": account.partition,
        "${AWS::Region}": account.region,
        "${AWS::StackName}": namespace,
        "${AWS::URLSuffix}": _SUFFIXES.get(account.partition, "amazonaws.com"),
    }


def declared(template: Mapping[str, Any]) -> Running:
    """The roles and functions of a template. RemitError: one of its policies is none."""
    read = read_template(json.dumps(template).encode(), "the template that runs")
    functions = {one.logical_id: _function(one) for one in read.resources if one.type == "AWS::Lambda::Function"}
    by_id = {one.logical_id: one for one in read.resources}
    own = [role for role in read.roles if role.logical_id in by_id]  # a policy may be attached to others, too
    served = {name for role in own for name in role.functions}
    others = {
        name: _text(by_id[logical_id].properties["Role"])
        for logical_id, name in functions.items()
        if logical_id not in served and "Role" in by_id[logical_id].properties
    }
    return Running(tuple(_declared(role, by_id, functions) for role in own), functions, others)


def _declared(role: Role, by_id: Mapping[str, Resource], functions: Mapping[str, str]) -> Declared:
    properties = by_id[role.logical_id].properties
    trust = parse(properties["AssumeRolePolicyDocument"])
    grants = tuple(Grant(grant.statement, grant.because) for grant in role.grants)  # no line of a file that nobody has
    trusts = services(trust)
    whole = replace(
        role,
        grants=grants,
        functions=tuple(functions[name] for name in role.functions),
        trusts=trusts,
        trust=None if trust == trusting(trusts) else trust,
        trust_origin=None,
    )
    inline = ((_text(one["PolicyName"]), parse(one["PolicyDocument"])) for one in properties.get("Policies", ()))
    others = [one for one in by_id.values() if one.type in (*_INLINE, _MANAGED) and _names_role(one, role)]
    listed = [_text(one) for one in properties.get("ManagedPolicyArns", ())]
    return Declared(
        whole,
        (*inline, *_beside(others)),
        tuple(dict.fromkeys((*listed, *(one.ref for one in others if one.type == _MANAGED)))),
        trust,
    )


def _beside(others: Iterable[Resource]) -> Iterator[tuple[str, Policy]]:
    for one in others:
        if one.type in _INLINE:
            yield _text(one.properties["PolicyName"]), parse(one.properties["PolicyDocument"])


def _names_role(policy: Resource, role: Role) -> bool:
    named = policy.properties.get("Roles", policy.properties.get("RoleName"))
    texts = [_text(one) for one in (named if isinstance(named, list) else [named])]
    return f"${{{role.logical_id}}}" in texts


def _function(resource: Resource) -> str:
    """Its name in the project: what the stack's own name stands before; the logical id of one named otherwise."""
    name = _text(resource.properties.get("FunctionName"))
    return name.removeprefix(_OWN) if name.startswith(_OWN) else resource.logical_id


def _text(value: Any) -> str:
    return tokens.from_intrinsic(value) if tokens.is_intrinsic(value) else str(value)


def services(trust: Policy) -> tuple[str, ...]:
    """The services that a trust policy lets take on its role, whatever else it says."""
    return tuple(
        name
        for statement in trust.statements
        if statement.effect == "Allow" and statement.principals is not None and not statement.principals.negated
        for kind, name in statement.principals.patterns
        if kind == "Service"
    )


def explained(old: Version, by: Version) -> Version:
    """A version whose grants have the reasons and lines that another gives to the same statement of the same role."""
    known = {(role.logical_id, grant.statement): grant for role in by.roles for grant in role.grants if grant.because}
    return replace(
        old,
        roles=tuple(
            replace(
                role,
                grants=tuple(known.get((role.logical_id, grant.statement), grant) for grant in role.grants),
            )
            for role in old.roles
        ),
    )
