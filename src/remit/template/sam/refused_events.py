"""Events that SAM's own translator refuses: those that exclude each other, and those that lack what they need.

Source: aws-sam-translator 1.115, which was asked about each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.iam import tokens
from remit.template.sam.apis import OWN_DEFINITION
from remit.template.sam.events import ANY_METHOD, DEFAULT_ROUTE, api_of
from remit.template.sections import mappings

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from remit.template.sam.resources import SamEvent, SamResource

_NEEDS_BASIC: Final = ("DocumentDB", "MQ")
_NEEDS_ACCESS: Final = (*_NEEDS_BASIC, "SelfManagedKafka")
_NOT_WRITTEN: Final = (*OWN_DEFINITION, "MergeDefinitions")
"""Properties of an API whose paths SAM does not look through for one that is there twice."""


def refuse_events(declared: Iterable[SamResource]) -> None:
    """Look at all events of a template. RemitError at the line of the first that is refused."""
    taken: dict[tuple[str, ...], str] = {}
    declared = tuple(declared)
    written = {api.logical_id for api in declared if not any(api.properties.get(name) for name in _NOT_WRITTEN)}
    for declaration in declared:
        for event in declaration.events():
            reason = _reason(event)
            for place in _places(event, written):
                owner = taken.setdefault(place, f"event {event.name} of {declaration.logical_id}")
                if owner != f"event {event.name} of {declaration.logical_id}":
                    reason = f"{' '.join(place[2:])} is taken by {owner}"
            if reason:
                raise declaration.wrong(f"event {event.name}: {reason}", event.path)


def _reason(event: SamEvent) -> str:
    """Why an event is refused by itself; empty where it is not."""
    properties = event.properties
    if event.type == "ScheduleV2" and properties.get("OmitName") is True and properties.get("Name"):
        return "it has a Name, and OmitName"
    is_stated = properties.get("State") and properties.get("Enabled") is not None
    if event.type in ("Schedule", "CloudWatchEvent", "EventBridgeRule") and is_stated:
        return "it has State and Enabled, of which SAM takes one"
    access = properties.get("SourceAccessConfigurations")
    if event.type in _NEEDS_ACCESS and not access:
        return "it needs SourceAccessConfigurations"
    if event.type in _NEEDS_BASIC and "BASIC_AUTH" not in [entry.get("Type") for entry in mappings(access)]:
        return "its SourceAccessConfigurations need a BASIC_AUTH"
    return ""


def _places(event: SamEvent, written: Container[str]) -> Iterator[tuple[str, ...]]:
    """Yield the places that an event takes for itself: a method of a path of an API, a trigger of a user pool.

    `written` are the APIs whose definition SAM writes, beside those that it makes for events that name none.
    """
    properties = event.properties
    if event.type == "Cognito":
        triggers = properties.get("Trigger")
        for trigger in triggers if isinstance(triggers, list) else [triggers]:
            yield "Cognito", tokens.text_of(properties.get("UserPool")), f"trigger {tokens.text_of(trigger)}"
    if event.type in ("Api", "HttpApi"):
        named = properties.get("RestApiId" if event.type == "Api" else "ApiId")
        api = api_of(event) or tokens.text_of(named.get("Ref") if isinstance(named, dict) else named)
        if named is not None and api not in written:
            return
        method = tokens.text_of(properties.get("Method") or "any").lower()
        path = tokens.text_of(properties.get("Path") or DEFAULT_ROUTE)
        yield event.type, api, "any" if method in ANY_METHOD else method, path
