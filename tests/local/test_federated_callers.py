"""What a token of an identity provider says becomes the condition keys that trust policies ask."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.authorization.federated_callers import FederatedCaller, federated_caller
from remit.local.emulator import as_request_of, emulated
from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "777788889999"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example/shop"


@pytest.fixture(autouse=True)
def _provider() -> Iterator[None]:
    """An identity provider of the account, in the emulator's IAM of this process."""
    with as_request_of(ACCOUNT, "eu-west-1"):
        providers = emulated("services.iam")._oidc_providers
        providers[PROVIDER] = {"ClientIDList": ["web", "mobile"]}
        yield
        del providers[PROVIDER]


def called(**claims: Any) -> FederatedCaller:
    said = {"iss": "https://login.example/shop/", "sub": "ada", "aud": "web", "exp": 4e9, **claims}
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, said))
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    parameters = {"WebIdentityToken": ".".join((*parts, "x")), "RoleArn": role}
    return federated_caller("AssumeRoleWithWebIdentity", parameters)


def test_claims_are_keys_under_the_issuers_name_and_one_of_several_audiences_is_enough() -> None:
    caller = called(aud=["another", "mobile"], amr=["authenticated"], other="is no key")
    assert PROVIDER == caller.provider == caller.described["Provider"]
    own = {key: value for key, value in caller.keys.items() if key.startswith("login.example")}
    expected = {"aud": ("another", "mobile"), "amr": "authenticated", "sub": "ada"}
    assert {f"login.example/shop:{name}": value for name, value in expected.items()} == own
    assert ("another", "ada") == (caller.described["Audience"], caller.described["SubjectFromWebIdentityToken"])


def test_keys_of_other_providers_are_absent_and_those_of_the_request_are_not_told_by_a_token() -> None:
    keys = called().keys
    assert keys["token.actions.githubusercontent.com:actor"] is None
    assert [] == [key for key in keys if key.startswith(("aws:", "iam:", "sts:"))]


def test_a_token_has_expired_at_the_very_second_that_it_names() -> None:
    with pytest.raises(RefusedRequest, match="Token expired"):
        called(exp=int(time.time()))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp"])
def test_a_token_without_a_claim_that_sts_needs_is_refused(name: str) -> None:
    for value in (None, ""):
        with pytest.raises(RefusedRequest) as refused:
            called(**{name: value})
        assert ("InvalidIdentityToken", 400, f"Missing a required claim: {name}") == (
            refused.value.code,
            refused.value.status,
            refused.value.reason,
        )


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        ("mfa", "mfa"),
        (["mfa"], "mfa"),
        (["mfa", 7, {"a": 1}, None], ("mfa", "7")),
        ([], ()),
        ({"a": 1}, None),
    ],
)
def test_a_claim_is_a_text_or_several(claim: object, value: object) -> None:
    assert value == called(amr=claim).keys["login.example/shop:amr"]


def test_the_keys_of_an_issuer_are_in_lower_case_whatever_its_name_is() -> None:
    """As of a cluster of EKS, whose issuer ends in letters of upper case."""
    issuer = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE1A"
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
    emulated("services.iam")._oidc_providers[provider] = {"ClientIDList": ["sts.amazonaws.com"]}
    subject = "system:serviceaccount:shop:web"
    caller = called(iss=f"https://{issuer}", aud=["sts.amazonaws.com"], sub=subject)
    del emulated("services.iam")._oidc_providers[provider]
    own = {key: value for key, value in caller.keys.items() if value is not None}
    assert {f"{issuer.lower()}:sub": subject, f"{issuer.lower()}:aud": "sts.amazonaws.com"} == own
    assert provider == caller.provider


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


NESTED = base64.urlsafe_b64encode(b"[" * 100_000).decode()


@pytest.mark.parametrize(
    "token", ["", part({}), f"{part({})}.{NESTED}.x", f"{part([])}.{part({'iss': 'i'})}.x", f"{part({})}.{part(1)}.x"]
)
def test_what_is_no_token_of_a_header_and_claims_is_refused(token: str) -> None:
    with pytest.raises(RefusedRequest, match="The ID Token provided is not a valid JWT") as refused:
        federated_caller("AssumeRoleWithWebIdentity", {"WebIdentityToken": token})
    assert ("InvalidIdentityToken", 400) == (refused.value.code, refused.value.status)


def test_a_claim_is_a_key_where_the_reference_names_it_also_with_a_part_left_open() -> None:
    providers = emulated("services.iam")._oidc_providers
    claims = {"actor": "ada", "build_branch": "main", "user_login": "ada", "other": "x"}
    told = {}
    for issuer in ("gitlab.com", "agent.eu.buildkite.dev", "agent.a/b.buildkite.dev", "token.actions.x.ghe.com"):
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
        providers[provider] = {"ClientIDList": ["web"]}
        keys = called(iss=f"https://{issuer}", **claims).keys
        told[issuer] = sorted(key.removeprefix(f"{issuer}:") for key, value in keys.items() if value is not None)
        del providers[provider]
    assert told == {
        "gitlab.com": ["aud", "sub", "user_login"],
        "agent.eu.buildkite.dev": ["aud", "build_branch", "sub"],
        "agent.a/b.buildkite.dev": ["aud", "sub"],
        "token.actions.x.ghe.com": ["actor", "aud", "sub"],
    }
