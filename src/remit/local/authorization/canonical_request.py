"""One canonical request: what came is read once, decided, and made anew for the emulator.

The emulator routes by a looser reading than the gate decides by: targets by their tail, query actions in the path, the
first of two parameters, any date in a path. So it never gets what came. A canonical request has one operation at the
path of its model, the parameters that the model has and no others, a decoded body, and plain headers.
"""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlencode

from remit.catalogue.request_formats import ParameterFormat, version
from remit.local.authorization.request_bodies import (
    decoded,
    encodings,
    form_members,
    form_pairs,
    is_in_chunks,
    without_chunks,
    xml_members,
)
from remit.local.authorization.requested_operation import (
    FORM,
    QUEUE_PATH,
    S3,
    protocol_of,
    requested_operation,
    unknown_operation,
)
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.signature import QUERY_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.access.needed_access import RequestedOperation

Parameters = dict[str, Any]
"""By the names of botocore's models. Values are texts, numbers, lists and mappings as the wire has them: `MaxKeys` of
S3 stays the text `"10"`."""

_JSON: Final = "application/x-amz-json-1.0"
_TYPES: Final = {"text": (str, bytes), "list": (list,), "mapping": (dict,)}
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_QUEUE_URL: Final = re.compile(r"(?:(?:https?://[^/?#]+)?/\d{12}/)?[\w-]{1,80}(?:\.fifo)?", re.ASCII)
_OF_ANY_OBJECT: Final = ("content-md5", "x-amz-checksum-")
"""How the names of headers begin by which S3 checks a body, whatever the operation."""
_SQS: Final = "sqs"
_TRACE: Final = "x-amzn-trace-id"


@dataclass(frozen=True, slots=True)
class CanonicalRequest:
    """A request in parts that were read and decided, and the bytes that say exactly that.

    `received` is the request as its condition keys are read: with the headers that a signed URL has in its query.
    `path` is decoded, `query` percent-encoded, the names of `headers` in lower case.
    """

    operation: RequestedOperation
    parameters: Parameters
    received: ReceivedRequest
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def canonical_request(request: ReceivedRequest, signing_name: str, body: bytes) -> CanonicalRequest:
    """The one reading of a request that is signed for a service; `body` is as it was sent.

    Raises:
        RefusedRequest: as AWS refuses what no model has, what can be read in two ways, and a body that is not valid.
    """
    protocol = protocol_of(request, signing_name)
    try:
        if protocol == "query":
            return _of_form(request, signing_name, body)
        if protocol == "rest":
            return _of_rest(request, signing_name, body)
        return _of_target(request, signing_name, body)
    except RecursionError:  # nests deeper than any API takes
        raise _malformed("the body nests too deep") from None


def _of_target(request: ReceivedRequest, signing_name: str, body: bytes) -> CanonicalRequest:
    """A request of the JSON or CBOR protocol, which names its operation beside the body.

    Members that the model lacks are left out of its body. RefusedRequest: no model has the operation, or its body is of
    another form.
    """
    operation = requested_operation(request, signing_name)
    content = decoded(request, body)
    is_cbor = operation.protocol == "cbor"
    document = (_cbor_document if is_cbor else _json_document)(content) if content else {}
    known = _known_members(document, operation, {name: name for name in _format(operation).kinds})
    if signing_name == _SQS:
        _check_queue(request, operation, known)
    # What the model has and nothing else is passed on as it came, byte for byte.
    if known != document or not content:
        content = _cbor().dumps(known) if is_cbor else json.dumps(known).encode()
    if is_cbor:
        headers = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        path = f"/service/{operation.target}/operation/{operation.name}"
    else:
        headers = {"content-type": _JSON, "x-amz-target": f"{operation.target}.{operation.name}"}
        path = "/"
    return CanonicalRequest(operation, _without_nulls(known), request, "POST", path, "", headers, content)


