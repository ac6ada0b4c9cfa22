"""Ask what a role may do as it is built: its inline statements, its managed policies, its boundary."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.managed_policies import is_of_aws, managed_policy
from remit.catalogue.types import arns_of
from remit.errors import RemitError
from remit.holders import HeldPolicy, Holder
from remit.iam.decide.endpoint import NO_ENDPOINT, VpcEndpoint
from remit.iam.decide.evaluate import ALL, Decision, Request, Verdict, evaluate
from remit.iam.policy import VERSION, Policy, parse
from remit.iam.tokens import PLACE
from remit.roles.defaults import SOURCE_FUNCTION
from remit.roles.reference_names import fill_policy, fill_references, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.app import App, Grant
    from remit.iam.comparison import StatementLocation

Place: TypeAlias = dict[str, str]
"""What AWS::Partition, AWS::Region and AWS::AccountId are, by their texts."""
_IDENTITY: Final = "identity"
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
HERE: Final = ("aws", "us-east-1", "123456789012")
"""Stands for wherever the app is deployed, where its statements do not care."""
_OPEN: Final = frozenset("*?$")
"""The characters by which a part of an ARN is a pattern or late-bound."""


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
    endpoint: VpcEndpoint | None = None,
) -> Holder:
    """The role made ready to be asked: with policies that are known, and references replaced by `names`.

    `custom_policies` are those that AWS does not manage, by ARN or reference; a policy that nobody knows has no
    document. Grants with principals make it the policy of a resource: managed policies then do not count. `endpoint` is
    the VPC endpoint that its requests pass.
    """

    def document_of(arn: str) -> Policy | None:
        """The policy of an ARN, given or AWS's own, with names filled in; None: nobody knows it."""
        policy = (custom_policies or {}).get(arn) or aws_policy(arn)
        return None if policy is None else fill_policy(policy, names)

    ready = ready_holder(role, names, document_of)
    if any(grant.statement.principals is not None for grant in role.grants):
        policies = (replace(policy, how="resource") if policy.grants else policy for policy in ready.policies)
        ready = replace(ready, policies=tuple(policies))
    return replace(ready, endpoint=endpoint)


def ready_holder(holder: Holder, names: Mapping[str, str], document_of: Callable[[str], Policy | None]) -> Holder:
    """A holder with values for its references, and with its managed policies and boundary as `document_of` has them.

    The statements that were written are a policy for each version of the language, which decides what variables are:
    one at least. The managed policies follow, those first that are known.
    """
    versions = dict.fromkeys(grant.version for grant in holder.grants) or {VERSION: None}
    policies = []
    for version in versions:
        grants = tuple(grant for grant in holder.grants if grant.version == version)
        document = fill_policy(Policy(tuple(grant.statement for grant in grants), version), names)
        policies.append(HeldPolicy("", "inline", document, grants))
    managed = [HeldPolicy(arn, "managed", document_of(arn)) for arn in dict.fromkeys(holder.managed)]
    # A statement's location counts the documents that are known, so these come first, in their order.
    managed.sort(key=lambda policy: policy.document is None)
    limits = tuple(replace(limit, document=document_of(limit.name)) for limit in holder.limits)
    return replace(holder, policies=(*policies, *managed), limits=limits, names=names)


def ready_roles(app: App, roles: tuple[Holder, ...], endpoint: VpcEndpoint = NO_ENDPOINT) -> dict[str, Holder]:
    """Each function's role, by the function's name; functions that bring a role of their own are not there.

    `endpoint` is the VPC endpoint that their requests pass.
    """
    names: dict[str, str] = {}
    custom_policies: dict[str, Policy] = {}
    for resource in app.resources:  # a value known only after the deploy, such as a key's id, stands for itself
        names |= {reference: reference for reference in arns_of(resource)}
        if resource.type == _MANAGED:
            with suppress(RemitError):  # what is wrong with it is told where its template is read
                custom_policies[resource.ref] = parse(resource.properties.get("PolicyDocument"))
    names |= names_of(app)
    source_arns = {function.name: function.source_arn for function in app.functions}
    roles_by_function: dict[str, Holder] = {}
    for role in roles:
        of_the_account: dict[str, Policy] = {}
        for arn in (*role.managed, *(limit.name for limit in role.limits)):
            # A file of the project stands for the account's policy of its name; AWS's own are in the catalogue.
            name = arn.rpartition("/")[2]
            if name in app.policies and not is_of_aws(arn):
                of_the_account[arn] = app.policies[name]
        ready = ready_role(role, names, {**of_the_account, **custom_policies}, endpoint)
        for function_name in role.functions:
            roles_by_function[function_name] = replace(ready, source_arn=source_arns.get(function_name, ""))
    return roles_by_function


