"""The operation that an HTTP request asks for, found by the formats that botocore's models state.

Sources: "AWS JSON 1.0 protocol", "AWS query protocol", "AWS EC2 query protocol", "AWS restJson1 protocol", "AWS restXml
protocol" and "Smithy RPC v2 CBOR protocol" (Smithy 2.0); "Virtual hosting of general purpose buckets" (Amazon S3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote

from remit.access.needed_access import Protocol, RequestedOperation
from remit.catalogue.operations import operation as catalogued_operation
from remit.catalogue.request_formats import Route, clients_of_target, clients_signed_for, routes, version
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.routes import prefix_of_host

FORM: Final = "application/x-www-form-urlencoded"
_RPC: Final = re.compile(r"/service/(?P<target>[^/]+)/operation/(?P<operation>\w+)/?")
_BUCKET_HOST: Final = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,62}?)"
    r"(?P<s3>\.s3(?:[.-][a-z0-9-]+)?)?\.(?:localhost|amazonaws\.com(?:\.cn)?)(?::\d+)?",
    re.IGNORECASE,
)
_NO_BUCKET_HOST: Final = re.compile(r"s3(?:[.-][a-z0-9-]+)?\.(?:localhost|amazonaws\.com(?:\.cn)?)(?::\d+)?")
_API_ADDRESS: Final = re.compile(r"/_aws/execute-api/(?P<api>[0-9a-z]+)/(?P<stage>[^/]+)(?=/@connections/)")
QUEUE_PATH: Final = re.compile(r"/(?P<account>\d{12})/(?P<name>[\w-]{1,80}(?:\.fifo)?)/?", re.ASCII)
"""The path of a queue's URL, to which the query protocol may be sent ("Making Query API requests", Amazon SQS)."""
_PLAIN_NAMES: Final = frozenset({"lambda", "apigatewaymanagementapi"})
_PLAIN_NAME: Final = re.compile(r"[\w:.$@+=,-]+(?:/durable-execution/[^/]+/[^/]+)?", re.ASCII)
S3: Final = "s3"
USER_POOLS: Final = "cognito-idp"
_S3_NAMES: Final = frozenset({S3, "s3express", "s3-object-lambda"})


def protocol_of(request: ReceivedRequest, signing_name: str) -> Protocol:
    """The protocol of a request, by its headers, path and query.

    Always `rest` for S3, and where nothing says another.
    """
    if signing_name in _S3_NAMES:
        return "rest"
    if "x-amz-target" in request.headers:
        return "json"
    if _RPC.fullmatch(request.path) is not None:
        return "cbor"
    is_form = (request.header("content-type") or "").lower().startswith(FORM)
    is_root = request.path in ("", "/") or (signing_name == "sqs" and QUEUE_PATH.fullmatch(request.path) is not None)
    if is_root and (is_form or re.search(r"(?:^|&)Action=", request.query)):
        return "query"
    return "rest"


def requested_operation(
    request: ReceivedRequest, signing_name: str, pairs: Mapping[str, str] | None = None
) -> RequestedOperation:
    """The operation that a request asks for.

    Args:
        request: The request.
        signing_name: The service that it is signed for (`s3`).
        pairs: The parameters of a request of the query protocol, which has the operation among them.

    Raises:
        RefusedRequest: as AWS refuses what no model has, and what belongs to another service than it is signed for.
    """
    protocol = protocol_of(request, signing_name)
    operation = None
    if protocol == "json":
        target, _, name = (request.header("x-amz-target") or "").rpartition(".")
        if request.method == "POST" and (request.path in ("", "/") or signing_name == "sqs"):
            operation = _of_target("json", target, name, signing_name)
    elif protocol == "cbor":
        match = _RPC.fullmatch(request.path)
        if match is not None and request.method == "POST" and request.header("smithy-protocol") == "rpc-v2-cbor":
            operation = _of_target("cbor", match["target"], match["operation"], signing_name)
    elif protocol == "query":
        if request.method in ("GET", "POST"):
            operation = _of_form(pairs or {}, signing_name)
    else:
        operation = _of_rest(request, signing_name)
    if operation is None:
        raise unknown_operation(protocol, signing_name)
    return operation


