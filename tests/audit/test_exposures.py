"""Who comes in from outside is read off resource policies and trust policies, within the RCPs of the account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from audit_accounts import ACCOUNT, OTHER, document, trust
from remit.audit.exposures import FoundExposures, exposures
from remit.audit.json_bytes import compact
from remit.audit.organization import Organization, organization
from remit.audit.principal_ids import PrincipalIds, principal_ids
from remit.audit.resource_policies import ResourcePolicy, resource_policies
from remit.audit.results import UndecidedExposure

if TYPE_CHECKING:
    from remit.audit.results import ExposureRow

ORGANIZATION_ID = "o-exampleorgid"
IN_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION_ID}}
FROM_OUTSIDE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION_ID}}


def statement(principal: Any, when: Any = None, effect: str = "Allow", action: str = "s3:GetObject") -> dict[str, Any]:
    rendered = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"}
    return rendered | ({"Condition": when} if when else {})


def members(*rcps: dict[str, Any]) -> Organization:
    value = {
        "Organization": {"Id": ORGANIZATION_ID, "MasterAccountId": "999988887777"},
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess", "p-RCPFullAWSAccess", "p-rcp"]}],
        "Accounts": [
            {"Id": account, "ParentId": "r-1", "Policies": ["p-FullAWSAccess"]} for account in (ACCOUNT, "222233334444")
        ],
        "Policies": [
            {"PolicySummary": {"Id": "p-rcp", "Type": "RESOURCE_CONTROL_POLICY"}, "Content": document(*rcps)},
        ],
    }
    return organization(value, "organization.json")[0]


def rows(policy: dict[str, Any], *rcps: dict[str, Any], arn: str = "arn:aws:s3:::orders") -> tuple[ExposureRow, ...]:
    found = exposures([ResourcePolicy(arn, ACCOUNT, compact(policy))], members(*rcps))
    assert () == found.undecided
    return found.rows


def equals(key: str, value: str) -> dict[str, Any]:
    return {"StringEquals": {key: value}}


def address(block: str) -> dict[str, Any]:
    return {"IpAddress": {"aws:SourceIp": block}}


CANONICAL = "0123456789abcdef" * 4
OWN_ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/x", f"arn:aws:iam::{OTHER}:role/x"
DENY_NOTHING = statement("*", effect="Deny", action="s3:PutBucketNotification")
PERIMETER = statement("*", FROM_OUTSIDE, effect="Deny", action="*")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(document(statement("*", IN_ORGANIZATION)), [("*", "organization")], id="the organization"),
        pytest.param(document(statement({"CanonicalUser": CANONICAL})), [(CANONICAL, "account")], id="by S3's id"),
        pytest.param(document(statement("*", equals("AWS:SourceOwner", ACCOUNT))), [], id="AWS's policy of a topic"),
        pytest.param(document(statement("*", equals("kms:CallerAccount", ACCOUNT))), [], id="AWS's policy of a key"),
        pytest.param(
            document(statement("*", {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:orders"}})),
            [("*", "service")],
            id="a topic of its account",
        ),
        pytest.param(
            document(statement("*", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads"}})),
            [("*", "service")],
            id="a bucket that is named",
        ),
        pytest.param(
            document(statement("*", {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}})),
            [("*", "anyone")],
            id="anybody's topic",
        ),
        pytest.param(
            document(statement("*", {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:44445555666?:orders"}})),
            [("*", "anyone")],
            id="the topics of ten accounts",
        ),
        pytest.param(
            document(statement({"AWS": "999988887777"})),
            [("999988887777", "member account")],
            id="the management account",
        ),
        pytest.param(document(statement("*", address("0.0.0.0/0"))), [("*", "anyone")], id="all addresses"),
        pytest.param(
            document(statement("*", {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}})),
            [("*", "network")],
            id="a mount target",
        ),
        pytest.param(
            document(statement("*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION_ID}/r-1/*"}})),
            [("*", "organization")],
            id="a part of the organization",
        ),
        pytest.param(document(statement("*", equals("aws:PrincipalArn", OWN_ROLE))), [], id="an own role"),
        pytest.param(
            document(statement("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci"}})),
            [("*", "anyone")],
            id="a role of anybody",
        ),
        pytest.param(
            document(statement("*", {"StringLike": {"aws:PrincipalArn": ["arn:aws:*", "arn:aws"]}})),
            [("*", "anyone")],
            id="patterns of ARNs that end before their account",
        ),
        pytest.param(
            document(statement("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::4?44*:role/ci"}})),
            [("*", "anyone")],
            id="a role of the accounts that a pattern matches",
        ),
        pytest.param(
            document(statement("*", {"StringLike": {"aws:PrincipalAccount": "*6"}})),
            [("*", "anyone")],
            id="the accounts that a pattern matches",
        ),
        pytest.param(
            document(statement("*"), statement("*", {"StringNotEquals": {"aws:PrincipalArn": OTHER_ROLE}}, "Deny")),
            [("*", "account")],
            id="all but one denied",
        ),
        pytest.param(
            document(statement("*", action="*"), statement("*", FROM_OUTSIDE, effect="Deny", action="s3:*")),
            [("*", "organization")],
            id="actions of other services say nothing about a bucket",
        ),
        pytest.param(
            document(statement("*", equals("aws:SourceIp", "203.0.113.5"))),
            [("*", "network")],
            id="one address, as text",
        ),
        pytest.param(
            document(
                statement("*"),
                PERIMETER,
                statement("*", {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, effect="Deny"),
            ),
            [("*", "organization")],
            id="members through an endpoint alone",
        ),
        pytest.param(
            document(statement("*", equals("aws:PrincipalAccount", OTHER)), PERIMETER),
            [],
            id="an outside account that must be a member",
        ),
        pytest.param(
            document(
                statement("*", equals("aws:PrincipalAccount", OTHER)),
                statement("*", equals("aws:PrincipalAccount", "222233334444"), action="s3:PutObject"),
            ),
            [("*", "account"), ("*", "member account")],
            id="an outside account, and beside it a member",
        ),
    ],
)
def test_a_policy_lets_in_whom_it_names(policy: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert expected == [(row.who, row.reach) for row in rows(policy, DENY_NOTHING)]


def test_what_must_hold_is_named() -> None:
    policy = document(statement("*", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}))
    assert [(("aws:SourceVpce", "vpce-1"),)] == [row.must_hold for row in rows(policy, DENY_NOTHING)]


def test_whom_a_condition_names_is_told() -> None:
    policy = document(statement("*", equals("aws:PrincipalArn", OTHER_ROLE)))
    assert [(("aws:PrincipalArn", OTHER_ROLE),)] == [row.must_hold for row in rows(policy, DENY_NOTHING)]


def test_the_callers_that_a_deny_spares_and_members_that_a_condition_names_are_told() -> None:
    spared = document(statement("*"), statement("*", {"StringNotEquals": {"aws:PrincipalArn": OTHER_ROLE}}, "Deny"))
    member = "arn:aws:iam::222233334444:role/x"
    for policy, role in ((spared, OTHER_ROLE), (document(statement("*", equals("aws:PrincipalArn", member))), member)):
        assert [(("aws:PrincipalArn", role),)] == [row.must_hold for row in rows(policy, DENY_NOTHING)]


def test_besides_the_caller_that_a_condition_names_its_other_conditions_must_hold() -> None:
    both = {"StringEquals": {"aws:PrincipalArn": OTHER_ROLE, "aws:PrincipalTag/team": "blue"}}
    (row,) = rows(document(statement("*", both)), DENY_NOTHING)
    assert dict(row.must_hold) == {"aws:PrincipalArn": OTHER_ROLE, "aws:PrincipalTag/team": "blue"}


def test_each_action_of_a_statement_is_told_once_in_its_order() -> None:
    several = statement("*", action=["s3:PutObject", "s3:GetObject"])  # type: ignore[arg-type] # as documents have it
    several["Resource"] = ["arn:aws:s3:::orders/a/*", "arn:aws:s3:::orders/b/*"]
    assert [("s3:PutObject", "s3:GetObject")] == [row.actions for row in rows(document(several), DENY_NOTHING)]


def test_resources_with_one_policy_are_told_each_by_its_name_and_by_what_guards_its_service() -> None:
    text = compact(document(statement("*", action="*")))
    arns = ("arn:aws:s3:::a", f"arn:aws:sns:us-east-1:{ACCOUNT}:b", "arn:aws:s3:::c")
    found = exposures([ResourcePolicy(arn, ACCOUNT, text) for arn in arns], members(PERIMETER))
    assert [(row.resource, row.reach) for row in found.rows] == [
        (arns[0], "organization"), (arns[1], "anyone"), (arns[2], "organization"),
    ]  # fmt: skip
    unread = exposures([ResourcePolicy(arn, ACCOUNT, "[]") for arn in arns], None)
    assert [row.resource for row in unread.undecided] == list(arns)


def test_an_rcp_closes_what_a_policy_opens() -> None:
    assert [("*", "organization")] == [(row.who, row.reach) for row in rows(document(statement("*")), PERIMETER)]


def test_an_rcp_that_spares_services_closes_what_a_policy_opens() -> None:
    sparing = statement(
        "*", {**FROM_OUTSIDE, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, effect="Deny", action="*"
    )
    assert [("*", "organization")] == [(row.who, row.reach) for row in rows(document(statement("*")), sparing)]


def test_an_rcp_keeps_out_an_account_that_is_none_of_the_organization() -> None:
    policy = document(statement({"AWS": [OTHER, "222233334444"]}))
    assert ["222233334444"] == [row.who for row in rows(policy, PERIMETER)]


@pytest.mark.parametrize(
    ("when", "reach"),
    [
        (IN_ORGANIZATION, "organization"),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION_ID}/r-1/*"}}, "organization"),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-1/*"}}, "anyone"),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, "anyone"),
    ],
)
def test_an_organization_that_a_policy_names_counts_where_none_is_known(when: dict[str, Any], reach: str) -> None:
    text = compact(document(statement("*", when)))
    found = exposures([ResourcePolicy("arn:aws:s3:::orders", ACCOUNT, text)], None)
    assert [reach] == [row.reach for row in found.rows]


def test_what_the_caller_decides_need_not_hold_besides() -> None:
    external = document(statement({"AWS": OTHER}, equals("sts:ExternalId", "example"), action="sts:AssumeRole"))
    row = rows(external, DENY_NOTHING, arn=f"arn:aws:iam::{ACCOUNT}:role/x")[0]
    assert (("sts:ExternalId", "example"),) == row.must_hold


def test_an_rcp_does_not_reach_other_services() -> None:
    policy = document(statement("*", action="sns:Publish"))
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:orders"
    assert ["anyone"] == [row.reach for row in rows(policy, PERIMETER, arn=topic)]


def test_a_trust_policy_is_read_as_one_of_sts() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/x"
    opened = trust(aws="*")
    assert ["anyone"] == [row.reach for row in rows(opened, DENY_NOTHING, arn=role)]
    assert ["organization"] == [row.reach for row in rows(opened, PERIMETER, arn=role)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'[{"Policy": {}}]', "an entry has no Arn, and is left out"),
        (b'[{"Arn": "arn:aws:s3:::orders", "Policy": {}}]', "has no Account, so that it is not known who is outside"),
        (b'[{"Arn": "arn:aws:sqs:eu-west-1:111122223333:q", "Policy": "{"}]', "is no JSON document: it is left out"),
        (b'[{"Arn": "arn:aws:sqs:eu-west-1:111122223333:q"', "is cut off in line 1"),
    ],
)
def test_a_bad_entry_is_told(content: bytes, problem: str) -> None:
    policies, problems = resource_policies(content, "resources.json")
    assert () == policies
    assert problem in str(problems[0])


@pytest.mark.parametrize("as_text", [False, True])
def test_resources_are_read_with_their_policies_and_owners(*, as_text: bool) -> None:
    policy = document(statement("*"))
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
    entries = [{"Arn": "arn:aws:s3:::orders", "Account": OTHER}, {"Arn": queue}]
    rendered = json.dumps(policy) if as_text else policy
    content = "\n".join(json.dumps(entry | {"Policy": rendered}) for entry in entries)
    policies, problems = resource_policies(content.encode(), "resources.jsonl")
    assert () == problems
    text = compact(policy)
    assert (ResourcePolicy("arn:aws:s3:::orders", OTHER, text), ResourcePolicy(queue, ACCOUNT, text)) == policies


def test_a_policy_that_iam_would_refuse_is_undecided() -> None:
    found = exposures([ResourcePolicy("arn:aws:s3:::orders", ACCOUNT, '{"Statement": [{}]}')], None)
    assert "has no 'Effect'" in found.undecided[0].reason


def test_the_id_of_somebody_who_may_be_in_a_missing_account_is_undecided_at_its_statement() -> None:
    """IAM shows the id of a user or role that is gone; which account it was of, the id does not say."""
    policy = document({**statement({"AWS": "AIDACKCEVSQ6C2EXAMPLE"}), "Sid": "Reader"})
    resource = ResourcePolicy("arn:aws:s3:::orders", ACCOUNT, compact(policy))
    reason = "the user or role of the id AIDACKCEVSQ6C2EXAMPLE is not in the files"
    expected = UndecidedExposure("arn:aws:s3:::orders", "Statement[0] (Reader)", reason)
    ids = PrincipalIds(missing_accounts=("222233334444",))
    assert FoundExposures((), (expected,)) == exposures([resource], None, ids)
    assert FoundExposures((), ()) == exposures([resource], None)


OWN_ID, MEMBER_ID, GONE_ID = "AROAOWNEXAMPLE", "AIDAMEMBEREXAMPLE", "AROAGONEEXAMPLE"
IDS = PrincipalIds(((OWN_ID, OWN_ROLE), (MEMBER_ID, "arn:aws:iam::222233334444:user/ann")))


@pytest.mark.parametrize(
    ("values", "reaches", "undecided"),
    [
        pytest.param([f"{OWN_ID}:*"], [], [], id="a role of the own account"),
        pytest.param([f"{OWN_ID}:*", ACCOUNT], [], [], id="and the own root user"),
        pytest.param([f"{OWN_ID}:*", MEMBER_ID], ["member account"], [], id="and a user of a member account"),
        pytest.param([f"{OWN_ID}:*", OTHER], ["account"], [], id="and the root user of another account"),
        pytest.param([f"{GONE_ID}:*"], [], [f"the user or role of the id {GONE_ID} is not in the files"], id="unknown"),
        pytest.param([f"{GONE_ID}:*", MEMBER_ID], ["member account"], [], id="an unknown one, and a member's"),
    ],
)
@pytest.mark.parametrize("denied", [False, True])
def test_ids_in_conditions_are_of_the_account_of_their_user_or_role(
    values: list[str], reaches: list[str], undecided: list[str], *, denied: bool
) -> None:
    allowing = document(statement("*", {"StringLike": {"aws:userId": values}}))
    denying = document(statement("*"), statement("*", {"StringNotLike": {"aws:userid": values}}, effect="Deny"))
    policy = denying if denied else allowing
    found = exposures([ResourcePolicy("arn:aws:s3:::orders", ACCOUNT, compact(policy))], members(), IDS)
    assert reaches == [row.reach for row in found.rows]
    assert undecided == [row.reason for row in found.undecided]


@pytest.mark.parametrize("key", ["aws:userid", "aws:userId", "AWS:USERID"])
def test_the_ids_of_conditions_are_found_whatever_the_case_of_the_key(key: str) -> None:
    policy = document(statement("*", {"StringLike": {key: [f"{OWN_ID}:*", ACCOUNT]}}))
    assert [OWN_ID] == list(principal_ids(policy))
