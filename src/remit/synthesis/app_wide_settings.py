"""Settings for all resources: tags, roles' paths, names and boundary, and the keeping of data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from remit.catalogue.types import ResourceType, holds_data, resource_type
from remit.iam import tokens
from remit.resources.names import HTTP_API, digest

if TYPE_CHECKING:
    from remit.app import App, Resource

ROLE: Final = "AWS::IAM::Role"
_LONGEST_NAME: Final = 64  # "IAM and AWS STS quotas": names of roles
_HASHED: Final = 8  # hexadecimal digits that end a name which was cut
_REGION: Final = "{region}"
_LONGEST_REGION: Final = 15  # us-isof-south-1


def with_app_wide_settings(app: App, resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The resources of a template with an app's tags, boundary, paths and names of roles, and keeping of data.

    Tags go on each resource whose type has some, the boundary on each role. Path and name are for roles that remit
    makes, and shared resources alone are kept (`Retain`). A property that a resource has itself stays.
    """
    shared_ids = {resource.logical_id for resource in app.resources}
    changed: list[Resource] = []
    for resource in resources:
        is_shared = resource.logical_id in shared_ids
        properties: Mapping[str, Any] = resource.properties
        attributes: Mapping[str, Any] = resource.attributes
        if app.retains_data and is_shared and holds_data(resource.type):
            attributes = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", **attributes}
        if resource.type == ROLE:
            defaults: dict[str, Any] = {}
            if app.boundary is not None:
                defaults["PermissionsBoundary"] = app.boundary
            # A role that the app declares itself has the path and the name that it gives.
            if app.role_path is not None and not is_shared:
                defaults["Path"] = app.role_path
            if app.role_name is not None and not is_shared:
                defaults["RoleName"] = role_name(app.role_name, app, resource.logical_id)
            properties = {**defaults, **properties}
        kind = resource_type(resource.type)
        has_own_tags = resource.logical_id == HTTP_API and "Body" in properties  # in the document, as all of it
        if app.tags and kind is not None and kind.tags and not has_own_tags:
            properties = _with_value_at(properties, kind.tags.split("."), partial(_with_tags, kind, app.tags))
        changed.append(replace(resource, properties=properties, attributes=attributes))
    return tuple(changed)


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
    """The characters of a name at most, wherever it is deployed: those of the longest region for `{region}`."""
    return len(name.replace(_REGION, "x" * _LONGEST_REGION))


def _with_value_at(properties: Mapping[str, Any], path: Sequence[str], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Properties with `change` of their value at a path (`Replicas[].Tags`), of each item of a list that is given.

    `change` gets None where there is no value, and a mapping that is missing on the way is made. What an intrinsic
    function gives stays: only the deploy knows it.
    """
    name, rest = path[0].removesuffix("[]"), path[1:]
    value = properties.get(name)
    if not rest:
        return dict(properties) if tokens.is_intrinsic(value) else {**properties, name: change(value)}
    if isinstance(value, list | tuple):
        parts = [_with_value_at(part, rest, change) if _is_plain(part) else part for part in value]
        return {**properties, name: parts}
    inner: Any = {} if value is None and name == path[0] else value
    return {**properties, name: _with_value_at(inner, rest, change)} if _is_plain(inner) else dict(properties)


def _is_plain(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value is a mapping that the template writes out, and no intrinsic function."""
    return isinstance(value, Mapping) and not tokens.is_intrinsic(value)


def _with_tags(kind: ResourceType, tags: Mapping[str, str], own: Any) -> Any:
    """Tags in the form that a type has (`catalogue.types.TagForm`), beside its own, which win."""
    if kind.tags_as == "map":
        return {**tags, **(own or {})}
    if kind.tags_as == "specifications":
        # A launch template has specifications for what it launches, too.
        specifications = list(own or ())
        for index, specification in enumerate(specifications):
            if isinstance(specification, dict) and specification.get("ResourceType") == kind.tagged_as:
                specifications[index] = _with_value_at(specification, ["Tags"], partial(_tag_list, tags))
                return specifications
        return [*specifications, {"ResourceType": kind.tagged_as, "Tags": _tag_list(tags, None)}]
    merged = _tag_list(tags, own)
    if kind.tags_as == "propagated list":
        merged = [{"PropagateAtLaunch": True, **tag} if isinstance(tag, dict) else tag for tag in merged]
    return merged


def _tag_list(tags: Mapping[str, str], own: Any) -> list[Any]:
    """Tags as a list of Key and Value: those whose keys are not among the resource's own, then its own."""
    own_tags = list(own or ())
    own_keys = {tag.get("Key") for tag in own_tags if isinstance(tag, dict)}
    return [{"Key": key, "Value": value} for key, value in tags.items() if key not in own_keys] + own_tags
