"""The policies that a template's resources attach to roles, users and groups: inline ones, and managed policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.app import Reason, Resource
from remit.catalogue.types import access_of
from remit.holders import HeldPolicy, HolderKind
from remit.iam import tokens
from remit.template.branches import items
from remit.template.policy_documents import grants_of, known, unknown, whole_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.documents.json_text import Locate, Path
    from remit.iam.policy import Policy

BOUNDARY: Final = "PermissionsBoundary"
MANAGED: Final = "AWS::IAM::ManagedPolicy"


@dataclass(frozen=True, slots=True)
class HolderType:
    """A type whose resources have policies: what it is, the property of its name, and how policies list it."""

    kind: HolderKind
    name: str
    listed_in: tuple[str, ...]


HOLDERS: Final = {
    "AWS::IAM::Role": HolderType("role", "RoleName", ("Roles", "RoleName")),
    "AWS::IAM::User": HolderType("user", "UserName", ("Users", "UserName")),
    "AWS::IAM::Group": HolderType("group", "GroupName", ("Groups", "GroupName")),
}


@dataclass(frozen=True, slots=True)
class MadePolicy:
    """A policy that the template makes: how ARNs refer to it, and whom it names itself."""

    logical_id: str
    policy: HeldPolicy
    holders: frozenset[tuple[HolderKind, str]]
    """Those whom it is attached to by its own list: what each is, and the text that names it."""
    arns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachedPolicies:
    """The policies of a template; `outside` are those of holders that it does not make, by kind and name."""

    policies: tuple[MadePolicy, ...]
    outside: Mapping[tuple[HolderKind, str], tuple[MadePolicy, ...]]

    @property
    def documents(self) -> dict[str, Policy]:
        """The managed policies by every text that refers to one; without those that only the deploy knows wholly."""
        made = [(policy.arns, policy.policy.document) for policy in self.policies]
        return {arn: document for arns, document in made if document is not None for arn in arns}

    def of(self, holder: Resource, managed: Iterable[str]) -> tuple[MadePolicy, ...]:
        """Those that a role, user or group has, in the template's order: by its own list of ARNs, or theirs of holders.

        `managed` is that list, as texts.
        """
        names = set(names_of(holder))
        listed = set(managed)
        return tuple(policy for policy in self.policies if names & policy.holders or listed & set(policy.arns))


def attached(resources: tuple[Resource, ...], locate: Locate) -> AttachedPolicies:
    """The policies of a template, ready to be asked for. RemitError at the line of a document that is none."""
    policies = tuple(_made_policy(resource, locate) for resource in resources if _is_policy(resource))
    made = {named for resource in resources if resource.type in HOLDERS for named in names_of(resource)}
    outside: dict[tuple[HolderKind, str], list[MadePolicy]] = {}
    for policy in policies:
        for named in sorted(policy.holders - made):  # a set has no order, and reports must have one
            outside.setdefault(named, []).append(policy)
    return AttachedPolicies(policies, {named: tuple(of_holder) for named, of_holder in outside.items()})


def _is_policy(resource: Resource) -> bool:
    """Return whether it is a policy that roles, users or groups have, by itself."""
    access = access_of(resource.type)
    return bool(access.roles) or (access.policies == "identity" and "PolicyDocument" in resource.properties)


def _made_policy(policy: Resource, locate: Locate) -> MadePolicy:
    """A policy resource of the template, with the roles, users and groups that it lists.

    RemitError at the part of its document that is wrong.
    """
    path: Path = ("Resources", policy.logical_id, "Properties")
    document = policy.properties.get("PolicyDocument")
    condition = f" if {policy.attributes['Condition']}" if "Condition" in policy.attributes else ""
    reason = Reason("policy", f"{policy.type.rpartition('::')[2]} {policy.logical_id}{condition}", (policy.logical_id,))
    holders = {
        (holder.kind, tokens.text_of(item.value))
        for holder in HOLDERS.values()
        for name in holder.listed_in
        for item in items(policy.properties.get(name), (*path, name))
    }
    is_managed = policy.type == MANAGED
    made_policy = HeldPolicy(
        policy.ref if is_managed else tokens.text_of(policy.properties.get("PolicyName")),
        "made" if is_managed else "inline",
        whole_policy(document, (*path, "PolicyDocument"), locate),
        tuple(grants_of(document, (*path, "PolicyDocument"), locate, reason)),
        "" if known(document) else f"what {policy.logical_id} says is known at the deploy only: {unknown(document)}",
    )
    arns = tuple(_arns(policy)) if is_managed else ()
    return MadePolicy(policy.logical_id, made_policy, frozenset(holders), arns)


def condition_note(condition: str) -> str:
    """The note of a role that is there only under a condition."""
    return f"it is there only if {condition}"


def _arns(policy: Resource) -> Iterator[str]:
    """Yield how a managed policy of the template is referred to: by Ref, by PolicyArn, or by an ARN with its name."""
    yield policy.ref
    yield f"${{{policy.logical_id}.PolicyArn}}"
    name, path = policy.properties.get("ManagedPolicyName"), policy.properties.get("Path", "/")
    if name is not None and isinstance(path, str):
        # Templates spell the partition as often as they refer to it: both name this policy.
        for partition in ("${AWS::Partition}", "aws"):
            yield f"arn:{partition}:iam::${{AWS::AccountId}}:policy{path}{tokens.text_of(name)}"


def names_of(holder: Resource) -> Iterator[tuple[HolderKind, str]]:
    """Yield the texts by which policies name a role, user or group, each after its kind: its Ref, and its name."""
    row = HOLDERS[holder.type]
    name = holder.properties.get(row.name)
    yield row.kind, holder.ref
    if name is not None:
        yield row.kind, tokens.text_of(name)
