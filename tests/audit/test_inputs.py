"""What is wrong with the files of an audit is said once, with the file, and the rest is answered."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_accounts import (
    ACCOUNT,
    EVERYTHING,
    NOW,
    OTHER,
    allow,
    deny,
    document,
    group,
    managed,
    page,
    report_of,
    role,
    trust,
    user,
    write,
)
from random_cases import cases
from remit.audit.audit import AuditInput, AuditReport, audit
from remit.audit.document_lint import LintedDocument, document_uses, linted_documents, name_of
from remit.audit.documents import OWN_ACCOUNT
from remit.audit.entities import Identity, InputProblem, PolicyUse
from remit.audit.escalation_paths import EscalationPath
from remit.audit.folder import account_files
from remit.audit.json_bytes import compact
from remit.audit.organization import organization, organization_of_file
from remit.audit.principal_ids import principal_ids
from remit.audit.resource_policies import ResourcePolicy, resource_policies
from remit.audit.results import (
    AccessRow,
    DocumentFinding,
    DocumentUse,
    ExposureRow,
    PrincipalRow,
    UndecidedExposure,
    UndecidedTechnique,
    UnusedRow,
)
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


READER = role("reader", allow("s3:GetObject"))
FOREIGN_POLICY = f"arn:aws:iam::{OTHER}:policy/b"
LOST_POLICY = f"arn:aws:iam::{ACCOUNT}:policy/lost"
VERSIONS = [{"VersionId": name, "IsDefaultVersion": True, "Document": document(EVERYTHING)} for name in ("v1", "v2")]
TWO_DEFAULTS = {"PolicyVersionList": VERSIONS}
READS = {f"arn:aws:iam::{ACCOUNT}:role/reader": ("s3:GetObject",)}


def can(folder: Path) -> dict[str, tuple[str, ...]]:
    return {row.arn: row.can for row in report_of(folder).principals}


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in report_of(folder).problems]


def encoded(record: dict[str, Any]) -> dict[str, Any]:
    """The documents of a role as the API gives them: percent-encoded text."""
    policies = [{**row, "PolicyDocument": quote(json.dumps(row["PolicyDocument"]))} for row in record["RolePolicyList"]]
    return record | {"RolePolicyList": policies}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(page(READER)),
        json.dumps(page(encoded(READER))),
        json.dumps([page(), page(READER)]),
        json.dumps(page(IsTruncated=True)) + "\n" + json.dumps(page(READER, IsTruncated=False)),
    ],
    ids=["objects", "percent-encoded text", "a list of pages", "pages one after the other"],
)
def test_each_form_of_the_details_is_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "account.json").write_text(content, "utf-8")
    assert (READS, []) == (can(tmp_path), problems(tmp_path))


def test_pages_in_files_of_their_own_and_in_gzip_are_joined(tmp_path: Path) -> None:
    policy = managed("read", allow("s3:GetObject"))
    attached = role("reader", AttachedManagedPolicies=[{"PolicyArn": policy["Arn"]}])
    write(tmp_path, page(attached, IsTruncated=True), "1.json")
    (tmp_path / "2.gz").write_bytes(gzip.compress(json.dumps(page(policy, IsTruncated=False)).encode()))
    assert READS == can(tmp_path)


def test_a_page_that_is_cut_off_is_told_and_the_rest_is_answered(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    (tmp_path / "cut.json").write_text(json.dumps(page(role("lost")))[:-20], "utf-8")
    assert ["cut.json: is cut off in line 1: its JSON does not end"] == problems(tmp_path)
    assert READS == can(tmp_path)


@pytest.mark.parametrize("is_text", [False, True])
def test_a_key_twice_in_a_policy_makes_it_none_and_leaves_its_role_undecided(tmp_path: Path, is_text: bool) -> None:
    record = encoded(READER) if is_text else READER
    content = json.dumps(page(record)).replace(
        "%22Resource%22%3A", "%22Action%22%3A%20%22s3%3A%2A%22%2C%20%22Resource%22%3A"
    )
    content = content.replace('"Resource":', '"Action": "s3:*", "Resource":')
    (tmp_path / "a.json").write_text(content)

    (row,) = report_of(tmp_path).principals
    assert row.can == ()
    assert "unknown key 'Action (twice)'" in str(row)


def test_a_key_twice_outside_of_policies_is_told_and_the_last_counts(tmp_path: Path) -> None:
    content = json.dumps(page(READER)).replace('"RoleName":', '"RoleName": "before", "RoleName":')
    (tmp_path / "a.json").write_text(content)

    assert problems(tmp_path) == ["a.json: has the key 'RoleName' twice in one object: the last one counts"]
    assert can(tmp_path) == READS


def test_a_key_twice_in_the_file_of_an_organization_is_told() -> None:
    content = b'{"Organization": {"Id": "o-1", "Id": "o-2"}, "Accounts": [{"Id": "111122223333"}]}'
    read_organization, told = organization_of_file(content, "organization.json")
    assert (read_organization.id, str(told[0])) == (
        "o-2",
        "organization.json: has the key 'Id' twice in one object: the last one counts",
    )


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    (tmp_path / "binary.json").write_bytes(b"\xff\x00\x80" * 9)
    assert ["binary.json: is no JSON: line 1 is"] == [text.partition(" '")[0] for text in problems(tmp_path)]


def test_a_gzip_file_that_ends_early_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(json.dumps(page(role("lost"))).encode())[:-9])
    assert ["cut.json.gz: the gzip file ends early"] == problems(tmp_path)


def test_an_account_without_its_last_page_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER, IsTruncated=True))
    message = f"account.json: the last page of account {ACCOUNT} is missing: each page says that another follows"
    assert [message] == problems(tmp_path)


def test_a_page_of_the_command_line_that_others_follow_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER, NextToken="eyJ"))
    message = f"account.json: the last page of account {ACCOUNT} is missing: each page says that another follows"
    assert [message] == problems(tmp_path)


def test_a_file_that_is_cut_off_after_its_first_page_is_told_once(tmp_path: Path) -> None:
    content = json.dumps(page(READER, IsTruncated=True)) + json.dumps(page(role("lost")))[:-20]
    (tmp_path / "cut.json").write_text(content, "utf-8")
    assert ["cut.json: is cut off in line 1: its JSON does not end"] == problems(tmp_path)
    assert READS == can(tmp_path)


def test_a_file_that_powershell_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "account.json").write_text(json.dumps(page(READER)), "utf-16")
    assert (READS, []) == (can(tmp_path), problems(tmp_path))


@pytest.mark.parametrize(
    ("records", "message"),
    [
        pytest.param(
            [role("x", RolePolicyList=[{"PolicyName": "p", "PolicyDocument": "%7Bno"}])],
            f"the inline policy p of arn:aws:iam::{ACCOUNT}:role/x is no JSON document: whoever has it is undecided",
            id="a document that is no JSON",
        ),
        pytest.param(
            [
                role("x", AttachedManagedPolicies=[{"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}]),
                managed("p") | {"PolicyVersionList": []},
            ],
            f"arn:aws:iam::{ACCOUNT}:policy/p has no default version: whoever has it is undecided",
            id="no default version",
        ),
        pytest.param(
            [role("x", EVERYTHING, AttachedManagedPolicies=[{"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}])],
            f"arn:aws:iam::{ACCOUNT}:role/x has the policy arn:aws:iam::{ACCOUNT}:policy/p, which is not in the files",
            id="a policy that is not in the files",
        ),
        pytest.param(
            [role("x", EVERYTHING, PermissionsBoundary={"PermissionsBoundaryArn": FOREIGN_POLICY})],
            f"arn:aws:iam::{ACCOUNT}:role/x has the boundary {FOREIGN_POLICY}, which is of another account",
            id="a boundary of another account",
        ),
        pytest.param(
            [user("x", EVERYTHING, GroupList=["ghosts"])],
            f"arn:aws:iam::{ACCOUNT}:user/x has the group ghosts, which is not in the files",
            id="a group that does not exist",
        ),
        pytest.param(
            [role("x", EVERYTHING, PermissionsBoundary={"PermissionsBoundaryType": "Policy"})],
            f"the boundary of arn:aws:iam::{ACCOUNT}:role/x has no ARN: whoever has it is undecided",
            id="a boundary without an ARN",
        ),
        pytest.param(
            [role("x", EVERYTHING, PermissionsBoundary={"PermissionsBoundaryArn": 5})],
            f"the boundary of arn:aws:iam::{ACCOUNT}:role/x has no ARN: whoever has it is undecided",
            id="a boundary whose ARN is a number",
        ),
        pytest.param(
            [role("x", EVERYTHING, PermissionsBoundary={"PermissionsBoundaryArn": LOST_POLICY})],
            f"arn:aws:iam::{ACCOUNT}:role/x has the boundary {LOST_POLICY}, which is not in the files",
            id="a boundary that is not in the files",
        ),
        pytest.param(
            [
                role("x", AttachedManagedPolicies=[{"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}]),
                managed("p", EVERYTHING) | {"DefaultVersionId": "v2"} | TWO_DEFAULTS,
            ],
            f"arn:aws:iam::{ACCOUNT}:policy/p has several default versions (v1, v2): whoever has it is undecided",
            id="several default versions",
        ),
        pytest.param(
            [role("x", RolePolicyList=[{"PolicyName": "p", "PolicyDocument": {"Statements": []}}])],
            f"p (inline) of arn:aws:iam::{ACCOUNT}:role/x is no policy: policy document has unknown key 'Statements': "
            "whoever has it is undecided",
            id="a document that is no policy",
        ),
    ],
)
def test_what_is_missing_is_told_and_leaves_its_principal_undecided(
    tmp_path: Path, records: list[dict[str, Any]], message: str
) -> None:
    write(tmp_path, page(READER, *records))
    report = report_of(tmp_path)
    undecided = [row.arn.rpartition("/")[2] for row in report.principals if row.unknown]
    assert ([f"account.json: {message}"], ["x"]) == ([str(problem) for problem in report.problems], undecided)
    assert READS.items() <= can(tmp_path).items()


def test_a_policy_that_many_have_and_no_file_has_is_told_once(tmp_path: Path) -> None:
    attached = {"AttachedManagedPolicies": [{"PolicyArn": LOST_POLICY}]}
    write(tmp_path, page(role("a", **attached), role("b", **attached), role("c", **attached)))
    message = f"arn:aws:iam::{ACCOUNT}:role/a and 2 more have the policy {LOST_POLICY}, which is not in the files"
    assert [f"account.json: {message}"] == problems(tmp_path)


def test_a_document_that_is_no_policy_is_told_once_whoever_has_it(tmp_path: Path) -> None:
    listed = [{"PolicyName": name, "PolicyDocument": {"Statements": []}} for name in ("a", "b")]
    write(tmp_path, page(*(role(row["PolicyName"], RolePolicyList=[row]) for row in listed)))
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"account.json: a (inline) of arn:aws:iam::{ACCOUNT}:role/a is no policy: ")
    assert [True, True] == [bool(row.unknown) for row in report_of(tmp_path).principals]


def test_a_policy_that_a_group_has_and_no_file_has_is_told_of_the_group(tmp_path: Path) -> None:
    attached = {"AttachedManagedPolicies": [{"PolicyArn": LOST_POLICY}]}
    write(tmp_path, page(user("ann", GroupList=["readers"]), group("readers", **attached)))
    message = f"arn:aws:iam::{ACCOUNT}:group/readers has the policy {LOST_POLICY}, which is not in the files"
    assert [f"account.json: {message}"] == problems(tmp_path)
    assert [True] == [bool(row.unknown) for row in report_of(tmp_path).principals]


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (None, f"arn:aws:iam::{ACCOUNT}:role/x has no trust policy: who may assume it is undecided"),
        (
            "no",
            f"the trust policy of arn:aws:iam::{ACCOUNT}:role/x is no JSON document: who may assume it is undecided",
        ),
    ],
)
def test_a_trust_policy_that_cannot_be_read_leaves_open_who_may_assume_the_role(
    tmp_path: Path, policy: str | None, problem: str
) -> None:
    write(tmp_path, page(READER, role("x") | {"AssumeRolePolicyDocument": policy}))
    report = report_of(tmp_path)
    assert [f"account.json: {problem}"] == [str(problem) for problem in report.problems]
    assert [f"arn:aws:iam::{ACCOUNT}:role/x"] == [row.resource for row in report.undecided_exposures]


def test_an_account_that_is_there_twice_with_other_content_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, page(READER, role("two")), "a.json")
    write(tmp_path, page(role("reader", EVERYTHING), role("two", EVERYTHING)), "b.json")
    arn = f"arn:aws:iam::{ACCOUNT}:role/reader"
    message = f"b.json: account {ACCOUNT} is in a.json with other content ({arn} is one): a.json counts"
    assert [message] == problems(tmp_path)
    assert ("s3:GetObject",) == can(tmp_path)[arn]


def test_an_account_that_one_file_has_twice_with_other_content_is_told(tmp_path: Path) -> None:
    write(tmp_path, [page(READER), page(role("reader", EVERYTHING))])
    arn = f"arn:aws:iam::{ACCOUNT}:role/reader"
    message = f"account {ACCOUNT} is in it twice with other content ({arn} is one): the first counts"
    assert [f"account.json: {message}"] == problems(tmp_path)


def test_a_policy_of_which_a_second_file_has_other_older_versions_is_told(tmp_path: Path) -> None:
    policy = managed("shared", allow("s3:GetObject"))
    (latest,) = policy["PolicyVersionList"]
    older = {"VersionId": "v0", "IsDefaultVersion": False, "Document": document(EVERYTHING)}
    write(tmp_path, page(READER, policy), "a.json")
    write(tmp_path, page(READER, policy | {"PolicyVersionList": [latest, older]}), "b.json")
    message = f"b.json: account {ACCOUNT} is in a.json with other content ({policy['Arn']} is one): a.json counts"
    assert [message] == problems(tmp_path)


def test_files_of_one_account_that_list_other_roles_are_told_and_all_roles_are_answered(tmp_path: Path) -> None:
    write(tmp_path, page(READER, role("deleted-since")), "a.json")
    write(tmp_path, page(READER), "b.json")
    message = (
        f"account {ACCOUNT} is in a.json, too, and arn:aws:iam::{ACCOUNT}:role/deleted-since is in one of them alone"
    )
    assert [f"b.json: {message}: all are answered"] == problems(tmp_path)
    assert 2 == len(can(tmp_path))


def test_files_of_one_account_that_have_users_alone_or_roles_alone_are_no_other_answers(tmp_path: Path) -> None:
    write(tmp_path, page(READER, user("ann")), "a.json")
    write(tmp_path, page(user("ann")), "b.json")
    assert [] == problems(tmp_path)


def test_a_role_that_trusts_the_id_of_a_deleted_role_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER, role("x", trusts=trust(aws="AROAEXAMPLEDELETED"))))
    deleted = "AROAEXAMPLEDELETED, the id of a user or role that was deleted: nobody can use that"
    message = f"arn:aws:iam::{ACCOUNT}:role/x trusts {deleted}"
    assert [f"account.json: {message}"] == problems(tmp_path)
    assert READS.items() <= can(tmp_path).items()


def test_the_id_of_a_user_or_role_in_the_files_stands_for_its_arn(tmp_path: Path) -> None:
    goal = role("goal", EVERYTHING, trusts=trust(aws=["AROACI", "AIDAANN"]))
    caller = role("ci", allow("sts:AssumeRole"), account=OTHER)
    write(tmp_path, page(goal, user("ann")), "a.json")
    write(tmp_path, page(caller), "b.json")
    report = report_of(tmp_path)
    ann, ci = f"arn:aws:iam::{ACCOUNT}:user/ann", f"arn:aws:iam::{OTHER}:role/ci"
    assert () == report.problems
    assert [ann, ci] == [path.principal for path in report.paths]
    assert [ci] == [row.who for row in report.exposures if row.resource == goal["Arn"]]


def test_the_policy_of_a_resource_lets_in_the_role_with_an_id_and_nobody_with_the_id_of_a_deleted_one(
    tmp_path: Path,
) -> None:
    write(tmp_path, page(role("ci", account=OTHER)))
    statement = {"Effect": "Allow", "Principal": {"AWS": ["AROACI", "AROADELETED"]}, "Action": "s3:*", "Resource": "*"}
    bucket = ResourcePolicy("arn:aws:s3:::orders", ACCOUNT, compact(document(statement)))
    report = audit(AuditInput(tmp_path, NOW, resources=(bucket,)))
    assert [f"arn:aws:iam::{OTHER}:role/ci"] == [row.who for row in report.exposures if row.resource == bucket.arn]


def test_conditions_on_the_id_of_a_role_in_the_files_mean_the_account_of_the_role(tmp_path: Path) -> None:
    write(tmp_path, page(role("worker")), "a.json")
    write(tmp_path, page(role("ci", account=OTHER)), "b.json")
    reaches = {}
    for unique_id in ("AROAWORKER", "AROACI"):
        when = {"StringLike": {"aws:userid": f"{unique_id}:*"}}
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": when}
        bucket = ResourcePolicy("arn:aws:s3:::orders", ACCOUNT, compact(document(statement)))
        report = audit(AuditInput(tmp_path, NOW, resources=(bucket,)))
        reaches[unique_id] = [row.reach for row in report.exposures if row.resource == bucket.arn]
    assert {"AROAWORKER": [], "AROACI": ["account"]} == reaches


def test_the_id_of_nobody_in_the_files_is_unknown_while_an_account_of_the_organization_is_missing(
    tmp_path: Path,
) -> None:
    write(tmp_path, page(role("x", trusts=trust(aws="AROAELSEWHERE"))))
    everything = ["p-FullAWSAccess"]
    accounts = [{"Id": name, "ParentId": "r-1", "Policies": everything} for name in (ACCOUNT, OTHER)]
    about = {"Id": "o-1", "MasterAccountId": OTHER}
    value = {"Organization": about, "Roots": [{"Id": "r-1", "Policies": everything}], "Accounts": accounts}
    report = report_of(tmp_path, organization(value, "organization.json")[0])
    arn = f"arn:aws:iam::{ACCOUNT}:role/x"
    unknown = "AROAELSEWHERE, the id of a user or role that is not in the files"
    message = f"account.json: {arn} trusts {unknown}: account {OTHER} is not in them as a whole"
    reason = "the user or role of the id AROAELSEWHERE is not in the files"
    assert [message] == [str(problem) for problem in report.problems]
    assert [(arn, reason)] == [(row.resource, row.reason) for row in report.undecided_exposures]


def test_the_id_of_nobody_is_unknown_where_the_last_page_of_the_account_is_missing(tmp_path: Path) -> None:
    write(tmp_path, page(role("x", trusts=trust(aws="AROALATER")), IsTruncated=True))
    unknown = "AROALATER, the id of a user or role that is not in the files"
    message = f"arn:aws:iam::{ACCOUNT}:role/x trusts {unknown}: account {ACCOUNT} is not in them as a whole"
    assert f"account.json: {message}" in problems(tmp_path)
    members, _ = organization(organization_of([{"Id": OTHER, "ParentId": "ou-1"}]), "organization.json")
    both = f"account {ACCOUNT} and 1 more are not in them as a whole"
    assert both in {problem.message.rpartition(": ")[2] for problem in report_of(tmp_path, members).problems}


def test_the_same_file_twice_is_no_problem(tmp_path: Path) -> None:
    write(tmp_path, page(READER), "a.json")
    write(tmp_path, page(READER), "b.json")
    assert [] == problems(tmp_path)


def test_a_policy_of_aws_that_is_not_in_the_files_is_taken_from_the_catalogue(tmp_path: Path) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    write(tmp_path, page(role("reader", AttachedManagedPolicies=[{"PolicyArn": arn}])))
    assert (READS, []) == (can(tmp_path), problems(tmp_path))


def test_a_file_of_aws_policies_alone_counts_for_every_account(tmp_path: Path) -> None:
    of_aws = {**managed("Mine", allow("s3:GetObject")), "Arn": "arn:aws:iam::aws:policy/Mine"}
    write(tmp_path, page(of_aws), "aws.json")
    write(tmp_path, page(role("reader", AttachedManagedPolicies=[{"PolicyArn": of_aws["Arn"]}])))
    assert (READS, []) == (can(tmp_path), problems(tmp_path))


def test_a_group_gives_its_users_what_it_has(tmp_path: Path) -> None:
    write(tmp_path, page(user("ann", GroupList=["readers"]), group("readers", allow("s3:GetObject"))))
    assert {f"arn:aws:iam::{ACCOUNT}:user/ann": ("s3:GetObject",)} == can(tmp_path)


def test_a_folder_without_account_details_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RemitError, match="has no file of account details"):
        account_files(tmp_path)


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    write(tmp_path, {"Records": []}, "trail.json")
    assert ["trail.json: it has no account details, and is left out"] == problems(tmp_path)


def test_a_file_with_another_ending_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    write(tmp_path, page(role("lost")), "further.txt")
    endings = ".json, .jsonl, .gz"
    assert [f"further.txt: it is left out: its name ends in none of {endings}"] == problems(tmp_path)


def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    os.mkfifo(tmp_path / "pipe.json")
    assert (READS, ["pipe.json: it cannot be read: it is not a file"]) == (can(tmp_path), problems(tmp_path))


def test_a_page_that_describes_the_folder_is_no_problem(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    (tmp_path / "README.md").write_text("# Accounts\n")
    assert (READS, []) == (can(tmp_path), problems(tmp_path))


def test_the_other_inputs_of_an_audit_may_lie_in_its_folder(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    write(tmp_path, {"Roots": []}, "organization.json")
    write(tmp_path / "logs", {"Records": []}, "log.json")
    elsewhere = (tmp_path / "organization.json", tmp_path / "logs")
    assert () == audit(AuditInput(tmp_path, NOW, elsewhere=elsewhere)).problems


def test_a_file_of_the_same_name_as_another_input_in_another_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path / "accounts", page(READER), "organization.json")
    write(tmp_path, {"Roots": []}, "organization.json")
    report = audit(AuditInput(tmp_path, NOW, elsewhere=(tmp_path / "organization.json",)))
    assert (list(READS), ()) == ([row.arn for row in report.principals], report.problems)


def test_files_without_any_account_are_told(tmp_path: Path) -> None:
    write(tmp_path, page())
    assert [f"{tmp_path.as_posix()}: its files have no user, group or role of any account"] == problems(tmp_path)


def organization_of(accounts: list[dict[str, Any]], *policies: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "Organization": {"Id": "o-example", "MasterAccountId": "999988887777"},
        "Roots": [{"Id": "r-1", "Policies": ["p-FullAWSAccess"]}],
        "OrganizationalUnits": [
            {"Id": "ou-1", "ParentId": "r-1", "Policies": ["p-FullAWSAccess", *(name for name, _ in policies)]}
        ],
        "Accounts": [{"Policies": ["p-FullAWSAccess"], **account} for account in accounts],
        "Policies": [
            {"PolicySummary": {"Id": name, "Name": name, "Type": "SERVICE_CONTROL_POLICY"}, "Content": json.dumps(text)}
            for name, text in policies
        ],
    }


def test_every_level_of_scps_limits_an_account(tmp_path: Path) -> None:
    write(tmp_path, page(role("admin", EVERYTHING)))
    forbidden = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    value = organization_of([{"Id": ACCOUNT, "ParentId": "ou-1"}], ("p-1", forbidden))
    members, wrong = organization(value, "organization.json")
    report = report_of(tmp_path, members)
    assert () == wrong == report.problems
    actions = next(iter(report.principals)).can
    assert ("kms:Decrypt" in actions, "s3:GetObject" in actions) == (True, False)


def test_an_scp_that_names_a_role_of_one_account_limits_that_account_alone(tmp_path: Path) -> None:
    write(tmp_path, page(role("admin", EVERYTHING), role("admin", EVERYTHING, account=OTHER)))
    forbidden = document(deny("kms:Decrypt", on=f"arn:aws:kms:*:{OTHER}:*"))
    accounts = [{"Id": ACCOUNT, "ParentId": "ou-1"}, {"Id": OTHER, "ParentId": "ou-1"}]
    members, _ = organization(organization_of(accounts, ("p-1", forbidden)), "organization.json")
    may_decrypt = {row.account: "kms:Decrypt" in row.can for row in report_of(tmp_path, members).principals}
    assert {ACCOUNT: True, OTHER: False} == may_decrypt


def test_the_policies_of_a_target_may_be_summaries_as_the_command_line_lists_them() -> None:
    forbidden = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    value = organization_of([{"Id": ACCOUNT, "ParentId": "ou-1"}], ("p-1", forbidden))
    expected = organization(value, "organization.json")
    for rows in ("Roots", "OrganizationalUnits", "Accounts"):
        for row in value[rows]:
            row["Policies"] = [{"Id": name, "Name": f"name of {name}"} for name in row["Policies"]]
    assert expected == organization(value, "organization.json")


def test_an_account_without_a_unit_is_told_and_undecided(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    members, wrong = organization(organization_of([{"Id": ACCOUNT}]), "organization.json")
    report = report_of(tmp_path, members, wrong)
    expected = f"organization.json: account {ACCOUNT} has no place in the organization: {ACCOUNT} has no ParentId"
    assert [expected] == [str(problem) for problem in report.problems]
    reason = f"the control policies of account {ACCOUNT} are not known: {ACCOUNT} has no ParentId"
    row = next(iter(report.principals))
    assert ((), reason) == (row.can, row.unknown[0])
    write(tmp_path, page(role("reader", AttachedManagedPolicies=[{"PolicyArn": LOST_POLICY}])))
    (row,) = report_of(tmp_path, members, wrong).principals
    assert (f"{LOST_POLICY} is not in the files", reason) == row.unknown


def test_an_account_that_the_organization_does_not_list_is_told(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    members, wrong = organization(organization_of([]), "organization.json")
    report = report_of(tmp_path, members, wrong)
    expected = f"account.json: account {ACCOUNT} is not in the organization's file: which SCPs bind it is not known"
    assert [expected] == [str(problem) for problem in report.problems]
    bucket = ResourcePolicy("arn:aws:s3:::orders", OTHER, compact(document()))  # of whose owner there are no roles
    assert report.problems == audit(AuditInput(tmp_path, NOW, members, (bucket,))).problems


@pytest.mark.parametrize(
    ("parent", "units", "reason"),
    [
        ("ou-9", [], f"ou-9 is the parent of {ACCOUNT}, and is not in the file"),
        ("ou-2", [("ou-2", "ou-3"), ("ou-3", "ou-2")], "its ParentIds never reach a root"),
    ],
)
def test_an_account_whose_parents_lead_nowhere_is_told(parent: str, units: list[tuple[str, str]], reason: str) -> None:
    value = organization_of([{"Id": ACCOUNT, "ParentId": parent}])
    value["OrganizationalUnits"] += [{"Id": unit, "ParentId": above, "Policies": []} for unit, above in units]
    members, wrong = organization(value, "organization.json")
    assert f"account {ACCOUNT} has no place in the organization: {reason}" in {problem.message for problem in wrong}
    assert members.accounts[ACCOUNT].unknown


@pytest.mark.parametrize("others", [["p-FullAWSAccess"], []])
def test_a_control_policy_that_is_not_in_the_file_is_told(others: list[str]) -> None:
    """It may be the one that AWS leaves each target: that there is none is not said then."""
    value = organization_of([{"Id": ACCOUNT, "ParentId": "ou-1", "Policies": [*others, "p-lost", "p-gone"]}])
    members, wrong = organization(value, "organization.json")
    lost = [f"the control policy {name} of {ACCOUNT} is not" for name in ("p-lost", "p-gone")]
    assert [f"{text} in the file" for text in lost] == [problem.message for problem in wrong]
    assert members.accounts[ACCOUNT].unknown == tuple(f"{text} known" for text in lost)


def test_a_target_without_any_scp_is_told() -> None:
    members, wrong = organization(organization_of([{"Id": ACCOUNT, "ParentId": "ou-1", "Policies": []}]), "o.json")
    assert [f"{ACCOUNT} has no SCP, and AWS leaves each target at least one"] == [problem.message for problem in wrong]
    assert members.accounts[ACCOUNT].unknown == (f"the SCPs of {ACCOUNT} are not in the file",)


def test_problems_of_all_inputs_are_told_once_each_in_the_order_of_their_texts(tmp_path: Path) -> None:
    attached = {"AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/Unheard"}]}
    write(tmp_path, page(role("a", **attached)))
    (tmp_path / "broken.json").write_text("{")
    told = (InputProblem("organization.json", "one"), InputProblem("account.json", "two"))
    found = audit(AuditInput(tmp_path, NOW, problems=(*told, *told))).problems
    assert {*told, *audit(AuditInput(tmp_path, NOW)).problems} == {*found}
    assert [*found] == sorted({*found})
    assert len({problem.file for problem in found}) == 3


def test_findings_are_told_with_the_number_of_the_first_account_that_has_the_document() -> None:
    finding = DocumentFinding("R1", "error", f"role {OWN_ACCOUNT}", "Statement[0]", f"write {OWN_ACCOUNT}")
    uses = [DocumentUse("1", "identity", f"arn:aws:iam::{account}:role/x", "own") for account in (OTHER, ACCOUNT)]
    (document,) = linted_documents(uses, {name_of(uses[0]): (finding, replace(finding, hint=None))})
    told = [(each.message, each.hint) for each in document.findings]
    assert told == [(f"role {OTHER}", f"write {OTHER}"), (f"role {OTHER}", None)]
    assert () == linted_documents(uses, {name_of(uses[0]): ()})


def test_lint_reads_each_policy_boundary_and_trust_policy_but_those_that_aws_maintains() -> None:
    of_aws = PolicyUse("arn:aws:iam::aws:policy/ReadOnlyAccess", "1")
    own, by_group = PolicyUse("own", "2"), PolicyUse(LOST_POLICY, "3", "readers")
    ann = Identity(
        "user", "ann", ACCOUNT, "ann", "", "f", (of_aws, own, by_group), boundary=PolicyUse(LOST_POLICY, "4")
    )
    worker = Identity("role", "worker", ACCOUNT, "worker", "", "f", (own,), boundary=of_aws, trust="5")
    assert document_uses([ann, worker]) == (
        DocumentUse("2", "identity", "ann", "own (inline)"),
        DocumentUse("3", "identity", "ann", f"{LOST_POLICY}, by group readers"),
        DocumentUse("4", "identity", "ann", LOST_POLICY),
        DocumentUse("2", "identity", "worker", "own (inline)"),
        DocumentUse("5", "trust", "worker", "trust policy"),
    )


FINE: Final = AuditReport(
    NOW, (ACCOUNT,), (PrincipalRow("a", (AccessRow("s3:GetObject", "yes"),)),), ("a",), (), (), (), (), (), (), ()
)


def linted(severity: str) -> LintedDocument:
    return LintedDocument("1", "identity", (DocumentFinding("R1", severity, "", ""),), ())


def exposed(reach: Any) -> ExposureRow:
    return ExposureRow("arn:aws:s3:::b", ACCOUNT, "*", reach, ("s3:*",), "Statement[0]")


@pytest.mark.parametrize(
    ("change", "is_fine"),
    [
        ({}, True),
        ({"documents": (linted("warning"), linted("info"))}, True),
        ({"documents": (linted("warning"), linted("error"))}, False),
        ({"exposures": tuple(map(exposed, ("network", "account", "service")))}, True),
        ({"exposures": tuple(map(exposed, ("network", "anyone")))}, False),
        ({"principals": (PrincipalRow("a", unknown=("its boundary",)),)}, False),
        ({"principals": (PrincipalRow("a", (AccessRow("s3:GetObject", "undecided"),)),)}, False),
        ({"unused": (UnusedRow("a", NOW, "", ()),)}, True),
        ({"problems": (InputProblem("a.json", "is empty"),)}, False),
        ({"undecided_techniques": (UndecidedTechnique("a", "iam:PassRole", "why"),)}, False),
        ({"undecided_exposures": (UndecidedExposure("arn:aws:s3:::b", "the policy", "why"),)}, False),
        ({"paths": (EscalationPath("a", (), ()),)}, False),
    ],
)
def test_a_report_is_fine_where_nobody_must_act(change: dict[str, Any], *, is_fine: bool) -> None:
    assert replace(FINE, **change).is_fine is is_fine


ID_IN: Final = {
    "Principal": {"AWS": "AROAONE"},
    "NotPrincipal": {"AWS": [ACCOUNT, "AROAONE"]},
    "Condition": {"StringLike": {"aws:UserId": ["AROAONE:session", "else"]}},
}


@pytest.mark.parametrize("element", ID_IN)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_id_is_found_in_whichever_statement_and_element_it_stands(element: str, position: int) -> None:
    silent = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    statements = [silent, silent, silent]
    statements[position] = {**silent, element: ID_IN[element]}
    assert ["AROAONE"] == list(principal_ids(document(*statements)))


def test_a_file_that_cannot_be_opened_is_told_and_the_rest_is_answered(tmp_path: Path) -> None:
    write(tmp_path, page(READER))
    (tmp_path / "lost.json").symlink_to(tmp_path / "nowhere")
    assert (READS, ["lost.json: it cannot be read: No such file or directory"]) == (can(tmp_path), problems(tmp_path))


def test_characters_that_are_no_utf_8_are_told(tmp_path: Path) -> None:
    record = role("reader", allow("s3:GetObject"), Tags=[{"Key": "name", "Value": "é"}])
    (tmp_path / "account.json").write_text(json.dumps(page(record), ensure_ascii=False), "latin-1")
    problem = "account.json: has characters that are no UTF-8, which cannot be read"
    assert (READS, [problem]) == (can(tmp_path), problems(tmp_path))


def test_a_control_policy_without_a_type_is_an_scp() -> None:
    value = organization_of([{"Id": ACCOUNT, "ParentId": "ou-1", "Policies": ["p-FullAWSAccess", "p-plain"]}])
    value["Policies"] = [{"Id": "p-plain", "Content": document(deny("s3:*"))}]
    members, wrong = organization(value, "organization.json")
    levels = [[policy.id for policy in level] for level in members.accounts[ACCOUNT].scps]
    assert ([["p-FullAWSAccess"], ["p-FullAWSAccess"], ["p-FullAWSAccess", "p-plain"]], ()) == (levels, wrong)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each part of a JSON value."""
    yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from places(part, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """A JSON value with another part at a path."""
    if not path:
        return part
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], part)
    return copy


