"""The sessions of functions: whose they are, and what policies may ask of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from remit.iam.policy import parse
from remit.local.authorization.callers import FunctionSessions, issued_caller
from remit.local.emulator import as_request_of, emulated
from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::000000000000:role/shop/web"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:web"


def test_a_function_has_one_session_of_its_role_that_says_when_it_was_issued() -> None:
    sessions = FunctionSessions()
    configuration = {"FunctionArn": FUNCTION, "FunctionName": "web", "Role": ROLE}
    variables = sessions.credentials_of(configuration)
    assert variables == sessions.credentials_of(configuration)
    session = sessions.find(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SESSION_TOKEN"])
    assert session is not None
    secret, caller = session
    assert (variables["AWS_SECRET_ACCESS_KEY"], "web") == (secret, caller.function)
    assert "arn:aws:sts::000000000000:assumed-role/web/web" == caller.arn
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(caller.keys["aws:tokenissuetime"]))
    assert sessions.find(variables["AWS_ACCESS_KEY_ID"], "another token") is None


@pytest.fixture
def role_id() -> Iterator[str]:
    """The id of the function's role, in the emulator's IAM of this process."""
    iam = emulated("services.iam")
    trust = json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}})
    form = {"RoleName": ["web"], "Path": ["/shop/"], "AssumeRolePolicyDocument": [trust]}
    with as_request_of("000000000000", "us-east-1"):
        iam._IAM_HANDLERS["CreateRole"](form)
        yield str(iam._roles["web"]["RoleId"])
        iam._roles.pop("web")


def test_sts_knows_the_session_of_a_function_by_its_roles_id_also_after_a_reset(role_id: str) -> None:
    sessions, sts = FunctionSessions(), emulated("services.sts")
    configuration = {"FunctionArn": f"{FUNCTION}:live", "FunctionName": "web", "Role": ROLE}
    for _ in range(2):
        key = sessions.credentials_of(configuration)["AWS_ACCESS_KEY_ID"]
        known = sts._sessions.pop(key)
        assert ("arn:aws:sts::000000000000:assumed-role/web/web", f"{role_id}:web") == (known["Arn"], known["UserId"])


def test_a_session_has_what_its_provider_says_and_both_kinds_of_policies_that_it_was_made_with(role_id: str) -> None:
    sts, statement = emulated("services.sts"), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    session = {
        "Arn": "arn:aws:sts::000000000000:assumed-role/web/ci",
        "UserId": f"{role_id}:ci",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "PrincipalType": "AssumedRole",
        "role_id": role_id,
        "federated_keys": {"gitlab.com:sub": "project:shop"},
        "SessionPolicies": {
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": statement}),
            "PolicyArns": [
                f"arn:aws:iam::aws:policy/{name}" for name in ("AmazonSQSFullAccess", "None", "AWSSupportAccess")
            ],
        },
    }
    sts._sessions["ASIACI"] = session
    secret, caller = issued_caller("ASIACI", "000000000000", "token")
    assert ("secret", session["Arn"], "project:shop") == (secret, caller.arn, caller.keys["gitlab.com:sub"])
    assert caller.session[0] == parse({"Version": "2012-10-17", "Statement": statement})
    first_actions = [policy.statements[0].actions.patterns[0] for policy in caller.session]
    assert ["s3:*", "sqs:*", "support:*"] == first_actions
    for broken in ("no JSON", '{"Statement": [{"Effect": "Perhaps"}]}'):
        session["SessionPolicies"] = {"Policy": broken}
        with pytest.raises(RefusedRequest) as refused:
            issued_caller("ASIACI", "000000000000", "token")
        assert ("MalformedPolicyDocument", "the policy of the session is not valid") == (
            refused.value.code,
            refused.value.reason,
        )
    session["role_id"] = "the id of a role that was there before"
    with pytest.raises(RefusedRequest, match="The security token included in the request is invalid"):
        issued_caller("ASIACI", "000000000000", "token")
    del sts._sessions["ASIACI"]


@pytest.mark.parametrize("is_root", [True, False, None])
def test_a_session_of_the_servers_own_key_is_root(is_root: bool | None) -> None:
    sts = emulated("services.sts")
    session = {
        "Arn": "arn:aws:iam::000000000000:root", "UserId": "000000000000", "SecretAccessKey": "secret",
        "SessionToken": "token", "PrincipalType": "Root",
    }  # fmt: skip
    sts._sessions["ASIAROOT"] = session if is_root is None else {**session, "is_root": is_root}
    try:
        _, caller = issued_caller("ASIAROOT", "000000000000", "token")
    finally:
        sts._sessions.pop("ASIAROOT")
    assert (bool(is_root), session["Arn"]) == (caller.is_root, caller.arn)


def test_functions_and_roles_have_sessions_of_their_own() -> None:
    sessions, found = FunctionSessions(), {}
    for function, role in ((FUNCTION, ROLE), (f"{FUNCTION}-2", ROLE), (FUNCTION, f"{ROLE}-2")):
        configuration = {"FunctionArn": function, "FunctionName": "any", "Role": role}
        variables = sessions.credentials_of(configuration)
        assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} == set(variables)
        session = sessions.find(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SESSION_TOKEN"])
        assert session is not None
        found[session[1].arn] = (session[1].function, session[1].keys["lambda:sourcefunctionarn"], session[1].account)
        emulated("services.sts")._sessions.pop(variables["AWS_ACCESS_KEY_ID"])
    assumed = "arn:aws:sts::000000000000:assumed-role"
    assert found == {
        f"{assumed}/web/web": ("web", FUNCTION, "000000000000"),
        f"{assumed}/web/web-2": ("web-2", f"{FUNCTION}-2", "000000000000"),
        f"{assumed}/web-2/web": ("web", FUNCTION, "000000000000"),
    }
    assert None is sessions.find("ASIAOTHER", "token")
