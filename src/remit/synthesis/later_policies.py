"""Policies that come after both a role and a resource that waits for the role's own function.

A user pool refers to the function that it runs, the function to its role. If the role's policy referred to the pool,
that would be a circular dependency; a policy of its own, attached to the role, makes none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import Resource
from remit.template.references import references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_NAME: Final = "remit-later"


def with_later_policies(resources: Sequence[Resource], roles: Collection[str]) -> list[Resource]:
    """The resources; statements of roles that would make a circular dependency stand in policies of their own.

    `roles` has the logical ids of those that remit assigned, with one inline policy each at most; a role that is a
    shared resource is as it was written.
    """
    waits = _Waits({resource.logical_id: resource for resource in resources})
    separated: list[Resource] = []
    for resource in resources:
        if resource.logical_id in roles:
            separated += _separated(resource, waits)
        else:
            separated.append(resource)
    return separated


class _Waits:
    """The resources that CloudFormation makes before each resource, found when they are asked for."""

    def __init__(self, by_id: Mapping[str, Resource]) -> None:
        self._by_id = by_id
        self._awaited: dict[str, frozenset[str]] = {}
        self._targets: dict[str, tuple[str, ...]] = {}

    def is_before(self, earlier: str, later: str) -> bool:
        """Return whether `later` waits for `earlier`, if only by others."""
        if later not in self._awaited:
            self._awaited[later] = frozenset(self._all_before(later))
        return earlier in self._awaited[later]

    def _all_before(self, logical_id: str) -> set[str]:
        before: set[str] = set()
        waiting = [logical_id]
        while waiting:
            for name in self._targets_of(waiting.pop()):
                if name not in before:
                    before.add(name)
                    waiting.append(name)
        return before

    def _targets_of(self, logical_id: str) -> tuple[str, ...]:
        """Return the resources that a resource itself names: many wait for the same role."""
        if logical_id not in self._targets:
            self._targets[logical_id] = tuple(_named(self._by_id.get(logical_id)))
        return self._targets[logical_id]


def _named(resource: Resource | None) -> Iterator[str]:
    if resource is not None:
        depends = resource.attributes.get("DependsOn", ())
        yield from [depends] if isinstance(depends, str) else depends
        yield from referred(resource.properties)


def referred(value: Any) -> Iterator[str]:
    """The logical ids that a value refers to."""
    for reference, _ in references(dict(value), late=True):
        if reference.target is not None:
            yield reference.target


def _separated(role: Resource, waits: _Waits) -> Iterator[Resource]:
    """The role, and the policy with those of its statements that it cannot have itself."""
    policies = role.properties.get("Policies")
    if not policies:
        yield role
        return
    document = policies[0]["PolicyDocument"]
    later = [statement for statement in document["Statement"] if _closes_a_circle(statement, role, waits)]
    if not later:
        yield role
        return
    earlier = [statement for statement in document["Statement"] if statement not in later]
    kept = [{**policies[0], "PolicyDocument": {**document, "Statement": earlier}}] if earlier else []
    yield replace(role, properties={**role.properties, "Policies": kept})
    properties = {
        "PolicyName": _NAME,
        "PolicyDocument": {**document, "Statement": later},
        "Roles": [role.ref],
    }
    yield Resource(f"{role.logical_id}Later", "AWS::IAM::Policy", properties, origin=role.origin)


def _closes_a_circle(statement: Any, role: Resource, waits: _Waits) -> bool:
    return isinstance(statement, dict) and any(waits.is_before(role.logical_id, name) for name in referred(statement))
