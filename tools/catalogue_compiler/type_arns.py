"""Join CloudFormation's types with IAM's resource types: the shape of their ARNs, and which property gives what of it.

The two are named alike (`AWS::SQS::Queue`, `sqs:queue`), by services whose prefix other types of the service have in
their handlers or in CDK's ARN templates. A shape that is joined so recognises an ARN; it is no ground to grant on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from catalogue_compiler.templates import service_of
from catalogue_compiler.type_schemas import Columns, folded, is_text_at, paths, property_at

PLACE: Final = frozenset({"Partition", "Region", "Account"})
_VARIABLE: Final = re.compile(r"\$\{([^{}]+)\}")
_ENDINGS: Final = ("", "s", "es", "resource")
_WORDS: Final = {
    "id": ("id", "identifier"),
    "name": ("name", "identifier", "id"),
    "identifier": ("identifier", "id", "name"),
}
"""By the word that a variable of an ARN ends in: the words that a property which gives it may end in."""


class ArnFormats:
    """IAM's resource types and their ARN formats, by service, out of a snapshot's chunks."""

    def __init__(self, chunks: Mapping[tuple[str, str], Any]) -> None:
        self.by_service: dict[str, list[tuple[str, list[str]]]] = {
            name: [(row[0], row[1]) for row in value["r"]]
            for (kind, name), value in chunks.items()
            if kind == "service"
        }

    def joined(self, type_name: str, prefixes: Iterable[str]) -> list[str]:
        """The ARN formats of the resource types of IAM that are named like a type, the likeliest first."""
        own_name = folded(type_name.rpartition("::")[2])
        return [
            format_
            for prefix in prefixes
            for ending in _ENDINGS
            for name, formats in self.by_service.get(prefix, ())
            if folded(name) == own_name + ending
            for format_ in formats
        ]

    def names(self, format_: str) -> list[str]:
        """The resource types of IAM (`sqs:queue`) whose ARNs are of a format; variables may have other names."""
        prefix = format_.split(":")[2]
        bare_format = _bare(format_)
        return [
            f"{prefix}:{name}"
            for name, formats in self.by_service.get(prefix, ())
            if any(_bare(known_format) == bare_format for known_format in formats)
        ]


def prefixes_by_service(
    templates: Mapping[str, str], handlers: Mapping[str, Mapping[str, list[str]]]
) -> dict[str, list[str]]:
    """The prefixes of actions and ARNs that a service of CloudFormation's has, the commonest first."""
    counts: dict[str, Counter[str]] = {}
    for name, template in templates.items():
        # A template names the prefix outright, a handler only calls it: it outweighs any number of handlers.
        counts.setdefault(service_of(name), Counter())[template.split(":")[2]] += 100
    for name, verbs in handlers.items():
        called = Counter(permission.partition(":")[0].lower() for permission in verbs.get("create", ()))
        # Handlers of most services call these four beside their own.
        typical = [prefix for prefix, _ in called.most_common() if prefix not in ("iam", "kms", "ec2", "logs")]
        counts.setdefault(service_of(name), Counter()).update(typical[:1])
    prefixes: dict[str, list[str]] = {}
    for service, count in counts.items():
        prefixes[service] = sorted(count, key=lambda prefix: (-count[prefix], prefix))
        service_prefix = service.partition("::")[2].lower()
        if service_prefix not in count:
            prefixes[service].append(service_prefix)
    return prefixes


def variables(format_: str) -> list[str]:
    """The variables of an ARN's format that a resource gives, in order."""
    return [name for name in _VARIABLE.findall(format_) if name not in PLACE]


def variables_by_property(schema: Mapping[str, Any], format_: str, ref_of: list[str]) -> dict[str, str]:
    """Map each variable of a type's ARN to the property or attribute that gives it; one that none gives is not there.

    In this order: the property that is called so (`QueueName`), the type's own (`Name` for `QueueName`, `Id` for
    `FleetId`), for the last variable the identifier, if that is one property and no ARN.
    """
    path_by_variable: dict[str, str] = {}
    names = variables(format_)
    own_name = folded(schema["typeName"].rpartition("::")[2])
    by_spelling = {folded(name): name for name in schema["properties"] if is_text_at(schema, name)}
    for variable in names:
        exact = by_spelling.get(folded(variable))
        if exact is not None:
            path_by_variable[variable] = exact
    # A name before an id: of `${BridgeId}:${BridgeName}`, `Name` gives the second.
    for variable in sorted(names, key=lambda name: not name.endswith("Name")):
        for candidate in _spellings(folded(variable), own_name):
            path = by_spelling.get(candidate)
            if variable not in path_by_variable and path is not None and path not in path_by_variable.values():
                path_by_variable[variable] = path
    last = names[-1] if names else ""
    if last and last not in path_by_variable and _may_be(last, ref_of, path_by_variable.values(), schema):
        path_by_variable[last] = ref_of[0]
    return {name: path_by_variable[name] for name in names if name in path_by_variable}


