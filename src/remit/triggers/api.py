"""A route of the app's HTTP API that runs a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from remit.app import App, Function, PayloadFormat  # noqa: TC001 - the types of its fields are read
from remit.triggers.api_route import RouteTrigger
from remit.triggers.authorizer import Authorizer
from remit.triggers.jwt import Jwt
from remit.triggers.user_pool import UserPool

DEFAULT_ROUTE: Final = "$default"
"""The route that takes every request that no other route takes."""

Authorization: TypeAlias = Literal["AWS_IAM", "NONE"] | Authorizer | Jwt | UserPool


@dataclass(frozen=True, slots=True)
class Api(RouteTrigger):
    """Run the function for the requests of a route of the app's HTTP API: `on.api("GET /orders/{id}")`.

    A route is a method (or ANY) and a path, whose segments may be variables (`{id}`) and whose last one may take the
    rest of the path (`{proxy+}`); or `$default`, for whatever no other route takes. `auth` says whom it answers:
    callers whom IAM allows execute-api:Invoke (AWS_IAM), those who bring a token (`on.jwt`, `on.user_pool`), those
    whom a function of the app lets in (`on.authorizer`), or everyone (NONE). The handler gets payload format 2.0,
    or 1.0 where `payload_format_version` or `config.api.payload_format_version` says so.

    Source: "Create routes for HTTP APIs in API Gateway" (Amazon API Gateway Developer Guide).
    """

    segment: ClassVar[str] = r"[A-Za-z0-9._~!$&'()*+,;=:@%-]*"
    example: ClassVar[str] = 'write a method and a path, such as "GET /orders/{id}", or "$default"'
    authorizers: ClassVar[str] = "on.jwt(…), on.user_pool(…), on.authorizer(…)"

    route: str
    auth: Authorization = "AWS_IAM"
    payload_format_version: PayloadFormat | None = None

    def problem(self, text: str) -> tuple[str, str | None]:
        """Return the problem of a route, in words that follow it, and a hint or None; "" and None: it is right."""
        return ("", None) if text == DEFAULT_ROUTE else RouteTrigger.problem(self, text)

    def payload_format(self, function: Function, app: App) -> str:
        """The version of the events that it sends to a function: its own, or the app's; 2.0 to a web app always."""
        if function.web is not None:
            return "2.0"  # the adapters of web frameworks are given no other
        return self.payload_format_version or app.api.payload_format_version
