"""Compile one row per CloudFormation resource type: from its schema, IAM's ARN formats, CDK, and rows kept by hand.

In that order, and the last one wins. `report` keeps which of them each value came from. The columns, all optional:

    ref, ref_of            what Ref gives (arn, name, url, parts, unknown), and the properties whose value that is
    arn_from               where a resource's own ARN comes from: "Ref" and attributes, the canonical one first
    arn, arn_of, arn_is    the ARN's format, the property that gives each variable, "joined" or "granted"
    arn_else               {property: format}: the ARN's format where the template gives that property
    iam                    IAM's resource types of it: `sqs:queue`, the main one first
    name, name_is          the property that names it, "identity" or "label"
    name_least, name_most, name_pattern, name_lower, name_starts, name_path
    generated, generated_most, generated_least: how CloudFormation makes a name, cut to how many characters
    access                 what policies a resource holds (see `type_policies`)
    properties             how its properties bear on access (see `type_access`)
    arn_defaults           {variable: text}: what a variable is where the template does not give its property
    arn_ends               {attribute: text}: what an attribute has behind the ARN (`:*` of a log group)
    create_only, holds_data, replicas, stream
    tags                   [the property that holds tags, their form, what specifications call the type]
    references             {what: [paths]}: the properties that hold keys, roles, queues, buckets …
    invokes                who calls functions from it
    makes                  of SAM's types: the type that it becomes
    deployment             what deploying a resource asks of whoever deploys (see `type_deployments`)
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.checks import refuse_stale
from catalogue_compiler.source_files import Chunks, kept_by_hand
from catalogue_compiler.templates import documents as type_documents
from catalogue_compiler.templates import handlers as type_handlers
from catalogue_compiler.templates import service_of
from catalogue_compiler.type_arns import (
    ArnFormats,
    naming,
    prefixes_by_service,
    variables,
    variables_by_property,
)
from catalogue_compiler.type_schemas import Columns, columns_of_schema, is_text_at, paths, property_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from catalogue_compiler.type_cdk import Specification

_LETTERS: Final = {
    "access": "q",
    "ref": "f", "ref_of": "fo", "arn_from": "af", "arn": "n", "arn_of": "no", "arn_is": "ni",
    "arn_else": "ne", "arn_defaults": "nd", "arn_ends": "nx", "iam": "i", "name": "m", "name_is": "mi",
    "name_least": "ml", "name_most": "mm", "name_pattern": "mp", "name_lower": "mo", "name_starts": "ms",
    "name_path": "mh", "generated": "g", "generated_most": "gm", "generated_least": "gl", "create_only": "c",
    "sometimes_create_only": "cc",
    "tags": "t", "holds_data": "d", "replicas": "rp", "stream": "st", "references": "h",
    "invokes": "v", "makes": "k", "deployment": "y", "properties": "b",
}  # fmt: skip
"""The keys of the columns in the snapshot; `s`, `a`, `p`, `r` and `w` are those of `templates`."""
_ANY_VALUE: Final = "Value"
"""How the properties of pairs end (`ParameterValue`), which hold anything, whatever CDK lets them refer to."""
_SHARED_BY_SAM: Final = (
    "arn", "arn_of", "arn_is", "arn_from", "iam", "name", "name_is", "name_most", "name_lower", "generated", "stream",
)  # fmt: skip
"""What holds of SAM's types as of the types that they make."""


class TypeTable:
    """The rows by type; `sources` has, by type and column, what the value came from."""

    def __init__(self) -> None:
        self.rows: dict[str, Columns] = {}
        self.sources: dict[str, dict[str, str]] = {}

    def put(self, name: str, columns: Mapping[str, Any], source: str) -> None:
        """Set columns of a row; an empty value takes away what was derived."""
        row = self.rows.setdefault(name, {})
        value_sources = self.sources.setdefault(name, {})
        for column, value in columns.items():
            if row.get(column) == value:
                continue
            row.pop(column, None)
            value_sources[column] = source
            if value not in ("", [], {}, None, False):
                row[column] = value


