"""The actions that CloudFormation calls, as the deployer, to create, read, update or delete a resource."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from remit.catalogue.actions import actions
from remit.catalogue.snapshot import chunk


@dataclass(frozen=True, slots=True)
class Handlers:
    """The actions of each handler, sorted; a few are patterns. An empty one calls nothing that is known."""

    type: str
    by_verb: dict[str, tuple[str, ...]]
    """The actions of each handler that changes a resource, or reads it when it has changed."""
    in_schema: bool
    """Whether the type's schema says so; otherwise the API reference does."""


@lru_cache(maxsize=256)
def handlers(type_name: str) -> Handlers | None:
    """The handlers of a resource type; None is "unknown": no such type, or it does not say what it calls."""
    service_chunk = chunk("handlers", "::".join(type_name.split("::")[:2])) or {"h": {}}
    positions_by_verb = service_chunk["h"].get(type_name)
    if positions_by_verb is None:
        return None
    called = [
        actions(prefix)[position] for prefix, steps in service_chunk["a"].items() for position in accumulate(steps)
    ]
    called += service_chunk["x"]
    by_verb: dict[str, tuple[str, ...]] = {}
    for verb in ("create", "read", "update", "delete"):
        positions = accumulate(positions_by_verb.get(verb, ()))
        by_verb[verb] = tuple(sorted(called[position] for position in positions))
    return Handlers(type_name, by_verb, in_schema=type_name not in service_chunk.get("d", ()))
