"""The door of the AWS on this machine: who may come in, and what is told about where things answer.

The app that was deployed answers everybody, as on AWS. The control plane, which runs code and holds data, answers
whoever signs with this server's secret or with credentials that it gave out, and no page that a browser shows. Whoever
signs with the latter gets what the policies allow.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from remit.local.authorization.authorizer import CALL
from remit.local.authorization.body_encoding import decoded
from remit.local.authorization.caller import CALLER, Caller
from remit.local.authorization.federated_callers import federated_caller, is_federated
from remit.local.authorization.parameters import parameters_of
from remit.local.authorization.partial_operations import PARTIAL_OPERATIONS
from remit.local.authorization.requested_operation import requested_operation
from remit.local.refusal import answer
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.routes import (
    FUNCTIONS,
    HEALTH,
    RESET,
    app_prefix,
    is_answer,
    is_of_user_pool,
    is_own,
    is_this_machine,
    rooted,
)
from remit.local.signature import (
    QUERY_NAMES,
    URL_OF_VERSION_2,
    check,
    check_version_2,
    is_signed,
    read,
    read_version_2,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence

    from remit.local.authorization.authorizer import RequestAuthorizer
    from remit.local.authorization.denied_part import DeniedPart
    from remit.local.authorization.partial_operations import PartialOperation
    from remit.local.authorization.requested_operation import RequestedOperation
    from remit.local.functions.function_requests import FunctionRequests
    from remit.local.signature import Signature
    from remit.local.simulated_delays import SimulatedDelays

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Passage = tuple[Message, Receive, Send]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

_ADDRESSES: Final = (
    (re.compile(rb"https://([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.on\.aws/"), rb"http://%b/_aws/lambda-url/\1/"),
    (
        re.compile(rb"(http|ws)s?://([0-9a-f]{8})\.execute-api\.(?:localhost(?::\d+)?|[a-z0-9-]+\.amazonaws\.com)"),
        rb"\1://%b/_aws/execute-api/\2",
    ),
)
"""How the emulator spells the addresses of function URLs and APIs, and how they are reached on this machine."""
_APIS: Final = re.compile(r"/v2/apis(?:/.*)?")
_FUNCTION_URL_CONFIG: Final = re.compile(r"/2021-10-31/functions/[^/]+/urls?")
_OF_CONTENT: Final = (
    "content-md5", "content-encoding", "content-length", "transfer-encoding", "x-amz-checksum-", "x-amz-content-sha256",
    "x-amz-decoded-content-length", "x-amz-sdk-checksum-algorithm", "x-amz-trailer",
)  # fmt: skip
"""How the names of headers begin that speak of the body: they are not true of another one."""
_NOBODY: Final = Caller("", "")
"""Who makes a request that a token is to say it of."""
_LARGEST_TOKEN: Final = 200_000  # bytes of a request ("AssumeRoleWithSAML" takes 100,000 of the assertion alone)
_DRAINED: Final = 1 << 20  # bytes of a refused request that are read
_FORM: Final = "application/x-www-form-urlencoded"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Gate:
    """The application behind the door, as an ASGI application itself."""

    app: Application
    port: int
    about: Callable[[], Mapping[str, Any]]
    """Makes the answer to a health question; it holds no secret, since everybody may ask."""
    signer_of: Callable[[str, str], tuple[str, Caller]]
    """The secret of an access key with its session token, and whose it is. RefusedRequest: there is none."""
    authorizer: RequestAuthorizer
    """Decides what callers may do, but for this server's own key."""
    delays: SimulatedDelays
    """What makes callers wait, where somebody wants that."""
    is_simulated: Callable[[ReceivedRequest, str], bool]
    """Whether the application has the service that a request is signed for."""
    reset_path: str
    """Where the application forgets its state."""
    controls: Mapping[str, Callable[[Mapping[str, str]], Mapping[str, Any]]]
    """What is done at the paths of remit's own, with the parameters of the query; it says what came of it."""
    functions: FunctionRequests
    """Answers what `remit dev` asks about functions."""
    changed: Callable[[], None]
    """Called whenever a request may have changed that state."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let one request in, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = _request(scope)
        incoming = _Incoming(receive)
        receive = incoming
        try:
            prefix = app_prefix(_host(request), scope["path"])
            if prefix is not None:
                scope = _at(scope, prefix, self.port)
                if is_signed(request):  # whether it has to be is the app's decision; but then it must hold
                    signature, caller, receive = await self._verified(scope, request, receive)
                    if not caller.is_root:
                        self.authorizer.check_app(request, scope["path"], signature.region, caller)
            else:
                _refuse_pages(request)
                if scope["path"] == HEALTH and scope["type"] == "http":
                    await _send_json(send, self.about())
                    return
                scope, receive, send = await self._entering(scope, request, receive, send)
                if scope["path"].startswith(FUNCTIONS):
                    await _send_json(send, self.functions.answer(scope["path"], await _body(receive)))
                    return
                if scope["path"] in self.controls:
                    await _send_json(send, self.controls[scope["path"]](dict(parse_qsl(request.query))))
                    return
        except RefusedRequest as refused:
            await _refuse(scope, incoming, send, refused, request)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            if request.method not in _READING:
                self.changed()

    async def _entering(
        self, scope: Message, request: ReceivedRequest, receive: Receive, send: Send
    ) -> tuple[Message, Receive, Send]:
        """A request to the control plane as it goes on, once it is known who sent it. RefusedRequest: it is not."""
        send = _without_cors(send)
        if is_answer(request.method, scope["path"]):
            return scope, receive, send
        if is_of_user_pool(request):
            return _at(scope, "", self.port), receive, send
        if _has_token(request):
            return await self._authorized(request, ("sts", "us-east-1"), _NOBODY, (scope, receive, send))
        is_answered = scope["path"] in {RESET, *self.controls} or scope["path"].startswith(FUNCTIONS)
        if is_own(scope["path"]) and (not is_answered or scope["type"] != "http"):
            raise RefusedRequest("AccessDenied", f"the AWS on this machine does not serve {scope['path']!r}")
        old = read_version_2(request)
        if old is not None:
            secret, caller = self.signer_of(old.access_key_id, old.token)
            check_version_2(old, request, secret, datetime.now(UTC))
            CALLER.set(None if caller.is_root else caller)
            asked = "s3", "us-east-1"
            scope, receive, send = await self._authorized(request, asked, caller, (scope, receive, send))
            return _at(_signed_by_header(scope, old.header(), URL_OF_VERSION_2), "", self.port), receive, send
        signature, caller, receive = await self._verified(scope, request, receive)
        asked = signature.service, signature.region
        scope, receive, send = await self._authorized(request, asked, caller, (scope, receive, send))
        scope = _without_place(scope)
        paths = (_FUNCTION_URL_CONFIG, _APIS)
        if signature.service == "cloudformation" or any(path.fullmatch(scope["path"]) for path in paths):
            send = _rewriting(send, b"127.0.0.1:%d" % self.port)
        if scope["path"] == RESET:
            scope = {**scope, "path": self.reset_path, "raw_path": self.reset_path.encode()}
        if signature.seconds is not None:
            scope = _signed_by_header(scope, signature.header(), QUERY_NAMES)
        return scope, receive, send

    async def _authorized(  # noqa: C901 - one case after the other
        self, request: ReceivedRequest, asked: tuple[str, str], caller: Caller, passage: Passage
    ) -> Passage:
        """How a request goes on that its caller may make to a service in a region. RefusedRequest: it may not."""
        service, region = asked
        scope, receive, send = passage
        if is_own(scope["path"]):
            if not caller.is_root:
                raise RefusedRequest("AccessDenied", f"{caller.arn} may not use what is the server's own")
            return passage
        if not self.is_simulated(request, service):
            reason = f"the AWS on this machine does not have the service {service!r}"
            raise RefusedRequest("NotImplemented", reason, 501)
        is_delayed = self.delays.concern(service)
        if caller.is_root and not is_delayed and service != "sts":
            return passage
        body = b""
        operation = requested_operation(request, service)
        if operation is None or operation.has_parameters_in_body:
            body = await _body(receive)
            receive = _replaying(body, receive)
            operation = operation or requested_operation(request, service, body)
        if is_delayed and operation is not None:
            self.delays.check(service, operation.name, parameters_of(request, operation, body))
        if is_federated(operation):
            caller = _named_by_token(request, operation, body)
        elif caller is _NOBODY:
            raise RefusedRequest("MissingAuthenticationToken", "the request is not signed")
        if caller.is_root:
            return scope, receive, send
        denied_parts = self.authorizer.check(request, operation, body, region, caller)
        if denied_parts and operation is not None:
            partial = PARTIAL_OPERATIONS[operation.client, operation.name]
            return _without_parts(partial, decoded(request, body), denied_parts, (scope, receive, send))
        return scope, receive, send

    async def _verified(
        self, scope: Message, request: ReceivedRequest, receive: Receive
    ) -> tuple[Signature, Caller, Receive]:
        """The signature of a request, which holds, whose it is, and what its body is read from then."""
        signature = read(request)
        secret, caller = self.signer_of(signature.access_key_id, signature.token)
        body = b""
        if scope["type"] == "http" and signature.covers_body(request):
            body = await _body(receive)
            receive = _replaying(body, receive)
        check(signature, request, secret, body, datetime.now(UTC))
        CALLER.set(None if caller.is_root else caller)
        return signature, caller, receive


class _Incoming:
    """A `receive` that knows whether the request's body has ended."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._ended = not message.get("more_body")
        return message

    async def drain(self) -> None:
        """Read what is left of the body, up to a limit: most senders read no answer before they have sent it all."""
        size = 0
        while not self._ended and size < _DRAINED:
            message = await self()
            size += len(message.get("body", b""))


