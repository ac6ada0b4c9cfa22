"""Callers without keys of AWS: whoever the token of an identity provider says that they are.

What a token claims counts here as it would on AWS, its age and its audience, too. Its signature is not looked at: so a
role's trust in GitHub or GitLab can be tried with a token that somebody writes.

Sources: "AssumeRoleWithWebIdentity" (AWS STS API Reference); "Available keys for AWS OIDC federation" (IAM User Guide).
"""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import action as catalogued_action
from remit.local.emulator import emulated
from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    Claims = dict[str, Any]
    Keys = dict[str, str | tuple[str, ...] | None]

_WITHOUT_PROVIDER: Final = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})
"""Issuers that trust policies name by themselves: no account has an identity provider for them."""
_OF_ALL_ISSUERS: Final = ("amr", "aud", "sub")
_CLAIMS: Final = ("iss", "sub", "aud", "exp")
WEB_IDENTITY: Final = "AssumeRoleWithWebIdentity"
"""The action of STS that nobody signs: a token says who calls."""


@dataclass(frozen=True, slots=True)
class FederatedCaller:
    """The caller that an identity provider names: the provider as trust policies name it, and the condition keys.

    `keys` are in lower case; None says that a key is absent.
    """

    provider: str
    keys: Mapping[str, str | tuple[str, ...] | None]
    described: Mapping[str, str]
    """What the answer of STS says of the caller, by the names of its elements."""


def federated_caller(action: str, parameters: Mapping[str, str]) -> FederatedCaller:
    """The caller that the token in a request for an action of STS names; the token's signature is not checked.

    Raises:
        RefusedRequest: as STS refuses a token that cannot be read, has expired, lacks a claim, is of a provider that
            the account does not have, or is for none of its audiences; 501 for an action that is not simulated here.
    """
    if action != WEB_IDENTITY:
        raise RefusedRequest("NotImplemented", f"sts:{action} is not simulated on this machine", 501)
    claims = _claims(parameters.get("WebIdentityToken", ""))
    for name in _CLAIMS:
        if not claims.get(name):
            raise _invalid(f"Missing a required claim: {name}")
    _refuse_expired(claims["exp"])
    issuer = str(claims["iss"]).partition("://")[2].rstrip("/") or str(claims["iss"])
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    provider = issuer
    if issuer not in _WITHOUT_PROVIDER:
        account = parameters.get("RoleArn", "").split(":")[4:5]
        provider = f"arn:aws:iam::{''.join(account)}:oidc-provider/{issuer}"
        known = emulated("services.iam")._oidc_providers.get(provider)
        if known is None:
            raise _invalid(f"No OpenIDConnect provider found in your account for {claims['iss']}")
        if not set(map(str, audiences)) & set(known["ClientIDList"]):
            raise _invalid("Incorrect token audience")
    known_action = catalogued_action(f"sts:{WEB_IDENTITY}")
    names = () if known_action is None else tuple(key.name.lower() for key in known_action.all_keys)
    # The keys of all providers, which are absent where no claim is one of them.
    keys: Keys = {name: None for name in names if not name.startswith(("aws:", "iam:", "sts:"))}
    for name, value in claims.items():
        key = f"{issuer}:{name}".lower()
        if name in _OF_ALL_ISSUERS or _is_known(key, keys):
            keys[key] = _key_value(value)
    described = {
        "SubjectFromWebIdentityToken": str(claims["sub"]),
        "Audience": str(audiences[0]),
        "Provider": provider,
    }
    return FederatedCaller(provider, keys, described)


def _claims(token: str) -> Claims:
    """Return the claims of a JSON Web Token; its signature is not looked at. RefusedRequest: it is no such token."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (IndexError, ValueError, RecursionError):
        claims = header = None
    if not (isinstance(claims, dict) and isinstance(header, dict)):
        raise _invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
    return claims


def _refuse_expired(expires: Any) -> None:
    """Check the time, in seconds, until which a token holds. RefusedRequest: it is over, or no number."""
    now = int(time.time())
    if not isinstance(expires, int | float):
        raise _invalid("The ID Token provided is not a valid JWT: exp is no number")
    if expires <= now:
        message = f"Token expired: current date/time {now} must be before the expiration date/time {int(expires)}"
        raise RefusedRequest("ExpiredTokenException", message, 400)


def _is_known(key: str, keys: Keys) -> bool:
    """Return whether AWS has a key for a claim: `key` is one of the names, or fits one that has `${…}` for a part."""
    return key in keys or any(
        "${" in name and re.fullmatch(re.sub(r"\\\$\\\{[^}]*\\\}", "[^:/]+", re.escape(name)), key) for name in keys
    )


def _key_value(value: Any) -> str | tuple[str, ...] | None:
    """A claim as a condition key has it: a text, or texts without what is none; None for other types."""
    if isinstance(value, list):
        texts = tuple(str(item) for item in value if isinstance(item, str | int))
        return texts[0] if len(texts) == 1 else texts
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _invalid(reason: str) -> RefusedRequest:
    return RefusedRequest("InvalidIdentityToken", reason, 400)
