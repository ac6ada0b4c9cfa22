"""The door of the AWS on this machine: who may come in, and what is told about where things answer.

The app that was deployed answers everybody, as on AWS. The control plane, which runs code and holds data, answers
whoever signs with this server's secret or with credentials that it gave out, and no page that a browser shows. Whoever
signs with the latter gets what the policies allow.
"""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from remit.access.needed_access import is_federated
from remit.local.authorization.authorizer import AllowedRequest, RequestAuthorizer
from remit.local.authorization.caller import CALLER, CALLING_KEY, Caller
from remit.local.authorization.canonical_request import CanonicalRequest, canonical_request
from remit.local.authorization.federated_callers import federated_caller
from remit.local.authorization.owning_place import OwningPlace, is_account
from remit.local.authorization.partial_operations import PARTIAL_OPERATIONS
from remit.local.authorization.requested_operation import S3, USER_POOLS, bucket_path, is_of_user
from remit.local.browser_uploads import cors_headers, is_upload, preflight, upload
from remit.local.prepared_answers import Answered, PreparedAnswers
from remit.local.repairs.identities import check_session
from remit.local.repairs.requests import DECIDED
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.routes import (
    ANSWERS,
    FUNCTIONS,
    HEALTH,
    RESET,
    SAVE,
    app_prefix,
    is_answer,
    is_keys_of_user_pool,
    is_own,
    is_this_machine,
    rooted,
)
from remit.local.signature import (
    Signature,
    check,
    check_policy_signature,
    check_version_2,
    is_signed,
    is_url_of_s3,
    read,
    read_policy_signature,
    read_version_2,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from remit.local.functions.function_requests import FunctionRequests
    from remit.local.simulated_delays import SimulatedDelays

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Answer = tuple[int, Mapping[str, str], bytes]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

_ADDRESSES: Final = (
    (re.compile(rb"https://([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.on\.aws/"), rb"http://%b/_aws/lambda-url/\1/"),
    (
        re.compile(rb"(http|ws)s?://([0-9a-f]{8})\.execute-api\.(?:localhost(?::\d+)?|[a-z0-9-]+\.amazonaws\.com)"),
        rb"\1://%b/_aws/execute-api/\2",
    ),
)
"""How the emulator spells the addresses of function URLs and APIs, and how they are reached on this machine."""
_OF_CONTENT: Final = ("content-md5", "x-amz-checksum-", "x-amz-sdk-checksum-algorithm")
"""How the names of headers begin that speak of the body: they are not true of another one."""
_NOBODY: Final = Caller("", "")
"""Who makes a request that a token is to say it of."""
_LARGEST_TOKEN: Final = 200_000  # bytes of a request; a token has 20,000 at most
_DRAINED: Final = 1 << 24  # bytes of a refused request that are read
_FORM: Final = "application/x-www-form-urlencoded"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_READS: Final = ("Describe", "Filter", "Get", "Head", "List")
"""How the names of operations begin that change nothing."""
_QUERY_ERROR: Final = (
    "<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>local</RequestId></ErrorResponse>"
)
_S3_ERROR: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>{error}<RequestId>local</RequestId></Error>'
_EC2_ERROR: Final = "<Response><Errors><Error>{error}</Error></Errors><RequestID>local</RequestID></Response>"
_XML_ERRORS: Final = {
    "s3": _S3_ERROR, "s3express": _S3_ERROR, "ec2": _EC2_ERROR, "route53": _QUERY_ERROR, "cloudfront": _QUERY_ERROR,
}  # fmt: skip
"""By the signing name, "Error responses" of each; all others speak JSON or CBOR, or a form says that they do not."""
_QUERY_COMPATIBLE: Final = frozenset({"sqs", "monitoring"})
"""Services that spoke the query protocol once: a header has the error's code as it was then ("awsQueryCompatible")."""
_SERVICE: Final = re.compile(r"/([a-z0-9-]+)/aws4_request")
_CBOR: Final = "rpc-v2-cbor"
_LARGEST_CALL: Final = 6 << 20  # bytes of an event that somebody waits for, of a function URL's too ("Lambda quotas")
_LARGEST_EVENT: Final = 1 << 20  # bytes of one that nobody waits for
_LARGEST_OF_API: Final = 10 << 20  # bytes ("Quotas for configuring and running an HTTP API in API Gateway")


@dataclass(frozen=True, slots=True)
class Gate:
    """The application behind the door, as an ASGI application itself."""

    app: Application
    port: int
    region: str
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
    answers: PreparedAnswers
    """What tests answer in the place of services."""
    functions: FunctionRequests
    """Answers what `remit dev` asks about functions."""
    changed: Callable[[], None]
    """Called whenever a request may have changed that state."""
    writes: Counter[str] = field(default_factory=Counter)
    """Counts what may have changed that state: requests that are not known to read, before and after, and others."""

    async def __call__(  # noqa: C901, PLR0911, PLR0912 - one case after the other
        self, scope: Message, receive: Receive, send: Send
    ) -> None:
        """Pass one request on to the application, answer it here, or refuse it.

        Answered here are questions about health, preflights, remit's own paths and what a test has prepared.
        """
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
                _check_size_of_call(request, scope["path"])
                if is_signed(request):  # whether it has to be is the app's decision; but then it must hold
                    signature, caller, receive = await self._verified(scope, request, receive)
                    CALLING_KEY.set(signature.access_key_id)
                    self.authorizer.check_app(request, scope["path"], signature, caller)
            else:
                if _is_of_page(request):
                    if request.method == "OPTIONS":
                        await _send(send, *preflight(request, bucket_path(request)))
                        return
                    send = _without_cors(send, cors_headers(request, bucket_path(request)))
                elif scope["path"] == HEALTH and scope["type"] == "http":
                    await _send_json(send, {**self.about(), "writes": self.writes.total()})
                    return
                scope, receive, send = await self._entering(scope, request, receive, send)
                if scope["path"] != SAVE and not scope.get("remit.is_read"):
                    self.writes["request"] += 1
                if scope["path"].startswith(FUNCTIONS):
                    await _send_json(send, self.functions.answer(scope["path"], await _body(receive)))
                    return
                if scope["path"] == ANSWERS:
                    await _send_json(send, self.answers.prepare(json.loads(await _body(receive))))
                    return
                if scope["path"] in self.controls:
                    await _send_json(send, self.controls[scope["path"]](dict(parse_qsl(request.query))))
                    return
        except Answered as answered:
            await _send(send, answered.status, answered.headers, answered.body)
            return
        except RefusedRequest as refused:
            await _refuse(scope, incoming, send, refused, request)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            if request.method not in _READING:
                self.changed()
            if not scope.get("remit.is_read"):
                self.writes["request"] += 1

    async def _entering(  # noqa: C901, PLR0911, PLR0912 - one case after the other
        self, scope: Message, request: ReceivedRequest, receive: Receive, send: Send
    ) -> tuple[Message, Receive, Send]:
        """Decide on a request to the control plane. Returns the scope, `receive` and `send` with which it goes on.

        Answered: a test has prepared the answer. RefusedRequest: the request may not go on.
        """
        send = _without_cors(send)
        path = scope["path"]
        if scope["type"] != "http":
            raise RefusedRequest("AccessDenied", f"no API of AWS has a WebSocket at {path!r}")
        if is_upload(request):
            return await self._uploading(scope, request, receive, send)
        if is_answer(request.method, path):
            return self._plain(scope, {"content-type": request.header("content-type") or ""}), receive, send
        if is_keys_of_user_pool(request):
            return {**self._plain(scope, {}), "query_string": b""}, receive, send
        if is_of_user(request):
            asked = canonical_request(request, USER_POOLS, await _body(receive))
            return self._remade(scope, asked, None), _replaying(asked.body, receive), send
        if _has_token(request):
            asked = canonical_request(request, "sts", await _body(receive))
            asked, send, _ = self._decided(asked, "sts", "us-east-1", _NOBODY, send)
            return self._remade(scope, asked, None), _replaying(asked.body, receive), send
        is_answered = path in {RESET, ANSWERS, *self.controls} or path.startswith(FUNCTIONS)
        if is_own(path) and not is_answered:
            raise RefusedRequest("AccessDenied", f"the AWS on this machine does not serve {path!r}")
        signature, caller, receive = await self._verified(scope, request, receive)
        if is_own(path):
            if not caller.is_root or signature.service != "remit":
                raise RefusedRequest("AccessDenied", f"{caller.arn} may not use what is the server's own")
            own = self.reset_path if path == RESET else path
            return {**self._plain(scope, {}), "path": own, "raw_path": own.encode()}, receive, send
        self.authorizer.strictness.begin(request, caller.function)
        body = await _body(receive)
        if not signature.time:  # Version 2 does not sign the host, which could name another bucket
            request = replace(request, headers={**request.headers, "host": ("127.0.0.1",)})
        asked = canonical_request(request, signature.service, body)
        _check_size(asked)
        asked, send, owner = self._decided(asked, signature.service, signature.region, caller, send)
        if is_account(signature.token):  # the root of another account (`server._signer_of`)
            owner = OwningPlace(signature.token, signature.region)
        operation = asked.operation
        await self.answers.answer(asked)
        # The emulator's simulations leave out boundaries and most conditions: `remit explain` answers.
        is_simulation = operation.name in ("SimulateCustomPolicy", "SimulatePrincipalPolicy")
        if is_simulation or not self.is_simulated(asked.received, signature.service):
            name = f"{operation.client}:{operation.name}"
            call = f"remit.answer({operation.client!r}, {operation.name!r}, …)"
            reason = f"{name} is not simulated on this machine; in a test, `{call}` of the fixture `remit` answers it"
            raise RefusedRequest("NotImplemented", reason, 501)
        if operation.client in ("cloudformation", "apigatewayv2") or "FunctionUrlConfig" in operation.name:
            host = b"127.0.0.1:%d" % self.port
            send = _changing(send, lambda status, headers, body: (status, headers, _rewritten(body, host)))
        return self._remade(scope, asked, signature, owner), _replaying(asked.body, receive), send

    async def _uploading(
        self, scope: Message, request: ReceivedRequest, receive: Receive, send: Send
    ) -> tuple[Message, Receive, Send]:
        """The object that a form of a page puts, as whoever signed the form's policy: the same three as `_entering`.

        RefusedRequest: the form is not as its policy says, or its signer may not.
        """
        form = upload(request, bucket_path(request), await _body(receive))
        signature = read_policy_signature(form.fields, self.region)
        secret, caller = self.signer_of(signature.access_key_id, signature.token)
        check_policy_signature(signature, form.fields.get("policy", ""), secret)
        form.check(datetime.now(UTC))
        CALLER.set(None if caller.is_root else caller)
        asked = canonical_request(form.request("127.0.0.1"), S3, form.content)
        asked, send, _ = self._decided(asked, S3, signature.region, caller, send)

        def answered(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
            return (status, headers, body) if status >= HTTPStatus.BAD_REQUEST else form.answer(headers, self.port)

        return self._remade(scope, asked, signature), _replaying(asked.body, receive), _changing(send, answered)

    def _decided(
        self, asked: CanonicalRequest, service: str, region: str, caller: Caller, send: Send
    ) -> tuple[CanonicalRequest, Send, OwningPlace | None]:
        """Return the part of a request that its caller may make, how its answer goes back, and whose place answers it.

        The last is None where the caller's account does. The caller of a request with an identity provider's token is
        read from it, and put into CALLER. RefusedRequest: its caller may make none of it, or it is throttled.
        """
        self.delays.check(service, asked.operation.name, asked.parameters)
        if is_federated(asked.operation):
            token = federated_caller(asked.operation.name, asked.parameters)
            caller = Caller(token.provider, "", keys=token.keys)
            CALLER.set(caller)
        elif caller is _NOBODY:
            raise RefusedRequest("MissingAuthenticationToken", "the request is not signed")
        allowed = AllowedRequest((), None) if caller.is_root else self.authorizer.check(asked, region, caller)
        if service == "sts":
            check_session(asked, caller)
        denied_parts = allowed.denied_parts
        if not denied_parts:
            return asked, send, allowed.owner
        partial = PARTIAL_OPERATIONS[asked.operation.client, asked.operation.name]
        headers = {name: value for name, value in asked.headers.items() if not name.startswith(_OF_CONTENT)}
        rest = replace(asked, body=partial.remaining(asked.body, denied_parts), headers=headers)

        def answered(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
            return status, headers, partial.answered(body, denied_parts)

        return rest, _changing(send, answered), allowed.owner

    def _remade(
        self, scope: Message, asked: CanonicalRequest, signature: Signature | None, owner: OwningPlace | None = None
    ) -> Message:
        """The request that the emulator gets: of what came it has nothing but the connection.

        `owner` answers it in the place of the caller's account. DECIDED is set to the client of the operation, and the
        scope's `remit.is_read` tells whether the operation's name is one that changes nothing.
        """
        headers = {**asked.headers, "content-length": str(len(asked.body))}
        if signature is not None and owner is not None:
            # To the emulator, the number of an account is the access key of its root.
            signature = replace(signature, access_key_id=owner.account, region=owner.region, token="")
        if signature is not None:
            headers["authorization"] = signature.header()
            if signature.token:
                headers["x-amz-security-token"] = signature.token
        DECIDED.set(asked.operation.client)
        return {
            **self._plain(scope, headers),
            "method": asked.method,
            "path": asked.path,
            # The emulator decodes it once more: a name with a percent sign in it stays that name.
            "raw_path": quote(asked.path).encode(),
            "query_string": asked.query.encode(),
            "remit.is_read": asked.operation.name.startswith(_READS),
        }

    def _plain(self, scope: Message, headers: Mapping[str, str]) -> Message:
        """A request to this machine with these headers alone, whatever host and headers it had."""
        host = (b"host", b"127.0.0.1:%d" % self.port)
        return {**scope, "headers": [host, *((name.encode(), value.encode()) for name, value in headers.items())]}

    async def _verified(
        self, scope: Message, request: ReceivedRequest, receive: Receive
    ) -> tuple[Signature, Caller, Receive]:
        """The signature of a request, which holds, whose it is, and what its body is read from then.

        CALLER becomes its owner, None for root. RefusedRequest: it has no signature, or one that does not hold.
        """
        old = read_version_2(request, self.region)
        if old is not None:
            secret, caller = self.signer_of(old.access_key_id, old.token)
            check_version_2(old, request, secret, datetime.now(UTC))
            CALLER.set(None if caller.is_root else caller)
            return old, caller, receive
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
    """The request of an ASGI scope; a WebSocket's is a GET. Header names are in lower case, with all values of each."""
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


def _is_of_page(request: ReceivedRequest) -> bool:
    """Return whether a page sends what it may: a signed URL or a form of S3, or a preflight. Nothing is proven yet.

    A page of any site, of this machine too, can send requests here; it may send nothing else. A browser says so: by
    Origin, or where it leaves that out (an image, a link) by Sec-Fetch-Site.

    Raises:
        RefusedRequest: it sends another one.
    """
    if "origin" not in request.headers and request.header("sec-fetch-site") in {None, "none"}:
        return False
    if not (request.method == "OPTIONS" or is_upload(request) or is_url_of_s3(request)):
        raise RefusedRequest("AccessDenied", "the AWS on this machine does not answer pages that a browser shows")
    return True


def _has_token(request: ReceivedRequest) -> bool:
    """Return whether a request may be one with an identity provider's token, which nobody signs.

    It is unsigned, for `/`, of at most 200,000 bytes by its stated length, and a form or names the operation in its
    query.
    """
    length = request.header("content-length") or "0"
    is_short = length.isdecimal() and int(length) <= _LARGEST_TOKEN and "transfer-encoding" not in request.headers
    is_form = "Action=AssumeRoleWith" in request.query or (request.header("content-type") or "").startswith(_FORM)
    is_unsigned = "authorization" not in request.headers and not is_signed(request)
    return is_unsigned and is_form and is_short and request.path == "/"


def _at(scope: Message, prefix: str, port: int) -> Message:
    """The request changed to be for this machine at `port`, whatever host it named, with `prefix` before its path."""
    headers = [pair for pair in scope["headers"] if pair[0].lower() != b"host"]
    return {
        **scope,
        "path": rooted(prefix + scope["path"]),
        "raw_path": rooted(prefix + scope["raw_path"].decode("latin-1")).encode("latin-1"),
        "headers": [*headers, (b"host", b"127.0.0.1:%d" % port)],
    }


async def _body(receive: Receive) -> bytes:
    """The whole body of a request, in memory."""
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, once and whole, and then asks the other."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _without_cors(send: Send, own: Mapping[str, str] | None = None) -> Send:
    """A `send` without the emulator's CORS headers, which let every page read an answer; `own` ones are added."""
    own_headers = [(name.lower().encode(), value.encode()) for name, value in (own or {}).items()]

    async def strip(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": [*headers, *own_headers]}
        await send(message)

    return strip


def _rewritten(content: bytes, host: bytes) -> bytes:
    """An answer with the address on this machine in the place of that of each function URL and API."""
    for address, here in _ADDRESSES:
        content = address.sub(here % host, content)
    return content


def _changing(send: Send, changed: Callable[[int, Mapping[str, str], bytes], Answer]) -> Send:
    """A `send` that sends what `changed` makes of the status, the headers and the whole body of an answer."""
    status, headers, body = 0, {}, b""

    async def change(message: Message) -> None:
        """Keep the start and the parts of an answer, and send the changed answer with its last part."""
        nonlocal status, headers, body
        if message["type"] == "http.response.start":
            status = message["status"]
            named = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            headers = {name: value for name, value in named.items() if name != "content-length"}
        else:
            body += message.get("body", b"")
            if not message.get("more_body"):
                await _send(send, *changed(status, headers, body))

    return change


async def _refuse(
    scope: Message, incoming: _Incoming, send: Send, refused: RefusedRequest, request: ReceivedRequest
) -> None:
    """Send a refusal, after the rest of the body is read (up to 16 MB); a WebSocket is closed instead, with 1008."""
    if scope["type"] == "websocket":
        await incoming()  # ASGI closes no socket before its connect message is taken
        await send({"type": "websocket.close", "code": 1008})  # "policy violation" (RFC 6455, 7.4.1)
        return
    await incoming.drain()
    await _send(send, refused.status, *_refusal(refused, request))


def _refusal(refused: RefusedRequest, request: ReceivedRequest) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a refusal, in the shape that the SDK which sent the request reads.

    That is XML for a form and for services that speak it, by the service of the signature; else JSON, or CBOR.
    """
    match = _SERVICE.search(request.header("authorization") or unquote(request.query))
    service = "" if match is None else match[1]
    if match is None and (is_url_of_s3(request) or is_upload(request)):
        service = S3
    is_form = (request.header("content-type") or "").startswith(_FORM)
    template = _XML_ERRORS.get(service, _QUERY_ERROR if is_form else None)
    headers = {"x-amzn-errortype": refused.code}
    if template is not None:
        headers["content-type"] = "text/xml"
        error = f"<Code>{escape(refused.code)}</Code><Message>{escape(refused.reason)}</Message>"
        body = template.format(error=error).encode()
    else:
        if service in _QUERY_COMPATIBLE:
            headers["x-amzn-query-error"] = f"{refused.code.removesuffix('Exception')};Sender"
        members = {"__type": refused.code, "message": refused.reason}
        headers["content-type"] = "application/x-amz-json-1.1"
        body = json.dumps(members).encode()
        if request.header("smithy-protocol") == _CBOR:
            headers |= {"smithy-protocol": _CBOR, "content-type": "application/cbor"}
            cbor2: Any = importlib.import_module("cbor2")  # it comes with the emulator
            body = cbor2.dumps(members)
    return headers, body


async def _send_json(send: Send, value: Mapping[str, Any]) -> None:
    await _send(send, 200, {"content-type": "application/json"}, json.dumps(value).encode())


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    # The length is stated already where HEAD leaves out a body that GET would have.
    named = {"content-length": str(len(body))} | {name.lower(): value for name, value in headers.items()}
    pairs = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _check_size(asked: CanonicalRequest) -> None:
    """Check the event of an invocation. RefusedRequest: it is larger than Lambda takes ("Invoke")."""
    if (asked.operation.client, asked.operation.name) != ("lambda", "Invoke"):
        return
    most = _LARGEST_EVENT if asked.parameters.get("InvocationType") == "Event" else _LARGEST_CALL
    if len(asked.body) > most:
        reason = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        raise RefusedRequest("RequestTooLargeException", reason, 413)


def _check_size_of_call(request: ReceivedRequest, path: str) -> None:
    """Check a request to a function URL or an API of the app, by its stated length. RefusedRequest: it is too large."""
    most = _LARGEST_CALL if path.startswith("/_aws/lambda-url/") else _LARGEST_OF_API
    length = request.header("content-length") or ""
    if length.isdecimal() and int(length) > most:
        raise RefusedRequest("RequestEntityTooLarge", "Request Entity Too Large", 413)
