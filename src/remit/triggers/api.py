"""A route of the app's HTTP API that runs a function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, described, writer
from remit.iam import tokens
from remit.triggers.authorizer import Authorizer
from remit.triggers.jwt import Jwt
from remit.triggers.route_authorizer import RouteAuthorizer
from remit.triggers.trigger import BaseTrigger
from remit.triggers.user_pool import UserPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEFAULT_ROUTE: Final = "$default"
"""The route that takes every request that no other route takes."""
METHODS: Final = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_MODES: Final = ("AWS_IAM", "NONE")
VARIABLE: Final = re.compile(r"\{([A-Za-z0-9._-]+)\+?\}")
"""A variable of a path: a segment, or with `+` the rest of the path."""
_ELSEWHERE: Final = r"<?(?:\w+(?=:\w))?:?(\w+)>?"
"""A variable as web frameworks write it: `<id>`, `<int:id>`, `:id`."""
_SEGMENT: Final = r"[A-Za-z0-9._~!$&'()*+,;=:@%-]*"

Authorization: TypeAlias = Literal["AWS_IAM", "NONE"] | Authorizer | Jwt | UserPool


@dataclass(frozen=True, slots=True)
class Api(BaseTrigger):
    """Run the function for the requests of a route of the app's HTTP API: `on.api("GET /orders/{id}")`.

    A route is a method (or ANY) and a path, whose segments may be variables (`{id}`) and whose last one may take the
    rest of the path (`{proxy+}`); or `$default`, for whatever no other route takes. `auth` says whom it answers:
    callers whom IAM allows execute-api:Invoke (AWS_IAM), those who bring a token (`on.jwt`, `on.user_pool`), those
    whom a function of the app lets in (`on.authorizer`), or everyone (NONE). The handler gets payload format 2.0.

    Source: "Create routes for HTTP APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """

    route: str
    auth: Authorization = "AWS_IAM"

    def checks(self) -> Iterator[Callable[[], object]]:
        """The route, and whom it answers."""
        yield self._check_route
        yield partial(_check_auth, self.auth)

    def _check_route(self) -> None:
        problem, hint = _problem(self.route)
        if problem:
            raise RemitError(f"route {tokens.plain(self.route)!r:.60} {problem}", hint=hint, origin=writer())

    @property
    def method(self) -> str:
        """The method, ANY for all of them; empty for `$default`."""
        return "" if self.route == DEFAULT_ROUTE else self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path; empty for `$default`."""
        return self.route.partition(" ")[2]

    @property
    def requests(self) -> str:
        """The route without the names of its variables: two routes with the same requests are one."""
        return VARIABLE.sub(lambda variable: "{+}" if variable[0].endswith("+}") else "{}", self.route)

    @property
    def authorizer(self) -> RouteAuthorizer | None:
        """The authorizer of callers; None where IAM decides, or nobody."""
        return None if isinstance(self.auth, str) else self.auth


def _check_auth(auth: object) -> None:
    """One of the words for `auth`, or an object that says who is asked."""
    if isinstance(auth, RouteAuthorizer) or tokens.plain(auth) in _MODES:
        return
    meant = did_you_mean(tokens.plain(auth), _MODES) if isinstance(auth, str) else None
    choices = '"AWS_IAM", "NONE", on.jwt(…), on.user_pool(…), on.authorizer(…)'
    got = repr(tokens.plain(auth)) if isinstance(auth, str) else described(auth)
    raise RemitError(f"auth cannot be {got:.60}", hint=meant or f"it can be {choices}", origin=writer())


def _problem(route: str) -> tuple[str, str | None]:
    """Return the problem of a route, and a hint; an empty text where there is none."""
    example = 'write a method and a path, such as "GET /orders/{id}", or "$default"'
    text = tokens.plain(route)
    if tokens.references(text):
        return "holds what only the deploy knows", "API Gateway's routes are written whole"
    if text == DEFAULT_ROUTE:
        return "", None
    method, space, path = text.partition(" ")
    if not space:
        hint = f'"ANY {text}" takes every method' if text.startswith("/") else example
        return "has no method and path", hint
    if method not in METHODS:
        meant = did_you_mean(method, METHODS)
        return f"has the method {method!r}", meant or f"it can be {', '.join(METHODS)}"
    return _problem_of_path(path)


def _problem_of_path(path: str) -> tuple[str, str | None]:
    if not path.startswith("/") or path.startswith("//"):
        return "has a path that does not begin with one /", f'write "/{path.strip().lstrip("/")}"'
    segments = path[1:].split("/")
    for segment in segments:
        problem, hint = _problem_of_segment(segment)
        if problem:
            return problem, hint
    for segment in segments[:-1]:
        if segment.endswith("+}"):
            return f"goes on after {segment}, which takes the rest of the path", "move it to the end"
    names = VARIABLE.findall(path)
    if len(names) != len(set(names)):
        return "has two variables of one name", None
    return "", None


def _problem_of_segment(segment: str) -> tuple[str, str | None]:
    if VARIABLE.fullmatch(segment) or (re.fullmatch(_SEGMENT, segment) and not segment.startswith(":")):
        return "", None
    elsewhere = re.fullmatch(_ELSEWHERE, segment)
    hint = (
        f'a variable reads "{{{elsewhere[1]}}}"' if elsewhere else 'a segment is text or one variable, such as "{id}"'
    )
    return f"has the segment {segment!r}", hint
