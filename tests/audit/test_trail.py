"""What nobody used is read off CloudTrail: denied calls are no use, and what is not logged is not called unused."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_accounts import ACCOUNT, NOW, OTHER, allow, deny, document, page, role, user, write
from remit.audit.audit import AuditInput, audit
from remit.audit.trail import TrailSummary, summed_up, trail_files
from remit.audit.unused_access import actions_of_event, is_logged
from remit.audit.workers import processes, summed_up_trail
from remit.catalogue.actions import services
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.results import UnusedRow

X = f"arn:aws:iam::{ACCOUNT}:role/app/x"
LOGS = f"AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/11/26"


FIRST, LATER = "2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z"


def event(service: str, name: str, *, who: str = X, time: str = FIRST, **fields: Any) -> dict[str, Any]:
    session = {"sessionIssuer": {"type": "Role", "arn": who}}
    identity: dict[str, Any] = {"type": "IAMUser", "arn": who}
    if ":role/" in who:
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/x/session"
        identity = {"type": "AssumedRole", "arn": arn, "sessionContext": session}
    return {
        "eventTime": time,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "managementEvent": True,
        "userIdentity": identity,
        **fields,
    }


def log(folder: Path, *events: dict[str, Any], name: str = f"{LOGS}/log.json.gz") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps({"Records": list(events)}).encode()))
    return folder


def unused(folder: Path, *records: dict[str, Any]) -> dict[str, UnusedRow]:
    trail = summed_up(trail_files(folder / "logs"))
    report = audit(AuditInput(write(folder / "accounts", page(*records)), NOW, trail=trail))
    return {row.principal.rpartition("/")[2]: row for row in report.unused}


def test_what_was_not_called_is_unused_and_the_smaller_policy_keeps_the_rest(tmp_path: Path) -> None:
    log(
        tmp_path / "logs",
        event("ec2", "StartInstances", time="2026-11-21T10:00:00Z"),
        event("ec2", "DescribeInstances"),
    )
    granted = allow("ec2:DescribeInstances", "ec2:StartInstances", "ec2:StopInstances", "kms:CreateKey")
    row = unused(tmp_path, role("app/x", granted))["x"]
    policy = row.policies[0]
    assert (FIRST, LATER) == (row.since, row.last)
    assert ("ec2:StopInstances", "kms:*") == policy.unused
    smaller = document({"Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:StartInstances"], "Resource": "*"})
    assert smaller == json.loads(policy.smaller)


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedAccess", "AuthorizationError"])
def test_a_denied_call_is_no_use(tmp_path: Path, code: str) -> None:
    denied = [
        event("ec2", "StopInstances", errorCode="Client.UnauthorizedOperation"),
        event("kms", "CreateKey", errorCode=code),
    ]
    log(tmp_path / "logs", event("ec2", "DescribeInstances", errorCode="Client.InvalidInstanceID.NotFound"), *denied)
    row = unused(tmp_path, role("app/x", allow("ec2:DescribeInstances", "ec2:StopInstances", "kms:CreateKey")))["x"]
    assert ("ec2:StopInstances", "kms:*") == row.policies[0].unused


def test_data_events_that_were_not_logged_are_not_called_unused(tmp_path: Path) -> None:
    log(tmp_path / "logs", event("ec2", "DescribeInstances"))
    granted = allow("s3:GetObject", "s3:PutBucketPolicy", "iam:PassRole", "ec2:DescribeInstances")
    policy = unused(tmp_path, role("app/x", granted))["x"].policies[0]
    assert (("s3:PutBucketPolicy",), ("iam", "s3")) == (policy.unused, policy.not_logged)


def test_data_events_that_were_logged_count(tmp_path: Path) -> None:
    other = event("s3", "GetObject", who=f"arn:aws:iam::{ACCOUNT}:user/ann", managementEvent=False)
    log(tmp_path / "logs", event("ec2", "DescribeInstances"), other)
    policy = unused(tmp_path, role("app/x", allow("s3:GetObject", "ec2:DescribeInstances")))["x"].policies[0]
    assert ("s3:*",) == policy.unused


def test_data_events_of_another_account_do_not_count(tmp_path: Path) -> None:
    elsewhere = event("s3", "GetObject", who=f"arn:aws:iam::{OTHER}:user/ann", managementEvent=False)
    log(tmp_path / "logs", event("ec2", "DescribeInstances"), elsewhere)
    assert {} == unused(tmp_path, role("app/x", allow("s3:GetObject", "ec2:DescribeInstances")))


def test_an_account_without_any_log_is_told_and_nothing_of_it_is_called_unused(tmp_path: Path) -> None:
    log(tmp_path / "logs", event("ec2", "DescribeInstances"))
    folder = write(tmp_path / "accounts", page(role("y", allow("ec2:StopInstances"), account=OTHER)))
    trail = summed_up_trail(tmp_path / "logs")
    report = audit(AuditInput(folder, NOW, trail=trail))
    message = f"no event of account {OTHER} is in it: what its users and roles used is not known"
    assert [(trail.name, message)] == [(problem.file, problem.message) for problem in report.problems]
    assert [] == list(report.unused)


def test_a_trail_of_digests_alone_is_told_and_nothing_is_called_unused(tmp_path: Path) -> None:
    folder = write(tmp_path / "accounts", page(role("x", allow("ec2:StopInstances"))))
    log(tmp_path / "logs", name=f"{LOGS.replace('CloudTrail', 'CloudTrail-Digest')}/d.json.gz")
    trail = summed_up_trail(tmp_path / "logs")
    report = audit(AuditInput(folder, NOW, trail=trail))
    digest = "it is left out: it is a digest, which holds no event"
    nothing = "no event of CloudTrail is in it: what was used is not known"
    assert {digest, nothing} == {row.message for row in report.problems}
    assert [] == list(report.unused)


def test_who_never_called_is_listed_and_its_policy_is_empty(tmp_path: Path) -> None:
    log(tmp_path / "logs", event("ec2", "DescribeInstances"))
    row = unused(tmp_path, user("ann", allow("ec2:DescribeInstances"), deny("iam:*")))["ann"]
    deny_alone = document({"Effect": "Deny", "Action": "iam:*", "Resource": "*"})
    assert ("", deny_alone) == (row.last, json.loads(row.policies[0].smaller))


@pytest.mark.parametrize(
    ("granted", "excluded"),
    [
        ({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}, ["iam:*", "access-analyzer:*"]),
        ({"Effect": "Allow", "Action": ["*", "ec2:*"], "Resource": "*"}, ["access-analyzer:*", "account-access:*"]),
    ],
)
def test_nearly_everything_is_narrowed_by_whole_services(
    tmp_path: Path, granted: dict[str, Any], excluded: list[str]
) -> None:
    log(tmp_path / "logs", event("ec2", "DescribeInstances"), event("kms", "CreateKey"))
    policy = unused(tmp_path, role("app/x", granted))["x"].policies[0]
    (statement,) = json.loads(policy.smaller)["Statement"]
    assert excluded == statement["NotAction"][:2]
    assert {"ec2:*", "kms:*", "s3:*"}.isdisjoint(statement["NotAction"])
    assert "ec2:StopInstances" in policy.unused
    assert ("iam:CreateRole" in policy.unused) == ("Action" in granted)


def test_what_not_action_leaves_is_judged(tmp_path: Path) -> None:
    log(tmp_path / "logs", event("ec2", "DescribeInstances"), event("sqs", "CreateQueue"))
    others = [f"{service}:*" for service in services() if service != "sqs"]
    policy = unused(tmp_path, role("app/x", {"Effect": "Allow", "NotAction": others, "Resource": "*"}))["x"].policies[0]
    (statement,) = json.loads(policy.smaller)["Statement"]
    assert "sqs:DeleteQueue" in policy.unused
    assert {"sqs:CreateQueue", "sqs:SendMessage"} <= set(statement["Action"])
    assert "sqs:DeleteQueue" not in statement["Action"]


def test_no_smaller_policy_is_written_that_is_longer_than_a_policy_may_be(tmp_path: Path) -> None:
    """All actions of EC2 are kept, for an event of it is not known, and the pattern is of other services, too."""
    log(tmp_path / "logs", event("ec2", "SomethingNew"))
    policy = unused(tmp_path, role("app/x", allow("e*:*"), allow("e*:C*")))["x"].policies[0]
    assert "" == policy.smaller
    assert "ebs:*" in policy.unused
    assert not any(name.startswith("ec2:") for name in policy.unused)


def test_no_smaller_policy_is_written_that_is_not_proven_to_allow_nothing_new(tmp_path: Path) -> None:
    log(tmp_path / "logs", event("ec2", "StartInstances"))
    no_comparison_takes_it = {"StringEquals": {"aws:RequestedRegion": "\ue000"}}
    granted = allow("ec2:StartInstances", "ec2:StopInstances", when=no_comparison_takes_it)
    (policy,) = unused(tmp_path, role("app/x", granted))["x"].policies
    assert (("ec2:StopInstances",), "") == (policy.unused, policy.smaller)


def test_who_uses_everything_is_not_listed(tmp_path: Path) -> None:
    log(tmp_path / "logs", event("ec2", "DescribeInstances"))
    assert {} == unused(tmp_path, role("app/x", allow("ec2:DescribeInstances")))


def test_an_event_that_stands_for_no_known_action_leaves_its_service_open(tmp_path: Path) -> None:
    log(tmp_path / "logs", event("kms", "SomethingNew"))
    assert {} == unused(tmp_path, role("app/x", allow("kms:CreateKey")))


@pytest.mark.parametrize(
    ("source", "name", "actions"),
    [
        ("lambda.amazonaws.com", "UpdateFunctionConfiguration20150331v2", ("lambda:UpdateFunctionConfiguration",)),
        ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", ("lambda:UpdateFunctionCode", "s3:GetObject")),
        ("monitoring.amazonaws.com", "PutMetricAlarm", ("cloudwatch:PutMetricAlarm",)),
        ("s3.amazonaws.com", "ListObjects", ("s3:ListBucket",)),
        ("cloudfront.amazonaws.com", "CreateDistribution2020_05_31", ("cloudfront:CreateDistribution",)),
        ("signin.amazonaws.com", "ConsoleLogin", ()),
    ],
)
def test_an_event_stands_for_actions(source: str, name: str, actions: tuple[str, ...]) -> None:
    assert actions == actions_of_event(source, name)


@pytest.mark.parametrize(
    ("action", "plainly", "with_data_of_sqs", "with_data_of_s3"),
    [
        ("iam:PassRole", False, False, False),
        ("iam:CreateRole", True, True, True),
        ("s3:GetObject", False, False, True),
        ("s3:PutBucketPolicy", True, True, True),
        ("sqs:SendMessage", False, True, False),
        ("sqs:NoSuchThing", False, False, False),
    ],
)
def test_the_use_of_an_operation_is_logged_and_of_data_where_the_service_s_events_are(
    action: str, *, plainly: bool, with_data_of_sqs: bool, with_data_of_s3: bool
) -> None:
    of_data = (frozenset(f"{service}.amazonaws.com" for service in services_) for services_ in ((), ("sqs",), ("s3",)))
    assert [plainly, with_data_of_sqs, with_data_of_s3] == [is_logged(action, sources) for sources in of_data]


def test_digests_and_insights_are_left_out_and_told(tmp_path: Path) -> None:
    log(tmp_path, event("ec2", "DescribeInstances"))
    log(tmp_path, event("ec2", "RunInstances"), name=LOGS.replace("CloudTrail", "CloudTrail-Insight") + "/i.json.gz")
    log(tmp_path, {"eventCategory": "Insight", "eventTime": FIRST}, name="renamed.json.gz")
    digest = tmp_path / LOGS.replace("CloudTrail", "CloudTrail-Digest") / "d.json.gz"
    digest.parent.mkdir(parents=True)
    digest.write_bytes(gzip.compress(b'{"digestStartTime": "2026-11-20T10:00:00Z"}'))
    summary = summed_up(trail_files(tmp_path))
    messages = [str(problem).rpartition("/")[2] for problem in summary.all_problems()]
    assert [
        "d.json.gz: it is left out: it is a digest, which holds no event",
        "renamed.json.gz: it and 1 more are left out: they are of Insights, which are no calls",
    ] == messages
    assert 1 == summary.events


def test_bad_log_files_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    log(tmp_path, event("ec2", "DescribeInstances"), name="a.json.gz")
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(json.dumps({"Records": []}).encode())[:-9])
    log(tmp_path, {"eventTime": "2026-11-20T10:00:00Z", "eventSource": "x", "eventName": "y"}, name="c.json.gz")
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(b'{"Records": [{"eventTime'))
    log(
        tmp_path, event("ec2", "DescribeInstances"), event("ec2", "DescribeInstances", userIdentity=7), name="e.json.gz"
    )
    log(tmp_path, event("ec2", "DescribeInstances", eventTime=None) | {"eventTime": ""}, name="f.json.gz")
    (tmp_path / "g.gz").write_bytes(b"")
    os.mkfifo(tmp_path / "h.json.gz")
    summary = summed_up(trail_files(tmp_path))
    messages = [str(problem).rpartition("/")[2] for problem in summary.problems]
    assert [
        "b.json.gz: the gzip file ends early",
        "c.json.gz: 1 event has no userIdentity that can be read, and cannot be counted for anybody",
        "d.json.gz: is no log file of CloudTrail, or is cut off",
        "e.json.gz: 1 event has no userIdentity that can be read, and cannot be counted for anybody",
        "f.json.gz: 1 event has no time, service or name that can be read, and cannot be counted for anybody",
        "g.gz: it is left out: its name ends in none of .json, .json.gz, .parquet",
        "h.json.gz: it cannot be read: it is not a file",
    ] == messages
    assert (5, 3) == (summary.events, summary.unread)


def test_a_folder_without_logs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("logs")
    with pytest.raises(RemitError, match="has no log file of CloudTrail"):
        trail_files(tmp_path)


def test_several_processes_sum_up_the_same(tmp_path: Path) -> None:
    for number in range(70):
        log(
            tmp_path,
            event("ec2", "DescribeInstances", time=f"2026-11-20T10:00:{number % 60:02}Z"),
            name=f"{number}.json",
        )
    one = summed_up_trail(tmp_path)
    with processes(2) as workers:
        assert one == summed_up_trail(tmp_path, workers)
    assert 70 == one.events


LOGGED = st.builds(
    event,
    st.sampled_from(["ec2", "s3"]),
    st.sampled_from(["DescribeInstances", "GetObject"]),
    who=st.sampled_from([X, f"arn:aws:iam::{OTHER}:user/y"]),
    time=st.sampled_from([FIRST, LATER, "2026-11-22T10:00:00Z"]),
    errorCode=st.sampled_from(["", "", "AccessDenied"]),
    eventCategory=st.sampled_from(["Management", "Data"]),
    recipientAccountId=st.sampled_from([ACCOUNT, OTHER]),
)


@settings(max_examples=50, deadline=None)
@given(files=st.lists(st.lists(LOGGED, min_size=1, max_size=4), min_size=1, max_size=5), data=st.data())
def test_logs_are_summed_up_the_same_however_they_are_shared_out(
    files: list[list[dict[str, Any]]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    for number, events in enumerate(files):
        log(folder, *events, name=f"{number}.json.gz")
    summary = TrailSummary()
    for file in data.draw(st.permutations(trail_files(folder))):
        summary.add(summed_up([file]))
    events = [row for rows in files for row in rows]
    uses: dict[tuple[str, str, str], str] = {}
    for row in sorted(events, key=lambda row: row["eventTime"]):
        if not row["errorCode"]:
            identity = row["userIdentity"]
            who = identity.get("sessionContext", {}).get("sessionIssuer", identity)["arn"]
            uses[who, row["eventSource"], row["eventName"]] = row["eventTime"]
    times = [row["eventTime"] for row in events]
    assert uses == {tuple(call): time for call, time in summary.last_calls.items()}
    assert (min(times), max(times)) == (summary.first, summary.last)
    assert (len(events), len(files)) == (summary.events, summary.files)
    assert summary.denied == sum(bool(row["errorCode"]) for row in events)
    assert summary.accounts == {row["recipientAccountId"] for row in events}
    data_events = {(row["recipientAccountId"], row["eventSource"]) for row in events if row["eventCategory"] == "Data"}
    assert data_events == {tuple(source) for source in summary.data_sources}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_log_that_begins_with_the_mark_of_its_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    content = json.dumps({"Records": [event("iam", "ListUsers")]})
    (tmp_path / "log.json").write_text(content, encoding)
    summary = summed_up(trail_files(tmp_path))
    assert (1, []) == (summary.events, summary.problems)


def test_logs_one_after_the_other_in_a_file_are_read(tmp_path: Path) -> None:
    content = json.dumps({"Records": [event("iam", "ListUsers")]})
    (tmp_path / "log.json").write_text(content * 2, "utf-8")
    assert 2 == summed_up(trail_files(tmp_path)).events


def test_a_digest_of_another_name_is_left_out_and_told(tmp_path: Path) -> None:
    log(tmp_path, event("iam", "ListUsers"))
    (tmp_path / "renamed.json").write_text('{"digestEndTime": "2026-11-20T10:00:00Z"}', "utf-8")
    summary = summed_up(trail_files(tmp_path))
    (problem,) = summary.all_problems()
    assert "it is left out: it is a digest, which holds no event" == problem.message
    assert (1, 0) == (summary.files, summary.unread)


def test_json_of_something_else_is_no_digest(tmp_path: Path) -> None:
    log(tmp_path, event("iam", "ListUsers"))
    (tmp_path / "events.json").write_text('{"Events": []}', "utf-8")
    (problem,) = summed_up(trail_files(tmp_path)).all_problems()
    assert "is no log file of CloudTrail, or is cut off" == problem.message


def test_a_log_that_cannot_be_opened_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    log(tmp_path, event("iam", "ListUsers"))
    (tmp_path / "lost.json").symlink_to(tmp_path / "nowhere")
    summary = summed_up(trail_files(tmp_path))
    messages = [problem.message for problem in summary.problems]
    assert (1, 1, ["it cannot be read: No such file or directory"]) == (summary.events, summary.unread, messages)
