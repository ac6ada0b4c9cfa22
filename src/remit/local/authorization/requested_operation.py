"""Which operation of which API an HTTP request asks for, by the formats that botocore's models state.

Sources: "AWS JSON 1.0 protocol", "AWS query protocol", "AWS EC2 query protocol", "AWS restJson1 protocol", "AWS restXml
protocol" and "Smithy RPC v2 CBOR protocol" (Smithy 2.0); "Virtual hosting of general purpose buckets" (Amazon S3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import parse_qsl, unquote

from remit.catalogue.operations import operation as catalogued_operation
from remit.catalogue.request_formats import (
    clients_of_target,
    clients_signed_for,
    is_rest,
    parameter_format,
    routes,
    version,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.catalogue.request_formats import ParameterFormat, Route
    from remit.local.request import ReceivedRequest

Protocol = Literal["json", "cbor", "query", "rest"]

_RPC: Final = re.compile(r"/service/(?P<target>[^/]+)/operation/(?P<operation>\w+)/?")
_FORM: Final = "application/x-www-form-urlencoded"
_BUCKET_HOST: Final = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,62}?)"
    r"(?:\.s3(?:[.-][a-z0-9-]+)?)?\.(?:localhost|amazonaws\.com(?:\.cn)?)(?::\d+)?",
    re.IGNORECASE,
)
_NO_BUCKET_HOST: Final = re.compile(r"s3(?:[.-][a-z0-9-]+)?\.(?:localhost|amazonaws\.com(?:\.cn)?)(?::\d+)?")
_API_ADDRESS: Final = re.compile(r"/_aws/execute-api/(?P<api>[0-9a-z]+)/(?P<stage>[^/]+)(?=/@connections/)")
S3: Final = "s3"


@dataclass(frozen=True, slots=True)
class RequestedOperation:
    """An operation that a request asks for, by boto3's name of the client, and how the request spells it.

    `path` has the parameters of the URI. `address` is the API and the stage, where the URI begins with them.
    """

    client: str
    name: str
    protocol: Protocol
    path: Mapping[str, str] = field(default_factory=dict)
    address: tuple[str, str] | None = None

    @property
    def format(self) -> ParameterFormat | None:
        """Where the request has the operation's parameters."""
        return parameter_format(self.client, self.name)

    @property
    def has_parameters_in_body(self) -> bool:
        """Whether the body has to be read: what an object of S3 or a function's event holds tells nothing."""
        member_format = self.format
        return member_format is None or not member_format.is_raw


def protocol_of(request: ReceivedRequest) -> Protocol:
    """The protocol by which a request says its operation."""
    if "x-amz-target" in request.headers:
        return "json"
    if _RPC.fullmatch(request.path) is not None:
        return "cbor"
    if (request.header("content-type") or "").startswith(_FORM):
        return "query"
    if request.path in ("", "/") and re.search(r"(?:^|&)Action=", request.query):
        return "query"
    return "rest"


def requested_operation(
    request: ReceivedRequest, signing_name: str, body: bytes | None = None
) -> RequestedOperation | None:
    """The operation that a request asks for; None where no model has it.

    Args:
        request: The request.
        signing_name: The service that it is signed for (`s3`).
        body: Its body; only the query protocol says the operation there.
    """
    protocol = protocol_of(request)
    if protocol == "json":
        target, _, name = (request.header("x-amz-target") or "").rpartition(".")
        return _of_target("json", target, name, signing_name)
    if protocol == "cbor":
        match = _RPC.fullmatch(request.path)
        return None if match is None else _of_target("cbor", match["target"], match["operation"], signing_name)
    if protocol == "query":
        return _of_form(form_pairs(request, body or b""), signing_name)
    return _of_rest(request, signing_name)


def form_pairs(request: ReceivedRequest, body: bytes) -> dict[str, str]:
    """The parameters of a request of the query protocol, of its query and its body."""
    text = body.decode("utf-8", "replace") if request.method == "POST" else ""
    pairs = parse_qsl(request.query, keep_blank_values=True) + parse_qsl(text, keep_blank_values=True)
    return dict(pairs)


