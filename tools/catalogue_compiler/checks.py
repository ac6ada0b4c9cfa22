"""Checks of a snapshot before it ships: they catch the next silent loss in a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.operations import called
from catalogue_compiler.services import LEVELS, names_of
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogue_compiler.source_files import Chunks


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
    """How much of everything there is, each under its words; `mended` are the counts that `handlers` gives."""
    services = _of_kind(chunks, "service")
    clients = _of_kind(chunks, "operations")
    actions = [row for rows in _of_kind(chunks, "action-lines") for row in rows]
    types = [row for rows in _of_kind(chunks, "types") for row in rows.values()]
    with_an_action = sum(sum(map(len, client["o"].values())) + len(client["r"]) for client in clients)
    without_one = sum(len(client.get("n", ())) for client in clients)
    return [
        ("services", len(services)),
        ("actions", len(actions)),
        ("resource types", _total(services, "r")),
        ("condition keys", _total(services, "k")),
        ("actions with dependents", sum(bool(row[3]) for row in actions)),
        ("actions of unknown dependents", sum(row[3] is None for row in actions)),
        ("API operations", with_an_action + without_one),
        ("API operations with an action", with_an_action),
        ("CloudFormation types", len(chunks["type-names", ""])),
        ("CloudFormation types with handlers", _total(_of_kind(chunks, "handlers"), "h")),
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
        ("regions", sum(len(row[2]) for row in chunks["partitions", ""])),
    ]


def _of_kind(chunks: Chunks, kind: str) -> list[Any]:
    return [value for (own_kind, _), value in chunks.items() if own_kind == kind]


def _total(values: list[Any], member: str) -> int:
    return sum(len(value[member]) for value in values)


def check(chunks: Chunks) -> None:
    """RemitError with everything that is wrong; nothing happens when all is well."""
    wrong = list(_wrong(chunks))
    if wrong:
        listed = "\n  ".join(wrong[:20])
        raise RemitError(f"the catalogue's sources have lost something ({len(wrong)}):\n  {listed}", exit_code=1)


def refuse_stale(problems: list[str]) -> None:
    """RemitError with what is stale in rows kept by hand; nothing happens when nothing is."""
    if problems:
        listed = "\n  ".join(problems[:40])
        raise RemitError(f"rows kept by hand are stale ({len(problems)}):\n  {listed}", exit_code=1)


def _wrong(chunks: Chunks) -> Iterator[str]:  # noqa: C901 - one check after the other
    """Yield what is wrong with the chunks: too little of something, an action or an ARN that is none."""
    counts = dict(chunks["versions", ""]["counts"])
    for name, least in LEAST.items():
        if counts[name] < least:
            yield f"{name}: {counts[name]}, expected {least} at least"
    if counts["handler permissions dropped"] > MOST_DROPPED * counts["handler permissions"]:
        yield f"handler permissions dropped: {counts['handler permissions dropped']}"
    action_names = {f"{prefix}:{name}" for prefix, names in names_of(chunks).items() for name in names}
    for client, name, action in called(chunks):
        if action not in action_names:
            yield f"{client}.{name} needs {action}, which is not an action"
    for (kind, prefix), value in chunks.items():
        if kind == "service":
            for arn in (arn for row in value["r"] for arn in row[1]):
                # A source that joins several formats into one text gives commas or spaces.
                if not arn.startswith("arn:") or "," in arn or " " in arn:
                    yield f"{prefix}: {arn}"
        if kind == "action-lines":
            dependents = [name for row in value for name in row[3] or ()]
            yield from (f"{prefix}: dependent {name}" for name in dependents if name not in action_names)
            yield from (f"{prefix}: level {row[0]}" for row in value if row[0] not in range(len(LEVELS)))
