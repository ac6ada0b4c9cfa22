"""What each decorator of a project's code says, unchecked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import WebApp
    from remit.errors import Span

HANDLER: Final = "remit.web.handler"
"""The handler in the zip that serves the object of a web app."""


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


NOTHING: Final = ()
"""What an argument that takes lists has where it is left out."""
NO_JOB: Final = JobOptions("")
"""What the declaration of a function has in the place of a job's options."""


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
    job: JobOptions = NO_JOB
    """What a job's decorator says of its runs; `NO_JOB` of a function."""
    sends: Any = None
    """The jobs that it sends; None where it does not say."""
    reads: Any = None
    """The classes of shared resources whose outputs it looks up; None where it does not say."""
    nested: bool = False
    """Declared inside a function, where Lambda cannot find it."""
    function: Any = None
    """What is decorated, without the decorators between; None when it is given by name."""
    named: Any = None
    """What the code has of one that is given by name, to link a workflow to it."""
    web_options: WebOptions | None = None
    """What `app.web` was told, unchecked; None for any other function."""
    web: WebApp | None = None
    """The same, checked."""
    code: str = ""
    """The folder at the root of its zip, checked: its path from the project's; empty for the project itself."""


class WebOptions(NamedTuple):
    """What `app.web` is told of a web app, unchecked."""

    target: Any
    auth: Any
    interface: Any


@dataclass(frozen=True, slots=True)
class WorkflowDeclaration:
    """What `app.workflow` was told, unchecked."""

    name: str
    logical_id: str
    definition: Any
    triggers: tuple[Any, ...]
    link: Any
    access: Access
    type: Any
    properties: Any
    where: Span


@dataclass(frozen=True, slots=True)
class Access:
    """Policy items of a function's decorator, a job's, a workflow or a group, which of these it is, and where."""

    kind: Literal["function", "job", "group", "workflow"]
    name: str
    policy: Any
    managed_policy: Any
    where: Span
    link: Any = NOTHING
    """Typed grants on shared resources, each of which gives a variable, too."""
