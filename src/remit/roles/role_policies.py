"""Ask what a role may do as it is built: its inline statements, its managed policies, its boundary."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.managed_policies import managed_policy
from remit.catalogue.types import arns_of
from remit.errors import RemitError
from remit.iam.decide.evaluate import ALL, Layers, Request, evaluate
from remit.iam.policy import VERSION, Policy, parse
from remit.iam.tokens import PLACE
from remit.roles.reference_names import names_of, put, put_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import App, Grant, Role
    from remit.iam.comparison import StatementLocation
    from remit.iam.decide.evaluate import Decision, Verdict

Place: TypeAlias = dict[str, str]
"""What AWS::Partition, AWS::Region and AWS::AccountId are, by their texts."""
_IDENTITY, _RESOURCE = "identity", "resource"
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_HERE: Final = ("aws", "us-east-1", "123456789012")
"""Stands for wherever the app is deployed, where its statements do not care."""
_OPEN: Final = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class ReadyRole:
    """A role made ready to be asked. `policies` names what `layers` holds; `unread` are policies nobody has here.

    A document whose statements have principals is a resource's (a role's trust policy, say), and asked as one.
    """

    role: Role
    names: Mapping[str, str]
    layers: Layers
    policies: tuple[str, ...]
    """The managed policies of the identity layer, in its order; the inline statements come before them."""
    unread: tuple[str, ...] = ()
    inline: tuple[tuple[Grant, ...], ...] = ()
    """The inline statements as the identity layer has them: a policy for each version of the language, one at least."""
    documents: Mapping[str, Policy] = field(default_factory=dict)
    """What managed policies and boundaries say that are not AWS's."""


@dataclass(frozen=True, slots=True)
class StatementSource:
    """Where a statement that decided, or nearly did, comes from: one of the role's grants, or a managed policy."""

    layer: str
    grant: Grant | None
    policy: str | None
    index: int
    """Which statement of the inline policy or of the managed one, from 0."""


def ready_role(role: Role, names: Mapping[str, str], custom_policies: Mapping[str, Policy] | None = None) -> ReadyRole:
    """Compile a role; `names` says what its references will be, `custom_policies` are those AWS does not manage."""
    custom_policies = custom_policies or {}
    documents: dict[str, Policy] = {}
    unread: list[str] = []
    limits = () if role.boundary is None else (role.boundary,)
    for arn in dict.fromkeys((*role.managed, *limits)):
        policy = custom_policies.get(arn) or aws_policy(arn)
        if policy is None:
            unread.append(arn)
        else:
            documents[arn] = _put(policy, names)
    managed = tuple(arn for arn in dict.fromkeys(role.managed) if arn in documents)
    inline = by_version(role)
    policies = (Policy(tuple(grant.statement for grant in grants), version) for version, grants in inline.items())
    written = tuple(_put(policy, names) for policy in policies)
    boundary = tuple(documents[arn] for arn in limits if arn in documents)
    if any(grant.statement.principals is not None for grant in role.grants):
        layers = Layers(identity=(), boundary=boundary, resource=written)
    else:
        layers = Layers(identity=(*written, *(documents[arn] for arn in managed)), boundary=boundary)
    return ReadyRole(role, names, layers, managed, tuple(unread), tuple(inline.values()), custom_policies)


def by_version(role: Role) -> dict[str, tuple[Grant, ...]]:
    """A role's grants by the version of the language that they are written in, which decides what variables are."""
    versions = dict.fromkeys(grant.version for grant in role.grants) or {VERSION: None}
    return {version: tuple(grant for grant in role.grants if grant.version == version) for version in versions}


def _put(document: Policy, names: Mapping[str, str]) -> Policy:
    return Policy(tuple(put_all(statement, names) for statement in document.statements), document.version)


