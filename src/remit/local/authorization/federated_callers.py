"""Callers without keys of AWS: whoever the token of an identity provider, or a SAML assertion, says that they are.

What a token claims counts here as it would on AWS, its age and its audience, too. Its signature is not looked at: so a
role's trust in GitHub, GitLab or a user directory can be tried with a token that somebody writes.

Sources: "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML" (AWS STS API Reference); "Available keys for AWS OIDC
federation", "Available keys for SAML-based AWS STS federation", "Troubleshoot SAML federation" (IAM User Guide).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import action as catalogued_action
from remit.local.emulator import emulated
from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Claims = dict[str, Any]
    Keys = dict[str, str | tuple[str, ...] | None]

_WITHOUT_PROVIDER: Final = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})
"""Issuers that trust policies name by themselves: no account has an identity provider for them."""
_OF_ALL_ISSUERS: Final = ("amr", "aud", "sub")
_LONGEST_TOKEN: Final = 20_000
_CLAIMS: Final = ("iss", "sub", "aud", "exp")
_SAML: Final = "https://aws.amazon.com/SAML/Attributes/"
_FORMATS: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:"


@dataclass(frozen=True, slots=True)
class FederatedCaller:
    """Whoever an identity provider names: the provider as trust policies name it, and the condition keys."""

    provider: str
    keys: Mapping[str, str | tuple[str, ...] | None]
    session_name: str
    """How the session of the role is called."""
    most_seconds: int | None
    """How long the session may last at most, where the provider says so."""
    described: Mapping[str, str]
    """What the answer of STS says of the caller, by the names of its elements."""


def federated_caller(action: str, parameters: Mapping[str, str]) -> FederatedCaller:
    """The caller that the token in a request of `FEDERATED_ACTIONS` names.

    Raises:
        RefusedRequest: as STS refuses a token that cannot be read, has expired, lacks a claim, or is of a provider that
            the account does not have.
    """
    return FEDERATED_ACTIONS[action](parameters)


def _of_web_identity(parameters: Mapping[str, str]) -> FederatedCaller:
    if len(parameters.get("WebIdentityToken", "")) > _LONGEST_TOKEN:
        constraint = f"Member must have length less than or equal to {_LONGEST_TOKEN}"
        message = f"1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: {constraint}"
        raise RefusedRequest("ValidationError", message, 400)
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
        known = _providers("_oidc_providers").get(provider)
        if known is None:
            raise _invalid(f"No OpenIDConnect provider found in your account for {claims['iss']}")
        if not set(map(str, audiences)) & set(known["ClientIDList"]):
            raise _invalid("Incorrect token audience")
    keys = _absent_keys("sts:AssumeRoleWithWebIdentity")
    for name, value in claims.items():
        key = f"{issuer}:{name}".lower()
        if name in _OF_ALL_ISSUERS or _is_known(key, keys):
            keys[key] = _key_value(value)
    described = {
        "SubjectFromWebIdentityToken": str(claims["sub"]),
        "Audience": str(audiences[0]),
        "Provider": provider,
    }
    return FederatedCaller(provider, keys, parameters.get("RoleSessionName", ""), None, described)


def _claims(token: str) -> Claims:
    """Return the claims of a JSON Web Token."""
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
    now = int(time.time())
    if not isinstance(expires, int | float):
        raise _invalid("The ID Token provided is not a valid JWT: exp is no number")
    if expires <= now:
        message = f"Token expired: current date/time {now} must be before the expiration date/time {int(expires)}"
        raise RefusedRequest("ExpiredTokenException", message, 400)


def _of_saml(parameters: Mapping[str, str]) -> FederatedCaller:
    role, provider = parameters.get("RoleArn", ""), parameters.get("PrincipalArn", "")
    if provider not in _providers("_saml_providers"):
        raise _invalid("Specified provider doesn't exist")
    assertion = _assertion(parameters.get("SAMLAssertion", ""))
    attributes = {
        element.get("Name", ""): [value.text or "" for value in _all(element, "AttributeValue")]
        for element in _all(assertion, "Attribute")
    }
    pairs = [{part.strip() for part in text.split(",")} for text in attributes.get(f"{_SAML}Role", ())]
    if {role, provider} not in pairs:
        raise RefusedRequest("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
    session_name = "".join(attributes.get(f"{_SAML}RoleSessionName", ())[:1])
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", session_name, re.ASCII):
        raise _invalid("RoleSessionName is required in AuthnResponse")
    subject = next(_all(assertion, "NameID"), None)
    if subject is None or not subject.text:
        raise _invalid("Missing a required claim: sub")
    confirmation = next(_all(assertion, "SubjectConfirmationData"), None)
    _refuse_too_late(assertion, confirmation)
    issuer = next((element.text or "" for element in _all(assertion, "Issuer")), "")
    audience = "" if confirmation is None else confirmation.get("Recipient", "")
    kind = subject.get("Format", "").removeprefix(_FORMATS) or "unspecified"
    name = provider.rpartition("/")[2]
    account = provider.split(":")[4]
    qualifier = base64.b64encode(hashlib.sha1(f"{issuer}{account}/{name}".encode()).digest()).decode()  # noqa: S324 - as AWS makes it
    keys = _absent_keys("sts:AssumeRoleWithSAML") | {
        "saml:sub": subject.text, "saml:sub_type": kind, "saml:iss": issuer, "saml:aud": audience,
        "saml:doc": f"{account}/{name}", "saml:namequalifier": qualifier,
    }  # fmt: skip
    for element in _all(assertion, "Attribute"):
        key = f"saml:{element.get('FriendlyName') or element.get('Name', '').rpartition('/')[2]}".lower()
        if key in keys and keys[key] is None:
            keys[key] = _key_value(attributes[element.get("Name", "")])
    duration = "".join(attributes.get(f"{_SAML}SessionDuration", ())[:1])
    described = {
        "Subject": subject.text, "SubjectType": kind, "Issuer": issuer, "Audience": audience,
        "NameQualifier": qualifier,
    }  # fmt: skip
    return FederatedCaller(provider, keys, session_name, int(duration) if duration.isdecimal() else None, described)


FEDERATED_ACTIONS: Final[Mapping[str, Callable[[Mapping[str, str]], FederatedCaller]]] = {
    "AssumeRoleWithWebIdentity": _of_web_identity,
    "AssumeRoleWithSAML": _of_saml,
}
"""The actions of STS that nobody signs: a token says who calls."""


def _assertion(text: str) -> ET.Element:
    """The assertion in a response of SAML. expat stops entities that grow without end."""
    try:
        root = ET.fromstring(base64.b64decode(text, validate=True))  # noqa: S314 - see above
    except (ValueError, ET.ParseError):
        raise _invalid("Invalid base64 SAMLResponse") from None
    assertion = next(_all(root, "Assertion"), None)
    if assertion is None:
        raise _invalid("Could not find an assertion in the SAML response")
    return assertion


def _all(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return element.iter(f"{{urn:oasis:names:tc:SAML:2.0:assertion}}{name}")


def _refuse_too_late(assertion: ET.Element, confirmation: ET.Element | None) -> None:
    for element in (confirmation, next(_all(assertion, "Conditions"), None)):
        moment = None if element is None else element.get("NotOnOrAfter")
        if moment is None:
            continue
        try:
            is_over = datetime.fromisoformat(moment).timestamp() <= time.time()
        except ValueError:
            raise _invalid(f"NotOnOrAfter is no date: {moment}") from None
        if is_over:
            raise RefusedRequest("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance", 400)


def _providers(kind: str) -> Mapping[str, Any]:
    providers: Mapping[str, Any] = getattr(emulated("services.iam"), kind)
    return providers


def _absent_keys(action: str) -> Keys:
    """The keys of all providers that a request for an action may have, each without a value."""
    known = catalogued_action(action)
    names = () if known is None else tuple(key.name.lower() for key in known.all_keys)
    return {name: None for name in names if not name.startswith(("aws:", "iam:", "sts:"))}


def _is_known(key: str, keys: Keys) -> bool:
    """Return whether AWS makes a key of a claim: for most issuers of three alone, for some of more."""
    return key in keys or any(
        "${" in name and re.fullmatch(re.sub(r"\\\$\\\{[^}]*\\\}", "[^:/]+", re.escape(name)), key) for name in keys
    )


def _key_value(value: Any) -> str | tuple[str, ...] | None:
    if isinstance(value, list):
        texts = tuple(str(item) for item in value if isinstance(item, str | int))
        return texts[0] if len(texts) == 1 else texts
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _invalid(reason: str) -> RefusedRequest:
    return RefusedRequest("InvalidIdentityToken", reason, 400)
