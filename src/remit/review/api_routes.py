"""The routes of APIs that SAM makes from events, or that an OpenAPI document lists, and whom each lets in.

Sources: "Control API access with your AWS SAM template" (AWS SAM Developer Guide); "OpenAPI extensions for API Gateway"
(Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.review.access_change import AccessSetting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import Resource
    from remit.errors import Origin

BODIES: Final = ("Body", "DefinitionBody", "body")
"""The properties that hold an OpenAPI document."""
_ORDER: Final = "AWS_IAM<*~*<NONE=-!"
_OF_OPERATION: Final = "-=AWS_IAM<*~*<NONE!"
"""An operation that is not there lets in nobody."""
_EVENTS: Final = {"Api": ("RestApiId", "ServerlessRestApi"), "HttpApi": ("ApiId", "ServerlessHttpApi")}
"""By the type of an event: the property that names its API, and the one that SAM makes where none is named."""
_METHODS: Final = (
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
    "x-amazon-apigateway-any-method",
)
_NONE: Final = "NONE"


def routes_of_events(function: Resource, resources: Mapping[str, Resource]) -> Iterator[AccessSetting]:
    """Yield the routes that events of a function of SAM's make, each with the authorizer that it asks for, or NONE.

    `resources` are those as they are written, by their Ref.
    """
    stack, separator, _ = function.logical_id.rpartition("/")
    for name, event in _mapping(function.properties.get("Events")).items():
        kind, properties = _mapping(event).get("Type"), _mapping(_mapping(event).get("Properties"))
        if kind not in _EVENTS:
            continue
        reference, implicit = _EVENTS[kind]
        api = resources.get(tokens.text_of(properties.get(reference, {"Ref": f"{stack}{separator}{implicit}"})))
        own = _mapping(properties.get("Auth"))
        shared = {} if api is None else _mapping(api.properties.get("Auth"))
        authorizer = own.get("Authorizer", shared.get("DefaultAuthorizer", _NONE))
        method, path = properties.get("Method", "ANY"), properties.get("Path", f"of {function.logical_id}")
        is_limited = any(auth.get("ResourcePolicy") for auth in (own, shared))
        yield AccessSetting(
            f"Events.{name}.Properties.Auth.Authorizer",
            "door",
            _ORDER,
            (tokens.text_of(authorizer),),
            f"{str(method).upper()} {tokens.text_of(path)}",
            is_limited,
            function.origin,
        )


def default_of_definition(api: Resource) -> Iterator[AccessSetting]:
    """Yield the default authorizer of an API of SAM's with a definition of its own (NONE without one); else nothing."""
    authorizer = _mapping(api.properties.get("Auth")).get("DefaultAuthorizer", _NONE)
    if any(name in api.properties for name in ("DefinitionBody", "DefinitionUri")):
        yield AccessSetting("Auth.DefaultAuthorizer", "door", _ORDER, (tokens.text_of(authorizer),), origin=api.origin)


def routes_of_body(name: str, body: Any, origin: Origin | None) -> Iterator[AccessSetting]:
    """Yield the routes of the OpenAPI document `body`, then its security schemes, whose definitions are digests.

    `name` is the property that holds it. Nothing comes of what is no object.
    """
    document = _mapping(body)
    schemes = {**_mapping(document.get("securityDefinitions"))}
    schemes |= _mapping(_mapping(document.get("components")).get("securitySchemes"))
    default = document.get("security")
    for path, operations in _mapping(document.get("paths")).items():
        for method, operation in _mapping(operations).items():
            if method.lower() in _METHODS:
                authorization = _authorization(_mapping(operation), default, schemes)
                verb = "ANY" if method.startswith("x-") else method.upper()
                yield AccessSetting(
                    f"{name} {verb} {path}", "door", _OF_OPERATION, (authorization,), f"{verb} {path}", origin=origin
                )
    for scheme, definition in schemes.items():
        text = json.dumps(definition, sort_keys=True, default=str)
        digest = f"(not shown) {hashlib.sha256(text.encode()).hexdigest()[:12]}"
        yield AccessSetting(f"{name} {scheme}", "door", "another", (digest,), origin=origin)


def _authorization(operation: Mapping[str, Any], default: Any, schemes: Mapping[str, Any]) -> str:
    """The authorization that an operation asks for: the names of schemes with their scopes, AWS_IAM, or NONE.

    `default` is the document's `security`, for an operation that says nothing.
    """
    auth = _mapping(operation.get("x-amazon-apigateway-auth")).get("type")
    if isinstance(auth, str):
        return auth
    security = operation.get("security", default)
    required = [pair for item in security for pair in _mapping(item).items()] if isinstance(security, list) else []
    if any(_mapping(schemes.get(name)).get("x-amazon-apigateway-authtype") == "awsSigv4" for name, _ in required):
        return "AWS_IAM"
    return ", ".join(sorted(" ".join((name, *map(str, scopes or ()))) for name, scopes in required)) or _NONE


def _mapping(value: Any) -> Mapping[str, Any]:
    """A mapping as it is; an empty one for all else, also for a function of CloudFormation's."""
    return value if isinstance(value, dict) and not tokens.is_intrinsic(value) else {}
