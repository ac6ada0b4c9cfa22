"""The app's own resources, by the ARNs that their literal names give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.types import arn_of, resource_type
from remit.iam import tokens

if TYPE_CHECKING:
    from remit.app import App, Resource


def own_resources(app: App) -> dict[str, str]:
    """The ARNs that the app's own resources have by their literal names, and their late-bound ARNs."""
    late_bound_arns: dict[str, str] = {}
    for resource in app.resources:
        late = arn_of(resource)
        arn = _literal_arn(resource)
        if late is None or arn is None:
            continue
        late_bound_arns[arn] = late
        if resource.type == "AWS::S3::Bucket":  # has no region or account, so people write its ARN whole
            late_bound_arns[arn.replace(tokens.PARTITION, "aws")] = late
    return late_bound_arns


def _literal_arn(resource: Resource) -> str | None:
    """The ARN that a resource has by the name that it is given; None where more of it is open than where it is."""
    kind = resource_type(resource.type)
    if kind is None or kind.naming is None or kind.arn_ends or kind.naming.path:
        return None
    name = resource.properties.get(kind.naming.property)
    if not isinstance(name, str) or not name:
        return None
    arn = kind.arn_named(kind.naming.in_arn(name), tokens.PLACE, lambda path: _text(resource, path))
    return None if arn is None or any(sign in arn for sign in "*?") else arn


def _text(resource: Resource, path: str) -> str | None:
    value = resource.properties.get(path)
    return value if isinstance(value, str) else None