def _request(scope: Message) -> ReceivedRequest:
    headers: dict[str, tuple[str, ...]] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        headers[name] = (*headers.get(name, ()), _text(raw_value))
    method = scope.get("method", "GET")  # a WebSocket begins with a GET
    return ReceivedRequest(
        method, scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"), headers
    )


def _text(value: bytes) -> str:
    """A header's value as SDKs sign it: most send UTF-8, some Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _host(request: ReceivedRequest) -> str:
    """The one name that the request asks for. RefusedRequest: it is not this machine's."""
    hosts = request.headers.get("host", ())
    if len(hosts) != 1 or not is_this_machine(hosts[0]):
        raise RefusedRequest("AccessDenied", f"the AWS on this machine does not answer to the host {','.join(hosts)!r}")
    return hosts[0]


def _refuse_pages(request: ReceivedRequest) -> None:
    """Refuse what a page sends: a page of any site, of this machine too, can send requests here.

    A browser says so: by Origin, or where it leaves that out (an image, a link) by Sec-Fetch-Site.
    """
    if "origin" in request.headers or request.header("sec-fetch-site") not in {None, "none"}:
        raise RefusedRequest("AccessDenied", "the AWS on this machine does not answer pages that a browser shows")


def _has_token(request: ReceivedRequest) -> bool:
    """Whether nobody signs a request that may have the token of an identity provider."""
    length = request.header("content-length") or "0"
    is_short = length.isdecimal() and int(length) <= _LARGEST_TOKEN and "transfer-encoding" not in request.headers
    is_form = "Action=AssumeRoleWith" in request.query or (request.header("content-type") or "").startswith(_FORM)
    is_unsigned = "authorization" not in request.headers and not is_signed(request)
    return is_unsigned and is_form and is_short and request.path == "/"


