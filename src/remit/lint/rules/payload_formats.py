"""Handlers that read another format of events than their routes send."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

from remit.lint.finding import WARNING, Problem, rule
from remit.source.handler_problem import split
from remit.source.layout import module_file
from remit.source.python_file import origin_in, read
from remit.triggers.payload_format import SAMPLE, in_format_1
from remit.triggers.trigger import trigger_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import App, Function
    from remit.errors import Origin
    from remit.lint.rule_inputs import Project


@rule("R711", WARNING, looks_at="project")
def other_payload_format(subject: Project) -> Iterator[Problem]:
    """A handler reads fields of an event that its routes do not send: they belong to the other payload format.

    Routes of an HTTP API send payload format 2.0 unless the app says otherwise, and function URLs send no other. REST
    APIs send format 1.0, which Chalice reads, too: `event["httpMethod"]` is a KeyError under 2.0.

    Flagged:

        from remit import App, on

        app = App()


        @app.function(on.api("GET /orders"))
        def orders(event, context):
            return {"statusCode": 200, "body": event["httpMethod"]}

    Better:

        from remit import App, on

        app = App()


        @app.function(on.api("GET /orders", payload_format_version="1.0"))
        def orders(event, context):
            return {"statusCode": 200, "body": event["httpMethod"]}

    Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """
    sample = json.loads(SAMPLE.read_text("utf-8"))
    fields_of = {"1.0": frozenset(_fields(in_format_1(sample))), "2.0": frozenset(_fields(sample))}
    # The sample's caller brings a token; others are told elsewhere.
    fields_of["2.0"] |= {"requestContext.authorizer.iam", "requestContext.authorizer.lambda"}
    for function in subject.app.functions:
        formats = {_format(trigger, function, subject.app) for trigger in function.triggers}
        if function.web is not None or len(formats) != 1 or formats == {""}:
            continue
        (sent,) = formats
        other = "1.0" if sent == "2.0" else "2.0"
        places = dict(_fields_read(subject, function))
        wrong = places.keys() & fields_of[other] - fields_of[sent]
        # A handler that reads fields of both formats, or the version, asks which one it got.
        if not wrong or places.keys() & fields_of[sent] - fields_of[other] or "version" in places:
            continue
        field = min(wrong, key=lambda name: (places[name].line, places[name].column, name))
        choice = (
            f'`payload_format_version="{other}"` of `on.api`, or `config.api.payload_format_version`, sends {other}'
        )
        is_of_rest_api = "rest" in trigger_files((function,))
        yield Problem(
            f"{function.name} reads {field} of its event: payload format {other} has that, and its routes send {sent}",
            "a REST API sends no other: routes of `on.api` do" if is_of_rest_api else choice,
            origin=places[field],
        )


def _fields(event: Mapping[str, Any], outer: str = "") -> Iterator[str]:
    """Yield the names of what an event has, each step after a dot: `requestContext.http`."""
    for name, value in event.items():
        yield f"{outer}{name}"
        if isinstance(value, dict):
            yield from _fields(value, f"{outer}{name}.")


def _format(trigger: Any, function: Function, app: App) -> str:
    """The format of the events of a trigger; "" where it may send anything."""
    if hasattr(trigger, "payload_format_version"):  # of `on.api`, whose file brings those of its authorizers
        return str(trigger.payload_format(function, app))
    # By the name of its file: most apps have no REST API, and load nothing of one.
    return {"http": "2.0", "rest": "1.0"}.get(type(trigger).__module__.rpartition(".")[2], "")


def _fields_read(subject: Project, function: Function) -> Iterator[tuple[str, Origin]]:
    """Yield the fields of its event that a handler reads by name, as in `requestContext.http`, with their places."""
    module, name = split(function.handler)
    path = module_file(subject.folder, module, function.code)
    if path is None:
        return
    for handler in read(str(path)).nodes:
        if isinstance(handler, ast.FunctionDef) and handler.name == name and handler.args.args:
            for node in ast.walk(handler):
                field = _field(node, handler.args.args[0].arg)
                if field and isinstance(node, ast.expr):
                    yield field[1:], origin_in(path.relative_to(subject.folder).as_posix(), node)


def _field(node: ast.AST, event: str) -> str | None:
    """The field that an expression reads, each step after a dot: `event["a"].get("b")`; None where it reads none."""
    match node:
        case ast.Name(id=name) if name == event:
            return ""
        case (
            ast.Subscript(value=whole, slice=ast.Constant(value=str(key)))
            | ast.Call(func=ast.Attribute(value=whole, attr="get"), args=[ast.Constant(value=str(key)), *_])
        ):
            outer = _field(whole, event)
            return None if outer is None else f"{outer}.{key}"
    return None
