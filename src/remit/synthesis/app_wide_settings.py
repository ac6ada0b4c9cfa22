"""What the configuration says of all resources: tags, roles' paths, names and boundary, and that data is kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import holds_data, resource_type
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.app import App, Resource

ROLE: Final = "AWS::IAM::Role"
_LONGEST_NAME: Final = 64  # "IAM and AWS STS quotas": names of roles
_HASHED: Final = 8  # hexadecimal digits that end a name which was cut
_REGION: Final = "{region}"
_LONGEST_REGION: Final = 15  # us-isof-south-1
_OF_A_TAG: Final = {"Key", "Value"}


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
    end = "-" + hashlib.sha256(name.encode()).hexdigest()[:_HASHED]
    if _REGION in name:
        end = f"-{_REGION}{end}"
    head = name.replace(f"{_REGION}-", "").replace(_REGION, "")[: _LONGEST_NAME - _length(end)]
    return f"{head}{end}".replace(_REGION, tokens.REGION)


def _length(name: str) -> int:
    """The characters of a name at most, wherever it is deployed."""
    return len(name.replace(_REGION, "x" * _LONGEST_REGION))


def _tagged(resource: Resource, tags: Mapping[str, str]) -> Resource:
    """The resource with the tags, in the form of its type.

    Unchanged where the type takes none, or where a tag needs more than a key and a value.
    """
    kind = resource_type(resource.type)
    if not tags or kind is None or not kind.tags:
        return resource
    own = resource.properties.get(kind.tags)
    if kind.tags_as == "map":
        merged: Any = {**tags, **(own or {})}
    elif _needs_more_than_key_and_value(resource.type):
        return resource
    else:
        own_tags = list(own or ())
        own_keys = {tag.get("Key") for tag in own_tags if isinstance(tag, dict)}
        merged = [{"Key": key, "Value": value} for key, value in tags.items() if key not in own_keys] + own_tags
    return replace(resource, properties={**resource.properties, kind.tags: merged})


def _needs_more_than_key_and_value(type_name: str) -> bool:
    """Whether a tag of the type needs more than a key and a value, as those of Auto Scaling groups do."""
    kind = resource_type(type_name)
    shape = None if kind is None else kind.shape.child(kind.tags)
    return shape is not None and not set(shape.items.required) <= _OF_A_TAG