def _of_form(request: ReceivedRequest, signing_name: str, body: bytes) -> CanonicalRequest:
    """A request of the query protocols, made anew as a POST: its query and its body give the pairs of one form.

    Pairs that the model does not have are left out. RefusedRequest: one is given twice, is of another type, or the body
    is not UTF-8.
    """
    text = ""
    if request.method == "POST":
        try:
            text = decoded(request, body).decode()
        except UnicodeDecodeError:
            raise _malformed_query("the body is not UTF-8") from None
    pairs: dict[str, str] = {}
    for name, value in (*_pairs(request.query), *_pairs(text)):
        if name in pairs:
            raise _malformed_query(f"the parameter {name} is given twice")
        pairs[name] = value
    operation = requested_operation(request, signing_name, pairs)
    member_format = _format(operation)
    known = {name: value for name, value in pairs.items() if name not in ("Action", "Version")}
    if signing_name != _SQS:  # whose model has the names of its JSON alone
        known = {name: value for name, value in known.items() if name.partition(".")[0] in member_format.wire_names}
    parameters = form_members(known, member_format.body)
    for name, value in parameters.items():
        if member_format.kinds.get(name) == "text" and not isinstance(value, str):
            raise _malformed_query(f"{name} is no text")
    if signing_name == _SQS:
        _check_queue(request, operation, parameters)
        if "QueueUrl" in parameters:
            known["QueueUrl"] = parameters["QueueUrl"]
    else:
        known = dict(form_pairs(parameters, member_format.body))
    form = {"Action": operation.name, "Version": version(operation.client) or "", **known}
    headers = {"content-type": FORM}
    return CanonicalRequest(operation, parameters, request, "POST", "/", "", headers, urlencode(form).encode())


def _of_rest(request: ReceivedRequest, signing_name: str, body: bytes) -> CanonicalRequest:
    """A request of the protocols with a path for each resource: parameters of path, query, headers and body together.

    What the model lacks is left out, but for checksums of objects. RefusedRequest: no model has its path, or its body
    or parameters are of another form.
    """
    request = with_hoisted_headers(request)
    operation = requested_operation(request, signing_name)
    member_format = _format(operation)
    trailers: dict[str, str] = {}
    if member_format.is_raw and is_in_chunks(request):
        body, trailers = without_chunks(request, body)
    query, parameters = _query_parameters(request, operation, member_format)
    headers = _header_parameters(request, operation, member_format, parameters)
    if operation.client == S3:
        _check_object(parameters)
        if "content-encoding" in headers:
            own_encodings = [name for name in encodings(request) if name != "aws-chunked"]
            headers["content-encoding"] = ",".join(own_encodings)
            if not own_encodings:
                del headers["content-encoding"]
        # The checksums of a body may follow it.
        sent = {**trailers, **request.joined_headers()}
        headers |= {name: text for name, text in sent.items() if name.startswith(_OF_ANY_OBJECT)}
    content = _rest_body(request, operation, member_format, body, parameters)
    if content and not member_format.is_raw:
        headers["content-type"] = "application/xml" if _is_xml(content) else "application/json"
    path = _path(operation)
    return CanonicalRequest(operation, parameters, request, request.method, path, urlencode(query), headers, content)


def with_hoisted_headers(request: ReceivedRequest) -> ReceivedRequest:
    """A request whose signed URL has headers of S3's in its query, with these among its headers; any other as it is.

    SDKs write headers there, and S3 reads all of them but checksums; a header that was sent counts before one in the
    query. Source: "Authenticating Requests: Using Query Parameters" (Amazon S3 API Reference).
    """
    if "authorization" in request.headers or "-amz-" not in request.query.lower():
        return request
    named = {name.lower(): (value,) for name, value in _pairs(request.query)}
    if "x-amz-algorithm" not in named:  # Version 2 does not sign them
        return request
    hoisted = {
        name: value
        for name, value in named.items()
        if name.startswith("x-amz-") and name not in QUERY_NAMES and "checksum" not in name
    }
    return ReceivedRequest(request.method, request.path, request.query, {**hoisted, **request.headers})


