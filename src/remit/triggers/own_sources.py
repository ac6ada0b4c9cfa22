"""What triggers ask of the app's own resources: notifications of buckets, streams of tables, steps of user pools."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import arn_of
from remit.errors import Mistakes
from remit.iam import tokens
from remit.triggers.trigger import BaseTrigger, trigger_files

if TYPE_CHECKING:
    from remit.app import App

_BY_NAME: Final = {"bucket": ("AWS::S3::Bucket", "BucketName"), "dead_letter": ("AWS::SQS::Queue", "QueueName")}
"""Options that change the source itself where it is the app's, and what gives that its name."""


def with_own_sources(app: App) -> App:
    """The app with its resources as its triggers need them. RemitError has all that triggers ask for and cannot be."""
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
