"""Each principal is asked for the sensitive actions that it can do, and every yes has a request that is allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from audit_accounts import (
    ACCOUNT,
    EVERYTHING,
    NOW,
    OTHER,
    allow,
    deny,
    document,
    managed,
    page,
    report_of,
    role,
    user,
    write,
)
from random_cases import cases_of
from remit.audit.access import AccessQuestions
from remit.audit.account_pages import account_page
from remit.audit.documents import OWN_ACCOUNT, Documents
from remit.audit.joined_account import joined_account
from remit.audit.organization import organization
from remit.audit.question import NO, AccessAnswer, PolicyQuestion, answer, combined, own_resources
from remit.catalogue.action_resources import takes
from remit.catalogue.expand import expand
from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.policy import parse
from remit.iam.request import Request

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.results import PrincipalRow

BLUE = [{"Key": "team", "Value": "blue"}]
OF_TEAM = "arn:aws:s3:::${aws:PrincipalTag/team}/*"
SAME_TEAM = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}


def audited(folder: Path, *records: dict[str, Any]) -> PrincipalRow:
    return next(iter(report_of(write(folder, page(*records))).principals))


@pytest.mark.parametrize(
    ("record", "can"),
    [
        pytest.param(role("x", allow("iam:Get*")), (), id="reading is not sensitive"),
        pytest.param(role("x", allow("iam:PutRolePolicy", on="arn:aws:s3:::b/*")), (), id="no such resource"),
        pytest.param(
            role("x", allow("iam:PutRolePolicy", on="arn:aws:iam::444455556666:role/*")), (), id="of another account"
        ),
        pytest.param(
            role("x", allow("kms:Decrypt", when={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})),
            (),
            id="over since 2020",
        ),
        pytest.param(
            role("x", allow("kms:Decrypt", when={"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})),
            ("kms:Decrypt",),
            id="since 2020",
        ),
        pytest.param(
            role("x", EVERYTHING, deny("*", when={"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}})),
            "all",
            id="old sessions were revoked",
        ),
        pytest.param(
            role("x", allow("s3:GetObject"), {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": OF_TEAM}),
            (),
            id="NotResource without a value spares nothing",
        ),
        pytest.param(
            role(
                "x",
                allow("s3:GetObject"),
                {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": OF_TEAM},
                Tags=BLUE,
            ),
            ("s3:GetObject",),
            id="NotResource with a value spares that",
        ),
        pytest.param(
            role("x", allow("s3:GetObject"), deny("*", when={"StringNotLike": {"aws:userid": "AROAOTHER:*"}})),
            (),
            id="the id of another role",
        ),
        pytest.param(
            role("x", allow("kms:Decrypt", when={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/y*"}})),
            (),
            id="the ARN of another role",
        ),
        pytest.param(
            role("x", {"Effect": "Allow", "NotAction": ["iam:*", "kms:*", "s3:*"], "Resource": "arn:aws:dynamodb:*"}),
            ("dynamodb:Scan",),
            id="NotAction",
        ),
    ],
)
def test_a_principal_can_do_what_its_policies_allow(tmp_path: Path, record: dict[str, Any], can: Any) -> None:
    row = audited(tmp_path, record)
    assert (can, ()) == ("all" if len(row.can) > 40 else row.can, row.undecided)


def test_what_must_hold_is_named(tmp_path: Path) -> None:
    access = audited(tmp_path, role("x", allow("secretsmanager:GetSecretValue", when=SAME_TEAM), Tags=BLUE)).access[0]
    assert (("aws:ResourceTag/team", "blue"),) == access.must_hold


def test_of_accounts_with_one_document_each_principal_has_its_own_partition_and_names_of_policies(
    tmp_path: Path,
) -> None:
    reads = document(allow("kms:Decrypt"))
    named = [role(name, RolePolicyList=[{"PolicyName": name, "PolicyDocument": reads}]) for name in ("a", "b")]
    in_china = {**role("c", account=OTHER), "RolePolicyList": named[0]["RolePolicyList"]}
    in_china["Arn"] = in_china["Arn"].replace("arn:aws:", "arn:aws-cn:")
    write(tmp_path, page(*named, in_china))
    rows = [row.access[0] for row in report_of(tmp_path).principals]
    assert [row.resource.split(":")[1] for row in rows] == ["aws", "aws", "aws-cn"]
    assert [row.statement for row in rows] == [f"{name} (inline), Statement[0]" for name in ("a", "b", "a")]


def test_a_boundary_limits(tmp_path: Path) -> None:
    boundary = managed("limit", allow("s3:*"))
    bounded = role("x", EVERYTHING, PermissionsBoundary={"PermissionsBoundaryArn": boundary["Arn"]})
    assert ("s3:GetObject", "s3:PutBucketPolicy", "s3:DeleteBucket") == audited(tmp_path, bounded, boundary).can


def test_the_first_statement_that_allows_is_named(tmp_path: Path) -> None:
    sensitive = {**allow("kms:Decrypt"), "Sid": "Keys"}
    access = audited(tmp_path, role("x", allow("s3:List*"), sensitive, allow("kms:*"))).access[0]
    assert access.statement == "own (inline), Statement[1] (Keys)"


UNDECIDED = AccessAnswer("undecided", reason="why")
ON_A, ON_B = (AccessAnswer("yes", name, ((name, "1"), ("both", name)), "", (0, 0)) for name in ("a", "b"))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((ON_A,), ON_A),
        ((ON_A, ON_B), replace(ON_A, must_hold=(("a", "1"), ("both", "b"), ("b", "1")))),
        ((ON_A, UNDECIDED, replace(UNDECIDED, reason="later")), UNDECIDED),
        ((UNDECIDED, ON_A, NO), NO),
        ((NO, UNDECIDED), NO),
    ],
)
def test_several_questions_that_must_all_be_yes_are_one(answers: tuple[AccessAnswer, ...], expected: Any) -> None:
    assert combined(answers) == expected


def test_every_yes_has_a_request_that_the_whole_policies_allow(tmp_path: Path) -> None:
    statements = (EVERYTHING, deny("iam:*", on=f"arn:aws:iam::{ACCOUNT}:role/a*"), deny("s3:Get*", when=SAME_TEAM))
    row = audited(tmp_path, role("x", *statements, Tags=BLUE))
    policy = parse(document(*statements))
    verdicts = set()
    for access in row.access:
        context = {"aws:PrincipalTag/team": "blue", **dict(access.must_hold)}
        request = Request(access.action, access.resource, context=context, resource_account=ACCOUNT)
        verdicts.add(evaluate(request, Layers((policy,), resource=(_anybody(access.action),))).verdict)
    assert {"Allowed"} == verdicts


def test_whoever_may_do_everything_may_do_each_action_on_what_it_takes() -> None:
    """On each resource that an action requires, or on `*` if it has no resource types."""
    layers = Layers((parse(document(EVERYTHING)),))
    not_for_roles = {"sts:GetFederationToken", "sts:GetSessionToken"}
    for action in cases_of(sorted(set(expand("*")) - not_for_roles), 40):
        for resources in own_resources(action):
            found = answer(PolicyQuestion(action, resources, f"arn:aws:iam::{ACCOUNT}:role/x", layers))
            assert "yes" == found.verdict
            # A recovery point of AWS Backup has an ARN of any service: here of one that is none.
            if resources != ("*",) and not resources[0].startswith("arn:aws:*:"):
                assert takes(action, found.resource), action
            assert resources != ("*",) or found.resource == "*", action


def _anybody(action: str) -> Any:
    """The policy of a KMS key, which must allow by itself."""
    return parse(document({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}))


def test_the_same_document_of_two_accounts_is_one() -> None:
    documents = Documents()
    keys = {
        documents.add(document(allow("s3:Get*", on=f"arn:aws:s3:us-east-1:{account}:accesspoint/a")), account)
        for account in (ACCOUNT, "444455556666")
    }
    assert 1 == len(keys)


def test_an_error_in_a_policy_is_found_once_for_all_that_have_it(tmp_path: Path) -> None:
    misspelt = allow("s3:GetObjcet")
    write(
        tmp_path,
        page(role("a", misspelt), role("b", misspelt), role("c", allow("s3:GetObject", on="arn:aws:s3:::b/*"))),
    )
    documents = [row for row in report_of(tmp_path).documents if row.kind == "identity"]
    assert [["R202"]] == [
        [finding.rule for finding in row.findings if finding.severity == "error"] for row in documents
    ]
    assert [["a", "b"]] == [[use.principal.rpartition("/")[2] for use in row.uses] for row in documents]


@pytest.mark.parametrize(
    ("actions", "are_open"),
    [
        ({"Action": ["sts:AssumeRole", "sts:TagSession"]}, True),
        ({"Action": "sts:Tag*"}, True),
        ({"Action": "*"}, True),
        ({"NotAction": "sts:AssumeRole"}, True),
        ({"NotAction": "sts:TagSession"}, False),
        ({"Action": "sts:AssumeRole"}, False),
        ({"Action": "sts:TagSession", "Effect": "Deny"}, False),
    ],
)
def test_a_trust_policy_that_lets_sessions_bring_tags_leaves_tags_open(
    tmp_path: Path, actions: dict[str, Any], *, are_open: bool
) -> None:
    everybody = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, **actions}
    when = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    record = role("x", allow("kms:Decrypt", when=when), trusts=document(everybody))
    assert (("kms:Decrypt",) if are_open else ()) == audited(tmp_path, record).can


ORGANIZATION = {
    "Organization": {"Id": "o-1", "MasterAccountId": "999988887777"},
    "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess"]}],
    "OrganizationalUnits": [{"Id": "ou-1", "ParentId": "r-1", "Policies": ["p-FullAWSAccess"]}],
    "Accounts": [{"Id": ACCOUNT, "ParentId": "ou-1", "Policies": ["p-FullAWSAccess"]}],
}
OF_ALL = {
    "aws:currenttime": NOW, "aws:epochtime": NOW, "aws:viaawsservice": "false", "aws:principalisawsservice": "false",
}  # fmt: skip
OF_ANN = OF_ALL | {
    "aws:principalaccount": OWN_ACCOUNT, "aws:principalarn": f"arn:aws:iam::{OWN_ACCOUNT}:user/ann",
    "aws:principaltype": "User", "aws:username": "ann", "aws:userid": "AIDAANN", "aws:tokenissuetime": None,
}  # fmt: skip
OF_WORKER = OF_ALL | {
    "aws:principalaccount": OWN_ACCOUNT, "aws:principalarn": f"arn:aws:iam::{OWN_ACCOUNT}:role/worker",
    "aws:principaltype": "AssumedRole", "aws:username": None, "aws:userid": "AROAWORKER:*", "aws:tokenissuetime": NOW,
}  # fmt: skip
OF_MEMBERS = {"aws:principalorgid": "o-1", "aws:principalorgpaths": ("o-1/r-1/ou-1/",)}


@pytest.mark.parametrize(("accounts", "of_members"), [(None, {}), ([ACCOUNT], OF_MEMBERS), ([OTHER], {})])
def test_a_caller_decides_who_it_is_when_it_asks_and_where_its_account_stands(
    accounts: list[str] | None, of_members: dict[str, Any]
) -> None:
    """The keys of "AWS global condition context keys", and None for those that its requests lack."""
    members = None
    if accounts is not None:
        rows = [row | {"Id": account} for row in ORGANIZATION["Accounts"] for account in accounts]
        members = organization({**ORGANIZATION, "Accounts": rows}, "o.json")[0]
    documents = Documents()
    value = page(user("ann", Tags=BLUE), role("worker", RoleId="AROAWORKER"))
    account = joined_account(ACCOUNT, [account_page(value, "a.json", documents)], documents)
    questions = AccessQuestions(documents, NOW, members)
    for identity, keys in zip(account.identities, (OF_WORKER, OF_ANN), strict=True):
        asker = questions.asker(identity)
        assert dict(asker.caller.values) == keys | of_members
        assert (asker.caller.kind, asker.caller.arn) == (identity.kind, keys["aws:principalarn"])
        assert asker.caller.tags == ((("team", "blue"),) if identity.kind == "user" else ())
        reason = () if accounts in (None, [ACCOUNT]) else (f"account {ACCOUNT} is not in the organization's file",)
        assert asker.unknown == reason


HARD = {"StringLike": {"aws:SourceVpc": "${aws:SourceVpce}-?*"}, "StringEquals": {"aws:SourceVpc": "a${aws:SourceIp}"}}
"""Conditions whose variables would have to be tried out in more ways than the prover knows."""
NO_SESSION, A_SESSION = ({"Null": {"aws:TokenIssueTime": absent}} for absent in ("true", "false"))


@pytest.mark.parametrize(
    ("statements", "verdicts"),
    [
        ([allow("kms:Decrypt", when=HARD)], ["undecided"]),
        ([allow("kms:Decrypt", when=HARD), deny("*", when=A_SESSION)], ["undecided"]),
        ([allow("kms:Decrypt", when=HARD), allow("kms:Decrypt", when=A_SESSION)], ["yes"]),
        ([allow("kms:Decrypt", when=HARD), allow("kms:Decrypt", when=NO_SESSION)], ["yes"]),
        ([allow("kms:Decrypt"), deny("*", when=NO_SESSION)], ["yes"]),
        ([allow("kms:Decrypt"), deny("*", when=A_SESSION)], ["yes"]),
        ([allow("kms:Decrypt"), deny("*", when=A_SESSION), deny("*", when=NO_SESSION)], []),
    ],
)
def test_a_user_can_do_what_its_keys_or_its_sessions_can_and_what_is_undecided_of_one_stays_so(
    tmp_path: Path, statements: list[Any], verdicts: list[str]
) -> None:
    assert verdicts == [row.verdict for row in audited(tmp_path, user("ann", *statements)).access]
