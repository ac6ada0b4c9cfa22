"""Keep the source identity that a session was made with, which the emulator forgets.

It is in every request of the session, and in the sessions that it makes in turn: it cannot be changed.

Source: "Monitor and control actions taken with assumed roles" (IAM User Guide).
"""

from __future__ import annotations

import importlib
import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    Answer = tuple[int, dict[str, str], bytes]

SOURCE_IDENTITY: Final = "SourceIdentity"
"""The parameter of AssumeRole, and what a session of the emulator has it under."""
_REQUESTED: Final[ContextVar[str]] = ContextVar("requested source identity", default="")
_END_OF_RESULT: Final = b"</AssumeRoleResult>"


def keep_source_identities() -> None:
    """Have the emulator's STS note the source identity of each session that it makes, and return it."""
    sts: Any = importlib.import_module("ministack.services.sts")
    handle_request, register_session = sts.handle_request, sts.register_session

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Mapping[str, Any]) -> Answer:
        requested = _REQUESTED.set(_requested(body, query))
        try:
            answer: Answer = await handle_request(method, path, headers, body, query)
            return _with_identity(answer, _REQUESTED.get())
        finally:
            _REQUESTED.reset(requested)

    def register(access_key_id: str, session: dict[str, Any]) -> None:
        caller = sts._sessions.get(session.get("SourceAccessKeyId")) or {}  # noqa: SLF001 - it has no other way in
        identity = caller.get(SOURCE_IDENTITY) or _REQUESTED.get()
        if identity:
            session[SOURCE_IDENTITY] = identity
            _REQUESTED.set(identity)
        register_session(access_key_id, session)

    sts.handle_request, sts.register_session = handle, register


def _requested(body: bytes, query: Mapping[str, Any]) -> str:
    """The source identity that a request asks for; "": none. Requests are forms, or JSON."""
    text = body.decode("utf-8", errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict):
        return str(content.get(SOURCE_IDENTITY, ""))
    values = {**query, **parse_qs(text)}.get(SOURCE_IDENTITY, "")
    return str(values[0] if isinstance(values, list) and values else values or "")


def _with_identity(answer: Answer, identity: str) -> Answer:
    """The answer of AssumeRole with the source identity of the new session."""
    status, headers, body = answer
    if not identity:
        return answer
    element = f"<{SOURCE_IDENTITY}>{escape(identity)}</{SOURCE_IDENTITY}>".encode()
    return status, headers, body.replace(_END_OF_RESULT, element + _END_OF_RESULT)
