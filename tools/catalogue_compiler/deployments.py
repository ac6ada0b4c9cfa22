"""Put into the types' rows what deploying a resource asks of whoever deploys, and refuse what is stale of it."""

from __future__ import annotations

import fnmatch
from fnmatch import fnmatchcase
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.checks import refuse_stale
from catalogue_compiler.services import names_of
from catalogue_compiler.source_files import Chunks, kept_by_hand
from catalogue_compiler.templates import service_of
from catalogue_compiler.type_schemas import property_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalogue_compiler.types import TypeTable

_ROWS: Final = kept_by_hand("deployments")
_CALLED_BY_SOME_TYPE: Final = (
    ("api_paths", "apigateway:*"),
    ("linked_roles", "iam:CreateServiceLinkedRole"),
    ("passes_to", "iam:PassRole"),
    ("usually_passes_to", "iam:PassRole"),
)
_UPDATE_POLICY: Final = "UpdatePolicy"  # an attribute of a resource, which counts as one of its properties


def put_deployments(table: TypeTable) -> None:
    """Give each type of the table its column `deployment`."""
    for name in table.rows:
        column = {
            "optional_calls": _ROWS["optional_calls"].get(name, ()),
            "further_calls": _ROWS["further_calls"].get(name, ()),
            "linked_roles": [_principal(text) for text in _words("linked_roles", name)],
            "passes_to": [_principal(text) for text in _words("passes_to", name)],
            "usually_passes_to": [_principal(text) for text in _words("usually_passes_to", name)],
            "api_paths": _words("api_paths", name),
            "side_resources": _ROWS["side_resources"].get(name, {}),
        }
        table.put(name, {"deployment": {key: value for key, value in column.items() if value}}, "curated")


def documented_handlers(chunks: Chunks) -> dict[str, dict[str, str]]:
    """What the API reference says of each type's handlers: the actions by handler, in one text."""
    rows: dict[str, dict[str, str]] = {}
    for pattern, actions_by_verb in _ROWS["documented_handlers"].items():
        for name in fnmatch.filter(chunks["type-names", ""], pattern):
            bare = name.rpartition("::")[2]
            rows[name] = {verb: actions.replace("{type}", bare) for verb, actions in actions_by_verb.items()}
    return rows


@cache
def _rows(table: str) -> dict[str, str]:
    """A table's rows by type or service, those of `own_name` among them."""
    own_names = {name: service_of(name).partition("::")[2].lower() for name in _ROWS["own_name"].get(table, ())}
    return {**own_names, **_ROWS[table]}


def _words(table: str, name: str) -> list[str]:
    """The row of a type, else that of its service, in its parts."""
    rows = _rows(table)
    return rows.get(name, rows.get(service_of(name), "")).split()


def _principal(text: str) -> str:
    return text if text.startswith("${") else f"{text}.amazonaws.com"


def check_deployments(chunks: Chunks, schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """RemitError: a row kept by hand names a type, an action, a property or a kind of IAM's that is gone."""
    called = _actions_by_type(chunks)
    kinds = {f"{prefix}:{row[0]}" for (kind, prefix), data in chunks.items() if kind == "service" for row in data["r"]}
    unlisted = [(name, kind) for name, ends in _ROWS["side_resources"].items() for kind in ends.keys() - kinds]
    no_kinds = [f"{name}: IAM has no resource type {kind}" for name, kind in unlisted]
    refuse_stale([*_uncalled(called), *_gone(called, schemas), *no_kinds])


def _actions_by_type(chunks: Chunks) -> dict[str, set[str]]:
    """Map each type to the actions that its handlers call, and those that its service asks for beside."""
    names = names_of(chunks)
    called: dict[str, set[str]] = {}
    for (kind, _), chunk in chunks.items():
        if kind == "handlers":
            exact = [f"{prefix}:{names[prefix][at]}" for prefix, far in chunk["a"].items() for at in accumulate(far)]
            actions = [*exact, *chunk["x"]]
            for name, verbs in chunk["h"].items():
                called[name] = {actions[at] for positions in verbs.values() for at in accumulate(positions)}
    return called


def _uncalled(called: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield the rows about an action that no type of theirs calls."""
    for table, pattern in _CALLED_BY_SOME_TYPE:
        for name in _rows(table):
            types = [type_name for type_name in called if name in (type_name, service_of(type_name))]
            actions = [action for type_name in types for action in called[type_name]]
            further_calls = [pair for type_name in types for pair in _ROWS["further_calls"].get(type_name, ())]
            actions += (action for called_actions, _ in further_calls for action in called_actions.split())
            if not any(fnmatchcase(action, pattern) for action in actions):
                yield f"{name}: it calls no {pattern}"


def _gone(called: Mapping[str, set[str]], schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield actions that no handler calls, or that one calls anyway, and properties that no schema has."""
    for table in ("optional_calls", "further_calls"):
        for name, pairs in _ROWS[table].items():
            handler_actions = called.get(name, set())
            for pattern in (pattern for patterns, _ in pairs for pattern in patterns.split()):
                is_called = any(fnmatchcase(action, pattern) for action in handler_actions)
                if table == "optional_calls" and not is_called:
                    yield f"{name}: its handlers call no {pattern}"
                elif table == "further_calls" and is_called:
                    yield f"{name}: its handlers call {pattern} all the same"
            for path in (path for _, properties in pairs for path in properties.split()):
                if path != _UPDATE_POLICY and property_at(schemas.get(name, {}), path) is None:
                    yield f"{name}: there is no property {path}"
