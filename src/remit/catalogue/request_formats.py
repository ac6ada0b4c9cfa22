"""How HTTP requests spell the operations of AWS's APIs and their parameters.

The facts stand in a file beside the catalogue's snapshot, which only the AWS on this machine reads. The module of the
same name in `tools/catalogue_compiler` says what its chunks hold.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from remit.catalogue import snapshot

FILE: Final = os.path.join(snapshot.OWN, snapshot.FORMATS)


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a REST API.

    `segments` are the parts of the path between its slashes: texts, or parameters in braces; one that ends in `+`
    takes all the rest. `query` and `headers` (in lower case) must be there; a query's value only where it is not None.
    `has_closing_slash` says that the URI ends in a slash.
    """

    segments: tuple[str, ...]
    operation: str
    query: tuple[tuple[str, str | None], ...]
    headers: tuple[str, ...]
    has_closing_slash: bool = False
    literals: tuple[tuple[int, str], ...] = field(init=False, compare=False)
    """The segments that are texts, each with its place."""

    def __post_init__(self) -> None:
        texts = [(position, text) for position, text in enumerate(self.segments) if not text.startswith("{")]
        object.__setattr__(self, "literals", tuple(texts))

    def may_have(self, length: int) -> bool:
        """Return whether a path of so many segments may be one of this route."""
        shortest = len(self.segments)
        return length == shortest or (length > shortest and self.segments[-1].endswith("+}"))


@dataclass(frozen=True, slots=True)
class ParameterFormat:
    """The place of an operation's parameters in a request.

    `places` gives for a parameter `uri`, `query`, `header` or `headers`, and the name there. `payload` is the parameter
    that is the body, `is_raw` says that it is no structure. `body` is how the body spells its members. `kinds` says of
    every parameter whether it is a `text`, a `list`, a `mapping`, a `scalar` or `any` of these.
    """

    places: Mapping[str, tuple[str, str]]
    payload: str | None
    is_raw: bool
    body: Any
    kinds: Mapping[str, str]
    wire_names: Mapping[str, str] = field(init=False, compare=False)
    """The parameters of the body by what it calls them."""
    headers: Mapping[str, str] = field(init=False, compare=False)
    """The parameters that are headers by the names of these, in lower case."""

    def __post_init__(self) -> None:
        spelling = self.body if isinstance(self.body, dict) else {}
        names = {wire: member if isinstance(member, str) else member[0] for wire, member in spelling.items()}
        spelled = frozenset(names.values())
        names |= {name: name for name in self.kinds if name not in self.places and name not in spelled}
        object.__setattr__(self, "wire_names", names)
        headers = {name.lower(): member for member, (place, name) in self.places.items() if place == "header"}
        object.__setattr__(self, "headers", headers)


@cache
def _store() -> snapshot.Store:
    """The file of the formats."""
    return snapshot.Store(os.path.join(snapshot.folder(), snapshot.FORMATS))


@cache
def _index() -> dict[str, dict[str, list[str]]]:
    """The clients by the names that requests have for them, by the kind of name."""
    index: dict[str, dict[str, list[str]]] = _store().chunk("index", "")
    return index


@lru_cache(maxsize=512)
def _client(client: str) -> dict[str, Any]:
    """What the file says of a client; no operations of one that it does not have."""
    return _store().chunk("client", client) or {"o": []}


def clients_signed_for(signing_name: str) -> tuple[str, ...]:
    """The clients whose requests are signed for a name (`dynamodb`); none where nobody signs for it."""
    return tuple(_index()["signing"].get(signing_name, ()))


def clients_of_target(target: str) -> tuple[str, ...]:
    """The clients of a service as X-Amz-Target and the paths of RPC name it (`DynamoDB_20120810`)."""
    return tuple(_index()["target"].get(target, ()))


def _name_of(client: str, kind: str) -> str | None:
    """The name of a kind that stands for a client; None where none does."""
    return next((name for name, clients in _index()[kind].items() if client in clients), None)


def signing_name(client: str) -> str:
    """The name that a client's requests are signed for (`apigateway` of `apigatewayv2`)."""
    return _name_of(client, "signing") or client


def target(client: str) -> str | None:
    """The service as X-Amz-Target of a client's requests names it; None for a client of another protocol."""
    return _name_of(client, "target")


def signing_names() -> frozenset[str]:
    """Every name that requests are signed for."""
    return frozenset(_index()["signing"])


def version(client: str) -> str | None:
    """The version that requests of the query protocol state; None for a client of another protocol."""
    stated_version: str | None = _client(client).get("v")
    return stated_version


@lru_cache(maxsize=512)
def _routes(client: str) -> Mapping[str, tuple[Route, ...]]:
    """The routes of a client's REST API by their method."""
    routes_by_method: dict[str, list[Route]] = {}
    facts = _client(client)
    # Clients of other protocols have operations, and no routes.
    for operation, (method, uri, query, headers) in zip(facts["o"], facts.get("r", ()), strict=False):
        pairs = tuple((name, value) for name, value in query)
        closes = len(uri) > 1 and uri.endswith("/")
        route = Route(tuple(uri.strip("/").split("/")), operation, pairs, tuple(headers), closes)
        routes_by_method.setdefault(method, []).append(route)
    return {method: tuple(routes) for method, routes in routes_by_method.items()}


def reading_route(client: str, operation: str) -> Route:
    """The route of an operation of a REST API that reads. StopIteration: it has none."""
    return next(route for route in _routes(client)["GET"] if route.operation == operation)


@lru_cache(maxsize=2048)
def routes(client: str, method: str, length: int) -> tuple[Route, ...]:
    """The routes of a client's REST API for a method and paths of so many segments; none where it has no such API."""
    return tuple(route for route in _routes(client).get(method, ()) if route.may_have(length))


@lru_cache(maxsize=4096)
def parameter_format(client: str, operation: str) -> ParameterFormat | None:
    """Return the places of an operation's parameters; None where no model has the operation."""
    operations = _client(client)["o"]
    if operation not in operations:
        return None
    places, payload, body, parameters_by_kind = json.loads(_lines(client)[operations.index(operation)])
    kinds = {parameter: kind for kind, parameters in parameters_by_kind.items() for parameter in parameters}
    return ParameterFormat(
        {name: (kind, wire_name) for name, (kind, wire_name) in places.items()},
        None if payload is None else payload[0],
        payload is not None and payload[1] == "raw",
        body,
        kinds,
    )


@lru_cache(maxsize=512)
def _lines(client: str) -> tuple[str, ...]:
    """The formats of a client's parameters, each still JSON text, in the order of its operations."""
    return _store().lines("member-lines", client)
