"""Whole answers about an account, field by field, in the names of the account; and the facts that they are made of."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

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
    trust,
    user,
    write,
)
from remit.audit.account_audit import AccountWork, Chunk, account_works, audited_accounts
from remit.audit.audit import AuditInput, audit
from remit.audit.caller_pins import PinnedCaller, with_callers_values
from remit.audit.entities import InputProblem, UnreadableFileError
from remit.audit.escalation_paths import EscalationPath
from remit.audit.exposures import exposures
from remit.audit.folder import AccountFile, FileSummary, OpenRole, account_files
from remit.audit.json_bytes import compact, values
from remit.audit.organization import Organization, organization
from remit.audit.principal_ids import PrincipalIds
from remit.audit.resource_policies import ResourcePolicy
from remit.audit.results import (
    AccessRow,
    Edge,
    ExposureRow,
    PrincipalRow,
    StepNeed,
    UndecidedExposure,
    UnusedPolicy,
    UnusedRow,
)
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS
from remit.audit.trail import DataSource, LoggedCall, TrailSummary
from remit.audit.trail_query import summary_of_rows
from remit.audit.trust import trusted
from remit.iam.policy import parse

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.audit import AuditReport

ARN: Final = f"arn:aws:iam::{ACCOUNT}:"
QUEUE: Final = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
TOPIC: Final = f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"
PASSED: Final = {"iam:PassedToService": "a.amazonaws.com"}
LINKED: Final = "aws-service-role/a.amazonaws.com/Linked"
FIRST, LATER = "2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> AuditReport:
    """The report on an account with two of most things, which names itself in each of its policies."""
    outside = trust(aws=f"arn:aws:iam::{OTHER}:root", when={"StringEquals": {"sts:ExternalId": "x"}})
    limit = managed("limit", allow("ec2:*", "s3:*", "iam:PassRole"))
    records = [
        user(
            "ann",
            allow("s3:GetObject", when={"StringEquals": {"aws:SourceArn": TOPIC}}),
            allow("iam:PassRole", on=f"{ARN}role/app-*", when={"StringEquals": PASSED}),
            allow("ec2:DescribeInstances", "ec2:StopInstances", on="*"),
            {**allow("sqs:CreateQueue", "sqs:DeleteQueue", on=QUEUE), "Sid": "Queues"},
        ),
        user("bob", allow("s3:ListAllMyBuckets")),
        role("partner", allow("iam:PutRolePolicy", on=f"{ARN}role/partner"), trusts=outside),
        role("limited", EVERYTHING, deny("s3:GetObject"), PermissionsBoundary={"PermissionsBoundaryArn": limit["Arn"]}),
        role("odd", allow("sns:Publish", on=TOPIC), trusts="no JSON"),
        role(LINKED, allow("kms:Decrypt", "sqs:DeleteQueue", on="*"), trusts=trust(aws="*")),
        role("admin", EVERYTHING, trusts=trust(aws=f"{ARN}role/partner")),
        limit,
    ]  # fmt: skip
    trail = TrailSummary("logs", accounts={ACCOUNT}, first=FIRST, last=LATER, events=2)
    trail.last_calls[LoggedCall(f"{ARN}user/ann", "ec2.amazonaws.com", "DescribeInstances")] = FIRST
    trail.last_calls[LoggedCall(f"{ARN}user/ann", "sqs.amazonaws.com", "CreateQueue")] = LATER
    trail.last_calls[LoggedCall(f"{ARN}user/bob", "s3.amazonaws.com", "ListBuckets")] = FIRST
    bucket = document({**allow("s3:GetObject", on="arn:aws:s3:::b/*"), "Principal": {"AWS": [OTHER, ACCOUNT]}})
    resources = (ResourcePolicy("arn:aws:s3:::b", ACCOUNT, compact(bucket)),)
    return audit(
        AuditInput(write(tmp_path_factory.mktemp("account"), page(*records)), NOW, trail=trail, resources=resources)
    )


def test_an_account_is_answered_in_its_own_names_with_the_statement_of_each_answer(report: AuditReport) -> None:
    first, second = "own (inline), Statement[0]", "own (inline), Statement[1]"
    few = [row for row in report.principals if not row.arn.endswith(("/admin", "/limited"))]
    kms, own_role = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/example", f"{ARN}role/partner"
    passed, source = ("iam:PassedToService", "a.amazonaws.com"), ("aws:SourceArn", TOPIC)
    assert few == [
        PrincipalRow(f"{ARN}role/{LINKED}", (AccessRow("kms:Decrypt", "yes", kms, statement=first),)),
        PrincipalRow(f"{ARN}role/odd"),
        PrincipalRow(own_role, (AccessRow("iam:PutRolePolicy", "yes", own_role, statement=first),)),
        PrincipalRow(
            f"{ARN}user/ann",
            (
                AccessRow("iam:PassRole", "yes", f"{ARN}role/app-example", (passed,), second),
                AccessRow("s3:GetObject", "yes", "arn:aws:s3:::example/example", (source,), first),
            ),
        ),
        PrincipalRow(f"{ARN}user/bob"),
    ]
    (admin,) = (row for row in report.principals if row.arn.endswith("/admin"))
    assert admin.can == tuple(SENSITIVE_ACTIONS)
    assert {row.statement for row in admin.access} == {first}
    (limited,) = (row for row in report.principals if row.arn.endswith("/limited"))
    bounded = tuple(name for name in SENSITIVE_ACTIONS if name.startswith(("ec2:", "s3:")) or name == "iam:PassRole")
    assert limited.can == tuple(name for name in bounded if name != "s3:GetObject")
    assert report.administrators == (f"{ARN}role/admin",)
    need = StepNeed("iam:PutRolePolicy", own_role, first)
    step = Edge(own_role, f"administrator of {ACCOUNT}", "iam:PutRolePolicy", (need,))
    ways = ("iam:PutRolePolicy", "sts:AssumeRole", "iam:PutRolePolicy on others")
    assert report.paths == (EscalationPath(own_role, (step,), ways),)
    assert [*report.undecided_techniques] == []


def test_an_account_is_told_with_who_gets_in_from_outside_and_what_nobody_can_say_of_a_role(
    report: AuditReport,
) -> None:
    service, of_service = "lambda.amazonaws.com", ("aws:PrincipalServiceName", "lambda.amazonaws.com")
    first = "Statement[0]"
    assert [*report.exposures] == [
        ExposureRow("arn:aws:s3:::b", ACCOUNT, OTHER, "account", ("s3:GetObject",), first),
        ExposureRow(f"{ARN}role/limited", ACCOUNT, service, "service", ("sts:AssumeRole",), first, (of_service,)),
        ExposureRow(
            f"{ARN}role/partner", ACCOUNT, f"arn:aws:iam::{OTHER}:root", "account", ("sts:AssumeRole",), first,
            (("sts:ExternalId", "x"),),
        ),
    ]  # fmt: skip
    unread = UndecidedExposure(f"{ARN}role/odd", "trust policy", "it is missing, or no JSON document")
    assert [*report.undecided_exposures] == [unread]
    message = f"the trust policy of {ARN}role/odd is no JSON document: who may assume it is undecided"
    assert report.problems == (InputProblem("account.json", message),)


def test_what_was_not_used_is_told_with_a_smaller_policy_in_the_names_of_the_account(report: AuditReport) -> None:
    rows = [row for row in report.unused if not row.principal.endswith(("/admin", "/limited"))]
    source = {"StringEquals": {"aws:SourceArn": TOPIC}}
    kept = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": source},
        {
            "Effect": "Allow", "Action": "iam:PassRole", "Resource": f"{ARN}role/app-*",
            "Condition": {"StringEquals": PASSED},
        },
        {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"},
        {"Sid": "Queues", "Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": QUEUE},
    ]  # fmt: skip
    unused = ("ec2:StopInstances", "sqs:DeleteQueue")
    assert rows == [
        UnusedRow(
            f"{ARN}role/partner", FIRST, "", (UnusedPolicy("own (inline)", ("iam:*",), 1, (), compact(document())),)
        ),
        UnusedRow(
            f"{ARN}user/ann", FIRST, LATER,
            (UnusedPolicy("own (inline)", unused, 2, ("iam", "s3"), compact(document(*kept))),),
        ),
    ]  # fmt: skip


def test_an_account_lacks_accounts_only_where_its_policies_name_an_id_that_nobody_has() -> None:
    known, gone = "AROAKNOWN", "AROAGONE"
    file, other_file, free = (AccountFile(name, name, "") for name in ("a.json", "b.json", "c.json"))
    texts = [compact(trust(aws=[name, f"arn:aws:iam::{OTHER}:root"])) for name in (known, gone)]
    owned = OpenRole(f"{ARN}role/x", (known, OTHER), texts[0])
    foreign = OpenRole(f"arn:aws:iam::{OTHER}:role/y", ("*", gone), texts[1])
    summaries = {
        other_file: FileSummary((OTHER,), (foreign,), ()),
        free: FileSummary((), (), ()),
        file: FileSummary((ACCOUNT,), (owned,), ()),
    }
    arn = f"arn:aws:iam::{OTHER}:user/u"
    bucket = ResourcePolicy("arn:aws:s3:::b", "999900001111", texts[1])
    works = account_works(summaries, (bucket,), {}, PrincipalIds(((known, arn),), ("777788889999",)))
    assert [(work.account, [one.name for one in work.files], work.ids) for work in works] == [
        (ACCOUNT, ["c.json", "a.json"], PrincipalIds(((known, arn),), ())),
        (OTHER, ["b.json", "c.json"], PrincipalIds((), ("777788889999",))),
        ("999900001111", ["c.json"], PrincipalIds((), ("777788889999",))),
    ]
    with_arn = OpenRole(f"{ARN}role/x", tuple(sorted((arn, OTHER))), texts[0].replace(known, arn))
    assert [work.foreign_roles for work in works] == [(foreign,), (with_arn,), (foreign,)]
    assert [work.resources for work in works] == [(), (), (bucket,)]


EVERY: Final = ["p-FullAWSAccess"]


@pytest.mark.parametrize(("units", "is_placed"), [(0, True), (5, True), (6, False)])
def test_an_account_has_a_place_below_five_units_at_most(units: int, *, is_placed: bool) -> None:
    """Source: "Quotas and service limits for AWS Organizations": OU maximum nesting in a root: five levels deep."""
    names = ["r-1", *(f"ou-{number}" for number in range(units)), ACCOUNT]
    rows = [{"Id": name, "ParentId": parent, "Policies": EVERY} for parent, name in pairwise(names)]
    value = {
        "Organization": {"Id": "o-1", "MasterAccountId": OTHER},
        "Roots": [{"Id": "r-1", "Policies": EVERY}],
        "OrganizationalUnits": rows[:-1],
        "Accounts": rows[-1:],
    }
    found, problems = organization(value, "o.json")
    assert (found.id, found.management_account) == ("o-1", OTHER)
    place = found.accounts[ACCOUNT]
    reason = f"account {ACCOUNT} has no place in the organization: its ParentIds never reach a root"
    assert problems == (() if is_placed else (InputProblem("o.json", reason),))
    assert place.unknown == (
        ()
        if is_placed
        else (f"the control policies of account {ACCOUNT} are not known: its ParentIds never reach a root",)
    )
    assert place.path == (tuple(names) if is_placed else tuple(names[1:]))
    assert [[policy.id for policy in level] for level in place.scps] == [EVERY] * len(place.path)


def test_a_policy_that_is_not_known_is_told_once_and_no_level_is_called_empty_for_it() -> None:
    value = {
        "Organization": {"Id": "o-1"},
        "Roots": [{"Id": "r-1", "Policies": ["p-gone"]}],
        "OrganizationalUnits": [{"Id": "ou-1", "ParentId": "r-1", "Policies": ["p-gone"]}],
        "Accounts": [{"Id": ACCOUNT, "ParentId": "ou-1", "Policies": EVERY}],
    }
    found, problems = organization(value, "o.json")
    gone = [f"the control policy p-gone of {target} is not" for target in ("r-1", "ou-1")]
    assert problems == tuple(InputProblem("o.json", f"{text} in the file") for text in gone)
    assert found.accounts[ACCOUNT].unknown == tuple(f"{text} known" for text in gone)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"b": nothing that is JSON at all}', "f: is no JSON: line 2 is 'nothing that is JSON'"),
        ('{"a": [1,\n  \n', "f: is cut off in line 3: its JSON does not end"),
        ('{"a": "b', "f: is cut off in line 1: its JSON does not end"),
        ('{"a": -\n\n', "f: is cut off in line 1: its JSON does not end"),
        (" \r\n\t", "f: is empty"),
    ],
)
def test_what_is_no_json_is_told_with_its_line_and_twenty_signs(text: str, message: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        tuple(values(text.encode(), "f"))
    assert str(caught.value.problem) == message


def test_rows_of_a_query_may_come_in_any_order_and_their_numbers_be_texts() -> None:
    ann = f"{ARN}user/ann"
    rows = [
        (ann, "s3.amazonaws.com", "GetObject", ACCOUNT, "2026-11-21 10:00:00.000", FIRST, LATER, "3", "1", "1"),
        (ann, "s3.amazonaws.com", "GetObject", None, FIRST, FIRST, FIRST, "2", "0", "0"),
        (ann, "sqs.amazonaws.com", "SendMessage", None, None, FIRST, FIRST, 1, 1, 0),
        (None, "ec2.amazonaws.com", "RunInstances", OTHER, LATER, "2026-11-19 10:00:00", FIRST, 1, 0, 0),
    ]
    expected = TrailSummary(
        last_calls={LoggedCall(ann, "s3.amazonaws.com", "GetObject"): LATER},
        accounts={ACCOUNT, OTHER},
        data_sources={DataSource(ACCOUNT, "s3.amazonaws.com")},
        first="2026-11-19T10:00:00Z",
        last=LATER,
        events=7,
        denied=2,
    )
    assert summary_of_rows(rows) == summary_of_rows(reversed(rows)) == expected


CANONICAL: Final = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("principal", "when", "expected"),
    [
        ({"CanonicalUser": CANONICAL}, None, [(CANONICAL, "account")]),
        ("*", {"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:44445555666?:t"}}, [("*", "anyone")]),
        ("*", {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{OTHER}:t"}}, [("*", "service")]),
        ("*", {"StringLike": {"aws:PrincipalAccount": "44445555666?"}}, [("*", "anyone")]),
        ("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::44445555666?:role/ci"}}, [("*", "anyone")]),
        ({"Federated": "accounts.google.com"}, None, [("accounts.google.com", "provider")]),
        ({"Service": "sns.amazonaws.com"}, None, [("sns.amazonaws.com", "service")]),
    ],
)
def test_how_far_a_policy_reaches_is_told_by_whom_it_means(principal: Any, when: Any, expected: Any) -> None:
    statement = {**allow("s3:GetObject", on="arn:aws:s3:::b/*", when=when), "Principal": principal}
    found = exposures([ResourcePolicy("arn:aws:s3:::b", ACCOUNT, compact(document(statement)))], None)
    assert [(row.who, row.reach) for row in found.rows] == expected
    assert found.undecided == ()


def test_an_id_that_is_named_twice_is_told_once() -> None:
    when = {"StringLike": {"aws:userid": ["AROAGONE:a", "AROAGONE:b", "AIDAGONE"]}}
    statement = {**allow("s3:GetObject", on="arn:aws:s3:::b/*", when=when), "Principal": "*"}
    found = exposures([ResourcePolicy("arn:aws:s3:::b", ACCOUNT, compact(document(statement)))], None)
    reason = "the user or role of the id AROAGONE, AIDAGONE is not in the files"
    assert found.undecided == (UndecidedExposure("arn:aws:s3:::b", "Statement[0]", reason),)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("ann", "ann"), (None, None), ("a*", "${aws:username}"), ("a?", "${aws:username}"), ("a$b", "${aws:username}")],
)
def test_a_value_is_put_in_where_it_is_plain(value: str | None, expected: str | None) -> None:
    policy = parse(document(allow("s3:*", on=["arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::c"])))
    caller = PinnedCaller("user", f"{ARN}user/x", (("aws:username", value),))
    (statement,) = with_callers_values(policy, caller).statements
    assert statement.resources is not None
    own = () if expected is None else (f"arn:aws:s3:::b/{expected}/*",)
    assert statement.resources.patterns == (*own, "arn:aws:s3:::c")


def test_that_the_file_of_an_organization_cannot_be_read_is_not_told_of_each_account(tmp_path: Path) -> None:
    write(tmp_path, page(user("ann", allow("sqs:SendMessage"))))
    report = report_of(tmp_path, Organization("", "", {}))
    assert report.problems == ()
    (row,) = report.principals
    assert row.unknown == (f"account {ACCOUNT} is not in the organization's file",)


def test_a_finding_stands_at_the_element_of_its_statement(tmp_path: Path) -> None:
    write(tmp_path, page(user("ann", allow("sqs:SendMessage"), allow("s3:GetObject", "s3:GetObjcet", on="*"))))
    places = {finding.where for linted in report_of(tmp_path).documents for finding in linted.findings}
    assert "Statement[1].Action" in places
    assert all(place.count(".") <= 1 for place in places)


def test_an_id_that_two_statements_trust_is_one() -> None:
    statements = trust(aws=["AROAX", "AROAY"])["Statement"] + trust(aws="AROAX")["Statement"]
    assert trusted(parse(document(*statements))).ids == ("AROAX", "AROAY")


def edges_of(folder: Path, *records: dict[str, Any]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """The edges of an account, each with its technique and the actions of its needs."""
    files = account_files(write(folder, page(*records))).files
    (audited,) = audited_accounts(Chunk((AccountWork(ACCOUNT, files),), NOW))
    return [
        (
            edge.source.removeprefix(ARN),
            edge.target.removeprefix(ARN),
            edge.technique,
            tuple(f"{need.action} {need.resource.removeprefix(ARN)}" for need in edge.needs),
        )
        for edge in audited.result.edges
    ]


def test_a_role_that_may_pass_itself_gains_nothing_by_that(tmp_path: Path) -> None:
    passes = allow("iam:PassRole", on=[f"{ARN}role/a", f"{ARN}role/b"])
    runs = allow("lambda:CreateFunction", "lambda:InvokeFunction")
    records = [role("a", passes, runs), role("b", allow("sqs:SendMessage")), role("c", allow("sqs:SendMessage"))]
    found = edges_of(tmp_path, *records)
    assert {(source, target) for source, target, _, _ in found} == {("role/a", "role/b")}
    assert {needs[0] for _, _, _, needs in found} == {"iam:PassRole role/b"}
    assert all(len(needs) > 1 for _, _, _, needs in found)


def test_the_roles_that_somebody_can_assume_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    trusts = {"d": f"{ARN}user/ann", "b": f"arn:aws:iam::{ACCOUNT}:root", "a": f"{ARN}user/ann", "c": "*"}
    records = [role(name, trusts=trust(aws=aws)) for name, aws in trusts.items()]
    found = edges_of(tmp_path, user("ann", allow("sts:AssumeRole")), *records)
    assert [edge for edge in found if edge[0] == "user/ann"] == [
        ("user/ann", f"role/{name}", "sts:AssumeRole", (f"sts:AssumeRole role/{name}",)) for name in "abcd"
    ]


def test_what_is_done_without_a_boundary_needs_its_removal_first(tmp_path: Path) -> None:
    limit = managed("limit", allow("iam:DeleteRolePermissionsBoundary", "sqs:*"))
    boundary = {"PermissionsBoundaryArn": limit["Arn"]}
    acts = allow("iam:DeleteRolePermissionsBoundary", "iam:PutRolePolicy", on=f"{ARN}role/x")
    found = edges_of(tmp_path, role("x", acts, PermissionsBoundary=boundary), limit)
    both = ("iam:DeleteRolePermissionsBoundary role/x", "iam:PutRolePolicy role/x")
    technique = "iam:DeleteRolePermissionsBoundary + iam:PutRolePolicy"
    assert found == [("role/x", f"administrator of {ACCOUNT}", technique, both)]


@pytest.mark.parametrize("first_has", ["a", "z"])
def test_two_files_that_list_other_users_are_told_with_the_first_of_those_that_only_one_has(
    tmp_path: Path, first_has: str
) -> None:
    further_has = "z" if first_has == "a" else "a"
    write(tmp_path, page(user("m"), user(first_has)), "1.json")
    write(tmp_path, page(user("m"), user(further_has)), "2.json")
    message = f"account {ACCOUNT} is in 1.json, too, and {ARN}user/a is in one of them alone: all are answered"
    assert report_of(tmp_path).problems == (InputProblem("2.json", message),)