def unknown_operation(protocol: Protocol, signing_name: str) -> RefusedRequest:
    """The refusal of what no model has ("Common Errors" of each API; "Error responses", Amazon S3).

    MethodNotAllowed (405) for S3, InvalidAction (400) for the query protocol, else UnknownOperationException: 404 for a
    path, 400 for a name.
    """
    if signing_name in _S3_NAMES:
        reason = "The specified method is not allowed against this resource."
        return RefusedRequest("MethodNotAllowed", reason, 405)
    if protocol == "query":
        return RefusedRequest("InvalidAction", "The action or operation requested is invalid.", 400)
    reason = f"no operation of the service {signing_name!r} is spelled like this request"
    return RefusedRequest("UnknownOperationException", reason, 404 if protocol == "rest" else 400)


def wrong_scope(service: str) -> RefusedRequest:
    """The refusal (403) of a request to a service that is signed for another one."""
    reason = f"Credential should be scoped to correct service: '{service}'."
    return RefusedRequest("InvalidSignatureException", reason)


def wrong_region(region: str) -> RefusedRequest:
    """The refusal (403) of a request that is signed for another region than that of what it asks for."""
    return RefusedRequest(
        "InvalidSignatureException", f"Credential should be scoped to a valid region, not '{region}'."
    )


def _of_target(protocol: Protocol, target: str, name: str, signing_name: str) -> RequestedOperation | None:
    """The operation of X-Amz-Target; None: no client that signs so has it.

    RefusedRequest: the target is that of another service than the one that the request is signed for.
    """
    clients = clients_of_target(target)
    signed_clients = [client for client in clients if client in clients_signed_for(signing_name)]
    if clients and not signed_clients:
        raise wrong_scope(clients[0])
    for client in signed_clients:
        if catalogued_operation(client, name) is not None:
            return RequestedOperation(client, name, protocol, target=target)
    return None


def _of_form(pairs: Mapping[str, str], signing_name: str) -> RequestedOperation | None:
    """The operation of a form; of clients that share a version (rds, docdb and neptune) the one of the name.

    Clients of the form's version come first, and another version is no error. None: no client has it.
    """
    name = pairs.get("Action", "")
    clients = [client for client in _by_likeness(signing_name) if version(client) is not None]
    # SDKs with an older model state an older version, as some do of SNS and SQS.
    by_version = sorted(clients, key=lambda client: pairs.get("Version", version(client)) != version(client))
    for client in by_version:
        if catalogued_operation(client, name) is not None:
            return RequestedOperation(client, name, "query")
    return None


def _by_likeness(signing_name: str) -> list[str]:
    """The boto3 clients whose requests are signed with a name: the one of that name first, the others sorted."""
    return sorted(clients_signed_for(signing_name), key=lambda client: (client != signing_name, client))


def _of_rest(request: ReceivedRequest, signing_name: str) -> RequestedOperation | None:
    """The operation of a method and a path, by the route that says the most; None: no route fits.

    None also where a path that is not S3's has empty parts or dots, and where one is signed for `execute-api` that does
    not lead to a WebSocket's connections, or the reverse. RefusedRequest: it is for another service than the one it is
    signed for, or reads as another operation once it is decoded.
    """
    path, address = request.path, None
    match = _API_ADDRESS.match(prefix_of_host(request.header("host") or "") + path)
    if match is not None:
        path, address = path[path.index("/@connections/") :], (match["api"], match["stage"])
    if (match is not None) != (signing_name == "execute-api"):
        return None
    client_names: Iterable[str] = _by_likeness(signing_name)
    host_of_bucket = _BUCKET_HOST.fullmatch(request.header("host") or "")
    if signing_name in _S3_NAMES:
        path = bucket_path(request)
        client_names = (S3, *(name for name in client_names if name != S3))
    elif host_of_bucket is not None and host_of_bucket["s3"]:
        raise wrong_scope(S3)
    elif "//" in path or any(unquote(segment) in (".", "..") for segment in path.split("/")):
        return None
    best = _best_route(client_names, request, path)
    if best is None:
        return None
    client, route, segments = best
    parameters = dict(_path_parameters(route.segments, segments))
    operation = RequestedOperation(client, route.operation, "rest", parameters, address, route=route)
    if client != S3 and "%" in path:
        _check_decoded(client_names, request, path, operation)
    return operation


