"""The access that an API operation needs: by its own name, the map, a row kept by hand, or its documentation.

A client's chunk: `o` the operations that are called as their action is, as distances between positions in the
service's sorted actions, by prefix; `r` rows for the others and for those whose parameters are not named as
the ARN's variables are, each a list of [action, {variable: templates}, condition or null, certain]; `n`
operations with no known action; `f` operations that are not signed; `p` parameters that take a role, by
operation.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.operation_docs import actions as actions_in_documentation
from catalogue_compiler.operation_docs import unsigned
from catalogue_compiler.source_files import Chunks, document, kept_by_hand
from catalogue_compiler.type_schemas import folded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = list[Any]
_PARAMETER: Final = re.compile(r"\$\{[A-Za-z][\w.\[\]-]*\}")
_REGEX: Final = re.compile(r"%%regex%(\$\{[\w.\[\]]+)\}%(.*)%%", re.DOTALL)
_MANY: Final = re.compile(r"%%many%(.*)%%", re.DOTALL)
_ROLE: Final = re.compile(r"(?i)(role_?arn|^role|executionrole|servicerole)$")
_BY_DEFAULT: Final = ("NotExists", "NotEquals")
# What the map's expressions do, of those that occur often; a template with another one is left out.
_TRANSFORMS: Final = {
    r"/^(?:.+\/)?(.+)$/g": "last",
    r"/^.+\/(.+?)$/g": "last",
    r"/^(?:.+?\/)?(.+)$/g": "last",
    r"/^(?:^arn\:aws\:.+function\:|^[0-9]{12}\:function\:)?([^:]+?)(?:\:[^:]+)?$/g": "function",
}
_BY_METHOD: Final = ("apigateway", "apigatewayv2")
_BY_HAND: Final = kept_by_hand("operations")


def operations(botocore: Path, mapping: Path, actions: dict[str, list[str]]) -> Chunks:
    """The chunks `operations`, one per client of botocore, and `clients`, their names and prefixes."""
    action_names = {
        f"{prefix}:{name}".lower(): f"{prefix}:{name}" for prefix, names in actions.items() for name in names
    }
    mapped = _mapped(document(mapping), action_names)
    chunks: Chunks = {}
    clients: dict[str, list[Any]] = {}
    for client, model in models(botocore):
        compiled = _client(client, model, mapped, (action_names, actions))
        chunks["operations", client] = compiled
        reached = {row[0].split(":")[0] for rows in compiled["r"].values() for row in rows}
        clients[client] = [model["metadata"]["serviceId"], sorted({*compiled["o"], *reached})]
    chunks["clients", ""] = clients
    return chunks


def called(chunks: Chunks) -> Iterator[tuple[str, str, str]]:
    """Yield every (client, operation, action) of the rows, for the checks."""
    for (kind, client), value in chunks.items():
        if kind == "operations":
            for operation, rows in value["r"].items():
                yield from ((client, operation, row[0]) for row in rows)


def models(botocore: Path) -> Iterator[tuple[str, Any]]:
    """Yield each client and the newest version of its model, by name."""
    for folder in sorted(path for path in botocore.iterdir() if path.is_dir()):
        # The folders are dates: the last one is the newest version of the API.
        files = sorted(folder.glob("*/service-2.json*"))
        if files:
            yield folder.name, document(files[-1])


@cache
def _rows_by_hand() -> dict[str, list[Row]]:
    """The rows of `operations.toml`, by the client and the operation: `s3.GetObject`."""
    rows_by_operation: dict[str, list[Row]] = {}
    for operation_names, action, templates, is_certain, *conditions in _BY_HAND["rows"]:
        arguments = {variable: [template] for variable, template in templates.items()}
        rows: list[Row] = [[action, arguments, None, int(is_certain)]]
        if conditions:
            parameters, test, *values = conditions[0]
            value = values[0] if values else None
            rows = [[action, arguments, [parameter, test, value], int(is_certain)] for parameter in parameters.split()]
        for name in operation_names.split():
            rows_by_operation.setdefault(name, []).extend(rows)
    return rows_by_operation


def _client(
    client: str,
    model: Any,
    mapped: dict[str, dict[str, list[Row]]],
    facts: tuple[dict[str, str], dict[str, list[str]]],
) -> dict[str, Any]:
    """The chunk of a client: operations that need only their own action (by position), rows of others, unknown ones.

    Actions come from the map, from the models' documentation, or from the operation's own name.
    """
    action_names, actions = facts
    metadata = model["metadata"]
    called = (_BY_HAND["prefixes"].get(client), metadata.get("signingName"), metadata["endpointPrefix"], client)
    prefixes = [name for name in dict.fromkeys(called) if name in actions]
    from_map = mapped.get(folded(metadata["serviceId"]), {})
    own_positions: dict[str, list[int]] = {}
    rows: dict[str, list[Row]] = {}
    unknown: list[str] = []
    for name in sorted(model["operations"]):
        action = next(
            (action_names[key] for prefix in prefixes if (key := f"{prefix}:{name}".lower()) in action_names), None
        )
        operation = model["operations"][name]
        path = _path(model, operation) if client in _BY_METHOD else ""
        operation_rows = _rows(client, name, operation, path, (action, from_map.get(name.lower(), [])))
        if not operation_rows and not action:
            related = _BY_HAND["related"].get(client, ())
            documented = actions_in_documentation(operation, name, (*prefixes, *related), action_names)
            # Where it is one of several, each is only possible.
            operation_rows = [[action_name, {}, None, int(len(documented) == 1)] for action_name in documented]
        if operation_rows:
            rows[name] = operation_rows
        elif action:
            prefix, bare = action.split(":")
            own_positions.setdefault(prefix, []).append(actions[prefix].index(bare))
        else:
            unknown.append(name)
    compiled: dict[str, Any] = {
        "o": {prefix: distances(positions) for prefix, positions in sorted(own_positions.items())},
        "r": rows,
    }
    optional_fields = {"n": unknown, "f": _free(client, model), "p": _passes(client, model)}
    return compiled | {key: value for key, value in optional_fields.items() if value}


def _rows(client: str, name: str, operation: Any, path: str, mapped_rows: tuple[str | None, list[Row]]) -> list[Row]:
    """The rows of one operation; none when its own action and the names of its parameters say it all."""
    action, mapped = mapped_rows
    if f"{client}.{name}" in _rows_by_hand():
        return _rows_by_hand()[f"{client}.{name}"]
    if path:
        return [[f"apigateway:{operation['http']['method']}", {"arn": [path]}, None, 1]]
    if action is None:
        return mapped
    further_rows = [[*row[:3], 0] for row in mapped if row[0] != action]
    arguments: dict[str, list[str]] = next((row[1] for row in mapped if row[0] == action), {})
    if arguments or further_rows or not action.endswith(f":{name}"):
        return [[action, arguments, None, 1], *further_rows]
    return []


def _path(model: Any, operation: Any) -> str:
    """The ARN of what an HTTP path of API Gateway names, with the parameters that fill it."""
    members = model["shapes"].get(operation.get("input", {}).get("shape"), {}).get("members", {})
    by_place = {member.get("locationName", name): name for name, member in members.items()}
    path = re.sub(
        r"\{(\w+)\+?\}",
        lambda match: f"${{{by_place.get(match[1], match[1])}}}",
        operation["http"]["requestUri"].split("?")[0],
    )
    return f"arn:${{Partition}}:apigateway:${{Region}}::{path.removeprefix('/v2').rstrip('/') or '/'}"


def distances(positions: list[int]) -> list[int]:
    """Places in order, each as its distance from the one before."""
    ordered = sorted(positions)
    return [position - before for position, before in zip(ordered, [0, *ordered], strict=False)]


def _free(client: str, model: Any) -> list[str]:
    """Operations that need no permission: unsigned, or known to be free."""
    return sorted(
        name
        for name, operation in model["operations"].items()
        if operation.get("authtype") == "none"
        or operation.get("auth") == ["smithy.api#noAuth"]
        or f"{client}.{name}" in _BY_HAND["free"]
        or unsigned(model, operation)
    )


def _passes(client: str, model: Any) -> dict[str, list[str]]:
    """Parameters that look as if they took a role: top-level ones, and one level down."""
    # The roles that these take are what their calls are about: nothing is handed over.
    if client in ("sts", "iam"):
        return {}
    role_parameters: dict[str, list[str]] = {}
    for name, operation in model["operations"].items():
        paths = [path for path in _members(model, operation) if _ROLE.search(path.rsplit(".")[-1])]
        if paths and not name.startswith(("List", "Describe", "Get")):
            role_parameters[name] = sorted(paths)
    return dict(sorted(role_parameters.items()))


def _members(model: Any, operation: Any) -> Iterator[str]:
    """The parameters of an operation that are text, and those one structure below, as `Name.Inner`."""
    shapes = model["shapes"]
    for name, member in shapes.get(operation.get("input", {}).get("shape"), {}).get("members", {}).items():
        shape = shapes[member["shape"]]
        if shape["type"] == "string":
            yield name
        for inner, target in shape.get("members", {}).items() if shape["type"] == "structure" else ():
            if shapes[target["shape"]]["type"] == "string":
                yield f"{name}.{inner}"


def _mapped(document: Any, action_names: dict[str, str]) -> dict[str, dict[str, list[Row]]]:
    """The map's rows by client and operation, of actions that exist; PassRole is never taken from it."""
    rows_by_client: dict[str, dict[str, list[Row]]] = {}
    for name, entries in document["sdk_method_iam_mappings"].items():
        client, operation = name.split(".", 1)
        rows: dict[str, Row] = {}
        for entry in entries:
            action = action_names.get(entry["action"].lower())
            if action is not None and action != "iam:PassRole":
                when = entry.get("conditions")
                condition = [when["lhs"], when["op"], when.get("rhs")] if when else None
                certain = int(condition is None or condition[1] in _BY_DEFAULT)
                rows.setdefault(action, [action, _arguments(entry), condition, certain])
        if rows:
            rows_by_client.setdefault(folded(client), {})[operation.lower()] = list(rows.values())
    return rows_by_client


