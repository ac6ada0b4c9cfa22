"""Who may call a route: whoever brings a JSON Web Token of an issuer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from remit.errors import RemitError, described
from remit.iam import tokens
from remit.triggers.route_authorizer import TokenAuthorizer, check_texts, plain_texts

_LOOPBACK: Final = r"http://(?:127\.0\.0\.1|localhost)(?::\d+)?(?:/.*)?"


@dataclass(frozen=True, slots=True)
class Jwt(TokenAuthorizer):
    """Let in requests with a token: `on.api("GET /orders", auth=on.jwt("https://id.example", audience=["shop"]))`.

    `issuer` is what the token's `iss` says, an https address that serves OpenID Connect's discovery document;
    `audience` lists what its `aud` (or else `client_id`) may say; of `scopes` it must have one. An issuer on this
    machine (http://127.0.0.1:…) works on the local AWS alone.

    Source: "Control access to HTTP APIs with JWT authorizers in API Gateway" (Amazon API Gateway Developer Guide).
    """

    issuer: str
    audience: Sequence[str]
    scopes: Sequence[str] = ()

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the issuer, the audience, the scopes."""
        yield self._check_issuer
        yield self._check_audience
        yield partial(check_texts, "audience", self.audience)
        yield partial(check_texts, "scopes", self.scopes)

    def check_for_rest_api(self) -> None:
        """Raise RemitError always: REST APIs take tokens of user pools alone."""
        raise RemitError(
            "a REST API checks no tokens of other issuers: that is what HTTP APIs do",
            hint="write `on.api(…)`, or let a function check them: `auth=on.authorizer(check)`",
        )

    def _check_issuer(self) -> None:
        """Refuse with RemitError (2) an issuer that is no https address; one on this machine may be http."""
        issuer = self.accepted_issuer
        if not issuer.startswith(("https://", "${")) and not re.fullmatch(_LOOPBACK, issuer):
            raise RemitError(
                f"issuer cannot be {described(self.issuer):.60}",
                hint='it is the https address in the `iss` of a token, such as "https://id.example"',
            )

    def _check_audience(self) -> None:
        """Refuse with RemitError (2) an audience of nobody."""
        if not self.audience:
            hint = "without one, tokens that the issuer made for any other app would be let in"
            raise RemitError("audience names nobody", hint=hint)

    @property
    def accepted_issuer(self) -> str:
        """The issuer as plain text, which may be late-bound."""
        issuer: str = tokens.plain(self.issuer)
        return issuer

    @property
    def accepted_audience(self) -> tuple[str, ...]:
        """The audience as plain texts."""
        return plain_texts(self.audience)
