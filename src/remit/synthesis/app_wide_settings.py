"""Settings for all resources: tags, roles' paths, names and boundary, and the keeping of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from remit.catalogue.types import ResourceType, holds_data, resource_type
from remit.iam import tokens
from remit.triggers.source import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.app import App, Resource

ROLE: Final = "AWS::IAM::Role"
_LONGEST_NAME: Final = 64  # "IAM and AWS STS quotas": names of roles
_HASHED: Final = 8  # hexadecimal digits that end a name which was cut
_REGION: Final = "{region}"
_LONGEST_REGION: Final = 15  # us-isof-south-1


def with_app_wide_settings(app: App, resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The resources of a template with these settings; what one says itself wins."""
    shared_ids = {resource.logical_id for resource in app.resources}
    return tuple(_tagged(_kept(app, _role(app, resource, shared_ids), shared_ids), app.tags) for resource in resources)


def _kept(app: App, resource: Resource, shared_ids: set[str]) -> Resource:
    """A shared resource that holds data, which stays where the stage is one of production."""
    if not app.retains_data or resource.logical_id not in shared_ids or not holds_data(resource.type):
        return resource
    policies = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return replace(resource, attributes={**policies, **resource.attributes})


def _role(app: App, resource: Resource, shared_ids: set[str]) -> Resource:
    """A role with the boundary; with the path and the name, too, unless the app declares it itself."""
    if resource.type != ROLE:
        return resource
    defaults: dict[str, Any] = {}
    if app.boundary is not None:
        defaults["PermissionsBoundary"] = app.boundary
    if app.role_path is not None and resource.logical_id not in shared_ids:
        defaults["Path"] = app.role_path
    if app.role_name is not None and resource.logical_id not in shared_ids:
        defaults["RoleName"] = role_name(app.role_name, app, resource.logical_id)
    return replace(resource, properties={**defaults, **resource.properties})


def role_name(pattern: str, app: App, logical_id: str) -> str:
    """The name of a role by the pattern; a name over IAM's 64 characters is cut, and ends with a hash of the whole.

    The region, which only the deploy knows, counts with as many characters as the longest has, and is never cut.
    """
    role = logical_id.removesuffix("Role")
    name = pattern.replace("{app}", app.name).replace("{stage}", app.stage).replace("{role}", role)
    if _length(name) <= _LONGEST_NAME:
        return name.replace(_REGION, tokens.REGION)
    end = "-" + digest(name, digits=_HASHED)
    if _REGION in name:
        end = f"-{_REGION}{end}"
    head = name.replace(f"{_REGION}-", "").replace(_REGION, "")[: _LONGEST_NAME - _length(end)]
    return f"{head}{end}".replace(_REGION, tokens.REGION)


def _length(name: str) -> int:
    """The characters of a name at most, wherever it is deployed."""
    return len(name.replace(_REGION, "x" * _LONGEST_REGION))


def _tagged(resource: Resource, tags: Mapping[str, str]) -> Resource:
    """The resource with the tags, in the form that its type has; as it was where it takes none."""
    kind = resource_type(resource.type)
    if not tags or kind is None or not kind.tags:
        return resource
    form = partial(_FORMS[kind.tags_as], kind, tags)
    return replace(resource, properties=_changed(resource.properties, kind.tags.split("."), form))


def _changed(properties: Mapping[str, Any], path: Sequence[str], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Properties with another value at a path (`Replicas[].Tags`), of each item of a list that is given.

    What an intrinsic function gives stays: only the deploy knows it.
    """
    name, rest = path[0].removesuffix("[]"), path[1:]
    value = properties.get(name)
    if not rest:
        return dict(properties) if tokens.is_intrinsic(value) else {**properties, name: change(value)}
    if isinstance(value, list | tuple):
        parts = [_changed(part, rest, change) if _is_plain(part) else part for part in value]
        return {**properties, name: parts}
    inner: Any = {} if value is None and name == path[0] else value
    return {**properties, name: _changed(inner, rest, change)} if _is_plain(inner) else dict(properties)


def _is_plain(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and not tokens.is_intrinsic(value)


def _as_map(_kind: ResourceType, tags: Mapping[str, str], own: Any) -> dict[str, Any]:
    return {**tags, **(own or {})}


def _as_list(_kind: ResourceType, tags: Mapping[str, str], own: Any) -> list[Any]:
    own_tags = list(own or ())
    own_keys = {tag.get("Key") for tag in own_tags if isinstance(tag, dict)}
    return [{"Key": key, "Value": value} for key, value in tags.items() if key not in own_keys] + own_tags


def _as_propagated_list(kind: ResourceType, tags: Mapping[str, str], own: Any) -> list[Any]:
    """Tags that the instances of a group get, too."""
    merged = _as_list(kind, tags, own)
    return [{"PropagateAtLaunch": True, **tag} if isinstance(tag, dict) else tag for tag in merged]


def _as_specifications(kind: ResourceType, tags: Mapping[str, str], own: Any) -> list[Any]:
    """The tags among those for the type itself: a launch template has specifications for what it launches elsewhere."""
    specifications = list(own or ())
    for index, specification in enumerate(specifications):
        if isinstance(specification, dict) and specification.get("ResourceType") == kind.tagged_as:
            specifications[index] = {**specification, "Tags": _as_list(kind, tags, specification.get("Tags"))}
            return specifications
    return [*specifications, {"ResourceType": kind.tagged_as, "Tags": _as_list(kind, tags, None)}]


_FORMS: Final[Mapping[str, Callable[[ResourceType, Mapping[str, str], Any], Any]]] = {
    "list": _as_list,
    "propagated list": _as_propagated_list,
    "map": _as_map,
    "specifications": _as_specifications,
}
"""Tags in the form that a type has (`catalogue.types.TagForm`), beside its own, which win."""
