"""What must hold for a snapshot to ship: the checks that catch the next silent loss in a source."""

from __future__ import annotations

from typing import Any, Final

from remit.catalogue.compiler.operations import called
from remit.catalogue.compiler.services import LEVELS, names_of
from remit.errors import RemitError

Chunks = dict[tuple[str, str], Any]

# Far below what was there when this was written (2026-11), far above what a broken source leaves.
LEAST: Final = {
    "services": 430,
    "actions": 20_000,
    "resource types": 2_000,
    "condition keys": 2_300,
    "actions with dependents": 800,
    "API operations": 18_000,
    "API operations with an action": 17_000,
    "CloudFormation types": 1_700,
    "CloudFormation types with handlers": 1_600,
    "CloudFormation types whose Ref is known": 1_800,
    "CloudFormation types with an ARN of their own": 1_100,
    "CloudFormation types whose ARN's format is known": 1_300,
    "CloudFormation types with a name": 950,
    "handler permissions": 9_000,
    "managed policies": 1_400,
    "SAM policy templates": 75,
    "partitions": 8,
    "regions": 40,
}
MOST_DROPPED: Final = 0.05  # of the handlers' permissions


def counted(chunks: Chunks, mended: dict[str, int]) -> list[tuple[str, int]]:
    """How much of everything there is."""
    services = [value for (kind, _), value in chunks.items() if kind == "service"]
    clients = [value for (kind, _), value in chunks.items() if kind == "operations"]
    rows = [row for (kind, _), value in chunks.items() if kind == "action-lines" for row in value]
    types = [row for (kind, _), rows in chunks.items() if kind == "types" for row in rows.values()]
    known = sum(sum(map(len, value["o"].values())) + len(value["r"]) for value in clients)
    return [
        ("services", len(services)),
        ("actions", len(rows)),
        ("resource types", sum(len(value["r"]) for value in services)),
        ("condition keys", sum(len(value["k"]) for value in services)),
        ("actions with dependents", sum(bool(row[3]) for row in rows)),
        ("actions of unknown dependents", sum(row[3] is None for row in rows)),
        ("API operations", known + sum(len(value.get("n", ())) for value in clients)),
        ("API operations with an action", known),
        ("CloudFormation types", len(chunks["type-names", ""])),
        (
            "CloudFormation types with handlers",
            sum(len(v["h"]) for (kind, _), v in chunks.items() if kind == "handlers"),
        ),
        ("CloudFormation types whose Ref is known", sum("f" in row for row in types)),
        ("CloudFormation types with an ARN of their own", sum("af" in row for row in types)),
        ("CloudFormation types whose ARN's format is known", sum("n" in row for row in types)),
        ("CloudFormation types with a name", sum("m" in row for row in types)),
        ("handler permissions", mended["permissions"]),
        ("handler permissions mended", mended["mended"]),
        ("handler permissions dropped", mended["dropped"]),
        ("managed policies", len(chunks["policy-names", ""])),
        ("SAM policy templates", len(chunks["sam-policies", ""])),
        ("partitions", len(chunks["partitions", ""])),
        ("regions", sum(len(row[3]) for row in chunks["partitions", ""])),
    ]


def check(chunks: Chunks) -> None:
    """RemitError with everything that is wrong; nothing happens when all is well."""
    counts = dict(chunks["versions", ""]["counts"])
    wrong = [
        f"{name}: {counts[name]}, expected {least} at least" for name, least in LEAST.items() if counts[name] < least
    ]
    if counts["handler permissions dropped"] > MOST_DROPPED * counts["handler permissions"]:
        wrong.append(f"handler permissions dropped: {counts['handler permissions dropped']}")
    known = {f"{prefix}:{name}" for prefix, names in names_of(chunks).items() for name in names}
    wrong += [
        f"{client}.{name} needs {action}, which is no action"
        for client, name, action in called(chunks)
        if action not in known
    ]
    for (kind, prefix), value in chunks.items():
        if kind == "service":
            wrong += [f"{prefix}: {arn}" for row in value["r"] for arn in row[1] if not _is_one_arn(arn)]
        if kind == "action-lines":
            wrong += [f"{prefix}: level {row[0]}" for row in value if row[0] not in range(len(LEVELS))]
            wrong += [f"{prefix}: dependent {name}" for row in value for name in row[3] or () if name not in known]
    if wrong:
        shown = "\n  ".join(wrong[:20])
        raise RemitError(f"the catalogue's sources have lost something ({len(wrong)}):\n  {shown}", exit_code=1)


def _is_one_arn(text: str) -> bool:
    return text.startswith("arn:") and "," not in text and " " not in text
