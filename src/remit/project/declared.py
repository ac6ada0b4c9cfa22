"""What the code of a project says, unchecked: each decorator, and everything together once it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.app import ExistingValue, LayerCode, Output, Resource, WebApp
    from remit.errors import RemitError, Span
    from remit.project.resource_handles import Handle
    from remit.project.settings import Config
    from remit.source.handler_problem import HandlerProblem


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
    """Policy items of a function's decorator, a job's, a workflow or a group, which of these it is, and where."""

    kind: Literal["function", "job", "group", "workflow"]
    name: str
    policy: Any
    managed_policy: Any
    where: Span
    link: Any = ()
    """Typed grants on shared resources, each of which gives a variable, too."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a project declares, unchecked, and where: `judge` makes the App of it."""

    folder: Path
    name: str
    stage: str
    config: Config
    """What the configuration assigned."""
    declarations: tuple[Declaration, ...]
    workflows: tuple[WorkflowDeclaration, ...]
    resources: tuple[Resource, ...]
    """The shared ones."""
    handles: Mapping[tuple[str, str], Handle[Any]]
    """As `resources`, by their classes' names and their own."""
    outputs: tuple[Output, ...]
    """As `resources`."""
    existing: Mapping[str, ExistingValue]
    """What of the account is asked for, by the template's parameter that stands for it."""
    layers: tuple[LayerCode, ...]
    """Folders that are layers."""
    made: tuple[Any, ...]
    """The triggers, the authorizers and the grants, in the order in which they were made."""
    mistakes: tuple[RemitError, ...]
    """What was known to be wrong while the code ran: exceptions, and values that people need at once."""
    is_configured: bool
    """Whether the files of the configuration ran to their ends."""
    is_complete: bool
    """Whether all modules ran to their ends."""
    lost_names: frozenset[str]
    """The shared resources of which something is wrong, so that the template lacks them: `Data_queue`."""
    placeholders: Mapping[str, str]
    """The environment variables that stood for something unknown while the code ran, by the text they read as."""
    read_variables: Mapping[str, str]
    """The variables of remit's own environment that were read, with their values."""
    imported_handlers: Mapping[str, HandlerProblem | None]
    """By handler, those that imported modules have, and what is wrong with each."""
