"""Read the roles of a CloudFormation template, or a policy document, each statement with its line in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.app import Grant, Resource, Role
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.iam.document import read_json, steps
from remit.iam.policy import OLD_VERSION, VERSION, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.iam.document import Locate, Path

_ATTACHED: Final = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: roles (a policy document counts as one), the template's resources, the policy's version."""

    roles: tuple[Role, ...]
    resources: tuple[Resource, ...] = ()
    version: str = VERSION


def read_policy(text: str | bytes, file: str) -> Read:
    """A policy document. RemitError at the line and column of what is wrong."""
    value, locate = read_json(text, file)
    grants = tuple(_grants(value, (), locate))
    version = value.get("Version", OLD_VERSION) if isinstance(value, dict) else VERSION
    return Read((Role(file, grants, ()),), version=version)


def read_template(text: str | bytes, file: str) -> Read:
    """The roles of a template in JSON, with the policies that other resources of it attach. RemitError as above."""
    value, locate = read_json(text, file)
    found = value.get("Resources") if isinstance(value, dict) else None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        hint = "a policy document is read with --policy" if isinstance(value, dict) and "Statement" in value else None
        raise RemitError(
            f"{file} is no CloudFormation template: it has no Resources", hint=hint, origin=Origin(file, 1)
        )
    properties = {name: _dict(one.get("Properties")) for name, one in found.items()}
    resources = tuple(
        Resource(name, str(one.get("Type", "")), properties[name], origin=locate(("Resources", name)))
        for name, one in found.items()
    )
    roles = [one for one in resources if one.type == "AWS::IAM::Role"]
    return Read(tuple(_role(role, resources, locate) for role in roles), resources)


def _role(role: Resource, resources: tuple[Resource, ...], locate: Locate) -> Role:
    grants = list(_inline(role, locate))
    managed = [_text(one) for one in _list(role.properties.get("ManagedPolicyArns"))]
    for other in resources:
        if other.type in _ATTACHED and (role.logical_id in _names(other, "Roles", "RoleName") or other.ref in managed):
            base = ("Resources", other.logical_id, "Properties", "PolicyDocument")
            grants += _grants(other.properties.get("PolicyDocument"), base, locate)
    own = [other.ref for other in resources]
    boundary = role.properties.get("PermissionsBoundary")
    return Role(
        role.logical_id,
        tuple(grants),
        tuple(_served(role, resources)),
        tuple(arn for arn in managed if arn not in own),
        None if boundary is None else _text(boundary),
    )


def _inline(role: Resource, locate: Locate) -> Iterator[Grant]:
    for number, one in enumerate(_list(role.properties.get("Policies"))):
        base: Path = ("Resources", role.logical_id, "Properties", "Policies", number, "PolicyDocument")
        yield from _grants(_dict(one).get("PolicyDocument"), base, locate)


def _served(role: Resource, resources: tuple[Resource, ...]) -> Iterator[str]:
    """The functions that run under a role, by their logical ids."""
    arn, name = role.arn, role.ref
    for other in resources:
        if other.type == "AWS::Lambda::Function" and _text(other.properties.get("Role")) in (arn, name):
            yield other.logical_id


def _names(resource: Resource, *properties: str) -> list[str]:
    texts = [_text(item) for name in properties for item in _list(resource.properties.get(name))]
    return [text.removeprefix("${").removesuffix("}") for text in texts]


def _grants(document: Any, base: Path, locate: Locate) -> Iterator[Grant]:
    """The statements of a document as grants without a reason, each at its line."""
    try:
        policy = parse(document)
    except RemitError as error:
        named = re.match(r"Statement[^\s:]*", error.message)
        at = locate((*base, *(steps(named[0]) if named else ())))
        raise RemitError(error.message, hint=error.hint, origin=at) from None
    single = isinstance(document["Statement"], dict)
    for index, statement in enumerate(policy.statements):
        path: Path = (*base, "Statement") if single else (*base, "Statement", index)
        yield Grant(statement, "", locate(path))


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) and not tokens.is_intrinsic(value) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str:
    return tokens.from_intrinsic(value) if tokens.is_intrinsic(value) else str(value)