def ready_roles(app: App, roles: tuple[Role, ...]) -> dict[str, ReadyRole]:
    """Each function's role, by the function's name; functions that bring a role of their own are not there."""
    themselves = {
        text: text for resource in app.resources for text in arns_of(resource)
    }  # a key's, say: nobody foretells its id
    names = {**themselves, **names_of(app)}
    ready_roles = [(role, ready_role(role, names, dict(_managed(app)))) for role in roles]
    return {name: ready for role, ready in ready_roles for name in role.functions}


def _managed(app: App) -> Iterator[tuple[str, Policy]]:
    """The app's own managed policies that can be read, by their Ref."""
    for resource in app.resources:
        if resource.type == _MANAGED:
            with suppress(RemitError):
                yield resource.ref, parse(resource.properties.get("PolicyDocument"))


def at(role: ReadyRole, place: Place) -> ReadyRole:
    """The same role as it is in one partition, region and account."""
    return ready_role(role.role, names_at(role.names, place), role.documents)


def names_at(names: Mapping[str, str], place: Place) -> dict[str, str]:
    """What references will be in one partition, region and account."""
    return {**{text: put(name, place) for text, name in names.items()}, **place}


def places(role: ReadyRole, *more: str, home: str = "") -> tuple[Place, ...]:
    """The places that a role's statements, and `more` ARNs, name: each pair or triple that is written somewhere.

    A pattern, or a late-bound part, means wherever the app is; so does a role that names no place at all.
    Who asks (`home`, an ARN), where that is known, is in the app's own partition and account.
    """
    home_place = _home(home)
    texts = [
        text for grant in role.role.grants if grant.statement.resources for text in grant.statement.resources.patterns
    ]
    spelled: set[tuple[str, ...]] = {home_place}
    for text in (*texts, *more):
        arn = parse_arn(text)
        if arn is not None:
            parts = (arn.partition, arn.region, arn.account)
            spelled.add(
                tuple(
                    mine if _OPEN & set(part) or not part else part
                    for part, mine in zip(parts, home_place, strict=True)
                )
            )
    ordered = sorted(spelled, key=lambda parts: (parts != home_place, parts))
    return tuple(dict(zip(PLACE.values(), parts, strict=True)) for parts in ordered)


def _home(principal: str) -> tuple[str, str, str]:
    """Where the one who asks is: partition, region and account."""
    arn = parse_arn(principal)
    return _HERE if arn is None or not arn.account.isdigit() else (arn.partition, _HERE[1], arn.account)


def aws_policy(arn: str) -> Policy | None:
    """A managed policy of AWS; None for a policy of somebody's own account."""
    policy = managed_policy(arn)
    return None if policy is None else parse(policy.document)


def ask(
    role: ReadyRole,
    action: str,
    resource: str,
    *,
    principal: str | None = None,
    context: Mapping[str, Any] | None = None,
    identity_alone: bool = False,
) -> Decision:
    """Decide one request of a role. Condition keys that `context` does not say are open.

    With `identity_alone` the boundary is left out.
    """
    request = Request(
        action=action,
        resource=put(resource, role.names),
        principal=principal,
        context={**(context or {})},
        open=ALL,
    )
    return evaluate(request, role.layers.identity if identity_alone else role.layers)


def own_verdict(decision: Decision) -> Verdict:
    """What the identity's policies say by themselves: a key's or another account's policy has its own say."""
    return next(layer.verdict for layer in decision.layers if layer.layer == _IDENTITY)


def source(role: ReadyRole, ruling: StatementLocation) -> StatementSource:
    """Where a ruling's statement was written."""
    if ruling.layer not in (_IDENTITY, _RESOURCE):
        return StatementSource(ruling.layer, None, role.role.boundary, ruling.index)
    if ruling.policy < len(role.inline):
        return StatementSource(ruling.layer, role.inline[ruling.policy][ruling.index], None, ruling.index)
    return StatementSource(ruling.layer, None, role.policies[ruling.policy - len(role.inline)], ruling.index)
