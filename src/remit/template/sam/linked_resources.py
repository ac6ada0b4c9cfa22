"""Change the buckets, user pools and APIs that events of functions and state machines write themselves into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.template.sam.events import api_of
from remit.template.sam.resources import arn_of
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from remit.template.sam.resources import SamEvent, SamResource


def is_defined(declaration: SamResource) -> bool:
    """Whether an API's own definition says what it calls, into which SAM writes no event."""
    names = ("DefinitionBody", "DefinitionUri")
    has_definition = any(declaration.properties.get(name) for name in names)
    return declaration.kind == "Api" and has_definition and not declaration.properties.get("MergeDefinitions")


def linked(declaration: SamResource, plain: Mapping[str, Any], defined_apis: Container[str]) -> dict[str, Any]:
    """The buckets, user pools and APIs that events write themselves into."""
    changed: dict[str, Any] = {}
    for event in declaration.events():
        link = _LINKS.get((declaration.kind, event.type))
        if link is None:
            continue
        property_name, write = link
        reference = event.properties.get(property_name)
        name = reference.get("Ref") if isinstance(reference, dict) else api_of(event)
        if not isinstance(name, str) or name in defined_apis:
            continue
        target = changed.get(name, plain.get(name))
        if isinstance(target, dict) and isinstance(target.get("Properties", {}), dict):
            properties = write(target.get("Properties", {}), event, arn_of(declaration.logical_id))
            changed[name] = {**target, "Properties": properties}
    return changed


def _notifying(bucket: dict[str, Any], event: SamEvent, function: Any) -> dict[str, Any]:
    """The bucket notifies the function."""
    config = section(bucket, "NotificationConfiguration")
    listed = config.get("LambdaConfigurations")
    added = {"Event": event.properties.get("Events"), "Function": function}
    notifications = [*(listed if isinstance(listed, list) else []), added]
    return {**bucket, "NotificationConfiguration": {**config, "LambdaConfigurations": notifications}}


def _calling(api: dict[str, Any], event: SamEvent, _: Any) -> dict[str, Any]:
    """The API calls the state machine under the event's role: it is in the body, where a deploy passes it."""
    body = section(api, "Body")
    if tokens.is_intrinsic(body):
        body = {}
    path, method = (str(event.properties.get(name)) for name in ("Path", "Method"))
    called = {"x-amazon-apigateway-integration": {"credentials": arn_of(f"{event.id}Role")}}
    methods = {**section(body, "paths", path), method.lower(): called}
    return {**api, "Body": {**body, "paths": {**section(body, "paths"), path: methods}}}


def _triggering(pool: dict[str, Any], event: SamEvent, function: Any) -> dict[str, Any]:
    """The user pool calls the function at the event's triggers."""
    trigger = event.properties.get("Trigger")
    triggers = trigger if isinstance(trigger, list) else [trigger]
    names = [name for name in triggers if isinstance(name, str)]
    return {**pool, "LambdaConfig": {**section(pool, "LambdaConfig"), **dict.fromkeys(names, function)}}


_LINKS: Final[dict[tuple[str, str], tuple[str, Callable[[dict[str, Any], SamEvent, Any], dict[str, Any]]]]] = {
    ("Function", "Cognito"): ("UserPool", _triggering),
    ("Function", "S3"): ("Bucket", _notifying),
    ("StateMachine", "Api"): ("RestApiId", _calling),
}
"""By a resource's type and an event's: the event's property that names what is changed, and how it is."""