def _arguments(entry: dict[str, Any]) -> dict[str, list[str]]:
    """Variables of ARN formats and what fills them, where no parameter has the same name."""
    arguments: dict[str, list[str]] = {}
    for variable, mapping in entry.get("resource_mappings", {}).items():
        templates = list(_templates(mapping.get("template", "")))
        if templates and templates != [f"${{{variable}}}"]:
            arguments[variable] = templates
    for kind, template in entry.get("resourcearn_mappings", {}).items():
        if _PARAMETER.fullmatch(template):
            arguments[f"arn {kind}"] = [template]
    override = entry.get("arn_override", {}).get("template", "")
    if _PARAMETER.fullmatch(override) or (override.startswith("arn:") and "%%" not in override):
        arguments["arn"] = [override]
    return dict(sorted(arguments.items()))


def _templates(text: str) -> Iterator[str]:
    """The templates of parameters in a text of the map; none of a text in a form that is not known."""
    if _PARAMETER.fullmatch(text):
        yield text
    elif (match := _REGEX.fullmatch(text)) and match[2] in _TRANSFORMS:
        yield f"{match[1]}|{_TRANSFORMS[match[2]]}}}"
    elif match := _MANY.fullmatch(text):
        yield from (part for part in match[1].split("%") if _PARAMETER.fullmatch(part))
