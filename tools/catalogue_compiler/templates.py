"""CloudFormation's types, out of cfn-lint's schemas: what a template may say, and what each handler calls.

The schemas shrink to tables of shapes. A shape is a dict: `t` JSON types, `p` properties, `r` required ones,
`o` whether other properties are allowed, `v` the shape of those, `i` the shape of items, `e` allowed values,
`n` a number's range, `l` a string's lengths, `c` a list's. A reference to a shape is its index; a
lone JSON type stands for itself.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.source_files import Chunks, document
from catalogue_compiler.type_schemas import paths, pointed_at, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_HOME: Final = "us-east-1"
_HANDLERS: Final = ("create", "read", "update", "delete", "list")
_RANGES: Final = (("n", "minimum", "maximum"), ("l", "minLength", "maxLength"), ("c", "minItems", "maxItems"))
_FREE: Final = ("AWS::CloudFormation::CustomResource",)
_BRANCHES: Final = ("oneOf", "anyOf", "allOf")


def templates(schemas: Path) -> Chunks:
    """The chunks `types` and `shape-lines` (one per service part of the names) and `type-names`."""
    by_name = documents(schemas)
    by_service: dict[str, dict[str, Any]] = {}
    for name in sorted(by_name):
        by_service.setdefault(service_of(name), {})[name] = by_name[name]
    elsewhere = _elsewhere(schemas / "providers")
    chunks: Chunks = {("type-names", ""): sorted(by_name)}
    for service, types in by_service.items():
        chunks["types", service], chunks["shape-lines", service] = _service(types, elsewhere)
    return chunks


def documents(schemas: Path) -> dict[str, dict[str, Any]]:
    """Each type's schema, by its name."""
    return {name: document(path) for name, path in _files(schemas).items()}


def handlers(schemas: Path) -> dict[str, dict[str, list[str]]]:
    """Map each type to its handlers' calls, as the schemas spell them; a type without handlers is not there."""
    permissions_by_type: dict[str, dict[str, list[str]]] = {}
    for name, path in _files(schemas).items():
        declared = document(path).get("handlers", {})
        called = {
            verb: declared[verb].get("permissions", []) for verb in _HANDLERS if isinstance(declared.get(verb), dict)
        }
        if any(called.values()):
            permissions_by_type[name] = called
    return permissions_by_type


def service_of(type_name: str) -> str:
    """The service part of a type's name: `AWS::SQS` of `AWS::SQS::Queue`."""
    return "::".join(type_name.split("::")[:2])


def _files(schemas: Path) -> dict[str, Path]:
    """Each type's schema: that of us-east-1, or of the first region that has the type."""
    regions = sorted((schemas / "providers").glob("*.json"), key=lambda path: (path.stem != _HOME, path.stem))
    # Regions whose schemas of a type are equal share a file, named by its hash.
    hashes: dict[str, str] = {}
    for region in regions:
        for name, digest in document(region).items():
            hashes.setdefault(name, digest)
    return {name: schemas / "resources" / f"{digest}.json" for name, digest in sorted(hashes.items())}


def _elsewhere(providers: Path) -> dict[str, list[str]]:
    """The regions of the types that us-east-1 does not have (SAM's own types have none)."""
    home = set(document(providers / f"{_HOME}.json"))
    regions_by_type: dict[str, list[str]] = {}
    for path in sorted(providers.glob("*.json")):
        for name in document(path) if path.stem != "sam" else ():
            if name not in home:
                regions_by_type.setdefault(name, []).append(path.stem)
    return regions_by_type


def _service(types: dict[str, Any], elsewhere: dict[str, list[str]]) -> tuple[dict[str, Any], list[Any]]:
    shapes = _Shapes()
    rows: dict[str, Any] = {}
    for name, schema in types.items():
        # The attributes of Fn::GetAtt by cfn-lint's own rule; `*` ends an open-ended name.
        attributes = importlib.import_module("cfnlint.schema").Schema(schema).get_atts.data
        row: dict[str, Any] = {
            "s": shapes.root(schema),
            "a": sorted(str(name).replace("\\.", ".").replace(".*", "*") for name in attributes),
            "p": paths(schema, "primaryIdentifier"),
        }
        # A pointer into a property does not make the property read-only.
        read_only = sorted({path for path in paths(schema, "readOnlyProperties") if "." not in path})
        if read_only:
            row["r"] = read_only
        if name in elsewhere:
            row["w"] = elsewhere[name]
        rows[name] = row
    return rows, shapes.table


