"""Requests for the deployed app, told apart by the routes that the emulator really has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remit.local.request import ReceivedRequest

HEALTH: Final = "/_remit/health"
RESET: Final = "/_remit/reset"
SAVE: Final = "/_remit/save"
ACCESS: Final = "/_remit/access"
STRICT: Final = "/_remit/strict"
REFUSES_UNKNOWN: Final = "x-remit-strict"
"""The header by which a client asks that what cannot be decided is refused."""
KEEP_DATA: Final = "/_remit/data/keep"
PUT_DATA_BACK: Final = "/_remit/data/put-back"
FUNCTION_SESSION: Final = "/_remit/function-session"
DELAYS: Final = "/_remit/delays"
ANSWERS: Final = "/_remit/answers"
FUNCTIONS: Final = "/_remit/functions/"

_PORT: Final = r"(?::\d+)?"
_MACHINE: Final = re.compile(rf"(?:127\.0\.0\.1|localhost|(?:[a-z0-9_-]+\.)+localhost){_PORT}", re.IGNORECASE)
# The ids are whole: the emulator reads a shorter one, or a name, as a request to its control plane. It makes the ids
# of function URLs of 32 letters and digits, as AWS does, and those of APIs of 8 hexadecimal digits.
_FUNCTION_URL: Final = r"[a-z0-9]{32}"
_API: Final = r"[0-9a-f]{8}"
_HOSTS: Final = (
    ("/_aws/lambda-url/", re.compile(rf"({_FUNCTION_URL})\.lambda-url\.[a-z0-9-]+\.localhost{_PORT}")),
    ("/_aws/execute-api/", re.compile(rf"({_API})\.execute-api\.localhost{_PORT}")),
)
_APP: Final = re.compile(rf"/_aws/(?:lambda-url/{_FUNCTION_URL}|execute-api/{_API})/.*", re.DOTALL)
_ADDRESS: Final = re.compile(rf"/_aws/(?:lambda-url/{_FUNCTION_URL}|execute-api/{_API})")
# The management of an API's WebSocket connections, which AWS asks a signature for: /STAGE/@connections/ID.
_CONNECTIONS: Final = re.compile(r"/_aws/execute-api/[^/]+/(?:.*/)?@connections(?:/.*)?", re.DOTALL)
# Where a custom resource or a wait condition answers, without a signature: who knows the token was told it.
_ANSWER: Final = re.compile(r"/_ministack/cfn-(?:response|signal)/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The public keys of a Cognito user pool, with which APIs (the emulator's own, too) check the tokens of its users.
_USER_POOL_KEYS: Final = re.compile(
    r"/[a-z]{2}(?:-[a-z]+)+-\d_[0-9A-Za-z]+/\.well-known/(?:jwks\.json|openid-configuration)"
)
_OWN: Final = ("/_ministack/", "/_localstack/", "/_remit/")


def is_this_machine(host: str) -> bool:
    """Return whether a Host header names this machine, and no name that somebody else points at it."""
    return _MACHINE.fullmatch(host) is not None


def app_prefix(host: str, path: str) -> str | None:
    """Return the prefix that makes a path one of the app alone; None if the request is not for the app.

    It is "" where the path has the id already. The management of WebSocket connections is not for the app.

    A function URL or an API is found by its id in the path, or in the name of the host. The emulator looks at other
    paths before it looks at the host (`/_ministack/reset` is one), so the id must go into the path.
    """
    prefix = prefix_of_host(host)
    whole = rooted(prefix + path)
    if _APP.fullmatch(whole) and not _CONNECTIONS.fullmatch(whole):
        return prefix
    return None


def rooted(path: str) -> str:
    """A path for the app with the `/` that an address without a path ends in."""
    return f"{path}/" if _ADDRESS.fullmatch(path) else path


def prefix_of_host(host: str) -> str:
    """Return the path's prefix for a host of the app, such as `/_aws/lambda-url/ID`; "" for any other host."""
    for route, pattern in _HOSTS:
        match = pattern.fullmatch(host)
        if match is not None:
            return route + match.group(1)
    return ""


def is_answer(method: str, path: str) -> bool:
    """Return whether a custom resource, or whoever signals a wait condition, answers CloudFormation."""
    return method == "PUT" and _ANSWER.fullmatch(path) is not None


def is_keys_of_user_pool(request: ReceivedRequest) -> bool:
    """Return whether the app's user pool is asked for its public keys, which everybody may have."""
    return request.method == "GET" and _USER_POOL_KEYS.fullmatch(request.path) is not None


def is_own(path: str) -> bool:
    """Return whether a path is the emulator's or remit's own, which AWS does not have."""
    return path.startswith(_OWN)
