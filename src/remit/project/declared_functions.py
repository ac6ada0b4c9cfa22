"""What decorators said of functions, unchecked: the nouns that `load` makes Functions of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import WebApp
    from remit.errors import Span


HANDLER: Final = "remit.web.handler"
"""The handler in the zip that serves the object of a web app."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one decorator said, unchecked: `load` makes a Function of it."""

    name: Any
    handler: Any
    triggers: tuple[Any, ...]
    access: tuple[Access, ...]
    """The function's own, then its groups', innermost first."""
    settings: tuple[tuple[Span, Mapping[str, Any]], ...]
    """As `access`."""
    where: Span
    job: JobOptions | None = None
    """What a job's decorator says of its runs; None for a function."""
    sends: Any = None
    """The jobs that it sends; None where it does not say."""
    reads: Any = None
    """The classes of shared resources whose outputs it looks up; None where it does not say."""
    nested: bool = False
    """Declared inside a function, where Lambda cannot find it."""
    function: Any = None
    """What is decorated, without the decorators between; None when it is given by name."""
    web_options: WebOptions | None = None
    """What `app.web` was told, unchecked; None for any other function."""
    web: WebApp | None = None
    """The same, checked."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What `app.web` is told of a web app, unchecked."""

    target: Any
    auth: Any
    interface: Any


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job's decorator says of its runs, unchecked; None where it does not say."""

    queue: Any
    timeout: Any = None
    retries: Any = None
    concurrency: Any = None
    once: Any = False
    path: str = ""
    """The module and qualified name of its function: `app:send_mail`."""


@dataclass(frozen=True, slots=True)
class Access:
    """Policy items that a function's decorator, a job's or a group gives, which of these it is, and where."""

    kind: Literal["function", "job", "group"]
    name: str
    policy: Any
    managed_policy: Any
    where: Span
    link: Any = ()
    """Typed grants on shared resources, each of which gives a variable, too."""