class _Shapes:
    """A table of shapes in which equal shapes share one place; definitions may contain themselves."""

    def __init__(self) -> None:
        self.table: list[Any] = []
        self._places: dict[str, int] = {}

    def root(self, schema: dict[str, Any]) -> int | str:
        """The place of a type's whole schema in the table; what the definitions of the last one were is forgotten."""
        self._schema = schema
        self._resolved: dict[str, int | str] = {}
        bare = {key: value for key, value in schema.items() if key != "definitions"}
        if schema["typeName"] in _FREE:
            bare["additionalProperties"] = True
        return self._place({**bare, "type": "object"})

    def _place(self, schema: Any) -> int | str:
        """The reference to a schema's shape."""
        if not isinstance(schema, dict):
            return ""
        if "$ref" in schema and not any(key in schema for key in ("properties", "type", *_BRANCHES)):
            return self._definition(schema["$ref"])
        return self._intern(self._shape(schema))

    def _definition(self, pointer: str) -> int | str:
        """The place of a definition in the table, which is found once for each schema."""
        if pointer not in self._resolved:
            target = pointed_at(self._schema, pointer)
            if self._is_recursive(pointer):
                # A definition that contains itself gets its place before its shape is known.
                self._resolved[pointer] = place = len(self.table)
                self.table.append({})
                self.table[place] = self._shape(target)
            else:
                self._resolved[pointer] = self._place(target)
        return self._resolved[pointer]

    def _is_recursive(self, pointer: str) -> bool:
        visited: set[str] = set()
        waiting = list(_references(pointed_at(self._schema, pointer)))
        while waiting:
            reached = waiting.pop()
            if reached == pointer:
                return True
            if reached not in visited:
                visited.add(reached)
                waiting.extend(_references(pointed_at(self._schema, reached)))
        return False

    def _intern(self, shape: dict[str, Any]) -> int | str:
        """The place of a shape in the table, the same for equal shapes; no place, but its type, for a plain one."""
        if not shape:
            return ""
        if shape.keys() == {"t"} and isinstance(shape["t"], str) and shape["t"] != "object":
            return str(shape["t"])
        key = json.dumps(shape, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.table)
            self.table.append(shape)
        return self._places[key]

    def _shape(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The shape of a schema with all that it combines: type, properties, required ones, items and limits.

        "o" is there where names that it does not list may stand, "v" the one shape of their values.
        """
        merged = self._merged(schema, ())
        types = merged["types"]
        if not types and merged["properties"]:
            types = ["object"]
        elif not types and "items" in merged:
            types = ["array"]
        shape: dict[str, Any] = {}
        if types:
            shape["t"] = types[0] if len(types) == 1 else types
        if "object" in types or not types:
            if merged["properties"]:
                shape["p"] = {name: self._place(merged["properties"][name]) for name in sorted(merged["properties"])}
            if merged["required"]:
                shape["r"] = sorted(set(merged["required"]))
            if types and (merged["open"] or not merged["properties"]):
                shape["o"] = 1
                if merged["values"]:
                    shape["v"] = self._place(merged["values"][0]) if len(merged["values"]) == 1 else ""
        if "items" in merged:
            shape["i"] = self._place(merged["items"])
        shape |= merged["limits"]
        return shape

    def _merged(self, schema: dict[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
        """A schema with the branches of its oneOf, anyOf and allOf, but for those that a pointer `inside` is at."""
        pattern_values = list(schema.get("patternProperties", {}).values())
        extra = schema.get("additionalProperties", True)
        merged: dict[str, Any] = {
            "types": sorted(types_of(schema)),
            "properties": dict(schema.get("properties", {})),
            "required": list(schema.get("required", [])),
            "open": bool(extra) or bool(pattern_values),
            "values": pattern_values + ([extra] if isinstance(extra, dict) and extra else []),
            "limits": _limits(schema),
        }
        if "items" in schema:
            merged["items"] = schema["items"]
        parts = [(kind, branch) for kind in _BRANCHES for branch in schema.get(kind, ())]
        if "$ref" in schema:
            parts.append(("allOf", {"$ref": schema["$ref"]}))
        shaped: list[dict[str, Any]] = []
        for kind, part in parts:
            pointer = part.get("$ref", "") if isinstance(part, dict) else ""
            if not isinstance(part, dict) or pointer in inside:
                continue
            target = pointed_at(self._schema, pointer) if pointer else part
            branch = self._merged(target, (*inside, pointer) if pointer else inside)
            if branch["types"] or branch["properties"]:
                shaped.append(branch)
            merged["types"] = sorted({*merged["types"], *branch["types"]})
            merged["properties"] = {**branch["properties"], **merged["properties"]}
            merged["values"] = [*merged["values"], *branch["values"]]
            if "items" in branch:
                merged.setdefault("items", branch["items"])
            if kind == "allOf":
                merged["required"] = [*merged["required"], *branch["required"]]
                merged["limits"] = {**branch["limits"], **merged["limits"]}
        if shaped and extra is not False:
            merged["open"] = any(branch["open"] for branch in shaped)
        return merged


def _limits(schema: dict[str, Any]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if schema.get("enum"):
        limits["e"] = schema["enum"]
    for key, low, high in _RANGES:
        if low in schema or high in schema:
            limits[key] = [schema.get(low), schema.get(high)]
    return limits


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
