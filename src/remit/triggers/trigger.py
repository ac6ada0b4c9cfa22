"""What every trigger inherits: no grants, resources or outputs, until it says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Function, Grant, Output, Resource, Role


class BaseTrigger:
    """Base of the triggers: frozen dataclasses whose fields are the user's options."""

    __slots__ = ()

    def grants(self, function: Function) -> Iterator[Grant]:  # noqa: ARG002 - a trigger's signature
        """What the function's role needs: nothing where a service calls the function by itself."""
        yield from ()

    def resources(self, function: Function) -> Iterator[Resource]:  # noqa: ARG002 - a trigger's signature
        """What the template needs beside the function."""
        yield from ()

    def roles(self, function: Function) -> Iterator[Role]:  # noqa: ARG002 - a trigger's signature
        """The roles with which services call the function, where its own resource policy is not enough."""
        yield from ()

    def outputs(self, function: Function) -> Iterator[Output]:  # noqa: ARG002 - a trigger's signature
        """What people want to know of it after a deploy."""
        yield from ()
