"""What triggers ask of the whole app: its own resources as they need them, its HTTP, REST and WebSocket API."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import arn_of
from remit.errors import Mistakes, RemitError
from remit.iam import tokens
from remit.resources.names import HTTP_API, REST_API, WEBSOCKET_API
from remit.triggers.trigger import BaseTrigger, trigger_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from remit.app import App, Function, Grant, Resource

APIS: Final = (HTTP_API, REST_API, WEBSOCKET_API)
"""The logical ids of the APIs, which the app lacks where no trigger makes them or all of these are mistakes."""

_FILES: Final = {"api": "http_api", "rest": "rest_api", "websocket": "websocket_api"}
_BY_NAME: Final = {"bucket": ("AWS::S3::Bucket", "BucketName"), "dead_letter": ("AWS::SQS::Queue", "QueueName")}
"""Options that change the source itself where it is the app's, and what gives that its name."""


def apis(functions: Iterable[Function]) -> dict[str, ModuleType]:
    """The files of the APIs that functions have routes of, by the file of the route; no other is imported."""
    files = trigger_files(functions)
    return {route: import_module(f"remit.triggers.{file}") for route, file in _FILES.items() if route in files}


def checks(
    functions: Iterable[Function], resources: Iterable[Resource]
) -> list[Callable[[Iterable[Function]], Iterator[RemitError]]]:
    """List the checks for triggers that collide, or lack something together; each is called with all functions."""
    app_apis = apis(functions)
    own_checks = [check for api in app_apis.values() for check in api.CHECKS]
    has_websocket = "websocket" in app_apis or any(resource.logical_id == WEBSOCKET_API for resource in resources)
    return own_checks if has_websocket else [*own_checks, _check_grants]


def is_about_connections(grant: Grant) -> bool:
    """Return whether a grant names the app's WebSocket API."""
    resources = grant.statement.resources
    return resources is not None and any(f"${{{WEBSOCKET_API}}}" in pattern for pattern in resources.patterns)


def _check_grants(functions: Iterable[Function]) -> Iterator[RemitError]:
    """Yield an error for each grant on connections, of an app that has no WebSocket API."""
    for function in functions:
        for grant in function.policy:
            if is_about_connections(grant):
                yield RemitError(
                    "the app has no WebSocket API whose connections this could be about",
                    hint='add `on.websocket("$connect")` to a function',
                    origin=grant.origin,
                )


def app_wide_notes(app: App) -> tuple[str, ...]:
    """The notes on the ways into an app, such as those open to everyone, and on a domain of an API that it has not."""
    app_apis = apis(app.functions)
    notes = [note for api in app_apis.values() for note in api.notes(app)]
    for name, settings in (("api", app.api), ("rest", app.rest)):
        if name not in app_apis and settings is not None and settings.domain_name is not None:
            setting, origin = f"config.{name}.domain_name", settings.written["domain_name"]
            notes.append(f"no function has a route, such as `on.{name}(…)`: `{setting}` has no effect ({origin})")
    return tuple(notes)


def with_own_sources(app: App) -> App:
    """The app with its buckets, tables and user pools as its triggers need them, and triggers on the app's resources.

    A bucket or dead-letter queue of the app that a trigger gives by name counts as the resource. RemitError has all
    that triggers ask for and cannot be.
    """
    files = trigger_files(app.functions)
    if not files:
        return app
    app = _with_names_resolved(app) if app.resources else app
    mistakes = Mistakes()
    for file in ("s3", "dynamodb", "cognito"):
        if file in files:
            with mistakes.noted():
                app = import_module(f"remit.triggers.{file}").with_sources(app)
    mistakes.refuse()
    return app


def _with_names_resolved(app: App) -> App:
    """The app with a trigger's bucket or queue that is given by name as the app's resource of that name."""
    own_arns: dict[tuple[str, str], str] = {}
    for resource in app.resources:
        for option, (type_name, name_property) in _BY_NAME.items():
            name = resource.properties.get(name_property)
            arn = arn_of(resource) if resource.type == type_name else None
            if arn is not None and isinstance(name, str):
                own_arns[option, name] = arn
    if not own_arns:
        return app

    def resolved(trigger: Any) -> Any:
        """A trigger with the ARN of the app's own resource in the place of its source's name or ARN.

        Any other trigger stays.
        """
        if not isinstance(trigger, BaseTrigger):
            return trigger
        changes: dict[str, Any] = {}
        for option in _BY_NAME:
            value = tokens.plain(getattr(trigger, option, None))
            name = value.rpartition(":")[2] if isinstance(value, str) and value.startswith("arn:") else value
            if isinstance(name, str) and (option, name) in own_arns:
                changes[option] = own_arns[option, name]
        return replace(trigger, **changes).at(trigger.written) if changes else trigger

    functions = [replace(item, triggers=tuple(map(resolved, item.triggers))) for item in app.functions]
    return replace(app, functions=tuple(functions))
