"""Ask what a role may do as it is built: its inline statements, its managed policies, its boundary."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.managed_policies import is_of_aws, managed_policy
from remit.catalogue.types import arns_of
from remit.errors import RemitError
from remit.iam.decide.endpoint import NO_ENDPOINT, VpcEndpoint
from remit.iam.decide.evaluate import ALL, Layers, Request, evaluate
from remit.iam.policy import VERSION, Policy, parse
from remit.iam.tokens import PLACE
from remit.roles.defaults import SOURCE_FUNCTION
from remit.roles.reference_names import fill_policy, fill_references, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import App, Grant
    from remit.holders import Holder
    from remit.iam.comparison import StatementLocation
    from remit.iam.decide.evaluate import Decision, Verdict

Place: TypeAlias = dict[str, str]
"""What AWS::Partition, AWS::Region and AWS::AccountId are, by their texts."""
_IDENTITY, _RESOURCE, _BOUNDARY = "identity", "resource", "boundary"
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
HERE: Final = ("aws", "us-east-1", "123456789012")
"""Stands for wherever the app is deployed, where its statements do not care."""
_OPEN: Final = frozenset("*?$")
"""The characters by which a part of an ARN is a pattern or late-bound."""


@dataclass(frozen=True, slots=True)
class ReadyRole:
    """A role made ready to be asked. `policies` names what `layers` holds; `unread` are policies nobody has here.

    A document whose statements have principals is a resource's (a role's trust policy, say), and asked as one.
    """

    role: Holder
    names: Mapping[str, str]
    layers: Layers
    policies: tuple[str, ...]
    """The managed policies of the identity layer, in its order; the inline statements come before them."""
    unread: tuple[str, ...] = ()
    inline: tuple[tuple[Grant, ...], ...] = ()
    """The inline statements as the identity layer has them: a policy for each version of the language, one at least."""
    documents: Mapping[str, Policy] = field(default_factory=dict)
    """What managed policies and boundaries say that are not AWS's."""
    source_arn: str | None = ""
    """The ARN that requests carry of the function whose code asks; None where Lambda asks for it, empty: it is open."""


@dataclass(frozen=True, slots=True)
class StatementSource:
    """The source of a statement that decided, or nearly did: one of the role's grants, or a managed policy.

    Neither: the policy of the layer, such as that of the VPC endpoint.
    """

    layer: str
    grant: Grant | None
    policy: str | None
    index: int
    """Which statement of the inline policy or of the managed one, from 0."""


def ready_role(
    role: Holder,
    names: Mapping[str, str],
    custom_policies: Mapping[str, Policy] | None = None,
    endpoint: VpcEndpoint = NO_ENDPOINT,
) -> ReadyRole:
    """Make a role ready to be asked; `names` says what its references will be.

    `custom_policies` are those that AWS does not manage.
    Grants with principals make it the policy of a resource: managed policies then do not count. `endpoint` is the
    VPC endpoint that its requests pass.
    """
    custom_policies = custom_policies or {}
    filled_by_arn: dict[str, Policy] = {}
    unread: list[str] = []
    boundary_arns = () if role.boundary is None else (role.boundary,)
    for arn in dict.fromkeys((*role.managed, *boundary_arns)):
        policy = custom_policies.get(arn) or aws_policy(arn)
        if policy is None:
            unread.append(arn)
        else:
            filled_by_arn[arn] = fill_policy(policy, names)
    managed = tuple(arn for arn in dict.fromkeys(role.managed) if arn in filled_by_arn)
    inline = by_version(role)
    policies = (Policy(tuple(grant.statement for grant in grants), version) for version, grants in inline.items())
    written = tuple(fill_policy(policy, names) for policy in policies)
    # A boundary that nobody has here limits nothing in `layers`: whoever asks must look at `unread`.
    boundary = tuple(filled_by_arn[arn] for arn in boundary_arns if arn in filled_by_arn)
    if any(grant.statement.principals is not None for grant in role.grants):
        layers = Layers(identity=(), boundary=boundary, resource=written)
    else:
        identity = (*written, *(filled_by_arn[arn] for arn in managed))
        layers = Layers(identity=identity, boundary=boundary)
    layers = replace(layers, endpoint=endpoint.policies, endpoint_type=endpoint.type)
    return ReadyRole(role, names, layers, managed, tuple(unread), tuple(inline.values()), custom_policies)


def by_version(role: Holder) -> dict[str, tuple[Grant, ...]]:
    """A role's grants by the version of the language that they are written in, which decides what variables are."""
    versions = dict.fromkeys(grant.version for grant in role.grants) or {VERSION: None}
    return {version: tuple(grant for grant in role.grants if grant.version == version) for version in versions}


