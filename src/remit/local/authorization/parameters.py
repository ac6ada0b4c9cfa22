"""The parameters of a requested operation under the names of botocore's models, as far as its request tells them.

Values are texts, numbers, lists and mappings as the wire has them: `MaxKeys` of S3 stays the text `"10"`. What cannot
be read is left out: then a resource that depends on it is not resolved.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from remit.local.authorization.body_encoding import decoded
from remit.local.authorization.form_members import form_members
from remit.local.authorization.requested_operation import form_pairs
from remit.local.authorization.xml_members import xml_members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.catalogue.request_formats import ParameterFormat
    from remit.local.authorization.requested_operation import Protocol, RequestedOperation
    from remit.local.request import ReceivedRequest

Parameters = dict[str, Any]


def parameters_of(request: ReceivedRequest, operation: RequestedOperation, body: bytes) -> Parameters:
    """The parameters of a request for an operation; `body` may be empty where the operation does not read it."""
    content = decoded(request, body) if operation.has_parameters_in_body else b""
    try:
        return _READERS[operation.protocol](request, operation, content)
    except RecursionError:  # nests deeper than any API takes
        return {}


def _of_json(_request: ReceivedRequest, _operation: RequestedOperation, content: bytes) -> Parameters:
    return _mapping(_json_value(content))


def _of_cbor(_request: ReceivedRequest, _operation: RequestedOperation, content: bytes) -> Parameters:
    cbor2: Any = importlib.import_module("cbor2")  # it comes with the emulator
    try:
        return _mapping(cbor2.loads(content)) if content else {}
    except cbor2.CBORDecodeError:
        return {}


def _of_form(request: ReceivedRequest, operation: RequestedOperation, content: bytes) -> Parameters:
    member_format = operation.format
    return form_members(form_pairs(request, content), member_format.body if member_format is not None else 0)


def _of_rest(request: ReceivedRequest, operation: RequestedOperation, content: bytes) -> Parameters:
    member_format = operation.format
    if member_format is None:
        return {}
    parameters = _of_head(request, operation, member_format)
    if not content or member_format.is_raw:
        return parameters
    if content.lstrip()[:1] == b"<":
        members = _mapping(xml_members(content, member_format.body))
    else:
        members = _mapping(_renamed(_json_value(content), member_format.body))
    if member_format.payload is not None:
        return {**parameters, member_format.payload: members}
    return {**members, **parameters}


_READERS: Final[Mapping[Protocol, Callable[[ReceivedRequest, RequestedOperation, bytes], Parameters]]] = {
    "json": _of_json,
    "cbor": _of_cbor,
    "query": _of_form,
    "rest": _of_rest,
}


def _of_head(request: ReceivedRequest, operation: RequestedOperation, member_format: ParameterFormat) -> Parameters:
    """The parameters of URI, query and headers."""
    parameters: Parameters = {}
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    for member, (place, name) in member_format.places.items():
        if place == "uri":
            if name in operation.path:
                parameters[member] = operation.path[name]
        elif place == "query":
            if name in query:
                parameters[member] = query[name] if len(query[name]) > 1 else query[name][0]
        elif place == "header":
            values = request.headers.get(name.lower())
            if values is not None:
                parameters[member] = ",".join(values)
        else:
            prefix = name.lower()
            headers = {
                key.removeprefix(prefix): ",".join(texts)
                for key, texts in request.headers.items()
                if key.startswith(prefix)
            }
            if headers:
                parameters[member] = headers
    return parameters


def _json_value(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _renamed(value: Any, spelling: Any) -> Any:
    """A JSON value with the names of the model: only what has other names on the wire is gone through."""
    if not spelling:
        return value
    if isinstance(spelling, dict):
        members: dict[str, Any] = {}
        for wire_name, member_value in _mapping(value).items():
            member = spelling.get(wire_name, wire_name)
            name, inner = (member, 0) if isinstance(member, str) else member
            members[name] = _renamed(member_value, inner)
        return members
    if spelling[0] == "list":
        return [_renamed(item, spelling[2]) for item in value] if isinstance(value, list) else value
    return {key: _renamed(item, spelling[4]) for key, item in _mapping(value).items()}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