def _of_target(protocol: Protocol, target: str, name: str, signing_name: str) -> RequestedOperation | None:
    clients = clients_of_target(target)
    signed_clients = [client for client in clients if client in clients_signed_for(signing_name)]
    for client in signed_clients:
        if catalogued_operation(client, name) is not None:
            return RequestedOperation(client, name, protocol)
    return None


def _of_form(pairs: Mapping[str, str], signing_name: str) -> RequestedOperation | None:
    """The operation of a form; of clients that share a version (rds, docdb and neptune) the one of the name."""
    name = pairs.get("Action", "")
    for client in _by_likeness(signing_name):
        stated_version = version(client)
        is_version = stated_version is not None and pairs.get("Version", stated_version) == stated_version
        if is_version and catalogued_operation(client, name) is not None:
            return RequestedOperation(client, name, "query")
    for client in _by_likeness(signing_name):  # by clients of an older model, as SNS's and SQS's of some SDKs
        if catalogued_operation(client, name) is not None and not is_rest(client):
            return RequestedOperation(client, name, "query")
    return None


def _by_likeness(signing_name: str) -> list[str]:
    return sorted(clients_signed_for(signing_name), key=lambda client: (client != signing_name, client))


def _of_rest(request: ReceivedRequest, signing_name: str) -> RequestedOperation | None:
    path, address = request.path, None
    match = _API_ADDRESS.match(path)
    if match is not None:
        path, address = path[match.end() :], (match["api"], match["stage"])
    client_names: Iterable[str] = _by_likeness(signing_name)
    if signing_name in (S3, "s3express"):
        path = bucket_path(request)
        client_names = (S3, *(name for name in client_names if name != S3))
    segments = path.strip("/").split("/") if signing_name != S3 else _s3_segments(path)
    query = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
    best: tuple[tuple[int, int], str, Route] | None = None
    for client in client_names:
        for route in routes(client, request.method, len(segments)):
            if not _fits(route, segments) or not _has_needed(route, query, request):
                continue
            specificity = len(route.literals), len(route.query) + len(route.headers)
            if best is None or specificity > best[0]:
                best = specificity, client, route
    if best is None:
        return None
    _, client, route = best
    return RequestedOperation(
        client, route.operation, "rest", dict(_path_parameters(route.segments, segments)), address
    )


def bucket_path(request: ReceivedRequest) -> str:
    """The path of a request to S3 with the bucket in it, which may stand in the name of the host."""
    host = request.header("host") or ""
    match = _BUCKET_HOST.fullmatch(host)
    if match is None or _NO_BUCKET_HOST.fullmatch(host) is not None:
        return request.path
    return f"/{match['bucket']}{request.path if request.path.startswith('/') else '/' + request.path}"


def _s3_segments(path: str) -> list[str]:
    """Bucket and key: a key may begin and end with `/`, which is a part of it."""
    bucket, slash, key = path.removeprefix("/").partition("/")
    return [bucket, *key.split("/")] if slash and key else [bucket]


def _fits(route: Route, segments: list[str]) -> bool:
    """Whether a path is one of a route, whose length it has; a segment that is a parameter is not empty."""
    if any(segments[place] != text for place, text in route.literals):
        return False
    return len(segments) > 1 or bool(segments[0]) or bool(route.literals)


def _has_needed(route: Route, query: Mapping[str, str], request: ReceivedRequest) -> bool:
    for name, value in route.query:
        if name not in query or (value is not None and query[name] != value):
            return False
    return all(name in request.headers for name in route.headers)


def _path_parameters(pattern: tuple[str, ...], segments: list[str]) -> Iterator[tuple[str, str]]:
    for place, wanted in enumerate(pattern):
        if wanted.endswith("+}"):
            yield wanted[1:-2], unquote("/".join(segments[place:]))
        elif wanted.startswith("{"):
            yield wanted[1:-1], unquote(segments[place])
