"""Change the buckets, user pools and APIs that events of functions and state machines write themselves into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.template.branches import NO_VALUE, Choice
from remit.template.sam.events import api_of, target_of
from remit.template.sam.resources import arn_of
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.template.sam.resources import SamEvent, SamResource

    _Argument = Callable[[SamResource, SamEvent, Mapping[str, Any]], Any]
    _Write = Callable[[dict[str, Any], SamEvent, Any], dict[str, Any]]


def linked(declaration: SamResource, plain: Mapping[str, Any], apis: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The buckets, user pools and APIs that events write themselves into, by name.

    `apis` are the properties of SAM's REST APIs.
    """
    changed: dict[str, Any] = {}
    for event in declaration.events():
        link = _LINKS.get((declaration.kind, event.type))
        if link is None:
            continue
        property_name, argument, write = link
        reference = event.properties.get(property_name)
        name = reference.get("Ref") if isinstance(reference, dict) else api_of(event)
        if not isinstance(name, str):
            continue
        api = apis.get(name, {})
        target = changed.get(name, plain.get(name))
        if isinstance(target, dict) and isinstance(target.get("Properties", {}), dict) and not _is_defined(api):
            properties = write(target.get("Properties", {}), event, argument(declaration, event, api))
            changed[name] = {**target, "Properties": properties}
    return changed


def _is_defined(api: Mapping[str, Any]) -> bool:
    """Return whether an API's own definition says what it calls, into which SAM writes no event."""
    has_definition = any(api.get(name) for name in ("DefinitionBody", "DefinitionUri"))
    return has_definition and not api.get("MergeDefinitions")


def _called(declaration: SamResource, _: SamEvent, __: Mapping[str, Any]) -> Any:
    """The ARN of the function or alias that is called."""
    return target_of(declaration).arn


def _notification(declaration: SamResource, event: SamEvent, _: Mapping[str, Any]) -> Any:
    """Return a bucket's notification of the function or its alias.

    None where the function's condition does not hold.
    """
    notification = {"Event": event.properties.get("Events"), "Function": target_of(declaration).arn}
    condition = declaration.attributes.get("Condition")
    return notification if condition is None else Choice(condition, (notification, NO_VALUE)).written()


def _event_role(_: SamResource, event: SamEvent, __: Mapping[str, Any]) -> Any:
    """The role that SAM makes for an event."""
    return arn_of(f"{event.id}Role")


def _invoke_role(_: SamResource, event: SamEvent, api: Mapping[str, Any]) -> Any:
    """The role of its own under which an API calls a function for requests that IAM authorizes; None for no role."""
    shared, own = section(api, "Auth"), section(event.properties, "Auth")
    authorizer = own.get("Authorizer") if own else shared.get("DefaultAuthorizer")
    role = own.get("InvokeRole") or shared.get("InvokeRole")
    return role if authorizer == "AWS_IAM" and role not in _NO_ROLES else None


_NO_ROLES: Final = ("CALLER_CREDENTIALS", "NONE")
"""What InvokeRole may be besides a role's ARN."""


def _notifying(bucket: dict[str, Any], _: SamEvent, notification: Any) -> dict[str, Any]:
    """The bucket notifies the function."""
    config = section(bucket, "NotificationConfiguration")
    listed = config.get("LambdaConfigurations")
    notifications = [*(listed if isinstance(listed, list) else []), notification]
    return {**bucket, "NotificationConfiguration": {**config, "LambdaConfigurations": notifications}}


def _calling(api: dict[str, Any], event: SamEvent, role: Any) -> dict[str, Any]:
    """The API calls what the event starts under a role: it is in the body, where a deploy passes it."""
    if role is None:
        return api
    body = section(api, "Body")
    if tokens.is_intrinsic(body):
        body = {}
    path, method = (str(event.properties.get(name)) for name in ("Path", "Method"))
    called = {"x-amazon-apigateway-integration": {"credentials": role}}
    methods = {**section(body, "paths", path), method.lower(): called}
    return {**api, "Body": {**body, "paths": {**section(body, "paths"), path: methods}}}


def _triggering(pool: dict[str, Any], event: SamEvent, function: Any) -> dict[str, Any]:
    """The user pool calls the function at the event's triggers."""
    trigger = event.properties.get("Trigger")
    triggers = trigger if isinstance(trigger, list) else [trigger]
    names = [name for name in triggers if isinstance(name, str)]
    return {**pool, "LambdaConfig": {**section(pool, "LambdaConfig"), **dict.fromkeys(names, function)}}


_LINKS: Final[dict[tuple[str, str], tuple[str, _Argument, _Write]]] = {
    ("Function", "Api"): ("RestApiId", _invoke_role, _calling),
    ("Function", "Cognito"): ("UserPool", _called, _triggering),
    ("Function", "S3"): ("Bucket", _notification, _notifying),
    ("StateMachine", "Api"): ("RestApiId", _event_role, _calling),
}
"""By a resource's type and an event's: the event's property that names what is changed, what is put in, and how."""
