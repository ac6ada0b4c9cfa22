"""Sessions that STS gives out on this machine: who gets one, whose it is, and how long it is good for."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator_copies import copied
from remit.local.authorization.caller import CALLER, Caller
from remit.local.control.clients import client_arguments, environment, function_session, session, session_as
from remit.local.control.server_commands import accesses
from remit.local.emulator import as_request_of, during, emulated
from remit.local.repairs.identities import check_session, make_sessions_as_sts_does
from remit.local.request import RefusedRequest
from zips import zip_of

if TYPE_CHECKING:
    from pathlib import Path

    from remit.local.state_files import LocalAws

ACCOUNT = "000000000000"
GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.com"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["sts:AssumeRole"]}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(issuer: str, **condition: Any) -> dict[str, Any]:
    provider = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    statement = {"Effect": "Allow", "Principal": provider, "Action": "sts:AssumeRoleWithWebIdentity"}
    return {**statement, "Condition": condition}


def token(**claims: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


def claims(issuer: str = GITHUB, **instead: Any) -> dict[str, Any]:
    subject = "repo:acme/shop:ref:refs/heads/main"
    given = {
        "iss": f"https://{issuer}",
        "aud": "sts.amazonaws.com",
        "sub": subject,
        "exp": time.time() + 3600,
        **instead,
    }
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Roles:
    """An account with the identity providers of GitHub and GitLab, and roles."""

    aws: LocalAws

    def client(self, service: str, **credentials: str) -> Any:
        arguments = client_arguments(self.aws) | credentials
        arguments["config"] = arguments["config"].merge(Config(parameter_validation=False))
        return session(self.aws).client(service, **arguments)

    def role(self, name: str, *trusts: dict[str, Any], **options: Any) -> str:
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(*trusts), **options)
        return str(made["Role"]["Arn"])

    def as_session(self, answer: dict[str, Any]) -> Any:
        keys = answer["Credentials"]
        return session_as(self.aws, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]).client

    def with_token(self, role: str, web_token: str, **options: Any) -> dict[str, Any]:
        request = self.client("sts").assume_role_with_web_identity
        given = {"RoleArn": role, "RoleSessionName": "job", "WebIdentityToken": web_token, **options}
        answer: dict[str, Any] = request(**given)
        return answer


@pytest.fixture(scope="module")
def account(shared: LocalAws) -> Roles:
    roles = Roles(shared)
    for issuer, audience in ((GITHUB, "sts.amazonaws.com"), (GITLAB, "https://gitlab.com")):
        roles.client("iam").create_open_id_connect_provider(Url=f"https://{issuer}", ClientIDList=[audience])
    return roles


@pytest.fixture
def names() -> str:
    """A name for a role of each test."""
    return f"role-{time.monotonic_ns()}"


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_no_name_makes_a_caller_root(account: Roles, names: str) -> None:
    account.client("iam").create_user(UserName="x:root")
    keys = account.client("iam").create_access_key(UserName="x:root")["AccessKey"]
    user = partial(account.client, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"])
    assert "AccessDenied" == refusal(user("s3").list_buckets)[0]
    of_session = account.as_session(user("sts").get_session_token())
    assert "AccessDenied" == refusal(of_session("s3").list_buckets)[0]
    role = account.role(names, ANYBODY)
    request = account.client("sts").assume_role
    assert "ValidationError" == refusal(request, RoleArn=role, RoleSessionName="x:root")[0]
    role = account.role(f"{names}-job", trust(GITHUB))
    assert "ValidationError" == refusal(account.with_token, role, token(**claims()), RoleSessionName="x:root")[0]


def test_a_name_of_a_session_has_from_2_to_64_letters_of_some(account: Roles, names: str) -> None:
    role = account.role(names, ANYBODY)
    for name, constraint in (
        ("x", "have length greater than or equal to 2"),
        ("x" * 65, "have length less than or equal to 64"),
        ("a b", r"satisfy regular expression pattern: [\w+=,.@-]*"),
    ):
        reason = f"Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must {constraint}"
        expected = "ValidationError", f"1 validation error detected: {reason}"
        assert expected == refusal(account.client("sts").assume_role, RoleArn=role, RoleSessionName=name)
    for name in ("xy", "x" * 64):
        assert account.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]


def test_whoever_asks_for_a_role_that_is_not_there_is_noted_with_what_was_asked(account: Roles, names: str) -> None:
    """The role of another account: what an app asks for, its policy must have."""
    account.role(names, ANYBODY)
    account.client("iam").put_role_policy(RoleName=names, PolicyName="all", PolicyDocument=document(EVERYTHING))
    caller = account.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{names}", RoleSessionName="app")
    elsewhere = "arn:aws:iam::111122223333:role/theirs"
    before, _ = accesses(account.aws, 1 << 60)
    assume = account.as_session(caller)("sts").assume_role
    assert "AccessDenied" == refusal(assume, RoleArn=elsewhere, RoleSessionName="app")[0]
    _, records = accesses(account.aws, before)
    assert [("sts:AssumeRole", elsewhere)] == [(record.action, record.resource) for record in records]


def test_a_function_has_no_source_identity_and_of_a_session_it_is_unknown(account: Roles, names: str) -> None:
    role = account.role(names, ANYBODY)
    asked = {**EVERYTHING, "Condition": {"StringEquals": {"aws:SourceIdentity": "ada"}}}
    account.client("iam").put_role_policy(RoleName=names, PolicyName="all", PolicyDocument=document(asked))
    code = {"Handler": "app.handler", "Runtime": "python3.12", "Code": {"ZipFile": zip_of("")}}
    account.client("lambda").create_function(FunctionName=names, Role=role, **code)
    function = function_session(account.aws, names).client("sqs")
    assert "AccessDenied" == refusal(function.list_queues)[0]
    caller = account.client("sts").assume_role(RoleArn=role, RoleSessionName="ada")
    assert account.as_session(caller)("sqs").list_queues()


def test_a_session_of_the_servers_own_key_may_do_everything_and_one_of_a_session_is_not_made(
    account: Roles, names: str
) -> None:
    root = account.as_session(account.client("sts").get_session_token())
    assert root("s3").list_buckets()
    role = account.role(names, ANYBODY)
    account.client("iam").put_role_policy(RoleName=names, PolicyName="all", PolicyDocument=document(EVERYTHING))
    narrow = document({**EVERYTHING, "Action": ["sts:*", "sqs:*"]})
    limited = account.as_session(
        account.client("sts").assume_role(RoleArn=role, RoleSessionName="limited", Policy=narrow)
    )
    expected = "AccessDenied", "Cannot call GetSessionToken with session credentials"
    assert expected == refusal(limited("sts").get_session_token)
    assert "AccessDenied" == refusal(limited("sts").get_federation_token, Name="ada")[0]


GITHUB_TRUST = trust(
    GITHUB,
    StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:repository_owner_id": "42"},
    StringLike={f"{GITHUB}:sub": "repo:acme/shop:*"},
)
GITLAB_TRUST = trust(
    GITLAB,
    StringEquals={f"{GITLAB}:aud": "https://gitlab.com", f"{GITLAB}:ref_protected": "true"},
    StringLike={f"{GITLAB}:sub": "project_path:acme/shop:ref_type:branch:ref:main"},
)
OF_GITLAB = {
    "aud": "https://gitlab.com",
    "sub": "project_path:acme/shop:ref_type:branch:ref:main",
    "ref_protected": True,
}
DENIED = "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"


@pytest.mark.parametrize(
    ("statement", "issuer", "instead", "is_let_in"),
    [
        (GITHUB_TRUST, GITHUB, {"repository_owner_id": "42"}, True),
        (GITHUB_TRUST, GITHUB, {"repository_owner_id": 42, "aud": ["sts.amazonaws.com"]}, True),
        (GITHUB_TRUST, GITHUB, {"repository_owner_id": "43"}, False),
        (GITHUB_TRUST, GITHUB, {}, False),
        (GITHUB_TRUST, GITHUB, {"repository_owner_id": "42", "sub": "repo:acme/shop-fork:ref:refs/heads/main"}, False),
        (GITLAB_TRUST, GITLAB, OF_GITLAB, True),
        (GITLAB_TRUST, GITLAB, {**OF_GITLAB, "ref_protected": False}, False),
        (GITLAB_TRUST, GITHUB, {}, False),
        # AWS makes no condition key of this claim of GitLab's.
        (
            trust(GITLAB, StringEquals={f"{GITLAB}:project_path": "acme"}),
            GITLAB,
            OF_GITLAB | {"project_path": "acme"},
            False,
        ),
        ({**ANYBODY, "Action": "sts:AssumeRoleWithWebIdentity"}, GITHUB, {}, False),
    ],
)
def test_a_jobs_token_gets_the_role_whose_trust_its_claims_meet(
    account: Roles,
    names: str,
    statement: dict[str, Any],
    issuer: str,
    instead: dict[str, Any],
    is_let_in: bool,
) -> None:
    role = account.role(names, statement)
    given = token(**claims(issuer, **instead))
    if not is_let_in:
        assert refusal(account.with_token, role, given) == DENIED
        return
    answer = account.with_token(role, given)
    identity = account.as_session(answer)("sts").get_caller_identity()
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/{names}/job" == identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert (f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}",) == (answer["Provider"],)
    assert claims(issuer, **instead)["sub"] == answer["SubjectFromWebIdentityToken"]


def test_the_sdk_of_a_job_gets_its_role_by_itself(
    account: Roles, names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = account.role(names, trust(GITHUB, StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"}))
    (tmp_path / "token").write_text(token(**claims()))
    for name, value in environment(account.aws).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ROLE_ARN", role)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    import boto3  # noqa: PLC0415 - reads the variables

    assert f":assumed-role/{names}/" in boto3.Session().client("sts").get_caller_identity()["Arn"]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ("not-a-token", "InvalidIdentityToken", "is not a valid JWT"),
        ("a.b.c.d", "InvalidIdentityToken", "is not a valid JWT"),
        ("e30.WzFd.x", "InvalidIdentityToken", "is not a valid JWT"),
        (token(**claims(sub=None)), "InvalidIdentityToken", "Missing a required claim: sub"),
        (token(**claims(sub="")), "InvalidIdentityToken", "Missing a required claim: sub"),
        (token(**claims(aud=None)), "InvalidIdentityToken", "Missing a required claim: aud"),
        (token(**claims(iss=None)), "InvalidIdentityToken", "Missing a required claim: iss"),
        (token(**claims(exp=None)), "InvalidIdentityToken", "Missing a required claim: exp"),
        (token(**claims(exp="soon")), "InvalidIdentityToken", "exp is no number"),
        (token(**claims(exp=1_700_000_000)), "ExpiredTokenException", "before the expiration date/time 1700000000"),
        (token(**claims(aud="another")), "InvalidIdentityToken", "Incorrect token audience"),
        (token(**claims("other.example")), "InvalidIdentityToken", "No OpenIDConnect provider found in your account"),
    ],
)  # fmt: skip
def test_a_token_that_aws_would_not_take_is_refused_in_its_words(
    account: Roles, given: str, code: str, message: str
) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    got = refusal(account.with_token, role, given)
    assert code == got[0]
    assert message in got[1]


def test_an_assertion_of_saml_is_not_read_here(account: Roles) -> None:
    request = account.client("sts").assume_role_with_saml
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    assert "NotImplemented" == refusal(request, RoleArn=role, PrincipalArn="x", SAMLAssertion="x")[0]


def test_a_session_ends_with_its_role_and_a_new_role_of_the_name_is_another(account: Roles, names: str) -> None:
    role = account.role(names, ANYBODY)
    ended = account.as_session(account.client("sts").assume_role(RoleArn=role, RoleSessionName="one"))
    assert ended("sts").get_caller_identity()["Arn"].endswith(f"{names}/one")
    account.client("iam").delete_role(RoleName=names)
    expected = "InvalidClientTokenId", "The security token included in the request is invalid."
    assert expected == refusal(ended("sts").get_caller_identity)
    account.role(names, ANYBODY)
    account.client("iam").put_role_policy(RoleName=names, PolicyName="all", PolicyDocument=document(EVERYTHING))
    assert expected == refusal(ended("sts").get_caller_identity)
    assert (
        "AccessDenied" == refusal(account.client("sts").assume_role, RoleArn=f"{role}-gone", RoleSessionName="one")[0]
    )


def test_a_session_lasts_no_longer_than_its_role_lets_it_and_an_hour_in_a_chain(account: Roles, names: str) -> None:
    own = account.client("sts")
    long = account.role(names, ANYBODY, trust(GITHUB), MaxSessionDuration=7200)
    account.client("iam").put_role_policy(RoleName=names, PolicyName="all", PolicyDocument=document(EVERYTHING))
    short = account.role(f"{names}-short", ANYBODY)
    first = own.assume_role(RoleArn=long, RoleSessionName="one", DurationSeconds=7200)
    lasts = first["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(seconds=7100) < lasts <= timedelta(seconds=7200)
    too_long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    request = partial(own.assume_role, RoleSessionName="one")
    for role, seconds, message in (
        (long, 7201, too_long),
        (short, 3601, too_long),
        (short, 899, "greater than or equal to 900"),
        (short, 43201, "less than or equal to 43200"),
    ):
        code, text = refusal(request, RoleArn=role, DurationSeconds=seconds)
        assert "ValidationError" == code
        assert message in text
    assert too_long == refusal(account.with_token, long, token(**claims()), DurationSeconds=7201)[1]
    chained = account.as_session(first)("sts")
    assert chained.assume_role(RoleArn=long, RoleSessionName="two", DurationSeconds=3600)
    message = refusal(chained.assume_role, RoleArn=long, RoleSessionName="two", DurationSeconds=3601)[1]
    assert "exceeds the 1 hour session limit for roles assumed by role chaining." in message


def test_a_session_has_the_tags_of_its_own_role_and_not_of_who_asked_for_it(account: Roles, names: str) -> None:
    of_team = {**EVERYTHING, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "shop"}}}
    first = account.role(names, ANYBODY, Tags=[{"Key": "team", "Value": "shop"}])
    second = account.role(f"{names}-2", ANYBODY)
    for name in (names, f"{names}-2"):
        account.client("iam").put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document(of_team))
    tagged = account.as_session(account.client("sts").assume_role(RoleArn=first, RoleSessionName="one"))
    untagged = account.as_session(tagged("sts").assume_role(RoleArn=second, RoleSessionName="two"))
    assert tagged("sqs").list_queues()
    assert "AccessDenied" == refusal(untagged("sqs").list_queues)[0]


def test_a_stack_is_made_with_no_more_than_the_policy_of_its_callers_session(account: Roles, names: str) -> None:
    role = account.role(names, ANYBODY)
    account.client("iam").put_role_policy(RoleName=names, PolicyName="all", PolicyDocument=document(EVERYTHING))
    narrow = document({**EVERYTHING, "Action": ["cloudformation:*", "sqs:*"]})
    answer = account.client("sts").assume_role(RoleArn=role, RoleSessionName="limited", Policy=narrow)
    stacks = account.as_session(answer)("cloudformation")
    for kind, status in (("AWS::SQS::Queue", "CREATE_COMPLETE"), ("AWS::SNS::Topic", "ROLLBACK_COMPLETE")):
        name = f"{names}-{kind[-5:]}"
        stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Made": {"Type": kind}}}))
        while (found := stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith("IN_PROGRESS"):
            time.sleep(0.02)
        assert status == found


OF_ROLE = "888877776666"
ROLE = f"arn:aws:iam::{OF_ROLE}:role/teams/worker"
USER, SESSION = f"arn:aws:iam::{OF_ROLE}:user/ann", f"arn:aws:sts::{OF_ROLE}:assumed-role/worker/ann"
CONSTRAINT = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must {}"
CHAINED = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


@pytest.mark.parametrize(
    ("caller", "action", "changes", "reason"),
    [
        (USER, "GetSessionToken", {}, ""),
        (SESSION, "GetSessionToken", {}, "Cannot call GetSessionToken with session credentials"),
        (SESSION, "GetFederationToken", {}, "Cannot call GetFederationToken with session credentials"),
        (SESSION, "GetCallerIdentity", {"DurationSeconds": "x"}, ""),
        (USER, "AssumeRole", {}, ""),
        (USER, "AssumeRole", {"RoleSessionName": "é" * 3}, CONSTRAINT.format(
            "ééé", "roleSessionName", "satisfy regular expression pattern: [\\w+=,.@-]*")),
        (USER, "AssumeRole", {"RoleSessionName": "n" * 64}, ""),
        (USER, "AssumeRole", {"RoleSessionName": "n" * 65}, CONSTRAINT.format(
            "n" * 65, "roleSessionName", "have length less than or equal to 64")),
        (USER, "AssumeRole", {"RoleSessionName": "nn"}, ""),
        (USER, "AssumeRole", {"RoleSessionName": "n"}, CONSTRAINT.format(
            "n", "roleSessionName", "have length greater than or equal to 2")),
        (USER, "AssumeRole", {"DurationSeconds": "899"}, CONSTRAINT.format(
            "899", "durationSeconds", "have value greater than or equal to 900")),
        (USER, "AssumeRole", {"DurationSeconds": "43201"}, CONSTRAINT.format(
            "43201", "durationSeconds", "have value less than or equal to 43200")),
        (USER, "AssumeRole", {"DurationSeconds": "1h"}, CONSTRAINT.format(
            "1h", "durationSeconds", "have value greater than or equal to 900")),
        (USER, "AssumeRole", {"DurationSeconds": "7200"}, ""),
        (USER, "AssumeRole", {"DurationSeconds": "7201"}, TOO_LONG),
        (USER, "AssumeRole", {"DurationSeconds": "43200"}, TOO_LONG),
        (SESSION, "AssumeRole", {"DurationSeconds": "3600"}, ""),
        (SESSION, "AssumeRole", {"DurationSeconds": "3601"}, CHAINED),
        (USER, "AssumeRole", {"RoleArn": ROLE.replace("teams/", "")}, "not authorized to perform: sts:AssumeRole on"),
        (USER, "AssumeRole", {"RoleArn": ""}, "is not authorized to perform: sts:AssumeRole on resource: "),
    ],
)  # fmt: skip
def test_sts_refuses_a_session_by_its_name_its_length_its_role_and_who_asks(
    caller: str, action: str, changes: dict[str, str], reason: str
) -> None:
    parameters = {"RoleArn": ROLE, "RoleSessionName": "ann", **changes}
    asked: Any = SimpleNamespace(operation=SimpleNamespace(name=action), parameters=parameters)
    roles = emulated("services.iam")._roles
    with as_request_of(OF_ROLE, "us-east-1"):
        roles["worker"] = {"Arn": ROLE, "MaxSessionDuration": 7200}
        try:
            if not reason:
                check_session(asked, Caller(caller, OF_ROLE))
                return
            with pytest.raises(RefusedRequest) as refused:
                check_session(asked, Caller(caller, OF_ROLE))
        finally:
            del roles["worker"]
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("caller", "kind", "role", "noted"),
    [
        (None, "Root", "", {"is_root": True, "role_id": None}),
        (None, "AssumedRole", "worker", {"is_root": False, "role_id": "AROA1"}),
        (Caller(USER, ACCOUNT), "Root", "", {"is_root": False, "role_id": None}),
        (Caller(USER, ACCOUNT, keys={"a": "b"}), "AssumedRole", "none", {"is_root": False, "role_id": None}),
        (
            Caller("arn:provider", "", keys={"a": "b"}), "AssumedRole", "worker",
            {
                "is_root": False, "role_id": "AROA1",
                "federated_keys": {"a": "b", "aws:federatedprovider": "arn:provider"},
            },
        ),
    ],
)  # fmt: skip
def test_a_session_is_noted_with_who_made_it_and_of_which_role(
    monkeypatch: pytest.MonkeyPatch, caller: Caller | None, kind: str, role: str, noted: dict[str, Any]
) -> None:
    kept: dict[str, Any] = {}
    sts = copied(monkeypatch, "services.sts", register_session=kept.__setitem__)
    roles = SimpleNamespace(get_scoped=lambda _account, _region, name: {"worker": {"RoleId": "AROA1"}}.get(name))
    copied(monkeypatch, "services.iam", _roles=roles)
    make_sessions_as_sts_does()
    session_of = {"PrincipalType": kind}
    if role:
        session_of["Arn"] = f"arn:aws:sts::{OF_ROLE}:assumed-role/{role}/ann"
    with during(CALLER, caller):
        sts.register_session("ASIA1", dict(session_of))
    assert {"ASIA1": {**session_of, **noted}} == kept


def test_a_web_identity_is_answered_as_a_role_that_is_assumed_with_what_its_token_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    async def handle(*arguments: Any) -> Any:
        asked.append(arguments)
        return 200, {"a": "b"}, b"<AssumeRoleResponse><AssumeRoleResult><C/></AssumeRoleResult></AssumeRoleResponse>"

    provider = f"arn:aws:iam::{OF_ROLE}:oidc-provider/{GITHUB}"
    copied(monkeypatch, "services.iam", _oidc_providers={provider: {"ClientIDList": ["sts.amazonaws.com"]}})
    sts = copied(monkeypatch, "services.sts", handle_request=handle)
    make_sessions_as_sts_does()
    form = {"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": token(**claims(sub="a<b&c")), "RoleArn": ROLE}
    request = ("POST", "/", {"h": "i"})
    with as_request_of(ACCOUNT, "us-east-1"):
        status, headers, body = asyncio.run(sts.handle_request(*request, urlencode(form).encode(), {}))
        plain = asyncio.run(sts.handle_request(*request, b"Action=GetCallerIdentity", {"q": ["1"]}))
    assert (200, {"a": "b"}) == (status, headers) == plain[:2]
    assert (*request, b"Action=GetCallerIdentity", {"q": ["1"]}) == asked[1]
    sent = {name: values[0] for name, values in parse_qs(asked[0][3].decode()).items()}
    assert {**form, "Action": "AssumeRole"} == sent
    text = body.decode()
    assert "<SubjectFromWebIdentityToken>a&lt;b&amp;c</SubjectFromWebIdentityToken>" in text
    assert text.startswith("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><C/><")
    assert text.endswith("></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")
