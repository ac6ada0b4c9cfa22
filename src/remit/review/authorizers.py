"""Whom the authorizer of an API lets in: those with a token of an issuer, users of a pool, or whom a function knows.

As in a trust policy, who vouches for somebody is a federated principal, and what a token must say is a condition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.iam.policy import Condition, Principals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Resource

_TYPES: Final = ("AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer")
_SCHEME: Final = "https://"
_IN_URI: Final = re.compile(r"^.*/functions/(.+)/invocations$")
"""The URI by which API Gateway calls a function."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Whom an authorizer lets in."""

    principals: Principals
    conditions: tuple[Condition, ...] = ()


def authorized_callers(authorizer: Resource, route: Resource) -> Callers | None:
    """Whom an authorizer lets in to a route or a method, which may ask for scopes; None where that is not known."""
    properties = authorizer.properties
    token: Any = properties.get("JwtConfiguration")
    if authorizer.type not in _TYPES:
        return None
    if isinstance(token, dict) and not tokens.is_intrinsic(token):
        vouchers = _texts(token.get("Issuer"))
        conditions = tuple(_token_conditions(vouchers, token.get("Audience"), route))
    else:
        functions = tuple(_IN_URI.sub(r"\1", uri) for uri in _texts(properties.get("AuthorizerUri")))
        vouchers = _texts(properties.get("ProviderARNs")) or functions
        conditions = tuple(_token_conditions(vouchers, None, route))
    if not vouchers:
        return None
    return Callers(Principals(tuple(("Federated", voucher) for voucher in vouchers)), conditions)


def _token_conditions(vouchers: tuple[str, ...], audience: Any, route: Resource) -> Iterator[Condition]:
    """What the token must say: for whom it is, and one of the scopes that the route asks for."""
    issuer = vouchers[0].removeprefix(_SCHEME) if vouchers else ""
    audiences = _texts(audience)
    if audiences:
        yield Condition("StringEquals", f"{issuer}:aud", audiences)
    scopes = _texts(route.properties.get("AuthorizationScopes"))
    if scopes:
        yield Condition("StringEquals", f"{issuer}:scope", scopes, quantifier="ForAnyValue")


def _texts(value: Any) -> tuple[str, ...]:
    """The texts of a property that holds one or a list."""
    items = value if isinstance(value, list | tuple) else (value,)
    texts = [tokens.textual(item) for item in items if item is not None]
    return tuple(text for text in texts if isinstance(text, str) and text)
