"""The differences between two snapshots: services, actions, keys, types, managed policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.catalogue.snapshot import Store


@dataclass(frozen=True, slots=True)
class Difference:
    """Names of one kind that are only in the new snapshot, and only in the old one, sorted."""

    kind: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def differences(old: Store, new: Store) -> tuple[Difference, ...]:
    """The differences by kind, one for each, also where nothing changed."""
    before, after = _names(old), _names(new)
    return tuple(
        Difference(kind, tuple(sorted(names - before[kind])), tuple(sorted(before[kind] - names)))
        for kind, names in after.items()
    )


def _names(store: Store) -> dict[str, set[str]]:
    """The names in a snapshot by kind."""
    services = store.names("service")
    action_names = zip(services, store.chunk("name-lines", ""), strict=True)
    clients = {client: store.chunk("operations", client) for client in store.names("operations")}
    return {
        "services": set(services),
        "actions": {f"{prefix}:{name}" for prefix, names in action_names for name in names.split()},
        "condition keys": {key for prefix in services for key, _ in store.chunk("service", prefix)["k"]},
        "API operations of unknown action": {
            f"{client}.{name}"
            for client, chunk in clients.items()
            for name in chunk.get("n", ())
            if name not in chunk.get("f", ())
        },
        "CloudFormation types": set(store.chunk("type-names", "")),
        "managed policies": {row[0] for row in store.chunk("policy-names", "")},
        "SAM policy templates": set(store.chunk("sam-policies", "") or ()),
        "regions": {region for row in store.chunk("partitions", "") for region in row[2]},
    }
