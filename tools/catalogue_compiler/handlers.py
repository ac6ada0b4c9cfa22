"""The calls of CloudFormation's handlers, mended: cfn-lint copies the types' own spelling, mistakes and all.

A chunk holds `a`, the actions of a service's types, `h`, by type and handler, distances between their positions, and
`d`, the types of which only the API reference says what they call. A permission in the wrong case is put right, a
pattern is kept, an operation's name becomes its action, the rest is dropped and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.checks import refuse_stale
from catalogue_compiler.operations import distances
from catalogue_compiler.services import names_of
from catalogue_compiler.templates import service_of
from catalogue_compiler.type_schemas import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogue_compiler.source_files import Chunks

_PREFIXES: Final = {
    "efs": "elasticfilesystem",
    "stepfunctions": "states",
    "emr": "elasticmapreduce",
    "opensearch": "es",
}


def handlers(
    declared: dict[str, dict[str, list[str]]], chunks: Chunks, documented: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[Chunks, dict[str, int]]:
    """The chunks `handlers`, one per service part of the names, and what was mended and dropped.

    `documented` comes on top: actions by type and handler, in one text. RemitError: what it says is derived, or wrong.
    """
    mender = _Mender(chunks)
    by_type: dict[str, dict[str, list[str]]] = {}
    for name, verbs in declared.items():
        mended = {verb: mender.mended(permissions) for verb, permissions in verbs.items()}
        if any(mended.values()):
            by_type[name] = mended
    stale: list[str] = []
    alone: dict[str, list[str]] = {}
    for name, by_verb in (documented or {}).items():
        if name not in by_type:
            alone.setdefault(service_of(name), []).append(name)
        called = by_type.setdefault(name, {})
        for verb, text in by_verb.items():
            actions = text.split()
            stale += [f"{name}: {action} is no action" for action in actions if not mender.knows(action)]
            stale += [f"{name}: its schema says {action}" for action in actions if action in called.get(verb, ())]
            called[verb] = sorted({*called.get(verb, ()), *actions})
    refuse_stale(stale)
    by_service: dict[str, dict[str, dict[str, list[str]]]] = {}
    for name, verbs in sorted(by_type.items()):
        by_service.setdefault(service_of(name), {})[name] = verbs
    packed = {("handlers", service): _packed(types, mender) for service, types in sorted(by_service.items())}
    for service, names in alone.items():
        packed["handlers", service]["d"] = sorted(names)
    return packed, mender.counts


def _packed(types: dict[str, dict[str, list[str]]], mender: _Mender) -> dict[str, Any]:
    """One service's types: their actions once, as positions in the lists of all; patterns as they are."""
    calls: set[str] = set()
    for verbs in types.values():
        calls = calls.union(*verbs.values())
    patterns = sorted(call for call in calls if call.endswith("*"))
    positions_by_prefix: dict[str, list[int]] = {}
    for action in sorted(calls.difference(patterns)):
        prefix, name = action.split(":")
        positions_by_prefix.setdefault(prefix, []).append(mender.names[prefix].index(name))
    ordered: list[str] = []
    for prefix, positions in positions_by_prefix.items():
        ordered += [f"{prefix}:{mender.names[prefix][position]}" for position in sorted(positions)]
    position_of = {call: position for position, call in enumerate([*ordered, *patterns])}
    rows: dict[str, dict[str, list[int]]] = {}
    for name, verbs in types.items():
        positions_by_verb = {verb: [position_of[call] for call in called] for verb, called in verbs.items() if called}
        rows[name] = {verb: distances(positions) for verb, positions in positions_by_verb.items()}
    packed_actions = {prefix: distances(positions) for prefix, positions in positions_by_prefix.items()}
    return {"a": packed_actions, "x": patterns, "h": rows}


class _Mender:
    def __init__(self, chunks: Chunks) -> None:
        self.names: dict[str, list[str]] = names_of(chunks)
        self._known = {
            f"{prefix}:{name}".lower(): f"{prefix}:{name}" for prefix, names in self.names.items() for name in names
        }
        self._clients = {folded(client): value for (kind, client), value in chunks.items() if kind == "operations"}
        self._seen: dict[str, tuple[str, ...]] = {}
        self.counts = {"permissions": 0, "mended": 0, "dropped": 0}

    def knows(self, action: str) -> bool:
        """Return whether a service has an action of this very name."""
        return self._known.get(action.lower()) == action

    def mended(self, permissions: list[str]) -> list[str]:
        """The actions that permissions mean, each once, sorted; what means none is dropped and counted."""
        return sorted({action for permission in permissions for action in self._meant_actions(permission)})

    def _meant_actions(self, permission: str) -> tuple[str, ...]:
        """The actions that a handler's permission means; each permission is counted once."""
        if permission not in self._seen:
            actions = self._find(permission.strip())
            self._seen[permission] = actions
            self.counts["permissions"] += 1
            self.counts["dropped"] += not actions
            self.counts["mended"] += bool(actions) and actions != (permission,)
        return self._seen[permission]

    def _find(self, permission: str) -> tuple[str, ...]:
        """The actions of a permission: as IAM spells it, with another prefix, or those of the operation of its name.

        Empty: it is no action, nor an operation whose actions are certain. Actions on paths of API Gateway are left
        out.
        """
        low = permission.lower()
        if low in self._known:
            return (self._known[low],)
        prefix, _, name = low.partition(":")
        if name.endswith("*") and any(bare.lower().startswith(name[:-1]) for bare in self.names.get(prefix, ())):
            return (f"{prefix}:{permission.partition(':')[2]}",)
        moved = f"{_PREFIXES.get(prefix, prefix)}:{name}"
        if moved in self._known:
            return (self._known[moved],)
        rows = self._clients.get(folded(prefix), {}).get("r", {})
        operation: list[Any] = next((rows[spelled] for spelled in rows if spelled.lower() == name), [])
        return tuple(row[0] for row in operation if row[3] and not row[0].startswith("apigateway:"))
