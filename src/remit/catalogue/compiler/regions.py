"""Partitions and regions, out of botocore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.compiler.source_files import document

if TYPE_CHECKING:
    from pathlib import Path

Chunks = dict[tuple[str, str], Any]


def regions(folder: Path) -> Chunks:
    """The chunk `partitions`: [name, suffix, dual-stack suffix, regions, pattern], aws first."""
    rows = []
    for partition in document(folder / "partitions.json")["partitions"]:
        outputs = partition["outputs"]
        region_names = sorted(name for name in partition["regions"] if not name.endswith("-global"))
        pattern = partition["regionRegex"].strip("^$")
        rows.append([partition["id"], outputs["dnsSuffix"], outputs["dualStackDnsSuffix"], region_names, pattern])
    return {("partitions", ""): sorted(rows, key=lambda row: (row[0] != "aws", row[0]))}
