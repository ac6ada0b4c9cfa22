"""Who may call a route: the users of a Cognito user pool."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from remit.catalogue.arns import parse
from remit.declare.resource_references import UserPoolClientRef, UserPoolRef
from remit.errors import RemitError, described
from remit.iam import tokens
from remit.resources.names import own_id
from remit.triggers.route_authorizer import TokenAuthorizer, check_texts

if TYPE_CHECKING:
    from remit.app import Function

_POOL_ID: Final = r"(?P<region>[a-z]{2,}(?:-[a-z]+)+-\d)_\w+"
_POOL_TYPE: Final = "AWS::Cognito::UserPool"


@dataclass(frozen=True, slots=True)
class UserPool(TokenAuthorizer):
    """Let in the users of a user pool: `on.api("GET /orders", auth=on.user_pool(Users.pool, clients=[Users.web]))`.

    The pool is a resource of the app, or an existing one by its id (`existing.parameter(…)`, too) or ARN; `clients` are
    app clients of it, by id or as resources: tokens of others are refused. Of `scopes` a token must have one; only
    access tokens have any. A REST API takes the tokens of all clients, so that `on.rest` takes it without `clients`: ID
    tokens, or with `scopes` access tokens.

    Sources: "Control access to HTTP APIs with JWT authorizers in API Gateway", "Control access to REST APIs using
    Amazon Cognito user pools as an authorizer" (Amazon API Gateway Developer Guide).
    """

    rest_authorization: ClassVar[Literal["COGNITO_USER_POOLS", "CUSTOM"]] = "COGNITO_USER_POOLS"

    pool: UserPoolRef
    clients: Sequence[UserPoolClientRef] | None = None
    scopes: Sequence[str] = ()

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the pool, the clients, the scopes."""
        yield lambda: self.accepted_issuer
        yield self._check_clients
        yield partial(check_texts, "scopes", self.scopes)

    def _check_clients(self) -> None:
        """Refuse with RemitError (2) an empty list of clients, or one of anything but texts."""
        if self.clients is not None and not self.clients:
            hint = "name each app client whose tokens are to be let in"
            raise RemitError(f"clients cannot be {described(self.clients):.60}", hint=hint)
        check_texts("clients", self.accepted_audience)

    def check_for_http_api(self) -> None:
        """Raise RemitError if it names no clients."""
        if self.clients is None:
            hint = "name each app client whose tokens are to be let in: `on.user_pool(…, clients=[…])`"
            raise RemitError("an HTTP API lets in the users of a pool by its app clients", hint=hint)

    def check_for_rest_api(self) -> None:
        """Raise RemitError if it names clients."""
        if self.clients is not None:
            raise RemitError(
                "a REST API takes the tokens of every client of a user pool, so that `clients` would refuse nobody",
                hint="leave `clients` out; to tell them apart, give each its scopes and name these: `scopes=[…]`",
            )

    @property
    def accepted_issuer(self) -> str:
        """The issuer of its users' tokens, as late-bound text where only the deploy knows the pool.

        Such a pool is in the region of the app. RemitError (2): the pool is given in no known form.
        """
        reference = own_id(self.pool)
        if reference and getattr(self.pool, "type", _POOL_TYPE) == _POOL_TYPE:
            return f"https://cognito-idp.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{reference}}}"
        pool_id = _id_of_pool(self.pool)
        existing = re.fullmatch(_POOL_ID, pool_id)
        if existing is None:
            raise RemitError(
                f"user_pool takes a user pool of the app, an id or an ARN, got {described(self.pool):.60}",
                hint='an id reads "eu-central-1_AbCdEf123"',
            )
        region = existing["region"]
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"https://cognito-idp.{region}.{suffix}/{pool_id}"

    @property
    def accepted_audience(self) -> tuple[str, ...]:
        """The ids of the app clients."""
        return tuple(tokens.plain(getattr(client, "ref", client)) for client in self.clients or ())

    def rest_properties(self, functions: Iterable[Function]) -> Mapping[str, Any]:  # noqa: ARG002 - an authorizer's signature
        """The ARN of the pool, as late-bound text where only the deploy knows it, and the header with the token."""
        arn = str(tokens.plain(getattr(self.pool, "arn", self.pool)))
        if not arn.startswith("arn:") and not arn.endswith(".Arn}"):
            region = arn.partition("_")[0] if re.fullmatch(_POOL_ID, arn) else "${AWS::Region}"
            arn = f"arn:${{AWS::Partition}}:cognito-idp:{region}:${{AWS::AccountId}}:userpool/{arn}"
        return {
            "Type": self.rest_authorization,
            "IdentitySource": "method.request.header.Authorization",
            "ProviderARNs": [arn],
        }


def _id_of_pool(pool: Any) -> str:
    """The id in a pool's ARN; text that is no ARN as it is, which the caller checks.

    "" for the ARN of another service, and for what is no text.
    """
    text = tokens.plain(pool)
    if not isinstance(text, str):
        return ""
    arn = parse(text)
    if arn is None:
        return text
    return arn.resource.removeprefix("userpool/") if arn.service == "cognito-idp" else ""