def at(role: Holder, place: Place) -> Holder:
    """The same role as it is in one partition, region and account."""
    return renamed(role, names_at(role.names, place))


def renamed(role: Holder, names: Mapping[str, str]) -> Holder:
    """The same role, ready to be asked, with other values of its references."""
    held = (*role.policies, *role.limits)
    documents = {policy.name: policy.document for policy in held if policy.document is not None}
    return ready_role(role, names, documents, role.endpoint)


def names_at(names: Mapping[str, str], place: Place) -> dict[str, str]:
    """The values of references in one partition, region and account, and those three, by their texts."""
    return {**{text: fill_references(name, place) for text, name in names.items()}, **place}


def places(role: Holder, *further_arns: str, home: str = "") -> tuple[Place, ...]:
    """The places that a role's statements and further ARNs name, home first: each a partition, region and account.

    `home` is the ARN of the asker, where that is known: its partition and account stand for what an ARN leaves open
    (by an empty, late-bound or wildcard part). The home place itself is always among them.
    """
    partition, region, account = HERE
    asker = parse_arn(home)
    if asker is not None and asker.account.isdigit():
        partition, account = asker.partition, asker.account  # IAM's ARNs have no region
    home_place = (partition, region, account)
    arn_texts = list(further_arns)
    for grant in role.grants:
        if grant.statement.resources is not None:
            arn_texts += grant.statement.resources.patterns
    named_places = {home_place}
    for arn in map(parse_arn, arn_texts):
        if arn is not None:
            parts = zip((arn.partition, arn.region, arn.account), home_place, strict=True)
            partition, region, account = (
                own if not part or not _OPEN.isdisjoint(part) else part for part, own in parts
            )
            named_places.add((partition, region, account))
    # The home place first: of several places that answer alike, the first one is told.
    ordered = sorted(named_places, key=lambda place: (place != home_place, place))
    return tuple(dict(zip(PLACE.values(), place, strict=True)) for place in ordered)


def aws_policy(arn: str) -> Policy | None:
    """A managed policy of AWS; None for a policy of somebody's own account."""
    policy = managed_policy(arn)
    return None if policy is None else parse(policy.document)


def ask(
    role: Holder,
    action: str,
    resource: str,
    *,
    principal: str | None = None,
    context: Mapping[str, Any] | None = None,
    identity_alone: bool = False,
) -> Decision:
    """Decide one request of a role.

    A condition key that `context` does not have may have any value; None: it is absent. The name of a user and the
    function whose code asks are in every request of theirs, where they are known.

    With `identity_alone` the boundary is left out.
    """
    keys: dict[str, Any] = {}
    if role.kind == "user" and role.name and "${" not in role.name:
        keys["aws:username"] = role.name
    # "Using source function ARN to control function access behavior" (AWS Lambda Developer Guide)
    if role.source_arn != "":
        keys[SOURCE_FUNCTION] = role.source_arn and fill_references(role.source_arn, role.names)
    request = Request(
        action=action,
        resource=fill_references(resource, role.names),
        principal=principal,
        # What the caller says of a key wins: it may ask for another function's code, or for Lambda itself.
        context={**keys, **(context or {})},
        open=ALL,
    )
    return evaluate(request, role.layers.identity if identity_alone else role.layers)


def own_verdict(decision: Decision) -> Verdict:
    """Return the verdict of the identity's policies by themselves.

    A key's or another account's policy has its own say.
    """
    return next(layer.verdict for layer in decision.layers if layer.layer == _IDENTITY)


def source(role: Holder, ruling: StatementLocation) -> StatementSource:
    """The source of the statement that `ruling` locates among the role's policies."""
    return StatementSource(ruling.layer, role.grant(ruling), role.policy(ruling), ruling.index)
