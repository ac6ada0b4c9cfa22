"""Partitions and regions, out of botocore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.compiler.source_files import document

if TYPE_CHECKING:
    from pathlib import Path

Chunks = dict[tuple[str, str], Any]


def regions(data: Path) -> Chunks:
    """The chunk `partitions`: [name, suffix, dual-stack suffix, regions, pattern], aws first."""
    rows = []
    for found in document(data / "partitions.json")["partitions"]:
        outputs = found["outputs"]
        known = sorted(name for name in found["regions"] if not name.endswith("-global"))
        pattern = found["regionRegex"].strip("^$")
        rows.append([found["id"], outputs["dnsSuffix"], outputs["dualStackDnsSuffix"], known, pattern])
    return {("partitions", ""): sorted(rows, key=lambda row: (row[0] != "aws", row[0]))}
