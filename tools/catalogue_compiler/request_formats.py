"""How HTTP requests spell the operations of AWS's APIs and their parameters, out of botocore's models.

They fill a file of their own, since only the AWS on this machine reads them. Its chunks:

- `index`: `signing`, the clients by the name that requests are signed for; `target`, by the service's name in
  X-Amz-Target and in RPC paths.
- `client`: `v` the version that the query protocol states; `o` the operations, those that are deprecated last; `r` the
  route of each in a REST API, [method, URI template, [[query name, value or null], …], [header, …]] with what must be
  there.
- `member-lines`: the parameters of each operation, [{parameter: [place, name]}, payload, body, {kind: [parameter, …]}].
  A place is `uri`, `query`, `header` or `headers` (all that begin so). A kind is `text` (also of bytes), `list`,
  `mapping`, `scalar` or `any`. The payload is the parameter that is the whole body, `raw` where it is no structure. A
  body is a structure {name: parameter or [parameter, value]} without its members of plain text that are called alike, a
  list ["list", name of an item, value] or a map ["map", name of an entry, key, value's name, value].

Source: botocore's `service-2.json`, read as `botocore/serialize.py` does (Apache-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalogue_compiler.operations import models

if TYPE_CHECKING:
    from pathlib import Path

    from catalogue_compiler.source_files import Chunks

_DEPTH: Final = 6  # of structures in structures: what decides on access stands above
_REST: Final = frozenset({"rest-json", "rest-xml"})
_FORMS: Final = frozenset({"query", "ec2"})
_KINDS: Final = {
    "string": "text", "character": "text", "blob": "text", "list": "list", "map": "mapping", "structure": "mapping",
}  # fmt: skip
_PLACES: Final = {"uri": "uri", "querystring": "query", "header": "header", "headers": "headers"}


def request_formats(botocore: Path) -> Chunks:
    """The chunks of every client of botocore."""
    chunks: Chunks = {}
    signing: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for client, model in models(botocore):
        metadata = model["metadata"]
        signing.setdefault(metadata.get("signingName") or metadata["endpointPrefix"], []).append(client)
        if "targetPrefix" in metadata:
            targets.setdefault(metadata["targetPrefix"], []).append(client)
        protocols = {metadata["protocol"], *metadata.get("protocols", ())}
        chunks["client", client], chunks["member-lines", client] = _client(model, protocols)
    chunks["index", ""] = {"signing": signing, "target": targets}
    return chunks


def _client(model: dict[str, Any], protocols: set[str]) -> tuple[dict[str, Any], list[Any]]:
    """The chunk of a client (operations, routes or version) and a row of parameters for each operation.

    Operations are in the order of names, deprecated ones last.
    """
    protocol = next(iter(protocols & (_REST | _FORMS)), "json")
    members = _Members(model["shapes"], protocol)
    by_name = sorted(model["operations"].items())
    # Where two operations have one route, a request means the one that is not deprecated: the first is taken.
    operations = sorted(by_name, key=lambda named: bool(named[1].get("deprecated")))
    chunk: dict[str, Any] = {"o": [name for name, _ in operations]}
    if protocol in _REST:
        chunk["r"] = [members.route(operation) for _, operation in operations]
    elif protocol in _FORMS or "awsQueryCompatible" in model["metadata"]:
        chunk["v"] = model["metadata"]["apiVersion"]
    return chunk, [members.row(operation) for _, operation in operations]


class _Members:
    """Reads the input shapes of one model as its protocol's serializer does."""

    def __init__(self, shapes: dict[str, Any], protocol: str) -> None:
        self._shapes = shapes
        self._protocol = protocol

    def row(self, operation: dict[str, Any]) -> list[Any]:
        """The parameters of an operation, as the module says."""
        shape = self._input(operation)
        places: dict[str, list[str]] = {}
        body: dict[str, dict[str, Any]] = {}
        kinds: dict[str, list[str]] = {}
        for name, reference in shape.get("members", {}).items():
            member = self._resolved(reference)
            is_any = member.get("document") or member.get("jsonvalue")
            kinds.setdefault("any" if is_any else _KINDS.get(member["type"], "scalar"), []).append(name)
            location = member.get("location")
            if location in _PLACES and self._protocol in _REST:
                places[name] = [_PLACES[location], self._name(member, name)]
            else:
                body[name] = reference
        payload = shape.get("payload")
        if payload is None:
            return [places, None, self._structure(body, _DEPTH), kinds]
        member = self._resolved(shape["members"][payload])
        if member["type"] != "structure":
            return [places, [payload, "raw"], 0, kinds]
        return [places, [payload, "structure"], self._structure(member.get("members", {}), _DEPTH), kinds]

    def route(self, operation: dict[str, Any]) -> list[Any]:
        """The method and the URI of an operation, and which query and headers a request for it has."""
        shape = self._input(operation)
        path, _, static = operation["http"]["requestUri"].partition("?")
        query: list[list[str | None]] = []
        for pair in static.split("&") if static else ():
            parameter, equals, value = pair.partition("=")
            query.append([parameter, value if equals else None])
        headers: list[str] = []
        for required in shape.get("required", ()):
            member = self._resolved(shape["members"][required])
            if member.get("location") == "querystring":
                query.append([self._name(member, required), None])
            elif member.get("location") == "header":
                headers.append(self._name(member, required).lower())
        return [operation["http"]["method"], path, query, sorted(headers)]

    def _input(self, operation: dict[str, Any]) -> dict[str, Any]:
        reference = operation.get("input")
        return {} if reference is None else self._resolved(reference)

    def _resolved(self, reference: dict[str, Any]) -> dict[str, Any]:
        return {**self._shapes[reference["shape"]], **reference}

    def _name(self, member: dict[str, Any], name: str) -> str:
        location_name: str = member.get("locationName", name)
        if self._protocol != "ec2":
            return location_name
        if "queryName" in member:
            return str(member["queryName"])
        return location_name[0].upper() + location_name[1:] if "locationName" in member else name

    def _structure(self, members: dict[str, dict[str, Any]], depth: int) -> Any:
        """The names of a structure's members on the wire, where these or their values differ; 0 where none do."""
        names: dict[str, Any] = {}
        for name, reference in members.items():
            member = self._resolved(reference)
            wire_name = self._name(member, name)
            if self._protocol == "query" and member["type"] == "list" and self._is_flat(member):
                wire_name = self._item(member).get("locationName", wire_name)
            value = self._value(member, depth)
            if value:
                names[wire_name] = [name, value]
            elif wire_name != name:
                names[wire_name] = name
        return names or 0

    def _value(self, member: dict[str, Any], depth: int) -> Any:
        """The spelling of a member's value on the wire: a structure, a list or a map; 0 for a plain or too deep one."""
        kind = member["type"]
        if depth == 0 or kind not in ("structure", "list", "map"):
            return 0
        if kind == "structure":
            return self._structure(member.get("members", {}), depth - 1)
        inner = self._item(member) if kind == "list" else self._resolved(member["value"])
        value = self._value(inner, depth - 1)
        if self._protocol == "rest-json":
            names = [""] if kind == "list" else ["", "", ""]
            return [kind, *names, value] if value else 0
        if kind == "list":
            return [kind, "" if self._is_flat(member) else inner.get("locationName", "member"), value]
        key, value_name = (member[part].get("locationName", part) for part in ("key", "value"))
        return [kind, "" if self._is_flat(member) else "entry", key, value_name, value]

    def _item(self, member: dict[str, Any]) -> dict[str, Any]:
        return self._resolved(member["member"])

    def _is_flat(self, member: dict[str, Any]) -> bool:
        return member["type"] in ("list", "map") and (self._protocol == "ec2" or bool(member.get("flattened")))