def _query_parameters(
    request: ReceivedRequest, operation: RequestedOperation, member_format: ParameterFormat
) -> tuple[list[tuple[str, str]], Parameters]:
    """The pairs of the query that the model has, and the parameters that they are; all others are left out.

    The pairs that the route states come first. RefusedRequest: one that is no list is given several times.
    """
    route = operation.route
    literals = {name: value for name, value in (route.query if route is not None else ()) if value is not None}
    members = {name: member for member, (place, name) in member_format.places.items() if place == "query"}
    known: list[tuple[str, str]] = list(literals.items())
    if route is not None:
        known += [(name, "") for name, value in route.query if value is None and name not in members]
    values: dict[str, list[str]] = {}
    for name, value in _pairs(request.query):
        values.setdefault(name, []).append(value)
    parameters: Parameters = {}
    for name, texts in values.items():
        member = members.get(name)
        is_list = member is not None and member_format.kinds.get(member) == "list"
        if len(texts) > 1 and not is_list and (member is not None or name in literals):
            raise RefusedRequest("InvalidArgument", f"the parameter {name} is given {len(texts)} times", 400)
        if member is not None:
            parameters[member] = texts if len(texts) > 1 else texts[0]
            known += [(name, text) for text in texts]
    return known, parameters


def _header_parameters(
    request: ReceivedRequest, operation: RequestedOperation, member_format: ParameterFormat, parameters: Parameters
) -> dict[str, str]:
    """The headers that the model has; they and what is in the path are put among `parameters`, in place.

    One more is kept, by which Lambda counts how often a chain of invocations has gone round.
    """
    headers: dict[str, str] = {}
    sent = request.joined_headers()
    for name, value in sent.items():
        if name in member_format.headers:
            headers[name] = parameters[member_format.headers[name]] = value
    for member, (place, wire_name) in member_format.places.items():
        if place == "uri" and wire_name in operation.path:
            parameters[member] = operation.path[wire_name]
        elif place == "headers":
            named = {name: value for name, value in sent.items() if name.startswith(wire_name)}
            headers |= named
            if named:
                parameters[member] = {name.removeprefix(wire_name): value for name, value in named.items()}
    # No model has it: Lambda counts by it how often a chain of invocations has gone round.
    if _TRACE in sent:
        headers[_TRACE] = sent[_TRACE]
    return headers


def _rest_body(
    request: ReceivedRequest,
    operation: RequestedOperation,
    member_format: ParameterFormat,
    body: bytes,
    parameters: Parameters,
) -> bytes:
    """The body that the model has, whose members are put among the parameters; empty where it has none.

    A parameter of a path, query or header stays as it is. Members of JSON that the model lacks are left out of the
    body. RefusedRequest: it is no such body.
    """
    if member_format.is_raw:
        return body
    in_body = [member for member in member_format.kinds if member not in member_format.places]
    if not in_body or not body:
        return b""
    content = decoded(request, body)
    if _is_xml(content):
        members = xml_members(content, member_format.body)
    else:
        document = _json_document(content) if content else {}
        if member_format.payload is None:
            known = _known_members(document, operation, member_format.wire_names)
            if len(known) != len(document):
                content = json.dumps(known).encode()
            document = _without_nulls(known)
        members = _renamed(document, member_format.body)
    if member_format.payload is not None:
        parameters[member_format.payload] = members
    else:
        parameters |= {name: value for name, value in members.items() if name not in parameters}
    return content


def _known_members(document: Parameters, operation: RequestedOperation, names: Mapping[str, str]) -> Parameters:
    """The members of a document that the model has, by what the wire calls them, of the types that it says; nulls stay.

    Raises:
        RefusedRequest: a text is a list, a list is a text, and so on.
    """
    kinds = _format(operation).kinds
    known: Parameters = {}
    for name, value in document.items():
        if name not in names:
            continue
        kind = kinds[names[name]]
        types = _TYPES.get(kind)
        is_right = isinstance(value, types) if types is not None else not isinstance(value, dict | list)
        if not (is_right or value is None or kind == "any"):
            raise _malformed(f"{name} is no {kind}")
        known[name] = value
    return known


