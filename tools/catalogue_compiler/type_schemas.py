"""Facts from a CloudFormation type's own schema: identifier, Ref, own ARN, tags, fixed properties, references.

Source: cfn-lint's copies of the registry's schemas ("Resource type definition schema", CloudFormation CLI User Guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Columns = dict[str, Any]

_ARN_NAME: Final = re.compile(r"(?:Arn|ARN)$")
_ARN_PATTERN: Final = re.compile(r"^\^?\(?arn[:\[(]")
REFERENTS: Final = {
    "AWS::IAM::Role.Arn": "role",
    "AWS::KMS::Alias.AliasName": "key",
    "AWS::KMS::Key.Arn": "key",
    "AWS::KMS::Key.Id": "key",
    "AWS::Lambda::Function.Arn": "function",
    "AWS::Logs::LogGroup.Name": "log group",
    "AWS::S3::Bucket.Name": "bucket",
    "AWS::SNS::Topic.Arn": "topic",
    "AWS::SQS::Queue.Arn": "queue",
}
"""What a property holds, by the format that cfn-lint gives it."""
_BY_NAME: Final = (
    (re.compile(r"(?:Role|Iam)(?:Arn|ARN)$|^\w+Role$|^RoleName$|^Roles$"), "role"),
    (re.compile(r"(?i:kms(?:master)?key(?:id|arn|identifier)?|encryptionkey(?:id|arn)?)$"), "key"),
    (re.compile(r"(?i:sns_?topic(?:arn)?s?|topicarn)$"), "topic"),
    (re.compile(r"(?i:kinesisstreamarn|datastreamarn)$"), "stream"),
    (re.compile(r"(?i:deliverystreamarn|firehosearn)$"), "delivery stream"),
    (re.compile(r"(?i:queuearn)$"), "queue"),
    (re.compile(r"(?i:lambda(?:function)?arn|functionarn)$"), "function"),
    (re.compile(r"(?i:loggrouparn|loggroupname)$"), "log group"),
    (re.compile(r"(?i:s3bucket(?:name|arn)?|bucketname|bucketarn)$"), "bucket"),
    (re.compile(r"(?i:secretarn|secretsmanagerarn)$"), "secret"),
    (re.compile(r"(?i:statemachinearn)$"), "state machine"),
)
"""What a property of text holds, by its own name, where the schema gives it no format."""
_DEEPEST: Final = 12


def columns_of_schema(schema: Mapping[str, Any]) -> Columns:
    """The columns that the schema gives. A column that it does not give is not there."""
    identifier = paths(schema, "primaryIdentifier")
    read_only = paths(schema, "readOnlyProperties")
    columns: Columns = {
        "create_only": paths(schema, "createOnlyProperties"),
        "sometimes_create_only": paths(schema, "conditionalCreateOnlyProperties"),
        "tags": _tags(schema),
        "references": _references(schema),
    }
    if identifier:
        columns["ref"] = ref_of_identifier(schema, identifier)
        columns["ref_of"] = identifier
    if "StreamArn" in read_only:
        columns["stream"] = "StreamArn"
    columns["arn_from"] = own_arn(schema["typeName"], read_only, columns.get("ref", ""), identifier)
    return {name: value for name, value in columns.items() if value}


def paths(schema: Mapping[str, Any], key: str) -> list[str]:
    """The properties that a list of JSON pointers names, as paths (`Code.S3Bucket`, `Replicas[].Region`)."""
    pointers = (pointer.removeprefix("/properties/") for pointer in schema.get(key, ()))
    return [pointer.replace("/*/", "[].").replace("/items/", "[].").replace("/", ".") for pointer in pointers]


def ref_of_identifier(schema: Mapping[str, Any], identifier: list[str]) -> str:
    """Classify Ref if it gives the identifier: `arn`, `url`, `name` (or an id), `parts` of several properties."""
    if len(identifier) > 1:
        return "parts"
    name = identifier[0].rpartition(".")[2]
    described = schema["properties"].get(identifier[0], {})
    pattern = described.get("pattern", "") if isinstance(described, dict) else ""
    if _ARN_NAME.search(name) or (_ARN_PATTERN.match(pattern) and "|" not in pattern):
        return "arn"
    return "url" if name.endswith(("Url", "URL")) else "name"


def own_arn(type_name: str, read_only: list[str], ref: str, ref_of: list[str]) -> list[str]:
    """List the sources of a resource's ARN: "Ref" and attributes, the canonical one first.

    An ARN that a template can give is that of another resource: `ClusterArn` of a cluster's policy.
    """
    ref_as_arn = ["Ref"] if ref == "arn" and set(ref_of) <= set(read_only) else []
    arns = [path for path in read_only if _ARN_NAME.search(path) and "[]" not in path]
    own_name = folded(type_name.rpartition("::")[2])
    ranks: list[list[str]] = [[], [], [], []]
    for path in arns:
        subject = folded(path.rpartition(".")[2]).removesuffix("arn")
        if "." not in path and not subject:
            ranks[0].append(path)
        elif subject == own_name:
            ranks[1].append(path)
        elif subject.startswith("execute"):
            continue  # an API's ARN for those who call it, which is not that of the API itself
        elif subject and "." not in path and (own_name.endswith(subject) or subject.endswith(own_name)):
            ranks[2].append(path)
        elif "." not in path and subject == "resource":
            ranks[3].append(path)
    best = next((rank for rank in ranks if rank), [])
    return [*ref_as_arn, *best]


def folded(text: str) -> str:
    """A name as its letters and digits, in small letters: two spellings of one name are then equal."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _tags(schema: Mapping[str, Any]) -> list[str]:
    """The property that holds tags, and their form: a `list` of Key and Value, or a `map`."""
    tagging = schema.get("tagging")
    path = str(tagging.get("tagProperty", "/properties/Tags")) if isinstance(tagging, dict) else "/properties/Tags"
    name = path.removeprefix("/properties/")
    if name not in schema["properties"] or (isinstance(tagging, dict) and tagging.get("taggable") is False):
        return []
    shape = _resolved(schema, schema["properties"][name])
    return [name, "list" if "array" in types_of(shape) else "map"]


