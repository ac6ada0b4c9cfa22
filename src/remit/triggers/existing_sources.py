"""The sources of triggers that are not the app's own, which a deploy does not make: they must exist already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.errors import few
from remit.resources.names import name_of, own_id
from remit.triggers.trigger import BaseTrigger, triggers_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.app import App


@dataclass(frozen=True, slots=True)
class ExistingSource:
    """Something that must exist, what must hold of it (""), and the functions that it runs."""

    kind: str
    name: str
    condition: str
    functions: tuple[str, ...]

    @property
    def words(self) -> str:
        """`queue orders, for ingest`."""
        condition = f", {self.condition}" if self.condition else ""
        users = f", for {few(self.functions)}" if self.functions else ""
        return f"{self.kind} {self.name}{condition}{users}"


def existing_sources(app: App, own_arns: Collection[str]) -> tuple[ExistingSource, ...]:
    """Return the existing sources of an app's triggers; `own_arns` are those that its resources have by name."""
    functions: dict[tuple[str, str, str], list[str]] = {}
    for function, trigger in triggers_of(app.triggered, BaseTrigger):
        for source in trigger.sources():
            if source.arn not in own_arns and not own_id(source.arn):
                key = (source.kind, name_of(source.arn), source.condition)
                functions.setdefault(key, []).append(function.name)
    return tuple(
        ExistingSource(kind, name, condition, tuple(dict.fromkeys(names)))
        for (kind, name, condition), names in functions.items()
    )


def document(source: ExistingSource) -> dict[str, Any]:
    """A source for programs."""
    return {
        "kind": source.kind,
        "name": source.name,
        "condition": source.condition or None,
        "functions": list(source.functions),
    }
