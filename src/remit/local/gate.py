"""The door of the AWS on this machine: who may come in, and what is told about where things answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

HEALTH = "/_remit/health"
RESET = "/_remit/reset"

_HOST = re.compile(r"(127\.0\.0\.1|localhost|([a-z0-9_-]+\.)+localhost)(:\d+)?", re.IGNORECASE)
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}", re.IGNORECASE)
# What answers here belongs to the app that was deployed, whose own CORS settings decide who may ask.
_APP_PATHS = ("/_aws/lambda-url/", "/_aws/execute-api/")
_APP_HOST = re.compile(r"\.(lambda-url|execute-api)\.", re.IGNORECASE)
_FUNCTION_URL = re.compile(rb"https://([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.on\.aws/")
_TELLS_FUNCTION_URLS = re.compile(rb"/cloudformation/aws4_request")
_FUNCTION_URL_CONFIG = re.compile(r"^/2021-10-31/functions/[^/]+/urls?$")


def gate(
    app: Application, about: Mapping[str, Any], *, port: int, reset_path: str, changed: Callable[[], None]
) -> Application:
    """The application behind the door.

    `about` is the answer to a health question. `reset_path` is where the application itself forgets its
    state. `changed` is called whenever a request may have changed that state.
    """
    address = rb"http://127.0.0.1:%d/_aws/lambda-url/\1/" % port

    async def enter(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refusal = _refusal(scope["path"], headers)
        if refusal is not None:
            await _refuse(scope, receive, send, refusal)
            return
        if scope["path"] == HEALTH:
            await _answer(send, 200, about)
            return
        if scope["path"] == RESET:
            scope = {**scope, "path": reset_path, "raw_path": reset_path.encode()}
        try:
            await app(scope, receive, _rewriting(send, address) if _tells_urls(scope, headers) else send)
        finally:
            if scope.get("method") not in {"GET", "HEAD", "OPTIONS"}:
                changed()

    return enter


def _refusal(path: str, headers: Mapping[bytes, bytes]) -> str | None:
    """Why a request may not come in, or None.

    A page that a browser shows can send requests to this machine: under a name that it points here (Host
    tells), or across sites (Origin and Sec-Fetch-Site tell). It must not reach what runs code here.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if not _HOST.fullmatch(host):
        return f"the AWS on this machine does not answer to the host {host!r}"
    if path.startswith(_APP_PATHS) or _APP_HOST.search(host):
        return None
    origin = headers.get(b"origin")
    if origin is not None and not _ORIGIN.fullmatch(origin.decode("latin-1")):
        return "the AWS on this machine does not answer pages of other sites"
    if headers.get(b"sec-fetch-site") in {b"cross-site", b"same-site"} and origin is None:
        return "the AWS on this machine does not answer pages of other sites"
    return None


def _tells_urls(scope: Message, headers: Mapping[bytes, bytes]) -> bool:
    """Whether the answer may name function URLs, which AWS would serve under its own domain."""
    signed = headers.get(b"authorization", b"")
    return bool(_TELLS_FUNCTION_URLS.search(signed) or _FUNCTION_URL_CONFIG.match(scope["path"]))


def _rewriting(send: Send, address: bytes) -> Send:
    """A `send` that puts the address on this machine in the place of each function URL under AWS's domain."""
    start: list[Message] = []
    body = bytearray()

    async def rewrite(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
            return
        if message["type"] != "http.response.body":
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        content = _FUNCTION_URL.sub(address, bytes(body))
        headers = [pair for pair in start[0]["headers"] if pair[0].lower() != b"content-length"]
        await send({**start[0], "headers": [*headers, (b"content-length", b"%d" % len(content))]})
        await send({"type": "http.response.body", "body": content})

    return rewrite


async def _refuse(scope: Message, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
    else:
        await _answer(send, 403, {"message": reason})


async def _answer(send: Send, status: int, value: Mapping[str, Any]) -> None:
    content = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
