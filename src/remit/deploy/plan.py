"""What a deploy would change: the resources, and what each role may do before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROLE_TYPE: Final = "AWS::IAM::Role"
POLICY_TYPE: Final = "AWS::IAM::ManagedPolicy"
_NAMES: Final = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
"""The property that names each type of IAM resource: CloudFormation wants a stronger word for those that use it."""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource that a change set touches. `action`: Add, Modify, Remove, Import or Dynamic.

    `replacement`: True, False, Conditional, or empty; `scope`: what of it changes (Properties, Tags, Metadata
    …).
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    scope: tuple[str, ...] = ()

    @property
    def tags_only(self) -> bool:
        """Whether nothing but tags changes (a new version of remit does that to every resource)."""
        return self.action == "Modify" and self.scope == ("Tags",)


@dataclass(frozen=True, slots=True, order=True)
class AccessItem:
    """One thing that a role's access is made of.

    `kind`: statement, managed, boundary or trust; `text`: canonical JSON.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What a role gains and loses. `action`: Add, Modify or Remove."""

    logical_id: str
    action: str
    added: tuple[AccessItem, ...]
    removed: tuple[AccessItem, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A change set that waits to be executed, and what it would do."""

    namespace: str
    stack_id: str
    change_set: str
    kind: str
    """CREATE or UPDATE."""
    changes: tuple[ResourceChange, ...]
    roles: tuple[RoleChange, ...]


def role_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[RoleChange, ...]:
    """What the roles of template `new` may do that those of `old` may not, and the reverse; by logical id.

    Statements are compared one by one, as documents: the order of statements, of keys and of the values in a
    list does not count, nor whether one value stands in a list. What two different statements mean is not
    compared here.
    """
    before, after = _roles(old), _roles(new)
    changes = []
    for logical_id in sorted({*before, *after}):
        had, has = before.get(logical_id, frozenset()), after.get(logical_id, frozenset())
        if had == has and (logical_id in before) == (logical_id in after):
            continue
        action = "Remove" if logical_id not in after else "Add" if logical_id not in before else "Modify"
        changes.append(RoleChange(logical_id, action, tuple(sorted(has - had)), tuple(sorted(had - has))))
    return tuple(changes)


def _roles(template: Mapping[str, Any]) -> dict[str, frozenset[AccessItem]]:
    resources = template.get("Resources", {})
    return {
        logical_id: frozenset(_access(resource.get("Properties", {}), resources))
        for logical_id, resource in resources.items()
        if resource.get("Type") == ROLE_TYPE
    }


def _access(properties: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[AccessItem]:
    for policy in _listed(properties.get("Policies", [])):
        document = policy.get("PolicyDocument", policy) if isinstance(policy, dict) else policy
        yield from (AccessItem("statement", text) for text in _statements(document))
    for managed in _listed(properties.get("ManagedPolicyArns", [])):
        own = resources.get(str(managed.get("Ref"))) if isinstance(managed, dict) else None
        if isinstance(own, dict) and own.get("Type") == POLICY_TYPE:  # a part of what the role's own policy says
            document = own.get("Properties", {}).get("PolicyDocument", {})
            yield from (AccessItem("statement", text) for text in _statements(document))
        else:
            yield AccessItem("managed", _canonical(managed))
    if "PermissionsBoundary" in properties:
        yield AccessItem("boundary", _canonical(properties["PermissionsBoundary"]))
    yield from (AccessItem("trust", text) for text in _statements(properties.get("AssumeRolePolicyDocument", {})))


def _statements(document: Any) -> Iterator[str]:
    if not isinstance(document, dict) or "Statement" not in document:
        if document:  # an intrinsic function instead of a document: shown as it is
            yield _canonical(document)
        return
    for statement in _listed(document["Statement"]):
        yield _canonical(_normal(statement) if isinstance(statement, dict) else statement)


def _normal(statement: dict[str, Any]) -> dict[str, Any]:
    """The statement with its lists as sets: sorted, and a list of one value as that value."""
    return {
        key: {operator: {name: _set(values) for name, values in block.items()} for operator, block in value.items()}
        if key == "Condition" and _two_deep(value)
        else _set(value)
        for key, value in statement.items()
        if key != "Sid"
    }


def _two_deep(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(block, dict) for block in value.values())


def _set(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    distinct = sorted({_canonical(item) for item in value})
    return json.loads(distinct[0]) if len(distinct) == 1 else [json.loads(item) for item in distinct]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def capabilities_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    """What CloudFormation must be told to allow: IAM resources, named ones, stacks inside whose content is not seen.

    Source: "Acknowledging IAM resources in CloudFormation templates" (CloudFormation User Guide). An emulator does
    not ask, AWS refuses the change set without.
    """
    resources = [value for value in template.get("Resources", {}).values() if isinstance(value, dict)]
    nested = any(resource.get("Type") == "AWS::CloudFormation::Stack" for resource in resources)
    named = any(_NAMES.get(str(resource.get("Type")), "") in resource.get("Properties", {}) for resource in resources)
    iam = "CAPABILITY_NAMED_IAM" if named or nested else "CAPABILITY_IAM"
    return (iam, "CAPABILITY_AUTO_EXPAND") if nested else (iam,)
