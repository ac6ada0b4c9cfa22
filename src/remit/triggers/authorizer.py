"""Who may call a route: whoever a function of the app lets in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from remit.app import Function, PayloadFormat
from remit.did_you_mean import did_you_mean
from remit.errors import Origin, RemitError, described
from remit.iam import tokens
from remit.resources.names import digest
from remit.triggers.route_authorizer import RouteAuthorizer, plain_texts

_SOURCE: Final = r"((?:\$|method\.)request\.(header|querystring)|\$?stageVariables|\$?context)\.[\w.-]+"
"""Where HTTP APIs (`$request.header.x`) or REST APIs (`method.request.header.x`) find who somebody is."""
_LONGEST: Final = 3600
"""Seconds ("AWS::ApiGatewayV2::Authorizer": AuthorizerResultTtlInSeconds)."""


@dataclass(frozen=True, slots=True)
class Authorizer(RouteAuthorizer):
    """Let in requests that a function of the app lets in: `on.api("GET /orders", auth=on.authorizer(check))`.

    The function answers `{"isAuthorized": True, "context": {…}}`; the route's handler finds the context in
    `event["requestContext"]["authorizer"]["lambda"]`. A request without the `identity_source` (a list of
    `$request.header.NAME`, `$request.querystring.NAME` and the like) is refused without asking. With `cache`, an answer
    holds for that many seconds (to 3,600) for the same identity, on all routes that ask the same function. With
    `payload_format_version="1.0"` it is asked and answers as for a REST API.

    For a REST API (`on.rest`) the function answers with a policy, `{"principalId": "ada", "policyDocument": {…}}`, and
    is asked with the whole request (REQUEST), or with `token` with one header alone (TOKEN), which must match
    `identity_validation_expression`. There a request without the `identity_source` is refused with `cache` or `token`.

    Sources: "Control access to HTTP APIs with AWS Lambda authorizers", "Use API Gateway Lambda authorizers" (Amazon API
    Gateway Developer Guide).
    """

    authorization: ClassVar[Literal["JWT", "CUSTOM"]] = "CUSTOM"
    rest_authorization: ClassVar[Literal["COGNITO_USER_POOLS", "CUSTOM"]] = "CUSTOM"
    function: Callable[..., Any] | str
    identity_source: Sequence[str] = ("$request.header.Authorization",)
    cache: int = 0
    token: bool = False
    identity_validation_expression: str | None = None
    payload_format_version: PayloadFormat = "2.0"

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the function, the identity source, the cache, and of what goes with `token`."""
        yield self._check_function
        yield self._check_sources
        yield self._check_cache
        yield self._check_token

    def _check_function(self) -> None:
        """Refuse with RemitError (2) what is neither a function nor the name of one."""
        if not callable(self.function) and not isinstance(self.function, str):
            raise RemitError(
                f"authorizer takes a function of the app, got {described(self.function):.60}",
                hint="such as `on.authorizer(check)`, where `check` is decorated with `@app.function`",
            )

    def _check_sources(self) -> None:
        """Refuse with RemitError (2) a source that names no part of a request."""
        for source in plain_texts(self.identity_source):
            if not re.fullmatch(_SOURCE, source):
                hint = 'such as "$request.header.Authorization" or "$request.querystring.token"'
                raise RemitError(f"identity_source has {source!r:.60}", hint=hint)

    def _check_cache(self) -> None:
        """Refuse with RemitError (2) seconds out of range, or a cache without what it is kept for."""
        if not 0 <= self.cache <= _LONGEST:
            raise RemitError(f"cache is {self.cache}; it can be 0 to {_LONGEST} seconds")
        if self.cache and not self.identity_source:
            hint = "an answer is kept for the identity that it was given for"
            raise RemitError("cache needs an identity_source", hint=hint)

    def _check_token(self) -> None:
        """Refuse with RemitError (2) a token that is not in one header, and an expression without a token."""
        sources = plain_texts(self.identity_source)
        if self.token and not (len(sources) == 1 and "request.header." in sources[0]):
            hint = 'such as identity_source=["method.request.header.x-token"]'
            raise RemitError("an authorizer of tokens has one header as its identity_source", hint=hint)
        if self.identity_validation_expression is not None and not self.token:
            hint = "add `token=True`, or look at the request in the function"
            raise RemitError("identity_validation_expression is for tokens alone", hint=hint)

    def check_for_http_api(self) -> None:
        """Raise RemitError if it asks with a token alone, which only REST APIs do."""
        if self.token:
            hint = "leave `token` out: the function finds the header in the request"
            raise RemitError("an HTTP API asks an authorizer with the whole request", hint=hint)

    @property
    def _function_name(self) -> str:
        """The function's name in the app, or `module.qualname`, its handler, of one that is given itself."""
        if isinstance(self.function, str):
            return str(tokens.plain(self.function))
        qualname = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return f"{getattr(self.function, '__module__', '')}.{qualname}"

    @property
    def logical_id(self) -> str:
        """The logical id behind the API's: a hash of what it asks, and for how long."""
        own_tokens = ("TOKEN", str(self.identity_validation_expression)) if self.token else ()
        own_format = () if self.payload_format_version == "2.0" else (self.payload_format_version,)
        words = (*plain_texts(self.identity_source), str(self.cache), *own_tokens, *own_format)
        return f"Authorizer{digest(self._function_name, *words)}"

    def asked_function(self, functions: Iterable[Function], route: Origin | None = None) -> Function:
        """The one of the app's `functions` that it asks. RemitError, at the line `route`: the app has none such."""
        by_name = {function.name: function for function in functions}
        for function in by_name.values():
            if self._function_name in (function.name, function.handler):
                return function
        hint = did_you_mean(self._function_name, by_name) or "decorate it with `@app.function`: it needs no trigger"
        problem = f"`{self._function_name}` is no function of this app, so that no route can ask it"
        raise RemitError(problem, hint=hint, origin=route)

    @property
    def _sources(self) -> list[str]:
        """Where the identity is, as neither kind of APIs spells it: `request.header.x`."""
        return [source.removeprefix("method.").removeprefix("$") for source in plain_texts(self.identity_source)]

    def properties(self, functions: Iterable[Function]) -> Mapping[str, Any]:
        """Its properties for an HTTP API: the function that is asked, and the parts of a request that identify it.

        RemitError: the app has no such function.
        """
        properties: dict[str, Any] = {
            "AuthorizerType": "REQUEST",
            "AuthorizerPayloadFormatVersion": self.payload_format_version,
            "AuthorizerResultTtlInSeconds": self.cache,
            "AuthorizerUri": self.asked_function(functions).invocation_uri,
        }
        if self.payload_format_version == "2.0":
            properties["EnableSimpleResponses"] = True
        if self.identity_source:
            properties["IdentitySource"] = [f"${source}" for source in self._sources]
        return properties

    def rest_properties(self, functions: Iterable[Function]) -> Mapping[str, Any]:
        """Its properties for a REST API: the function that is asked, and the parts of a request that identify it.

        RemitError: the app has no such function.
        """
        properties: dict[str, Any] = {
            "Type": "TOKEN" if self.token else "REQUEST",
            "AuthorizerResultTtlInSeconds": self.cache,
            "AuthorizerUri": self.asked_function(functions).invocation_uri,
        }
        if self.identity_source:
            sources = [f"method.{source}" if source.startswith("request.") else source for source in self._sources]
            properties["IdentitySource"] = ",".join(sources)
        if self.identity_validation_expression is not None:
            properties["IdentityValidationExpression"] = tokens.plain(self.identity_validation_expression)
        return properties
