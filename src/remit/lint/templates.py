"""What a CloudFormation or SAM template holds for rules: policy documents, functions' environments, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.lint.policies import document_of, variants
from remit.lint.subject import CONTROL, IDENTITY, RESOURCE, TRUST, Document, Environment, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.errors import Origin
    from remit.lint.finding import Spot

Locate: TypeAlias = "Callable[[Spot], Origin | None]"

_ROLE, _MANAGED = "iam.role.inline", "iam.managed"
_QUOTAS: Final = {
    "AWS::IAM::Role": _ROLE,
    "AWS::IAM::RolePolicy": _ROLE,
    "AWS::IAM::ManagedPolicy": _MANAGED,
    "AWS::IAM::User": "iam.user.inline",
    "AWS::IAM::Group": "iam.group.inline",
    "AWS::Serverless::Function": _ROLE,
}
_IDENTITY_TYPES: Final = frozenset({
    "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy", "AWS::SSO::PermissionSet",
    "AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::Serverless::Connector",
})  # fmt: skip
_FUNCTIONS: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function")


def is_template(value: Any) -> bool:
    """Whether a document is a template: it has Resources, or says so."""
    return isinstance(value, dict) and any(
        key in value for key in ("Resources", "AWSTemplateFormatVersion", "Transform")
    )


def stack_of(raw: Mapping[str, Any], locate: Locate, size: int = 0) -> Stack:
    """The template as rules look at it; `size` is that of its file in bytes."""
    resources = {
        name: one for name, one in _mapping(raw.get("Resources")).items() if isinstance(one, dict) and "Type" in one
    }
    names = frozenset((*_mapping(raw.get("Resources")), *_mapping(raw.get("Parameters"))))
    kinds = [str(one["Type"]) for one in resources.values()]
    makes_more = any(kind.startswith("AWS::Serverless::") or kind.endswith("::MODULE") for kind in kinds)
    macros = "Transform" in raw or any(name.startswith("Fn::") for name in _mapping(raw.get("Resources")))
    return Stack(raw, locate, names, resources, exact=not (makes_more or macros), size=size)


def documents(stack: Stack) -> Iterator[Document]:
    """Every policy document of a template's resources."""
    types = {name: str(one["Type"]) for name, one in stack.resources.items()}
    for name, resource in stack.resources.items():
        kind = str(resource["Type"])
        for raw, path in _policies(resource.get("Properties"), ("Resources", name, "Properties"), kind):
            yield document_of(
                raw,
                _kind(raw, path, kind),
                stack.place,
                path=path,
                names=stack.names,
                quota="iam.role.trust" if "AssumeRolePolicyDocument" in path else _QUOTAS.get(kind, ""),
                title=name,
                late=stack.late,
                types=types,
            )


def environments(stack: Stack) -> Iterator[Environment]:
    """The environment of every function."""
    for name, resource in stack.resources.items():
        if resource["Type"] in _FUNCTIONS:
            path: Spot = ("Resources", name, "Properties", "Environment", "Variables")
            variables = _mapping(_mapping(_mapping(resource.get("Properties")).get("Environment")).get("Variables"))
            if variables:
                yield Environment(name, variables, _below(stack.place, path), own=False)


def _below(locate: Locate, path: Spot) -> Locate:
    return lambda spot: locate((*path, *spot))


def _policies(value: Any, path: Spot, kind: str) -> Iterator[tuple[Any, Spot]]:
    """Whatever has a Statement, or stands where a document must."""
    for one, at in variants(value, path):
        if isinstance(one, list):
            for index, item in enumerate(one):
                yield from _policies(item, (*at, index), kind)
        elif isinstance(one, dict):
            if _is_document(one, at, kind):
                yield one, at
            else:
                for key, item in one.items():
                    if isinstance(item, dict | list):
                        yield from _policies(item, (*at, key), kind)


def _is_document(value: dict[str, Any], path: Spot, kind: str) -> bool:
    if path[-1] in ("PolicyDocument", "AssumeRolePolicyDocument"):
        return not any(key.startswith("Fn::") or key == "Ref" for key in value)
    statements = value.get("Statement")
    if kind == "AWS::Events::EventBusPolicy" or not isinstance(statements, dict | list):
        return False
    several = statements if isinstance(statements, list) else [statements]
    return any(isinstance(one, dict) and not {"Effect", "Action"}.isdisjoint(one) for one in several)


def _kind(raw: Any, path: Spot, kind: str) -> str:
    if "AssumeRolePolicyDocument" in path:
        return TRUST
    if kind in _IDENTITY_TYPES:
        return IDENTITY
    if kind == "AWS::Organizations::Policy":
        return CONTROL
    return RESOURCE if _has_principal(raw) or kind.startswith("AWS::") else IDENTITY


def _has_principal(raw: Any) -> bool:
    statements = raw.get("Statement") if isinstance(raw, dict) else None
    several = statements if isinstance(statements, list) else [statements]
    return any(isinstance(one, dict) and not {"Principal", "NotPrincipal"}.isdisjoint(one) for one in several)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