def ready_roles(app: App, roles: tuple[Holder, ...], endpoint: VpcEndpoint = NO_ENDPOINT) -> dict[str, ReadyRole]:
    """Each function's role, by the function's name; functions that bring a role of their own are not there.

    `endpoint` is the VPC endpoint that their requests pass.
    """
    names: dict[str, str] = {}
    for resource in app.resources:  # a value known only after the deploy, such as a key's id, stands for itself
        names |= {reference: reference for reference in arns_of(resource)}
    names |= names_of(app)
    custom_policies = dict(_managed(app))
    source_arns = {function.name: function.source_arn for function in app.functions}
    roles_by_function: dict[str, ReadyRole] = {}
    for role in roles:
        of_the_account = {arn: app.policies[name] for arn, name in _named_policies(role) if name in app.policies}
        ready = ready_role(role, names, {**of_the_account, **custom_policies}, endpoint)
        for function_name in role.functions:
            roles_by_function[function_name] = replace(ready, source_arn=source_arns[function_name])
    return roles_by_function


def _named_policies(role: Holder) -> Iterator[tuple[str, str]]:
    """The ARNs of a role's managed policies and its boundary, each with the policy's name without its path."""
    for arn in (*role.managed, *(() if role.boundary is None else (role.boundary,))):
        if not is_of_aws(arn):
            yield arn, arn.rpartition("/")[2]


def _managed(app: App) -> Iterator[tuple[str, Policy]]:
    """The app's own managed policies that can be read, by their Ref."""
    for resource in app.resources:
        if resource.type == _MANAGED:
            with suppress(RemitError):
                yield resource.ref, parse(resource.properties.get("PolicyDocument"))


def at(role: ReadyRole, place: Place) -> ReadyRole:
    """The same role as it is in one partition, region and account."""
    placed = ready_role(role.role, names_at(role.names, place), role.documents, role.layers.vpc_endpoint)
    return replace(placed, source_arn=role.source_arn)


def names_at(names: Mapping[str, str], place: Place) -> dict[str, str]:
    """Return the values of references in one partition, region and account."""
    return {**{text: fill_references(name, place) for text, name in names.items()}, **place}


def places(role: ReadyRole, *further_arns: str, home: str = "") -> tuple[Place, ...]:
    """The places that a role's statements and further ARNs name, home first: each a partition, region and account.

    `home` is the ARN of the asker, where that is known: its partition and account stand for what an ARN leaves open
    (by an empty, late-bound or wildcard part). The home place itself is always among them.
    """
    home_place = _home_place(home)
    arn_texts = list(further_arns)
    for grant in role.role.grants:
        if grant.statement.resources is not None:
            arn_texts += grant.statement.resources.patterns
    named_places = {home_place}
    for text in arn_texts:
        arn = parse_arn(text)
        if arn is not None:
            home_partition, home_region, home_account = home_place
            named_places.add(
                (
                    _spelled_or_home(arn.partition, home_partition),
                    _spelled_or_home(arn.region, home_region),
                    _spelled_or_home(arn.account, home_account),
                )
            )
    ordered = sorted(named_places, key=lambda place: (place != home_place, place))
    return tuple(dict(zip(PLACE.values(), place, strict=True)) for place in ordered)


def _home_place(asker: str) -> tuple[str, str, str]:
    """The asker's partition and account in the region of `HERE` (IAM's ARNs have none), or `HERE` as a whole."""
    arn = parse_arn(asker)
    if arn is None or not arn.account.isdigit():
        return HERE
    _, region, _ = HERE
    return arn.partition, region, arn.account


def _spelled_or_home(part: str, home_part: str) -> str:
    """A part of an ARN as it is written; where it is empty, a pattern or late-bound, that of the home place."""
    is_open = not part or not _OPEN.isdisjoint(part)
    return home_part if is_open else part


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
    """Decide one request of a role. Condition keys that `context` does not say are open, but for a user's own name.

    With `identity_alone` the boundary is left out.
    """
    request = Request(
        action=action,
        resource=fill_references(resource, role.names),
        principal=principal,
        context={**_own_name(role.role), **_own_function(role), **(context or {})},
        open=ALL,
    )
    return evaluate(request, role.layers.identity if identity_alone else role.layers)


def _own_name(role: Holder) -> dict[str, str]:
    """Return `aws:username`, which is in every request of a user whose name is given."""
    is_known = role.kind == "user" and role.name and "${" not in role.name
    return {"aws:username": role.name} if is_known else {}


def _own_function(role: ReadyRole) -> dict[str, str | None]:
    """The function in every request of its code ("Using source function ARN to control function access behavior")."""
    if role.source_arn == "":
        return {}
    return {SOURCE_FUNCTION: role.source_arn and fill_references(role.source_arn, role.names)}


def own_verdict(decision: Decision) -> Verdict:
    """Return the verdict of the identity's policies by themselves.

    A key's or another account's policy has its own say.
    """
    return next(layer.verdict for layer in decision.layers if layer.layer == _IDENTITY)


def source(role: ReadyRole, ruling: StatementLocation) -> StatementSource:
    """Return the source of a ruling's statement."""
    if ruling.layer not in (_IDENTITY, _RESOURCE):
        policy = role.role.boundary if ruling.layer == _BOUNDARY else None
        return StatementSource(ruling.layer, None, policy, ruling.index)
    if ruling.policy < len(role.inline):
        return StatementSource(ruling.layer, role.inline[ruling.policy][ruling.index], None, ruling.index)
    return StatementSource(ruling.layer, None, role.policies[ruling.policy - len(role.inline)], ruling.index)