def rows_by_hand() -> dict[str, Columns]:
    """The rows of `types.toml`, by type, with the columns that have tables of their own there."""
    tables = kept_by_hand("types")
    types_with_data = tables["holds_data"]["types"]
    rows: dict[str, Columns] = {}
    for name in sorted({*tables["rows"], *tables["invokes"], *tables["access"], *types_with_data}):
        rows[name] = dict(tables["rows"].get(name, {}))
        rows[name] |= {column: tables[column][name] for column in ("invokes", "access") if name in tables[column]}
        if name in types_with_data:
            rows[name]["holds_data"] = True
    return rows


def described(
    schemas: Path,
    chunks: Chunks,
    specification: Specification,
    rows: Mapping[str, Columns] | None = None,
) -> TypeTable:
    """The table, with `rows` kept by hand (`types.toml`). RemitError: they say nothing new, or name what is gone."""
    documents = type_documents(schemas)
    formats = ArnFormats(chunks)
    prefixes = prefixes_by_service(specification.arn_templates(), type_handlers(schemas))
    table = TypeTable()
    for name, schema in documents.items():
        table.put(name, columns_of_schema(schema), "schema")
        service = service_of(name)
        joined = formats.joined(name, prefixes.get(service, (service.rpartition("::")[2].lower(),)))
        ref_of = table.rows[name].get("ref_of", [])
        if joined:  # the one of which the type's properties leave the fewest variables open; of equals, the first
            unknown = [len(variables(arn)) - len(variables_by_property(schema, arn, ref_of)) for arn in joined]
            table.put(name, {"arn": joined[unknown.index(min(unknown))], "arn_is": "joined"}, "joined")
        _put_cdk(table, name, schema, specification)
        row = table.rows[name]
        _put_derived(table, name, schema, row.get("arn", ""), formats)
        generated = specification.generated(name, row["name"]) if "name" in row else []
        table.put(name, {"generated": generated} if generated else {}, "cdk")
    _put_by_hand(table, rows_by_hand() if rows is None else rows, documents, formats)
    return table


def _put_cdk(table: TypeTable, name: str, schema: Mapping[str, Any], specification: Specification) -> None:
    """Put in what CDK's specification knows of a type: its Ref and ARN, that it holds data, what it refers to."""
    row = table.rows[name]
    table.put(name, specification.ref(name, already=row.get("ref", "")), "cdk")
    read_only = set(paths(schema, "readOnlyProperties"))
    arn_from = row.get("arn_from", [])
    if row.get("ref") != "arn" and "Ref" in arn_from:
        table.put(name, {"arn_from": [way for way in arn_from if way != "Ref"]}, "cdk")
    elif row.get("ref") == "arn" and "Ref" not in arn_from and read_only.issuperset(row["ref_of"]):
        table.put(name, {"arn_from": ["Ref", *arn_from]}, "cdk")
    template = specification.arn_templates().get(name)
    if template:
        table.put(name, {"arn": template, "arn_is": "granted"}, "cdk")
    if specification.is_stateful(name):
        table.put(name, {"holds_data": True}, "cdk")
    references = dict(row.get("references", {}))
    for referent, related in specification.references(name).items():
        text_paths = {path for path in related if is_text_at(schema, path) and not path.endswith(_ANY_VALUE)}
        references[referent] = sorted({*references.get(referent, ()), *text_paths})
    sorted_references = {referent: related for referent, related in sorted(references.items()) if related}
    table.put(name, {"references": sorted_references}, "cdk")


def _put_derived(table: TypeTable, name: str, schema: Mapping[str, Any], arn: str, formats: ArnFormats) -> None:
    """Put the facts that follow from the ARN's shape: its variables, IAM's names of it, the name."""
    ref_of = table.rows[name].get("ref_of", [])
    by_variable = variables_by_property(schema, arn, ref_of) if arn else {}
    columns = {
        "arn_of": by_variable,
        "iam": formats.names(arn) if arn else [],
        **naming(schema, arn, by_variable, ref_of),
    }
    table.put(name, columns, "joined")


