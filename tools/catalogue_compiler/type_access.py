"""How each property of a type bears on access: computed from schemas and CDK's relationships, or kept by hand.

The rows by hand are in `access.toml`, one a line: the type and the path of the property (patterns of `*`; several have
a space between them), its kind, its order of openness, and the reason or source beside the type's page in the
CloudFormation Template Reference. The kinds and orders are those of `catalogue.type_access.PropertyAccess`. The compile
fails on a row that matches nothing, or says what is computed all the same.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from catalogue_compiler.checks import refuse_stale
from catalogue_compiler.source_files import kept_by_hand
from catalogue_compiler.type_schemas import paths, properties_in, types_of
from remit.catalogue.type_access import KINDS, SIGNS, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalogue_compiler.types import TypeTable

_EVERY_TYPE: Final = "AWS::*"
_ROLE_NAME: Final = re.compile(
    r"(?:Iam|IAM|Execution|Service|Operator)?Role(?:Arn|ARN|Name)?s?$|InstanceProfile(?:Arn|Name)?$"
)
_POLICY_NAME: Final = re.compile(r"(?:^|[a-z])(?:Policy|AccessPolicies|Policy(?:Document|Text))$")
_POLICY_TEXTS: Final = ("Policy", "PolicyDocument", "ResourcePolicy")


class CuratedRow(NamedTuple):
    """A row kept by hand."""

    type: str
    path: str
    kind: str
    opens: str
    note: str


@lru_cache(maxsize=1)
def curated_rows() -> tuple[CuratedRow, ...]:
    """The rows kept by hand, also those of Terraform's types."""
    rows = [CuratedRow(*row) for row in kept_by_hand("access")["rows"]]
    return tuple(
        row._replace(type=name, path=path) for row in rows for name in row.type.split() for path in row.path.split()
    )


def terraform_rows() -> list[list[str]]:
    """The rows of Terraform's types, and those that hold for every type."""
    own_rows = [[row.type, row.path, row.kind, row.opens] for row in curated_rows() if not row.type.startswith("A")]
    for_all = [row for row in curated_rows() if row.type == _EVERY_TYPE]
    for_all.sort(key=lambda row: len(row.path), reverse=True)
    return [*own_rows, *(["aws_*", row.path, row.kind, row.opens] for row in for_all)]


def put_access(
    table: TypeTable, documents: Mapping[str, Mapping[str, Any]], rows: tuple[CuratedRow, ...] | None = None
) -> None:
    """Put in the rows of each type. RemitError, with all of them, for rows by hand that are stale."""
    needed: set[CuratedRow] = set()
    rows = curated_rows() if rows is None else rows
    for name, schema in documents.items():
        settable = dict(_settable(schema))
        computed = _computed(settable, table.rows[name].get("references", {}))
        text = "\n".join(settable)
        own_rows = [row for row in rows if fnmatchcase(name, row.type) and _matches(row.path, settable, text)]
        needed.update(row for row in own_rows if computed.get(row.path) != row.kind)
        table.put(name, {"properties": _ordered(own_rows, computed)}, "curated" if own_rows else "schema")
    refuse_stale([f"{row.type} {row.path}: {problem}" for row in rows for problem in _problems(row, needed)])


def signs_without_row(table: TypeTable, documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the properties whose own name speaks of access, and that no row knows, nor one of what is below them."""
    for name, schema in documents.items():
        row_paths = [path for path, *_ in table.rows[name].get("properties", ())]
        patterns = [pattern_of(path) for path in row_paths]
        for path in dict(_settable(schema)):
            own_name = path.rpartition(".")[2]
            texts = (path, path.removesuffix("[]"))
            is_known = any(pattern.fullmatch(text) for pattern in patterns for text in texts)
            if (
                not is_known
                and re.search(SIGNS, own_name)
                and not any(row_path.startswith((f"{path}.", f"{path}[")) for row_path in row_paths)
            ):
                yield f"{name} {path}"


def _problems(row: CuratedRow, needed: set[CuratedRow]) -> Iterator[str]:
    """Yield what is wrong with a row kept by hand; `needed` are those that some type needs."""
    if row.kind not in KINDS:
        yield f"there is no kind {row.kind}"
    if row.kind == "none" and not row.note:
        yield "a row of kind none says why"
    if row not in needed and row.type.startswith("A"):
        yield "no type has such a property, or it is derived"


def _settable(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the path and the schema of each property that a template can set, at any depth."""
    read_only = set(paths(schema, "readOnlyProperties"))
    for path, described in properties_in(schema):
        if path.partition(".")[0] not in read_only and path not in read_only:
            yield path, described


def _computed(settable: Mapping[str, Mapping[str, Any]], references: Mapping[str, list[str]]) -> dict[str, str]:
    """The kinds of the properties that hold a role or a policy, by what CDK and the schema say, and by their names."""
    computed = {path: "role" for referent in ("role", "instance profile") for path in references.get(referent, ())}
    for path, described in settable.items():
        own_name = path.rpartition(".")[2].removesuffix("[]")
        json_types = types_of(described)
        is_text = "object" not in json_types and ("string" in json_types or not json_types)
        is_free_form = "object" in json_types and not described.get("properties")
        if is_text and _ROLE_NAME.search(own_name):
            computed.setdefault(path, "role")
        elif (is_free_form and _POLICY_NAME.search(own_name)) or (is_text and own_name in _POLICY_TEXTS):
            computed.setdefault(path, "policy")
    return computed


def _matches(pattern: str, settable: Mapping[str, Any], text: str) -> bool:
    """Return whether a type has a property that a pattern means; below free-form JSON there is anything.

    `text` holds all their paths.
    """
    free_form = pattern.partition(".*.")[0]
    if free_form not in settable and max(pattern.split("*"), key=len) not in text:
        return False  # nearly all pairs of the 80 rows for any type and of 1,900 types end here
    compiled = pattern_of(pattern)
    return any(compiled.fullmatch(path) or path == free_form for path in settable)


def _ordered(own_rows: list[CuratedRow], computed: Mapping[str, str]) -> list[list[str]]:
    """The rows of a type; of those that match, the first counts.

    Exact rows by hand come first, then what is none of a type, the computed ones, and patterns, the narrowest first.
    """
    exact = [row for row in own_rows if "*" not in row.path]
    nothing = [row for row in own_rows if row not in exact and row.kind == "none" and row.type != _EVERY_TYPE]
    wide = [row for row in own_rows if row not in exact and row not in nothing]
    wide.sort(key=lambda row: (len(row.type), len(row.path)), reverse=True)
    by_hand = {row.path for row in exact}
    ordered = [[row.path, row.kind, row.opens] for row in (*exact, *nothing)]
    ordered += [[path, kind, ""] for path, kind in sorted(computed.items()) if path not in by_hand]
    return [*ordered, *([row.path, row.kind, row.opens] for row in wide)]
