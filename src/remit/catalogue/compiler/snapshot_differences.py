"""The differences between two snapshots: services, actions, keys, types, managed policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.catalogue.snapshot import Store


@dataclass(frozen=True, slots=True)
class Difference:
    """Names of one kind that are only in the new snapshot, and only in the old one, sorted."""

    kind: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def _services(store: Store) -> set[str]:
    return set(store.names("service"))


def _actions(store: Store) -> set[str]:
    rows = zip(store.names("service"), store.chunk("name-lines", ""), strict=True)
    return {f"{prefix}:{name}" for prefix, row in rows for name in row.split()}


def _keys(store: Store) -> set[str]:
    return {key for prefix in store.names("service") for key, _ in store.chunk("service", prefix)["k"]}


def _unknown_operations(store: Store) -> set[str]:
    chunks = ((client, store.chunk("operations", client)) for client in store.names("operations"))
    return {
        f"{client}.{name}" for client, chunk in chunks for name in set(chunk.get("n", ())) - set(chunk.get("f", ()))
    }


def _types(store: Store) -> set[str]:
    return set(store.chunk("type-names", ""))


def _policies(store: Store) -> set[str]:
    return {row[0] for row in store.chunk("policy-names", "")}


def _sam_policies(store: Store) -> set[str]:
    return set(store.chunk("sam-policies", "") or ())


def _regions(store: Store) -> set[str]:
    return {region for row in store.chunk("partitions", "") for region in row[3]}


KINDS: Final[tuple[tuple[str, Callable[[Store], set[str]]], ...]] = (
    ("services", _services),
    ("actions", _actions),
    ("condition keys", _keys),
    ("API operations of unknown action", _unknown_operations),
    ("CloudFormation types", _types),
    ("managed policies", _policies),
    ("SAM policy templates", _sam_policies),
    ("regions", _regions),
)


def differences(old: Store, new: Store) -> tuple[Difference, ...]:
    """One row for each kind, also where nothing changed."""
    rows = ((kind, names(old), names(new)) for kind, names in KINDS)
    return tuple(
        Difference(kind, tuple(sorted(after - before)), tuple(sorted(before - after))) for kind, before, after in rows
    )
