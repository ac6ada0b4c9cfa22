"""The users of a template with the policies of their groups, and its managed policies as they are by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.holders import Holder
from remit.iam import tokens
from remit.template.attached_policies import BOUNDARY, HOLDERS, MANAGED, AttachedPolicies, condition_note, names_of
from remit.template.branches import items

if TYPE_CHECKING:
    from remit.app import Resource


def memberships(resources: tuple[Resource, ...]) -> dict[str, tuple[str, ...]]:
    """The groups of each user of a template, by the user's logical id, as texts that name them."""
    by_user: dict[str, tuple[str, ...]] = {}
    users = {text: user for user in resources if user.type == "AWS::IAM::User" for _, text in names_of(user)}
    for resource in resources:
        if resource.type == "AWS::IAM::User":
            pairs = [(resource, item.value) for item in items(resource.properties.get("Groups"))]
        elif resource.type == "AWS::IAM::UserToGroupAddition":
            members = [tokens.text_of(item.value) for item in items(resource.properties.get("Users"))]
            group = resource.properties.get("GroupName")
            pairs = [(users[member], group) for member in members if member in users]
        else:
            continue
        for user, group in pairs:
            name = user.logical_id
            by_user[name] = (*by_user.get(name, ()), tokens.text_of(group))
    return by_user


def with_groups(user: Holder, names: tuple[str, ...], groups: list[Holder]) -> Holder:
    """A user with the policies of its groups, each with the group as a part of its reason.

    A group that is not made here is told in a note.
    """
    policies, notes = [*user.policies], [*user.notes]
    for name in dict.fromkeys(names):
        group = next(
            (group for group in groups if name in (f"${{{group.logical_id}}}", group.logical_id, group.name)), None
        )
        # A group that the template only attaches policies to may have others, which its users have as well.
        if group is None or group.only_attached_to:
            notes.append(f"it is in group {name}, which is not made here: what else that gives is not known")
        if group is not None:
            of_group = f"of group {group.logical_id}"
            for policy in group.policies:
                grants = (replace(grant, reason=replace(grant.reason, note=of_group)) for grant in policy.grants)
                policies.append(replace(policy, grants=tuple(grants)))
            notes += (note for note in group.notes if not group.only_attached_to)
    return replace(user, policies=tuple(dict.fromkeys(policies)), notes=tuple(dict.fromkeys(notes)))


def managed_policies(resources: tuple[Resource, ...], attached_policies: AttachedPolicies) -> tuple[Holder, ...]:
    """The managed policies of a template, each as it is by itself."""
    policy_of = {made.logical_id: made.policy for made in attached_policies.policies}
    policies = []
    for resource in (resource for resource in resources if resource.type == MANAGED):
        policy = policy_of[resource.logical_id]
        condition = resource.attributes.get("Condition")
        name = resource.properties.get("ManagedPolicyName")
        policies.append(
            Holder(
                resource.logical_id,
                (policy,),
                trusts=(),
                origin=resource.origin,
                condition=condition,
                notes=tuple(filter(None, (policy.note, condition and condition_note(condition)))),
                kind="managed policy",
                name="" if name is None else tokens.text_of(name),
            )
        )
    return tuple(policies)


def held_by_somebody(resources: tuple[Resource, ...], attached_policies: AttachedPolicies) -> frozenset[str]:
    """The managed policies, by logical id, that a role, user or group has, or is bounded by."""
    listed: set[str] = set()
    for resource in resources:
        if resource.type in HOLDERS:
            for name in ("ManagedPolicyArns", BOUNDARY):
                listed.update(tokens.text_of(item.value) for item in items(resource.properties.get(name)))
    return frozenset(
        policy.logical_id
        for policy in attached_policies.policies
        if policy.holders or not listed.isdisjoint(policy.arns)
    )