def _best_route(
    client_names: Iterable[str], request: ReceivedRequest, path: str
) -> tuple[str, Route, list[str]] | None:
    """The client and the route that say the most of a path, and the segments of the path; None: no route fits.

    Literal segments count before needed parameters and headers, and of equal routes the first one counts.
    RefusedRequest: two routes of S3 say as much by other parameters of the query.
    """
    query = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
    best: tuple[str, Route, list[str]] | None = None
    most = (-1, -1)
    conflict = False
    for client in client_names:
        segments = _s3_segments(path) if client == S3 else path.strip("/").split("/")
        is_whole = all(segments[:1] if client == S3 else segments)  # no part is empty, but of the key of an object
        for route in routes(client, request.method, len(segments)):
            if not (_has_needed(route, query, request) and _fits(route, segments, is_whole=is_whole)):
                continue
            specificity = len(route.literals), len(route.query) + len(route.headers)
            if specificity > most:
                best, most, conflict = (client, route, segments), specificity, False
            elif specificity == most and client == S3 and best is not None:
                conflict = conflict or route.query != best[1].query
    if conflict:
        raise RefusedRequest("InvalidArgument", "Conflicting query string parameters", 400)
    return best


def _check_decoded(
    client_names: Iterable[str], request: ReceivedRequest, path: str, operation: RequestedOperation
) -> None:
    """Check that a path asks for the same when it is decoded: the emulator reads it so, and some services twice.

    No name of Lambda's has a slash but those of durable executions, and there the emulator takes any date for the one
    of the API's version. Of a connection's name it reads what stands before a slash. RefusedRequest: it asks for
    another one.
    """
    for value in operation.path.values():
        if "%" in value or (operation.client in _PLAIN_NAMES and _PLAIN_NAME.fullmatch(value) is None):
            raise unknown_operation("rest", operation.client)
    decoded_route = _best_route(client_names, request, unquote(path))
    if decoded_route is not None and decoded_route[1].operation != operation.name:
        raise unknown_operation("rest", operation.client)


def is_of_user(request: ReceivedRequest) -> bool:
    """Return whether a user of the app's user pool asks it for what AWS, too, answers without a signature.

    A password, a code or a token of the user's is what they prove themselves by ("Using the Amazon Cognito user pools
    API and user pool endpoints"). The catalogue knows the operations: no action of IAM authorizes them.
    """
    unsigned = "authorization" not in request.headers and not request.query
    if request.method != "POST" or request.path != "/" or not unsigned:
        return False
    target, _, name = (request.header("x-amz-target") or "").partition(".")
    known = catalogued_operation(USER_POOLS, name) if target == "AWSCognitoIdentityProviderService" else None
    return known is not None and known.free


def bucket_path(request: ReceivedRequest) -> str:
    """The path of a request to S3 with the bucket in it, put before it where the name of the host has it."""
    host = request.header("host") or ""
    match = _BUCKET_HOST.fullmatch(host)
    if match is None or _NO_BUCKET_HOST.fullmatch(host) is not None:
        return request.path
    return f"/{match['bucket']}{request.path if request.path.startswith('/') else '/' + request.path}"


def _s3_segments(path: str) -> list[str]:
    """Bucket and key: a key may begin and end with `/`, which is a part of it."""
    bucket, slash, key = path.removeprefix("/").partition("/")
    return [bucket, *key.split("/")] if slash and key else [bucket]


def _has_needed(route: Route, query: Mapping[str, str], request: ReceivedRequest) -> bool:
    """Return whether a request has the query parameters (with the values that are stated) and headers of a route."""
    for name, value in route.query:
        if name not in query or (value is not None and query[name] != value):
            return False
    return not route.headers or all(name in request.headers for name in route.headers)


def _fits(route: Route, segments: list[str], *, is_whole: bool) -> bool:
    """Return whether a path is one of a route, whose length it has; no parameter is empty."""
    if any(segments[place] != text for place, text in route.literals):
        return False
    return is_whole or len(route.literals) == len(segments)


def _path_parameters(pattern: tuple[str, ...], segments: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a path with their decoded texts.

    `{Key+}` of the pattern takes all that is left of the path.
    """
    for position, wanted in enumerate(pattern):
        if wanted.endswith("+}"):
            yield wanted[1:-2], unquote("/".join(segments[position:]))
        elif wanted.startswith("{"):
            yield wanted[1:-1], unquote(segments[position])
