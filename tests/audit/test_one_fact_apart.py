"""Answers about accounts, policies and principals that are alike but for one fact, which decides."""

from __future__ import annotations

import json
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
    role,
    trust,
    user,
    write,
)
from remit.audit.account_audit import AccountWork, Chunk, account_works, audited_accounts
from remit.audit.audit import AuditInput, audit
from remit.audit.caller_pins import PinnedCaller, pins
from remit.audit.document_parts import DocumentParts, Profile
from remit.audit.documents import Documents
from remit.audit.entities import InputProblem
from remit.audit.exposures import exposures
from remit.audit.folder import AccountFile, FileSummary, OpenRole, json_files
from remit.audit.json_bytes import compact
from remit.audit.organization import organization
from remit.audit.principal_ids import NO_IDS
from remit.audit.resource_policies import ResourcePolicy, resource_policies
from remit.audit.result_cache import ResultCache
from remit.audit.trail import DataSource, LoggedCall, TrailSummary
from remit.audit.trust import TrustedBy, trusted
from remit.audit.unused_access import Usage, UsedActions, usage_by_account
from remit.catalogue.expand import expand
from remit.iam.policy import Condition, parse

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.audit import AuditReport
    from remit.audit.organization import Organization

ARN: Final = f"arn:aws:iam::{ACCOUNT}:"
THIRD: Final = "777788889999"
FIRST, LATER = "2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z"


def organized(scps: Any = (), rcps: Any = ()) -> Organization:
    """An organization of ACCOUNT and OTHER with these Denies in a unit."""
    own = []
    for number, (kind, denial) in enumerate(
        [*(("SERVICE", row) for row in scps), *(("RESOURCE", row) for row in rcps)]
    ):
        summary = {"Id": f"p-{number}", "Type": f"{kind}_CONTROL_POLICY"}
        own.append({"PolicySummary": summary, "Content": json.dumps(document(denial))})
    full = ["p-FullAWSAccess", "p-RCPFullAWSAccess"]
    names = [row["PolicySummary"]["Id"] for row in own]
    value = {
        "Organization": {"Id": "o-1", "MasterAccountId": "999900001111"},
        "Roots": [{"Id": "r-1", "Policies": full}],
        "OrganizationalUnits": [{"Id": "ou-1", "ParentId": "r-1", "Policies": [*full, *names]}],
        "Accounts": [{"Id": account, "ParentId": "ou-1", "Policies": full} for account in (ACCOUNT, OTHER)],
        "Policies": own,
    }
    found, problems = organization(value, "o.json")
    assert problems == ()
    return found


# Resources


def test_equal_policies_of_resources_differ_by_their_account_and_by_whether_control_policies_reach_their_service() -> (
    None
):
    text = compact(document({**allow("*"), "Principal": {"AWS": [ACCOUNT, THIRD]}}))
    arns = [f"arn:aws:sqs:eu-west-1:{account}:q" for account in (ACCOUNT, OTHER)]
    topic = f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"
    resources = [ResourcePolicy(arn, arn.split(":")[4], text) for arn in (*arns, topic)]
    outsiders = {**deny("*", when={"StringEquals": {"aws:PrincipalAccount": THIRD}}), "Principal": "*"}
    found = exposures(resources, organized(rcps=[outsiders]))
    # "Resource control policies" (AWS Organizations User Guide): SQS is among the services that they reach, SNS is not.
    rows = [(row.resource, row.account, row.who, row.reach) for row in found.rows]
    assert rows == [(arns[1], OTHER, ACCOUNT, "member account"), (topic, ACCOUNT, THIRD, "account")]
    assert found.undecided == ()


def test_an_id_with_a_wildcard_is_nobody_in_particular() -> None:
    statement = {**allow("s3:GetObject", when={"StringLike": {"aws:userid": "AROAX*"}}), "Principal": "*"}
    found = exposures([ResourcePolicy("arn:aws:s3:::b", ACCOUNT, compact(document(statement)))], None)
    assert [(row.who, row.reach) for row in found.rows] == [("*", "anyone")]
    assert found.undecided == ()


