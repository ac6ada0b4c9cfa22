"""How large a request may be, where the emulator takes it whatever its size.

Sources: "Lambda quotas" (AWS Lambda Developer Guide: 6 MB for a call that waits, 1 MB for one that does not), "Invoke"
(AWS Lambda API Reference: RequestTooLargeException), "Quotas for configuring and running an HTTP API in API Gateway".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from remit.local.authorization.canonical_request import CanonicalRequest
    from remit.local.request import ReceivedRequest

_WAITED_FOR: Final = 6 * 1024 * 1024
_EVENT: Final = 1024 * 1024
_API: Final = 10 * 1024 * 1024
_TOO_LARGE: Final = 413


def check_size(asked: CanonicalRequest) -> None:
    """Check the event of an invocation. RefusedRequest: it is larger than Lambda takes."""
    if (asked.operation.client, asked.operation.name) != ("lambda", "Invoke"):
        return
    most = _EVENT if asked.parameters.get("InvocationType") == "Event" else _WAITED_FOR
    if len(asked.body) > most:
        reason = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        raise RefusedRequest("RequestTooLargeException", reason, _TOO_LARGE)


def check_size_of_call(request: ReceivedRequest, path: str) -> None:
    """Check a request to a function URL or an API of the app, by its stated length. RefusedRequest: it is too large."""
    most = _WAITED_FOR if path.startswith("/_aws/lambda-url/") else _API
    length = request.header("content-length") or ""
    if length.isdecimal() and int(length) > most:
        raise RefusedRequest("RequestEntityTooLarge", "Request Entity Too Large", _TOO_LARGE)
