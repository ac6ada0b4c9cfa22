"""Check that functions may read what event source mappings give them, where somebody writes such a mapping by hand.

Triggers bring the access. Lambda checks the function's role when it makes a mapping, in the middle of a deploy: "The
provided execution role does not have permissions to call ReceiveMessage on SQS".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.catalogue.arns import parse
from remit.errors import RemitError
from remit.iam import tokens
from remit.resources.names import SERVICES
from remit.roles.defaults import SOURCE_FUNCTION
from remit.roles.role_policies import ask, at, own_verdict, places, ready_roles
from remit.triggers.dynamodb import CONSUME as READ_TABLE_STREAM
from remit.triggers.kinesis import CONSUME as READ_STREAM
from remit.triggers.sqs import CONSUME as READ_QUEUE

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from remit.app import App, Function, Resource
    from remit.holders import Holder

_NEEDED: Final = {"dynamodb": READ_TABLE_STREAM, "kinesis": READ_STREAM, "sqs": READ_QUEUE}
"""The actions with which Lambda reads a source in the function's role, by the service of the source."""


def check_event_sources(
    mappings: Iterable[Resource], app: App, roles: tuple[Holder, ...], unknown: Container[str] = ()
) -> Iterator[RemitError]:
    """The event source mappings among the app's own resources whose function may not read the source, at their lines.

    Nothing is said of the functions in `unknown`, by their logical ids: some of their access could not be read.
    """
    by_id = {resource.logical_id: resource for resource in app.resources}
    ready = ready_roles(app, roles)
    for mapping in mappings:
        function = _function(mapping, app)
        service, source = _source(mapping, by_id)
        if function is None or service not in _NEEDED or function.resource_id in unknown:
            continue
        role = ready.get(function.name)
        if role is None or role.unread:
            continue
        missing = [action for action in _NEEDED[service] if not _may(role, action, source)]
        if missing:
            yield RemitError(
                f"the mapping `{mapping.logical_id}` reads {source} for function `{function.name}`, "
                f"whose role does not allow {', '.join(missing)}: Lambda refuses it",
                hint=f"write the trigger `on.{service}(…)` in its place, which brings the mapping and the access",
                origin=mapping.origin,
            )


def _may(role: Holder, action: str, source: str) -> bool:
    """Return whether a role may do something with a source in some place; what is not known may be so."""
    by_lambda = {SOURCE_FUNCTION: None}
    decisions = [
        ask(at(role, place), action, source, context=by_lambda, identity_alone=True) for place in places(role, source)
    ]
    return any(own_verdict(decision) in ("Allowed", "Unknown") for decision in decisions)


def _function(mapping: Resource, app: App) -> Function | None:
    """The app's function that a mapping names: by a reference, by its name or by its ARN."""
    text = tokens.textual(mapping.properties.get("FunctionName"))
    if not isinstance(text, str):
        return None
    named = {reference.target for reference in tokens.references(text)}
    for function in app.functions:
        if function.resource_id in named or app.deployed_name(function) in text.split(":"):
            return function
    return None


def _source(mapping: Resource, by_id: Mapping[str, Resource]) -> tuple[str, str]:
    """The service of a mapping's source, "" if that is not known, and its ARN or what stands for it."""
    text = tokens.textual(mapping.properties.get("EventSourceArn"))
    if not isinstance(text, str):
        return "", ""
    for reference in tokens.references(text):
        own = by_id.get(reference.target or "")
        if own is not None:
            return SERVICES.get(own.type, ""), text
    arn = parse(text)
    return ("" if arn is None else arn.service), text