def test_the_resources_before_a_mistake_in_a_file_count() -> None:
    first = {"Arn": "arn:aws:s3:::a", "Account": ACCOUNT, "Policy": document(allow("s3:GetObject"))}
    without = {"Arn": "arn:aws:s3:::b", "Policy": document()}
    text = f'{json.dumps(first)}\n{json.dumps(without)}\n{{"Arn": "arn:aws:s3:::c", "Acc'
    expected = ResourcePolicy("arn:aws:s3:::a", ACCOUNT, compact(first["Policy"]))
    left_out = "arn:aws:s3:::b has no Account, so that it is not known who is outside: it is left out"
    cut_off = "r.json: is cut off in line 3: its JSON does not end"
    found, problems = resource_policies(text.encode(), "r.json")
    assert found == (expected,)
    assert [str(problem) for problem in problems] == [str(InputProblem("r.json", left_out)), cut_off]


# What was used


def test_an_account_with_a_trail_and_without_calls_used_nothing() -> None:
    ann, bob = f"{ARN}user/ann", f"{ARN}user/bob"
    trail = TrailSummary("logs", accounts={OTHER, ACCOUNT}, first=FIRST, last=LATER, events=4)
    trail.data_sources = {DataSource(ACCOUNT, "s3.amazonaws.com"), DataSource(ACCOUNT, "lambda.amazonaws.com")}
    trail.last_calls[LoggedCall(bob, "sqs.amazonaws.com", "ListQueues")] = LATER
    trail.last_calls[LoggedCall(ann, "sqs.amazonaws.com", "NoSuchCall")] = LATER
    trail.last_calls[LoggedCall(ann, "ec2.amazonaws.com", "StopInstances")] = FIRST
    used = (
        (ann, UsedActions(("ec2:StopInstances",), LATER, ("sqs",))),
        (bob, UsedActions(("sqs:ListQueues",), LATER, ())),
    )
    usages = usage_by_account(trail)
    assert usages == {
        ACCOUNT: Usage(FIRST, ("lambda.amazonaws.com", "s3.amazonaws.com"), used),
        OTHER: Usage(FIRST, (), ()),
    }
    assert list(usages) == [ACCOUNT, OTHER]