def _references(schema: Mapping[str, Any]) -> dict[str, list[str]]:
    """The paths of properties that hold something, by what they hold."""
    paths_by_referent: dict[str, list[str]] = {}
    for path, described in properties_in(schema):
        format_, is_text = str(described.get("format", "")), "string" in types_of(described)
        referent = REFERENTS.get(format_, "")
        if not referent and not format_ and is_text:
            own_name = path.rpartition(".")[2].removesuffix("[]")
            referent = next((kind for pattern, kind in _BY_NAME if pattern.search(own_name)), "")
        if referent and path not in paths_by_referent.setdefault(referent, []):
            paths_by_referent[referent].append(path)
    read_only = set(paths(schema, "readOnlyProperties"))
    settable = {
        referent: sorted(path for path in of_it if path.partition(".")[0] not in read_only and path not in read_only)
        for referent, of_it in paths_by_referent.items()
    }
    return {referent: of_it for referent, of_it in sorted(settable.items()) if of_it}


def properties_in(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the path of each property at any depth, and of each list's items (`Users[]`), with each schema of it."""
    # Taken from the end, so that the first property comes first.
    waiting: list[tuple[str, Any, tuple[str, ...]]] = [
        (name, value, ()) for name, value in reversed(schema["properties"].items())
    ]
    while waiting:
        path, value, inside = waiting.pop()
        pointer = value.get("$ref", "") if isinstance(value, dict) else ""
        if not isinstance(value, dict) or pointer in inside or len(inside) > _DEEPEST:
            continue
        within = (*inside, pointer) if pointer else inside
        resolved = _resolved(schema, value)
        branches = [branch for kind in ("anyOf", "oneOf", "allOf") for branch in resolved.get(kind, ())]
        waiting += [(path, branch, within) for branch in branches]
        inner = resolved.get("properties", {})
        waiting += [(f"{path}.{name}", described, within) for name, described in reversed(inner.items())]
        if isinstance(resolved.get("items"), dict):
            waiting.append((f"{path}[]", resolved["items"], within))
        yield path, resolved


def types_of(described: Mapping[str, Any]) -> set[str]:
    """The JSON types that a schema allows; none: it does not say."""
    types = described.get("type", ())
    return {types} if isinstance(types, str) else set(types)


def _resolved(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with what its `$ref` points to; what stands beside the reference wins."""
    pointer = value.get("$ref")
    if not isinstance(pointer, str):
        return value
    beside = {key: inner for key, inner in value.items() if key != "$ref"}
    target = pointed_at(schema, pointer)
    return {**target, **beside} if isinstance(target, dict) else beside


def pointed_at(schema: Mapping[str, Any], pointer: str) -> Any:
    """The part of a schema at a JSON pointer; empty where there is none."""
    value: Any = schema
    for part in pointer.removeprefix("#/").split("/"):
        value = value.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(value, dict) else {}
    return value


def is_text_at(schema: Mapping[str, Any], path: str) -> bool:
    """Return whether there is a property of text at a path."""
    described = property_at(schema, path)
    if described is None:
        return False
    return "string" in types_of(described) or ("type" not in described and not described.get("properties"))


def property_at(schema: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """The schema of a property by its path; None when there is none."""
    value: Mapping[str, Any] = schema
    for step in path.split("."):
        if value is not schema and not value.get("properties"):
            return {}  # free-form JSON, which may have anything
        inner = value.get("properties", {}).get(step.removesuffix("[]"))
        if not isinstance(inner, dict):
            return None
        value = _resolved(schema, inner)
        if step.endswith("[]"):
            value = _resolved(schema, value.get("items", {}))
    return value
