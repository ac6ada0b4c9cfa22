"""Buckets, user pools and APIs that events write themselves into.

Source: aws-sam-translator 1.115, which was asked about each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from remit.iam import tokens
from remit.template.branches import NO_VALUE, Choice
from remit.template.sam.apis import OWN_DEFINITION
from remit.template.sam.events import api_of, target_of
from remit.template.sam.resources import SamEvent, SamResource, arn_of
from remit.template.sections import section


def linked(declaration: SamResource, plain: Mapping[str, Any], apis: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The buckets, user pools and APIs that events of `declaration` write themselves into, by logical id.

    Each is the whole resource with what the events add to it; all others are left out. `plain` has all resources, which
    stay as they are, and `apis` the properties of SAM's REST APIs.
    """
    changed: dict[str, Any] = {}
    for event in declaration.events():
        property_name = _NAMED_BY.get((declaration.kind, event.type))
        if property_name is None:
            continue
        reference = event.properties.get(property_name)
        name = reference.get("Ref") if isinstance(reference, dict) else api_of(event)
        if not isinstance(name, str):
            continue
        if event.type == "Api" and reference is not None and not _is_written_into(apis.get(name), declaration):
            continue
        target = changed.get(name, plain.get(name))
        if isinstance(target, dict) and isinstance(target.get("Properties", {}), dict):
            properties = target.get("Properties", {})
            if event.type == "Cognito":
                properties = _triggering(properties, event, target_of(declaration).arn)
            elif event.type == "S3":
                properties = _notifying(properties, declaration, event)
            elif declaration.kind == "StateMachine":
                properties = _calling(properties, event, arn_of(f"{event.id}Role"))
            else:
                properties = _calling(properties, event, _invoke_role(event, apis.get(name, {})))
            changed[name] = {**target, "Properties": properties}
    return changed


def _is_written_into(api: Mapping[str, Any] | None, declaration: SamResource) -> bool:
    """Return whether SAM writes events into an API: one of its type, whose own definition doesn't say what it calls."""
    if api is None:
        return False
    # SAM merges events of functions alone into a definition.
    is_merged = declaration.kind == "Function" and bool(api.get("MergeDefinitions"))
    return is_merged or not any(api.get(name) for name in OWN_DEFINITION)


def _invoke_role(event: SamEvent, api: Mapping[str, Any]) -> Any:
    """The role of its own under which an API calls a function for requests that IAM authorizes; None for no role."""
    shared, own = section(api, "Auth"), section(event.properties, "Auth")
    authorizer = own.get("Authorizer") if own else shared.get("DefaultAuthorizer")
    role = next((auth["InvokeRole"] for auth in (own, shared) if "InvokeRole" in auth), None)
    return role if authorizer == "AWS_IAM" and role not in _NO_ROLES else None


_NO_ROLES: Final = ("CALLER_CREDENTIALS", "NONE", "", None)
"""What InvokeRole may be besides a role's ARN: what is empty is no role, and takes that of the API away."""


def _notifying(bucket: dict[str, Any], declaration: SamResource, event: SamEvent) -> dict[str, Any]:
    """The properties of a bucket that also notifies the function or its alias, where the function's condition holds."""
    condition = declaration.attributes.get("Condition")
    config = section(bucket, "NotificationConfiguration")
    listed = config.get("LambdaConfigurations")
    notifications = [*listed] if isinstance(listed, list) else []
    happenings = event.properties.get("Events")
    for happening in happenings if isinstance(happenings, list) else [happenings]:
        notification = {"Event": happening, "Function": target_of(declaration).arn}
        if condition is not None:
            notification = Choice(condition, (notification, NO_VALUE)).written()
        notifications.append(notification)
    return {**bucket, "NotificationConfiguration": {**config, "LambdaConfigurations": notifications}}


def _calling(api: dict[str, Any], event: SamEvent, role: Any) -> dict[str, Any]:
    """The properties of an API that calls what the event starts, under a role if there is one.

    The role stands in the body, where a deploy passes it. The call takes the place of one that was there at its path
    and method; without a role, nothing else is written.
    """
    body = section(api, "Body")
    if tokens.is_intrinsic(body):
        body = {}
    path, method = str(event.properties.get("Path")), str(event.properties.get("Method")).lower()
    methods = section(body, "paths", path)
    if role is None and method not in methods:
        return api
    integration = {} if role is None else {"credentials": role}
    called = {**section(methods, method), "x-amazon-apigateway-integration": integration}
    return {**api, "Body": {**body, "paths": {**section(body, "paths"), path: {**methods, method: called}}}}


def _triggering(pool: dict[str, Any], event: SamEvent, function: Any) -> dict[str, Any]:
    """The properties of a user pool that also calls the function at the event's triggers."""
    trigger = event.properties.get("Trigger")
    triggers = trigger if isinstance(trigger, list) else [trigger]
    names = [name for name in triggers if isinstance(name, str)]
    return {**pool, "LambdaConfig": {**section(pool, "LambdaConfig"), **dict.fromkeys(names, function)}}


_NAMED_BY: Final = {
    ("Function", "Api"): "RestApiId",
    ("Function", "Cognito"): "UserPool",
    ("Function", "S3"): "Bucket",
    ("StateMachine", "Api"): "RestApiId",
}
"""By a resource's type and an event's: the event's property that names what is changed."""