def _put_by_hand(
    table: TypeTable, rows: Mapping[str, Columns], documents: Mapping[str, Mapping[str, Any]], formats: ArnFormats
) -> None:
    """Put the rows kept by hand over the derived ones. RemitError, with all of them, for what is derived or gone."""
    wrong: list[str] = []
    for pattern, curated in rows.items():
        names = fnmatch.filter(documents, pattern)
        if not names:
            wrong.append(f"{pattern}: CloudFormation has no such type")
        for name in names:
            row = table.rows[name]
            wrong += [f"{name}: {text}" for text in _stale(row, curated)]
            table.put(name, _completed(curated, row, documents[name], formats), "curated")
            wrong += [f"{name}: {text}" for text in _gone(table.rows[name], curated, documents[name])]
    for name, row in table.rows.items():
        if "makes" in row:
            target_row = table.rows.get(row["makes"], {})
            table.put(
                name,
                {key: target_row[key] for key in _SHARED_BY_SAM if key in target_row and key not in row},
                "curated",
            )
    refuse_stale(wrong)


def _completed(curated: Columns, derived_row: Columns, schema: Mapping[str, Any], formats: ArnFormats) -> Columns:
    """A row kept by hand, with what follows from its ARN's shape, and the references that were derived."""
    completed: Columns = {}
    if "arn" in curated:
        arn = curated["arn"]
        ref_of = derived_row.get("ref_of", [])
        by_variable = variables_by_property(schema, arn, ref_of) if arn else {}
        completed["arn_of"] = by_variable
        completed |= naming(schema, arn, curated.get("arn_of", by_variable), ref_of)
        completed["arn_is"] = "granted" if arn else ""
        completed["iam"] = (formats.names(arn) or derived_row.get("iam", [])) if arn else []
    if curated.get("ref") == "arn":
        completed["arn_from"] = ["Ref", *derived_row.get("arn_from", [])]
    completed |= curated
    if "references" in curated:
        completed["references"] = _joined(derived_row.get("references", {}), curated["references"])
    return completed


def _stale(derived_row: Columns, curated: Columns) -> list[str]:
    """List, in words, the facts of a row kept by hand that are derived all the same."""
    problems = []
    for column, value in curated.items():
        if column != "references" and (derived_row.get(column) or "") == (value or ""):
            problems.append(f"{column} is derived as {value!r}")
    derived = derived_row.get("references", {})
    for referent, references in curated.get("references", {}).items():  # which come on top
        problems += [f"{path} is derived as a {referent}" for path in references if path in derived.get(referent, ())]
    return problems


def _joined(derived: Mapping[str, list[str]], curated: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The derived references and those of a row kept by hand, which come on top; an instance profile is no role."""
    joined: dict[str, list[str]] = {}
    for referent in sorted({*derived, *curated}):
        joined[referent] = sorted({*derived.get(referent, ()), *curated.get(referent, ())})
    if "instance profile" in curated:
        joined["role"] = [path for path in joined.get("role", ()) if path not in curated["instance profile"]]
    return joined


def _gone(completed_row: Columns, curated: Columns, schema: Mapping[str, Any]) -> list[str]:
    """List, in words, the names of a row kept by hand (`curated`) that the schema or the ARN's shape does not have.

    The ARN's shape is that of `completed_row`: the derived columns with the curated ones put over them.
    """
    named_paths = [curated[key] for key in ("name", "name_path", "replicas") if curated.get(key)]
    named_paths += [path for path in curated.get("arn_of", {}).values() if path]
    named_paths += [path for key, path in curated.get("access", {}).items() if key in ("managed", "roles")]
    named_paths += curated.get("tags", [])[:1]
    named_paths += [path for paths in curated.get("references", {}).values() for path in paths]
    gone = [f"there is no property {path}" for path in named_paths if property_at(schema, path) is None]
    arn_variables = set(variables(completed_row.get("arn", "")))
    for format_ in completed_row.get("arn_else", {}).values():
        arn_variables.update(variables(format_))
    gone += [
        f"the ARN has no variable {variable}"
        for key in ("arn_of", "arn_defaults")
        for variable in curated.get(key, {})
        if variable not in arn_variables
    ]
    return gone


def packed(table: TypeTable, name: str, identifier: list[str]) -> dict[str, Any]:
    """A row under the short keys that it has in the snapshot; Ref gives the identifier where it says no more."""
    row = dict(table.rows[name])
    if row.get("ref_of") == identifier:
        del row["ref_of"]
    return {letter: row[column] for column, letter in _LETTERS.items() if column in row}


def report(table: TypeTable) -> dict[str, dict[str, list[Any]]]:
    """The value and its source, by type and column."""
    return {
        name: {column: [value, table.sources[name][column]] for column, value in sorted(row.items())}
        for name, row in sorted(table.rows.items())
    }
