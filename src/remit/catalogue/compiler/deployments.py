"""Put into the types' rows what deploying a resource asks of whoever deploys, and refuse what is stale of it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.compiler.checks import refuse_stale
from remit.catalogue.compiler.services import names_of
from remit.catalogue.compiler.templates import service_of
from remit.catalogue.compiler.type_deployments import (
    API_PATHS,
    FURTHER_CALLS,
    LINKED_ROLES,
    OPTIONAL_CALLS,
    PASSES_TO,
    SIDE_RESOURCES,
    USUALLY_PASSES_TO,
)
from remit.catalogue.compiler.type_schemas import property_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.catalogue.compiler.types import TypeTable

Chunks = dict[tuple[str, str], Any]
_CALLED_BY_SOME_TYPE: Final[tuple[tuple[Mapping[str, str], str], ...]] = (
    (API_PATHS, "apigateway:*"),
    (LINKED_ROLES, "iam:CreateServiceLinkedRole"),
    (PASSES_TO, "iam:PassRole"),
    (USUALLY_PASSES_TO, "iam:PassRole"),
)
_UPDATE_POLICY: Final = "UpdatePolicy"  # an attribute of a resource, which counts as one of its properties


def put_deployments(table: TypeTable) -> None:
    """Give each type of the table its column `deployment`."""
    for name in table.rows:
        column = {
            "optional_calls": OPTIONAL_CALLS.get(name, ()),
            "further_calls": FURTHER_CALLS.get(name, ()),
            "linked_roles": [_principal(text) for text in _words(LINKED_ROLES, name)],
            "passes_to": [_principal(text) for text in _words(PASSES_TO, name)],
            "usually_passes_to": [_principal(text) for text in _words(USUALLY_PASSES_TO, name)],
            "api_paths": _words(API_PATHS, name),
            "side_resources": SIDE_RESOURCES.get(name, {}),
        }
        table.put(name, {"deployment": {key: value for key, value in column.items() if value}}, "curated")


def check_deployments(chunks: Chunks, schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """RemitError: a row kept by hand names a type, an action, a property or a kind of IAM's that is gone."""
    called = _actions_by_type(chunks)
    refuse_stale([*_uncalled(called), *_gone(called, schemas), *_no_kinds(chunks)])


def _words(rows: Mapping[str, str], name: str) -> list[str]:
    """The row of a type, else that of its service, in its parts."""
    return rows.get(name, rows.get(service_of(name), "")).split()


def _principal(text: str) -> str:
    return text if text.startswith("${") else f"{text}.amazonaws.com"


def _actions_by_type(chunks: Chunks) -> dict[str, set[str]]:
    """Map each type to the actions that its handlers call, and those that its service asks for beside."""
    names = names_of(chunks)
    called: dict[str, set[str]] = {}
    for (kind, _), chunk in chunks.items():
        if kind == "handlers":
            exact = [f"{prefix}:{names[prefix][at]}" for prefix, far in chunk["a"].items() for at in accumulate(far)]
            actions = [*exact, *chunk["x"]]
            for name, verbs in chunk["h"].items():
                called[name] = {actions[at] for places in verbs.values() for at in accumulate(places)}
    return called


def _uncalled(called: Mapping[str, set[str]]) -> Iterator[str]:
    """Rows about an action that no type of theirs calls."""
    for rows, pattern in _CALLED_BY_SOME_TYPE:
        for name in rows:
            actions = {
                action
                for type_name in called
                if name in (type_name, service_of(type_name))
                for action in (*called[type_name], *_further_actions(type_name))
            }
            if not any(fnmatchcase(action, pattern) for action in actions):
                yield f"{name}: it calls no {pattern}"


def _further_actions(name: str) -> list[str]:
    return [action for actions, _ in FURTHER_CALLS.get(name, ()) for action in actions.split()]


def _gone(called: Mapping[str, set[str]], schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Actions that no handler calls, or that one calls anyway, and properties that no schema has."""
    for name, pairs in OPTIONAL_CALLS.items():
        for pattern in (pattern for patterns, _ in pairs for pattern in patterns.split()):
            if not any(fnmatchcase(action, pattern) for action in called.get(name, ())):
                yield f"{name}: its handlers call no {pattern}"
        yield from _no_properties(name, (properties for _, properties in pairs), schemas)
    for name, pairs in FURTHER_CALLS.items():
        for action in _further_actions(name):
            if action in called.get(name, ()):
                yield f"{name}: its handlers call {action} all the same"
        yield from _no_properties(name, (properties for _, properties in pairs), schemas)


def _no_properties(name: str, lists: Iterable[str], schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    schema = schemas.get(name, {})
    for properties in lists:
        for path in properties.split():
            if path != _UPDATE_POLICY and property_at(schema, path) is None:
                yield f"{name}: there is no property {path}"


def _no_kinds(chunks: Chunks) -> Iterator[str]:
    kinds = {
        f"{prefix}:{row[0]}" for (kind, prefix), value in chunks.items() if kind == "service" for row in value["r"]
    }
    for name, ends in SIDE_RESOURCES.items():
        for kind in ends.keys() - kinds:
            yield f"{name}: IAM has no resource type {kind}"
