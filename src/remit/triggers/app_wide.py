"""What the triggers of all functions share, one for the whole app: its HTTP API and its WebSocket API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.triggers import http_api, websocket_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.app import App, Output, Resource

RESOURCES: Final[tuple[Callable[[App], Iterator[Resource]], ...]] = (http_api.resources, websocket_api.resources)
OUTPUTS: Final[tuple[Callable[[App], Iterator[Output]], ...]] = (http_api.outputs, websocket_api.outputs)
NOTES: Final[tuple[Callable[[App], tuple[str, ...]], ...]] = (http_api.notes, websocket_api.notes)


def app_wide_resources(app: App) -> Iterator[Resource]:
    """What the template needs beside what each trigger makes for its function. RemitError: two triggers collide."""
    for resources in RESOURCES:
        yield from resources(app)


def app_wide_outputs(app: App) -> Iterator[Output]:
    """What people want to know of it after a deploy."""
    for outputs in OUTPUTS:
        yield from outputs(app)


def app_wide_notes(app: App) -> tuple[str, ...]:
    """A sentence for each way in that is open to everyone."""
    return tuple(note for notes in NOTES for note in notes(app))
