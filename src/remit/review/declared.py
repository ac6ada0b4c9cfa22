"""Read the roles that a template of remit's declares, with all that its other resources attach to them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from remit.build.synth import document, synth
from remit.iam import tokens
from remit.iam.policy import Policy, parse
from remit.review.standing import trusting
from remit.templates.files import read_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import App, Grant, Resource, Role
    from remit.errors import Origin

_INLINE: Final = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_IAM: Final = "AWS::IAM::"
_OWN: Final = "${AWS::StackName}-"


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
    documents: Mapping[str, Policy] = field(default_factory=dict)
    """The managed policies that the template makes, by the text that refers to them."""


def declared(template: Mapping[str, Any]) -> Running:
    """The roles and functions of a template. RemitError: one of its policies is none."""
    read = read_template(json.dumps(template).encode(), "the template")
    functions = {one.logical_id: _function(one) for one in read.resources if one.type == "AWS::Lambda::Function"}
    by_id = {one.logical_id: one for one in read.resources}
    own = [role for role in read.roles if role.logical_id in by_id]  # a policy may be attached to others, too
    served = {name for role in own for name in role.functions}
    others = {
        name: _text(by_id[logical_id].properties["Role"])
        for logical_id, name in functions.items()
        if logical_id not in served and "Role" in by_id[logical_id].properties
    }
    return Running(tuple(_declared(role, by_id, functions) for role in own), functions, others, read.documents)


def _declared(role: Role, by_id: Mapping[str, Resource], functions: Mapping[str, str]) -> Declared:
    properties = by_id[role.logical_id].properties
    trust = parse(properties["AssumeRolePolicyDocument"])
    grants = tuple(replace(grant, origin=None) for grant in role.grants)  # no line of a file that nobody has
    trusts = services(trust)
    whole = replace(
        role,
        grants=grants,
        functions=tuple(functions.get(name, name) for name in role.functions),
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


def explained(roles: Iterable[Role], by: Iterable[Role]) -> tuple[Role, ...]:
    """Roles whose grants have the reasons and lines that others give to the same statement of the same role."""
    known = {
        (role.logical_id, grant.statement, grant.version): grant
        for role in by
        for grant in role.grants
        if grant.because
    }
    return tuple(
        replace(
            role,
            grants=tuple(known.get((role.logical_id, one.statement, one.version), one) for one in role.grants),
        )
        for role in roles
    )


def complete(app: App, roles: tuple[Role, ...]) -> Running:
    """The roles of an app with what its shared resources add: roles of their own, and policies attached to any."""
    running = declared(document(synth(app, roles)))
    origins = {one.logical_id: one.origin for one in app.resources}
    place = {role.logical_id: number for number, role in enumerate(roles)}
    whole = explained((one.role for one in running.roles), roles)
    shared = (
        replace(one, role=replace(role, grants=tuple(_shared(role, grant, origins) for grant in role.grants)))
        for one, role in zip(running.roles, whole, strict=True)
    )
    ordered = sorted(shared, key=lambda one: place.get(one.role.logical_id, len(place)))
    return replace(running, roles=tuple(ordered))


def adds_access(app: App) -> bool:
    """Whether some shared resource of an app is IAM's, so that `assign` alone does not tell what roles may do."""
    return any(one.type.startswith(_IAM) for one in app.resources)


def _shared(role: Role, grant: Grant, origins: Mapping[str, Origin | None]) -> Grant:
    """A grant that no reason of the project's explains, with the shared resource that writes it."""
    if grant.origin is not None:
        return grant
    writer = grant.because.rpartition(" ")[2] if grant.because else role.logical_id
    if writer not in origins:
        return grant
    return replace(grant, because=f"shared resource {writer}", origin=origins[writer])