def _may_be(variable: str, ref_of: list[str], used: Collection[str], schema: Mapping[str, Any]) -> bool:
    """Return whether the identifier may be the last variable of the ARN.

    A name that is given is not an id that AWS makes.
    """
    if len(ref_of) != 1:
        return False
    (identifier,) = ref_of
    if identifier in used or identifier.endswith(("Arn", "ARN", "Url")):
        return False
    if identifier in paths(schema, "readOnlyProperties"):
        return True
    return not folded(variable).endswith(("id", "random6"))


def naming(schema: Mapping[str, Any], arn: str, by_variable: Mapping[str, str], ref_of: list[str]) -> Columns:
    """The property that names a type's resources, whether that is its identity or a label, and its limits."""
    read_only = set(paths(schema, "readOnlyProperties"))
    fixed = set(paths(schema, "createOnlyProperties"))
    names = variables(arn)
    last = [by_variable[names[-1]]] if names and names[-1] in by_variable else []
    candidates = [path for path in last if path not in read_only and not path.endswith(("Arn", "ARN"))]
    short = schema["typeName"].rpartition("::")[2]
    candidates += [path for path in ref_of[-1:] if path not in read_only and _names_itself(path, short)]
    candidates += [name for name in ("Name", f"{short}Name", f"{short}Identifier") if name not in read_only]
    text_candidates = [path for path in candidates if is_text_at(schema, path) and (path != "Id" or path in fixed)]
    if not text_candidates:
        return {}
    name = text_candidates[0]
    identifies = name in fixed and (name in ref_of or name in by_variable.values())
    columns: Columns = {"name": name, "name_is": "identity" if identifies else "label"}
    return columns | name_limits(schema, name)


def _names_itself(path: str, short: str) -> bool:
    """Return whether a property is called like a type's name.

    GroupName of a UserPoolGroup, not the Bucket of its policy.
    """
    stem, _, word = path.rpartition("Name")
    return not word and folded(short).endswith(folded(stem))


def name_limits(schema: Mapping[str, Any], path: str) -> Columns:
    """The pattern and the least and most characters of a name; none where the property takes an ARN as well."""
    described = property_at(schema, path) or {}
    pattern = described.get("pattern", "")
    columns: Columns = {"name_pattern": pattern} if pattern and "arn" not in pattern.lower() else {}
    if not re.search(r"\barn\b|arn:", pattern.lower()):
        columns |= {"name_most": described["maxLength"]} if "maxLength" in described else {}
        columns |= {"name_least": described["minLength"]} if described.get("minLength") else {}
    return columns


def _spellings(variable: str, own_name: str) -> list[str]:
    """How a property may be called that gives a variable, the likeliest first. A name never gives what is an id."""
    spellings: list[str] = []
    for word, endings in _WORDS.items():
        is_uuid = word == "id" and variable.endswith("uuid")
        if variable.endswith(word) and not is_uuid:
            stem = variable.removesuffix(word)
            if stem and own_name.endswith(stem):  # the variable is called like the type
                spellings += [f"{own_name}{ending}" for ending in endings]
                spellings += endings
            if stem:
                spellings += [f"{stem}{ending}" for ending in endings]
            if word == "name" or stem == own_name:
                spellings.append(stem)
    if variable in ("resourceid", "resourcename"):
        word = variable.removeprefix("resource")
        spellings += [f"{own_name}{word}", word]
    if variable == own_name:
        spellings += [f"{own_name}id", f"{own_name}name", "id", "name"]
    return spellings


def _bare(format_: str) -> str:
    return _VARIABLE.sub("*", format_).lower()