def _format(operation: RequestedOperation) -> ParameterFormat:
    """The parameters of an operation. RefusedRequest: nobody knows them."""
    member_format = operation.format
    if member_format is None:
        raise unknown_operation(operation.protocol, operation.client)
    return member_format


def _check_queue(request: ReceivedRequest, operation: RequestedOperation, parameters: Parameters) -> None:
    """Check that a request names one queue by a plain address, and put that of its path among its parameters.

    RefusedRequest: the address is another one, or path and parameter name two queues.
    """
    url = parameters.get("QueueUrl")
    if isinstance(url, str) and _QUEUE_URL.fullmatch(url) is None:
        raise _invalid_address(url)
    if request.path in ("", "/"):
        return
    path = QUEUE_PATH.fullmatch(request.path)
    if path is None:
        raise _invalid_address(request.path)
    if url is None and "QueueUrl" in _format(operation).kinds:
        parameters["QueueUrl"] = f"http://localhost/{path['account']}/{path['name']}"
    elif url is not None and not str(url).endswith(f"/{path['account']}/{path['name']}"):
        raise _invalid_address(request.path)


def _invalid_address(address: str) -> RefusedRequest:
    """As Amazon SQS refuses what is no address of one queue ("Common Errors", Amazon SQS API Reference)."""
    return RefusedRequest("InvalidAddress", f"The address {address} is not valid for this endpoint.", 404)


def _check_object(parameters: Parameters) -> None:
    """Check that a bucket is one name, and that a copy has one source, in the one spelling of it.

    RefusedRequest: one of them is not.
    """
    bucket = parameters.get("Bucket")
    if bucket is not None and _BUCKET.fullmatch(bucket) is None:
        raise RefusedRequest("InvalidBucketName", "The specified bucket is not valid.", 400)
    source = parameters.get("CopySource")
    if source is None:
        return
    bucket, _, key = unquote(source.partition("?")[0]).removeprefix("/").partition("/")
    if _BUCKET.fullmatch(bucket) is None or "?versionId=" in key:
        reason = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise RefusedRequest("InvalidArgument", reason, 400)


def _path(operation: RequestedOperation) -> str:
    """The path of the model with the parameters of the request, decoded; before it the API and stage of a connection.

    `/` without a route.
    """
    route = operation.route
    if route is None:
        return "/"
    segments = []
    for segment in route.segments:
        name = segment.strip("{}").removesuffix("+")
        segments.append(operation.path[name] if segment.startswith("{") else segment)
    prefix = "" if operation.address is None else "/_aws/execute-api/" + "/".join(operation.address)
    return f"{prefix}/{'/'.join(segments)}{'/' if route.has_closing_slash else ''}"


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True) if text else ()


def _is_xml(content: bytes) -> bool:
    return content.lstrip()[:1] == b"<"


def _json_document(content: bytes) -> Parameters:
    """A body as a JSON object. RefusedRequest: it is none."""
    try:
        document = json.loads(content.decode())
    except ValueError:
        raise _malformed("the body is no JSON") from None
    if not isinstance(document, dict):
        raise _malformed("the body is no JSON object")
    return document


def _cbor() -> Any:
    return importlib.import_module("cbor2")  # it comes with the emulator


def _cbor_document(content: bytes) -> Parameters:
    """A body as a map of CBOR. RefusedRequest: it is none."""
    cbor2 = _cbor()
    try:
        document = cbor2.loads(content)
    except (cbor2.CBORDecodeError, ValueError):
        raise _malformed("the body is no CBOR") from None
    if not isinstance(document, dict):
        raise _malformed("the body is no map of CBOR")
    return document


def _malformed(reason: str) -> RefusedRequest:
    return RefusedRequest("SerializationException", reason, 400)


def _malformed_query(reason: str) -> RefusedRequest:
    return RefusedRequest("MalformedQueryString", reason, 400)


def _without_nulls(document: Parameters) -> Parameters:
    return {name: value for name, value in document.items() if value is not None}


def _renamed(value: Any, spelling: Any) -> Any:
    """A JSON value with the names of the model: only what has other names on the wire is gone through.

    What should be an object and is none becomes an empty one; what should be a list and is none stays.
    """
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
