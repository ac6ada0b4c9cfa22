"""What the triggers of all functions share, one for the whole app: its HTTP API and its WebSocket API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.triggers import http_api, websocket_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.app import App, Function, Output, Resource
    from remit.errors import RemitError

RESOURCES: Final[tuple[Callable[[App], Iterator[Resource]], ...]] = (http_api.resources, websocket_api.resources)
OUTPUTS: Final[tuple[Callable[[App], Iterator[Output]], ...]] = (http_api.outputs, websocket_api.outputs)
NOTES: Final[tuple[Callable[[App], tuple[str, ...]], ...]] = (http_api.notes, websocket_api.notes)
APIS: Final = (http_api.API, websocket_api.API)
"""The logical ids of the APIs, which the app lacks where no trigger makes them or all of these are mistakes."""


CHECKS: Final[tuple[Callable[[Iterable[Function]], Iterator[RemitError]], ...]] = (
    http_api.check_routes,
    http_api.check_authorizers,
    websocket_api.check_routes,
    websocket_api.check_grants,
)
"""Each gives the mistakes of triggers of an app's functions that collide, or do not make one whole."""


def app_wide_resources(app: App) -> Iterator[Resource]:
    """Yield the resources that the triggers of all functions share."""
    for resources in RESOURCES:
        yield from resources(app)


def app_wide_notes(app: App) -> tuple[str, ...]:
    """A sentence for each way in that is open to everyone."""
    return tuple(note for notes in NOTES for note in notes(app))
