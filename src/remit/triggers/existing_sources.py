"""What an app needs and a deploy does not make: sources of triggers, and policies of roles; they must exist already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.errors import few
from remit.triggers.source import name_of, own_id
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.app import App


_OF_AWS: Final = ":iam::aws:"
"""What the ARNs of AWS's own policies have."""


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
    """What the triggers of an app need that it does not make; `own_arns` are those that its resources have by name."""
    functions: dict[tuple[str, str, str], list[str]] = {}
    for function in app.functions:
        for trigger in function.triggers:
            if not isinstance(trigger, BaseTrigger):  # one that somebody wrote for an app
                continue
            for source in trigger.sources():
                if source.arn in own_arns or own_id(source.arn):
                    continue
                key = (source.kind, name_of(source.arn), source.condition)
                functions.setdefault(key, []).append(function.name)
    return tuple(
        ExistingSource(kind, name, condition, tuple(dict.fromkeys(names)))
        for (kind, name, condition), names in functions.items()
    )


def existing_policies(app: App, own_arns: Collection[str]) -> tuple[ExistingSource, ...]:
    """The managed policies of the account's own that roles get, and their permissions boundary."""
    functions: dict[tuple[str, str], list[str]] = {}
    if app.boundary is not None:
        functions["permissions boundary", app.boundary] = []
    for function in app.functions:
        for arn in function.managed:
            functions.setdefault(("managed policy", arn), []).append(function.name)
    return tuple(
        ExistingSource(kind, name_of(arn).removeprefix("policy/"), "", tuple(names))
        for (kind, arn), names in functions.items()
        if _OF_AWS not in arn and arn not in own_arns and not own_id(arn)
    )


def document(source: ExistingSource) -> dict[str, Any]:
    """A source for programs."""
    return {
        "kind": source.kind,
        "name": source.name,
        "condition": source.condition or None,
        "functions": list(source.functions),
    }
