"""What says who may call a route, beside IAM: `on.jwt`, `on.user_pool`, `on.authorizer`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from remit.declare.recorded import Recorded
from remit.errors import RemitError
from remit.iam import tokens
from remit.resources.names import digest

if TYPE_CHECKING:
    from remit.app import Function


class RouteAuthorizer(Recorded):
    """Base of the classes whose objects an API asks who may call: frozen dataclasses, as triggers are."""

    __slots__ = ()
    authorization: ClassVar[Literal["JWT", "CUSTOM"]] = "JWT"
    """The AuthorizationType of its routes of an HTTP API."""
    rest_authorization: ClassVar[Literal["COGNITO_USER_POOLS", "CUSTOM"]]
    """The AuthorizationType of its methods of a REST API."""

    @property
    def logical_id(self) -> str:
        """Its logical id behind the API's. Another one is another authorizer: no deploy changes one under a route."""
        raise NotImplementedError

    @property
    def accepted_scopes(self) -> tuple[str, ...]:
        """Of these scopes a token must have one; none for all."""
        return ()

    def check_for_http_api(self) -> None:
        """Raise RemitError if no HTTP API can ask it; here, any can."""

    def check_for_rest_api(self) -> None:
        """Raise RemitError if no REST API can ask it; here, any can."""

    def properties(self, functions: Iterable[Function]) -> Mapping[str, Any]:
        """Its properties as one of an HTTP API, without the API and the name; `functions` are the app's."""
        raise NotImplementedError

    def rest_properties(self, functions: Iterable[Function]) -> Mapping[str, Any]:
        """Its properties as one of a REST API, without the API and the name."""
        raise NotImplementedError


class TokenAuthorizer(RouteAuthorizer):
    """Base of those by which API Gateway itself checks JSON Web Tokens."""

    __slots__ = ()
    scopes: Sequence[str]

    @property
    def accepted_scopes(self) -> tuple[str, ...]:
        """The scopes, as plain texts; of these a token must have one."""
        return plain_texts(self.scopes)

    @property
    def accepted_issuer(self) -> str:
        """The required `iss` of a token."""
        raise NotImplementedError

    @property
    def accepted_audience(self) -> tuple[str, ...]:
        """The accepted values of its `aud` (or else `client_id`)."""
        raise NotImplementedError

    @property
    def logical_id(self) -> str:
        """Its logical id behind the API's: a hash of the issuer and the audience, not of the scopes."""
        return f"Tokens{digest(self.accepted_issuer, *self.accepted_audience)}"

    def properties(self, functions: Iterable[Function]) -> Mapping[str, Any]:  # noqa: ARG002 - an authorizer's signature
        """Its properties as one of an HTTP API: the issuer and the audience."""
        return {
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Audience": list(self.accepted_audience), "Issuer": self.accepted_issuer},
        }


def plain_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """Strings of the user's as plain ones: those of other classes, such as members of enumerations, as `str`."""
    return tuple(tokens.plain(text) for text in texts)


def check_texts(option: str, texts: Sequence[str]) -> None:
    """RemitError: one of the strings is empty."""
    if "" in plain_texts(texts):
        raise RemitError(f"{option} has an empty string")
