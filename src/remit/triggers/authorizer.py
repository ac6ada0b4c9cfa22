"""What says who may call a route by the tokens that they bring: `on.jwt`, `on.user_pool`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import RemitError, described, writer
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence


class Authorizer:
    """Base of the classes whose objects an API checks tokens by: frozen dataclasses, as triggers are."""

    __slots__ = ()

    @property
    def accepted_issuer(self) -> str:
        """What a token's `iss` must say."""
        raise NotImplementedError

    @property
    def accepted_audience(self) -> tuple[str, ...]:
        """What its `aud` (or else `client_id`) may say."""
        raise NotImplementedError

    @property
    def accepted_scopes(self) -> tuple[str, ...]:
        """Of these it must have one; none for all."""
        raise NotImplementedError


def plain_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """Strings of the user's as plain ones."""
    return tuple(tokens.plain(text) for text in texts)


def checked_texts(option: str, value: object) -> None:
    """A list of strings, none of them empty."""
    if not isinstance(value, list | tuple):
        raise RemitError(f"{option} must be a list of strings, got {described(value):.60}", origin=writer())
    for item in value:
        if not isinstance(item, str) or not tokens.plain(item):
            raise RemitError(f"{option} has {described(item):.60}, which is not a text", origin=writer())