WHOLE: Final = page(
    role("r", allow("s3:GetObject"), trusts=trust(aws=[OTHER, "AROAX"]), Tags=[{"Key": "team", "Value": "x"}],
         InstanceProfileList=[{}], PermissionsBoundary={"PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}),
    user("ann", allow("iam:*"), GroupList=["g"],
         AttachedManagedPolicies=[{"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}]),
    group("g", EVERYTHING), managed("p", EVERYTHING, v0=document(EVERYTHING)), IsTruncated=False,
)  # fmt: skip
OF_X: Final = {"StringLike": {"aws:userid": ["AROAX:*"]}}
OPENED: Final = document({**allow("s3:*", when=OF_X), "Principal": {"AWS": [OTHER]}})
RESOURCES: Final = [{"Arn": "arn:aws:s3:::b", "Account": ACCOUNT, "Policy": OPENED}]
ODD: Final = (
    None, 5, 1.5, True, "", "*", "x", "arn:", f"arn:aws:iam::{ACCOUNT}:role/x", "\ud800", "\ue000", [], [None], ["x"],
    {}, {"a": 1}, {"AWS": "*"}, {"Key": 1},
)  # fmt: skip


@settings(max_examples=cases(20, deep=2_000), deadline=None)
@given(st.sampled_from(list(places(WHOLE))), st.sampled_from(list(places(RESOURCES))), st.sampled_from(ODD))
def test_whatever_stands_in_the_place_of_a_part_the_files_are_answered_or_told(
    tmp_path_factory: pytest.TempPathFactory, place: Any, place_of_resource: Any, part: Any
) -> None:
    folder = write(tmp_path_factory.mktemp("accounts"), replaced(WHOLE, place, part))
    content = json.dumps(replaced(RESOURCES, place_of_resource, part)).encode()
    resources, wrong = resource_policies(content, "resources.json")
    report = audit(AuditInput(folder, NOW, resources=resources, problems=wrong))
    assert report.principals or report.problems
    assert resources or wrong or part == []


def test_a_control_policy_that_is_json_and_no_policy_is_told() -> None:
    value = organization_of([{"Id": ACCOUNT, "ParentId": "ou-1", "Policies": ["p-FullAWSAccess", "p-bad"]}])
    about = {"Id": "p-bad", "Type": "SERVICE_CONTROL_POLICY"}
    value["Policies"] = [{"PolicySummary": about, "Content": '{"Version": "2012-10-17"}'}]
    members, wrong = organization(value, "organization.json")
    message = (
        "the control policy p-bad is no policy: policy document has no 'Statement': accounts below it are undecided"
    )
    assert [message] == [problem.message for problem in wrong]
    assert members.accounts[ACCOUNT].unknown
