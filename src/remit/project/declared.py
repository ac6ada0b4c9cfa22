"""`Declared`: everything that the code of a project has said, once it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.app import ExistingValue, Output, Resource
    from remit.errors import RemitError
    from remit.project.declared_functions import Declaration
    from remit.project.settings import Config
    from remit.source.handler_problem import HandlerProblem


@dataclass(frozen=True, slots=True)
class Declared:
    """What a project declares, unchecked, and where: `judge` makes the App of it."""

    folder: Path
    name: str
    stage: str
    config: Config
    """What the configuration assigned."""
    declarations: tuple[Declaration, ...]
    resources: tuple[Resource, ...]
    """The shared ones."""
    outputs: tuple[Output, ...]
    """As `resources`."""
    existing: Mapping[str, ExistingValue]
    """What of the account is asked for, by the template's parameter that stands for it."""
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