def test_the_smaller_policy_keeps_names_that_nobody_knows_and_patterns_that_are_used_as_a_whole(tmp_path: Path) -> None:
    # Invoke and its like are data events, which no trail logs by itself: none of them counts as unused.
    others = sorted({f"{name.partition(':')[0]}:*" for name in expand("*")} - {"execute-api:*"})
    of_apis = {"Effect": "Allow", "NotAction": others, "Resource": "*"}
    queues = allow("sqs:NoSuchAction", "sqs:DeleteQueue", on=f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q")
    trail = TrailSummary("logs", accounts={ACCOUNT}, first=FIRST, last=LATER, events=1)
    trail.last_calls[LoggedCall(f"{ARN}user/ann", "sqs.amazonaws.com", "CreateQueue")] = FIRST
    write(tmp_path, page(user("ann", of_apis, queues)))
    (row,) = audit(AuditInput(tmp_path, NOW, trail=trail)).unused
    (policy,) = row.policies
    assert (policy.unused, policy.count, policy.not_logged) == (("sqs:*",), 1, ("execute-api",))
    kept = {**queues, "Action": "sqs:NoSuchAction"}
    assert json.loads(policy.smaller)["Statement"] == [of_apis, kept]


# Principals


def test_control_policies_bind_every_role_but_those_of_services(tmp_path: Path) -> None:
    """Source: "Service control policies (SCPs)" (AWS Organizations User Guide): they affect no service-linked role."""
    linked = "aws-service-role/a.amazonaws.com/Linked"
    write(tmp_path, page(role(linked, allow("kms:Decrypt")), role("own", allow("kms:Decrypt"))))
    report = audit(AuditInput(tmp_path, NOW, organized(scps=[deny("kms:Decrypt")])))
    assert [(row.arn, row.can) for row in report.principals] == [
        (f"{ARN}role/{linked}", ("kms:Decrypt",)),
        (f"{ARN}role/own", ()),
    ]


def test_administrators_come_in_the_order_of_principals(tmp_path: Path) -> None:
    names = [f"u{number}" for number in range(6)]
    write(tmp_path, page(*(user(name, EVERYTHING) for name in reversed(names))))
    report = audit(AuditInput(tmp_path, NOW))
    assert report.administrators == tuple(f"{ARN}user/{name}" for name in names)


@pytest.mark.parametrize(
    ("arn", "is_known"),
    [("arn:aws:iam::aws:policy/AdministratorAccess", True), (f"{ARN}policy/AdministratorAccess", False)],
)
def test_a_policy_that_is_called_like_one_of_aws_is_not_that_one(tmp_path: Path, arn: str, *, is_known: bool) -> None:
    write(tmp_path, page(user("ann", AttachedManagedPolicies=[{"PolicyArn": arn}])))
    report = audit(AuditInput(tmp_path, NOW))
    (row,) = report.principals
    assert row.unknown == (() if is_known else (f"{arn} is not in the files",))
    missing = InputProblem("account.json", f"{ARN}user/ann has the policy {arn}, which is not in the files")
    assert report.problems == (() if is_known else (missing,))


def test_a_boundary_that_is_missing_or_no_policy_is_told_as_one(tmp_path: Path) -> None:
    odd = managed("odd", {"Effect": "Maybe", "Action": "*", "Resource": "*"})
    gone = f"{ARN}policy/gone"
    having = {name: {"PermissionsBoundaryArn": arn} for name, arn in (("a", gone), ("b", odd["Arn"]))}
    write(tmp_path, page(*(user(name, PermissionsBoundary=boundary) for name, boundary in having.items()), odd))
    report = audit(AuditInput(tmp_path, NOW))
    wrong, missing = (problem.message for problem in report.problems)
    assert missing == f"{ARN}user/a has the boundary {gone}, which is not in the files"
    assert wrong.startswith(f"{odd['Arn']} of {ARN}user/b is no policy: ")
    assert wrong.endswith(": whoever has it is undecided")
    first, second = (row.unknown for row in report.principals)
    assert first == (f"{gone} is not in the files",)
    assert len(second) == 1


# Ways to other rights


def steps(folder: Path, *records: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Of user ann: each technique, its target, and the statements that allow it."""
    write(folder, page(*records))
    (file,) = json_files(folder).files
    (audited,) = audited_accounts(Chunk((AccountWork(ACCOUNT, (file,)),), NOW))
    edges = (edge for edge in audited.result.edges if edge.source == f"{ARN}user/ann")
    return [(edge.technique, edge.target, [need.statement for need in edge.needs]) for edge in edges]


def test_what_a_trust_policy_allows_by_itself_is_no_statement_of_the_caller(tmp_path: Path) -> None:
    direct = role("direct", trusts=trust(aws=f"{ARN}user/ann"))
    by_account = role("account", trusts=trust(aws=f"arn:aws:iam::{ACCOUNT}:root"))
    found = steps(tmp_path, user("ann", allow("sts:AssumeRole", on=f"{ARN}role/account")), direct, by_account)
    assert found == [
        ("sts:AssumeRole", f"{ARN}role/account", ["own (inline), Statement[0]"]),
        ("sts:AssumeRole", f"{ARN}role/direct", [""]),
    ]


def test_a_role_that_is_passed_to_instances_needs_no_instance_profile_yet(tmp_path: Path) -> None:
    of_instances = trust(service="ec2.amazonaws.com")
    acts = allow("iam:PassRole", "ec2:RunInstances", "ssm:SendCommand")
    within = {"InstanceProfileList": [{}]}
    bare, running = role("bare", trusts=of_instances), role("running", trusts=of_instances, **within)
    found = {technique: target for technique, target, _ in steps(tmp_path / "a", user("ann", acts), bare)}
    assert found == {"iam:PassRole + ec2:RunInstances": f"roles that trust ec2.amazonaws.com in {ACCOUNT}"}
    found = {technique: target for technique, target, _ in steps(tmp_path / "b", user("ann", acts), bare, running)}
    assert found == {
        "iam:PassRole + ec2:RunInstances": f"roles that trust ec2.amazonaws.com in {ACCOUNT}",
        "ssm:SendCommand": f"roles that run ec2.amazonaws.com in {ACCOUNT}",
    }


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (EVERYTHING, True),
        (allow("*:*"), True),
        (allow("s3:*", "*", on=["arn:aws:s3:::b", "*"]), True),
        (allow("*", when={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), False),
        ({"Effect": "Allow", "NotAction": "*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "*"}, False),
        (allow("*", on="arn:aws:s3:::*"), False),
        (deny("*"), False),
    ],
)
def test_everything_is_every_action_on_every_resource_without_a_condition(statement: Any, *, expected: bool) -> None:
    documents = Documents()
    mask = DocumentParts(documents, ("s3:GetObject",)).mask(documents.add(document(statement), ACCOUNT))
    assert mask is not None
    assert mask.allows_everything is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow("iam:PassRole"), True),
        (allow("iam:PassRole", on="arn:aws:iam::*:*"), True),
        (allow("iam:PassRole", on=[f"{ARN}role/a", "*"]), True),
        (allow("iam:PassRole", on="arn:aws:iam::*:role/a"), False),
        (allow("iam:PassRole", when={"StringEquals": {"aws:ResourceTag/team": "a"}}), False),
        (allow("iam:PassRole", when={"Bool": {"aws:SecureTransport": "true"}}), True),
        (deny("iam:PassRole", on=f"{ARN}role/a"), False),
        (allow("iam:GetRole", on=f"{ARN}role/a"), True),
    ],
)
def test_all_roles_are_one_where_no_statement_tells_them_apart(statement: Any, *, expected: bool) -> None:
    documents = Documents()
    parts = DocumentParts(documents, ("iam:PassRole", "iam:GetRole"))
    keys = tuple(documents.add(document(row), ACCOUNT) for row in (allow("iam:PassRole"), statement))
    assert parts.is_uniform(Profile(keys, (), ()), "iam:PassRole") is expected
    assert parts.is_uniform(Profile(keys[:1], keys[1:], ()), "iam:PassRole") is expected
    assert parts.is_uniform(Profile(keys[:1], (), (keys[1:],)), "iam:PassRole") is expected


def test_the_part_of_a_document_has_its_version() -> None:
    documents = Documents()
    old = {**document(allow("s3:GetObject", "s3:PutObject")), "Version": "2008-10-17"}
    parts = DocumentParts(documents, ("s3:GetObject",))
    expected = parse({**old, "Statement": [allow("s3:GetObject")]})
    assert parts.policy_part(documents.add(old, ACCOUNT), "s3:GetObject") == expected


# Trust and callers


def test_whom_a_trust_policy_names_is_told_by_kind() -> None:
    named = [
        f"{ARN}user/ann", OTHER, f"arn:aws:iam::{ACCOUNT}:root", "arn:aws:iam:::root", "AROAX", "AIDAX", "AROAX",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s",
    ]  # fmt: skip
    service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": ["sts:*"]}
    federated = {"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRole"}
    elsewhere = {"Effect": "Allow", "Principal": {"AWS": THIRD}, "Action": "sts:TagSession"}
    forbidden = {"Effect": "Deny", "Principal": {"AWS": THIRD}, "Action": "sts:AssumeRole"}
    statements = [*trust(aws=named)["Statement"], service, federated, elsewhere, forbidden]
    assert trusted(parse(document(*statements))) == TrustedBy(
        services=frozenset({"ec2.amazonaws.com"}),
        arns=frozenset({f"{ARN}user/ann", "arn:aws:iam:::root", f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"}),
        accounts=frozenset({OTHER, ACCOUNT}),
        anybody=False,
        ids=("AROAX", "AIDAX"),
        tells_apart=True,
    )
    of_all = {"Effect": "Allow", "NotPrincipal": {"AWS": THIRD}, "Action": "sts:AssumeRole"}
    nobody = TrustedBy(frozenset(), frozenset(), frozenset(), anybody=True, ids=(), tells_apart=False)
    assert trusted(parse(document(of_all))) == nobody


def test_a_caller_is_pinned_by_the_operator_of_each_kind_of_key() -> None:
    now = "2026-11-27T00:00:00Z"
    caller = PinnedCaller(
        "role",
        f"{ARN}role/r",
        (
            ("aws:currenttime", now),
            ("aws:username", None),
            ("aws:principalarn", f"{ARN}role/r"),
            ("aws:principalorgpaths", ("o-1/r-1/", "o-1/")),
            ("aws:userid", "AROAR:*"),
            ("aws:viaawsservice", "false"),
            ("aws:principaltype", "AssumedRole"),
        ),
        (("Team", "blue"),),
    )
    tags = {"aws:PrincipalTag/TEAM": "blue", "aws:PrincipalTag/gone": "x", "aws:PrincipalAccount": ACCOUNT}
    compared = {
        "DateLessThan": {"aws:CurrentTime": now},
        "Null": {"aws:username": "true"},
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"},
        "StringLike": {"aws:userid": "AROAR:*", "aws:PrincipalArn": "*"},
        "Bool": {"aws:ViaAWSService": "false"},
        "StringEquals": {"aws:PrincipalType": "User", **tags},
    }
    of_strings = parse(document(allow("s3:*", when=compared)))
    expected = [
        Condition("DateEquals", "aws:CurrentTime", (now,)),
        Condition("StringEquals", "aws:PrincipalArn", (f"{ARN}role/r",)),
        Condition("StringEquals", "aws:PrincipalOrgPaths", ("o-1/r-1/", "o-1/"), "ForAllValues"),
        Condition("StringEquals", "aws:PrincipalOrgPaths", ("o-1/r-1/", "o-1/"), "ForAnyValue"),
        Condition("Null", "aws:PrincipalTag/gone", ("true",)),
        Condition("StringEquals", "aws:PrincipalTag/team", ("blue",)),
        Condition("StringEquals", "aws:PrincipalType", ("AssumedRole",)),
        Condition("StringLike", "aws:userid", ("AROAR:*",)),
        Condition("Null", "aws:username", ("true",)),
        Condition("Bool", "aws:ViaAWSService", ("false",)),
    ]
    assert sorted(pins(caller, [of_strings]), key=repr) == sorted(expected, key=repr)
    of_arns = parse(document(allow("s3:*", when={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}})))
    assert pins(caller, [of_arns]) == (Condition("ArnEquals", "aws:PrincipalArn", (f"{ARN}role/r",)),)


# Files


def test_roles_elsewhere_come_in_the_order_of_their_files() -> None:
    roles = [OpenRole(f"arn:aws:iam::{OTHER}:role/{name}", (to,), "{}") for name, to in (("z", ACCOUNT), ("a", "*"))]
    file, other = (AccountFile(name, name, "") for name in ("a.json", "b.json"))
    summaries = {other: FileSummary((OTHER,), tuple(roles), ()), file: FileSummary((ACCOUNT,), (), ())}
    works = account_works(summaries, (), {}, NO_IDS)
    assert [(work.account, work.foreign_roles) for work in works] == [(ACCOUNT, tuple(roles)), (OTHER, ())]


def test_the_files_of_a_folder_come_in_the_order_of_their_names_its_own_before_those_of_folders(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(6)]
    for folder in reversed(names):
        write(tmp_path / folder, {}, "1.json")
    write(tmp_path, {}, "z.json")
    assert [file.name for file in json_files(tmp_path).files] == ["z.json", *(f"{name}/1.json" for name in names)]


def test_what_lint_found_is_looked_for_again_where_the_cache_has_lost_it(tmp_path: Path) -> None:
    pytest.importorskip("msgspec")
    folder, cache = tmp_path / "accounts", tmp_path / "cache"
    for account in (ACCOUNT, OTHER):
        write(folder, page(user("ann", allow("s3:GetObjcet"), account=account)), f"{account}.json")

    def report() -> AuditReport:
        return audit(AuditInput(folder, NOW), ResultCache(cache, "1"))

    report()
    (folder / f"{ACCOUNT}.json").unlink()
    for findings in cache.glob("findings-*"):
        findings.unlink()
    found = report().documents
    assert found
    assert found == audit(AuditInput(folder, NOW)).documents
