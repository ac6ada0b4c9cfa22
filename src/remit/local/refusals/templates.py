"""Refuse what CloudFormation refuses of a template: lacking capabilities, unknown names, policies and properties.

The emulator asks for the capability only with its own AUTH, attaches any policy, drops an unknown property, and takes
an unknown name itself for the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.local.authorization.stored_policies import managed_policy_exists
from remit.local.emulator import emulated, instead_of
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import HandlerError, before_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.catalogue.properties import Shape
    from remit.local.stack_operations import ResourceOperation


def _enforce_capabilities() -> None:
    handlers = emulated("services.cloudformation.handlers")
    instead_of(handlers, "_capabilities_enforced")(lambda _is_enforced: True)


CAPABILITIES: Final = Refusal(
    what="A template makes IAM resources, or uses a transform, without the capability.",
    source="InsufficientCapabilitiesException, CreateStack (CloudFormation API Reference)",
    install=_enforce_capabilities,
)


_IDENTITIES: Final = frozenset({"AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"})


def _refuse_missing(operation: ResourceOperation) -> None:
    if operation.type not in _IDENTITIES or operation.verb not in ("create", "update"):
        return
    for kind, arn in _named(operation):
        if not managed_policy_exists(arn):
            raise HandlerError(f"{kind} {arn} does not exist or is not attachable. (Status Code: 404)", "NotFound")


def _named(operation: ResourceOperation) -> Iterator[tuple[str, str]]:
    """The ARNs that are new, each as IAM's message calls it."""
    before = operation.previous.get("ManagedPolicyArns") or []
    for arn in operation.properties.get("ManagedPolicyArns") or []:
        if isinstance(arn, str) and arn not in before:
            yield "Policy", arn
    boundary = operation.properties.get("PermissionsBoundary")
    if isinstance(boundary, str) and boundary != operation.previous.get("PermissionsBoundary"):
        yield "Scope ARN:", boundary


MISSING_POLICIES: Final = Refusal(
    what="A stack gives a role a managed policy or a boundary that does not exist.",
    source="NoSuchEntity: `Policy … does not exist or is not attachable`, AttachRolePolicy (IAM API Reference)",
    install=lambda: before_each(_refuse_missing),
)


def _refuse_unknown(operation: ResourceOperation) -> None:
    kind = resource_type(operation.type)
    if kind is None or kind.is_custom or operation.verb not in ("create", "update"):
        return
    extraneous = list(_extraneous(operation.properties, kind.shape, "#"))
    if extraneous:
        messages = ", ".join(f"{path}: extraneous key [{key}] is not permitted" for path, key in extraneous)
        raise ValueError(
            f"Properties validation failed for resource {operation.logical_id} with message:\n[{messages}]"
        )


def _extraneous(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """The keys that the type's schema does not have, each with the place of its object."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _extraneous(item, shape.items, f"{path}/{place}")
    if not isinstance(value, Mapping) or not shape.properties:
        return
    for key, item in value.items():
        child = shape.child(key)
        if child is None:
            yield path, key
        else:
            yield from _extraneous(item, child, f"{path}/{key}")


UNKNOWN_PROPERTIES: Final = Refusal(
    what="A stack gives a resource a property that its type does not have.",
    source="`Properties validation failed for resource … extraneous key […] is not permitted`, Resource type schema "
    "(CloudFormation CLI User Guide)",
    install=lambda: before_each(_refuse_unknown),
)


_PSEUDO: Final = "AWS::"


def _unresolved(section: Any, known: frozenset[str]) -> list[str]:
    """The names in a section of a template that are no resource and no parameter, sorted."""
    engine = emulated("services.cloudformation.engine")
    names = {name for name, _ in engine._intrinsic_references(section)}  # it finds what it will resolve
    return sorted(name for name in names if name not in known and not name.startswith(_PSEUDO))


def _dependencies(resources: Mapping[str, Any]) -> Iterator[str]:
    for resource in resources.values():
        depends_on = resource.get("DependsOn", ()) if isinstance(resource, dict) else ()
        yield from [depends_on] if isinstance(depends_on, str) else depends_on


def _check_references(template: Mapping[str, Any]) -> None:
    """ValueError, as the emulator raises for a template that it refuses."""
    resources = template.get("Resources") or {}
    known = frozenset({*resources, *(template.get("Parameters") or {})})
    missing = {*_unresolved(resources, known), *(name for name in _dependencies(resources) if name not in resources)}
    if missing:
        raise ValueError(_message(sorted(missing), "Resources"))
    of_outputs = _unresolved(template.get("Outputs") or {}, known)
    if of_outputs:
        raise ValueError(_message(of_outputs, "Outputs"))


def _message(names: list[str], block: str) -> str:
    return (
        f"Template format error: Unresolved resource dependencies [{', '.join(names)}] in the {block} block of the "
        "template"
    )


def _validate_references() -> None:
    # Both have imported it under a name of their own: CreateStack is in the one, CreateChangeSet in the other.
    for name in ("handlers", "changesets"):
        instead_of(emulated(f"services.cloudformation.{name}"), "validate_template_support")(_validated)


def _validated(validate: Any, template: Mapping[str, Any], *arguments: Any, **options: Any) -> Any:
    result = validate(template, *arguments, **options)
    if not template.get("Transform"):  # a macro may add what is missing
        _check_references(template)
    return result


DANGLING_REFERENCES: Final = Refusal(
    what="A template refers to a resource or parameter that it does not have.",
    source="ValidationError: `Template format error: Unresolved resource dependencies […] in the Resources block`, "
    "Troubleshooting CloudFormation",
    install=_validate_references,
)