def _named_by_token(request: ReceivedRequest, operation: RequestedOperation, body: bytes) -> Caller:
    """Whoever the token in a request says that its caller is. RefusedRequest: STS would not take it."""
    token = federated_caller(operation.name, parameters_of(request, operation, body))
    caller = Caller(token.provider, "", keys=token.keys)
    CALLER.set(caller)
    return caller


def _at(scope: Message, prefix: str, port: int) -> Message:
    """A request at a path of this machine, whatever host it named."""
    headers = [pair for pair in scope["headers"] if pair[0].lower() != b"host"]
    return {
        **scope,
        "path": rooted(prefix + scope["path"]),
        "raw_path": rooted(prefix + scope["raw_path"].decode("latin-1")).encode("latin-1"),
        "headers": [*headers, (b"host", b"127.0.0.1:%d" % port)],
    }


def _without_place(scope: Message) -> Message:
    """A request without the place in the code that made it, which is for the gate alone."""
    headers = [pair for pair in scope["headers"] if pair[0].lower() != CALL.encode()]
    return {**scope, "headers": headers}


def _signed_by_header(scope: Message, header: str, parameters: frozenset[str]) -> Message:
    """A request with its signature in the header: one in the query the emulator would check again, its own way."""
    pairs = scope["query_string"].decode("latin-1").split("&")
    unsigned = [pair for pair in pairs if unquote(pair.partition("=")[0]).lower() not in parameters]
    return {
        **scope,
        "query_string": "&".join(unsigned).encode("latin-1"),
        "headers": [*scope["headers"], (b"authorization", header.encode())],
    }


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then goes on."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _without_cors(send: Send) -> Send:
    """A `send` that lets no page read an answer: the emulator says to every page that it may."""

    async def strip(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return strip


def _rewriting(send: Send, host: bytes) -> Send:
    """A `send` that puts the address on this machine in the place of that of each function URL and API."""

    def rewritten(content: bytes) -> bytes:
        for address, here in _ADDRESSES:
            content = address.sub(here % host, content)
        return content

    return _changing(send, rewritten)


def _changing(send: Send, changed: Callable[[bytes], bytes]) -> Send:
    """A `send` that sends the whole body of an answer as it is changed."""
    start: list[Message] = []
    body = bytearray()

    async def change(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
            return
        if message["type"] != "http.response.body":
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        content = changed(bytes(body))
        headers = [pair for pair in start[0]["headers"] if pair[0].lower() != b"content-length"]
        await send({**start[0], "headers": [*headers, (b"content-length", b"%d" % len(content))]})
        await send({"type": "http.response.body", "body": content})

    return change


def _without_parts(
    partial: PartialOperation, content: bytes, denied: Sequence[DeniedPart], passage: Passage
) -> Passage:
    """A request without its denied parts, whose answer has an error for each of these."""
    scope, receive, send = passage
    body = partial.remaining(content, denied)
    headers = [pair for pair in scope["headers"] if not pair[0].decode("latin-1").lower().startswith(_OF_CONTENT)]
    headers.append((b"content-length", b"%d" % len(body)))
    changed = {**scope, "headers": headers}
    return changed, _replaying(body, receive), _changing(send, lambda answer: partial.answered(answer, denied))


async def _refuse(
    scope: Message, incoming: _Incoming, send: Send, refused: RefusedRequest, request: ReceivedRequest
) -> None:
    if scope["type"] == "websocket":
        await incoming()
        await send({"type": "websocket.close", "code": 1008})
        return
    await incoming.drain()
    headers, body = answer(refused, request)
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


async def _send_json(send: Send, value: Mapping[str, Any]) -> None:
    content = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
