"""What decorators said of functions, unchecked: the nouns that `load` makes Functions of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import WebApp
    from remit.errors import Span


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one decorator said, unchecked: `load` makes a Function of it."""

    name: str
    handler: str
    triggers: tuple[Any, ...]
    access: tuple[Access, ...]
    """The function's own, then its groups', innermost first."""
    settings: tuple[tuple[Span, Mapping[str, Any]], ...]
    """As `access`."""
    where: Span
    job_queue: str | None = None
    nested: bool = False
    """Declared inside a function, where Lambda cannot find it."""
    function: Any = None
    """What is decorated, without the decorators between; None when it is given by name."""
    web: WebApp | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Policy items that a function's decorator, a job's or a group gives, which of these it is, and where."""

    kind: Literal["function", "job", "group"]
    name: str
    policy: Any
    managed_policy: Any
    where: Span
