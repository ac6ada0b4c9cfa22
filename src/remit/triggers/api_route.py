"""A route of one of the app's APIs: a method, a path, and who may call it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, described
from remit.iam import tokens
from remit.triggers.route_authorizer import RouteAuthorizer
from remit.triggers.trigger import BaseTrigger

METHODS: Final = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
VARIABLE: Final = re.compile(r"\{([A-Za-z0-9._-]+)\+?\}")
"""A variable of a path: a segment, or with `+` the rest of the path."""
_MODES: Final = ("AWS_IAM", "NONE")
_ELSEWHERE: Final = r"<?(?:\w+(?=:\w))?:?(\w+)>?"
"""A variable as web frameworks write it: `<id>`, `<int:id>`, `:id`."""


@dataclass(frozen=True, slots=True)
class RouteTrigger(BaseTrigger):
    """Base of the triggers that are routes of an API."""

    segment: ClassVar[str] = ""
    """The pattern of a segment that is no variable."""
    example: ClassVar[str] = 'write a method and a path, such as "GET /orders/{id}"'
    is_of_rest_api: ClassVar[bool] = False
    authorizers: ClassVar[str] = ""
    """The calls that `auth` may be, as a hint lists them."""
    sent: ClassVar[str] = "request"
    way: ClassVar[str] = "path"
    """What API Gateway sends to a function, and by what."""

    route: str
    auth: Any = "AWS_IAM"

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the route and of `auth`."""
        yield self._check_route
        yield self._check_auth

    def _check_route(self) -> None:
        """Refuse with RemitError (2) a route that API Gateway would not take."""
        problem, hint = self.problem(tokens.plain(self.route))
        if problem:
            raise RemitError(f"route {tokens.plain(self.route)!r:.60} {problem}", hint=hint)

    def _check_auth(self) -> None:
        """Refuse with RemitError (2) all but a word for `auth`, or an authorizer that this kind of API can ask."""
        if isinstance(self.auth, RouteAuthorizer):
            if self.is_of_rest_api:
                self.auth.check_for_rest_api()
            else:
                self.auth.check_for_http_api()
            return
        if tokens.plain(self.auth) in _MODES:
            return
        meant = did_you_mean(tokens.plain(self.auth), _MODES) if isinstance(self.auth, str) else None
        got = repr(tokens.plain(self.auth)) if isinstance(self.auth, str) else described(self.auth)
        hint = meant or f'it can be "AWS_IAM", "NONE", {self.authorizers}'
        raise RemitError(f"auth cannot be {got:.60}", hint=hint)

    def problem(self, text: str) -> tuple[str, str | None]:
        """Return the problem of a route, in words that follow it, and a hint or None; "" and None: it is right."""
        if tokens.references(text):
            return "holds what only the deploy knows", "API Gateway's routes are written whole"
        method, space, path = text.partition(" ")
        if not space:
            hint = f'"ANY {text}" takes every method' if text.startswith("/") else self.example
            return "has no method and path", hint
        if method not in METHODS:
            meant = did_you_mean(method, METHODS)
            return f"has the method {method!r}", meant or f"it can be {', '.join(METHODS)}"
        return self.problem_of_path(path)

    def problem_of_path(self, path: str) -> tuple[str, str | None]:
        """Return the problem of the path of a route, and a hint or None; "" and None: it is right."""
        if not path.startswith("/") or path.startswith("//"):
            return "has a path that does not begin with one /", f'write "/{path.strip().lstrip("/")}"'
        segments = path[1:].split("/")
        for segment in segments:
            is_text = re.fullmatch(self.segment, segment) and not segment.startswith(":")
            if not is_text and not VARIABLE.fullmatch(segment):
                elsewhere = re.fullmatch(_ELSEWHERE, segment)
                hint = 'a segment is text or one variable, such as "{id}"'
                return f"has the segment {segment!r}", f'a variable reads "{{{elsewhere[1]}}}"' if elsewhere else hint
        for segment in segments[:-1]:
            if segment.endswith("+}"):
                return f"goes on after {segment}, which takes the rest of the path", "move it to the end"
        names = VARIABLE.findall(path)
        if len(names) != len(set(names)):
            return "has two variables of one name", None
        return "", None

    @property
    def method(self) -> str:
        """The method, ANY for all of them; empty for `$default`."""
        return self.route.partition(" ")[0] if " " in self.route else ""

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
        """The authorizer of callers; None where IAM decides (AWS_IAM), or everyone may call (NONE)."""
        return None if isinstance(self.auth, str) else self.auth
