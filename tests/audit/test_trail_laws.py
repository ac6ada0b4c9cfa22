"""What a trail sums up, and what is unused by it, worked out again event by event and action by action."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.audit.account_audit import Chunk
from remit.audit.documents import Documents
from remit.audit.entities import Identity, PolicyUse
from remit.audit.resource_policies import INCOMPLETE, ResourcePolicy, resource_policies
from remit.audit.trail import DataSource, LeftOutFiles, LoggedCall, TrailSummary, summed_up, trail_files
from remit.audit.trail_query import summary_of_rows
from remit.audit.unused_access import UnusedAccess, Usage, UsedActions, granted_actions, is_logged
from remit.audit.workers import THIS_PROCESS, Workers, parts_of, run, summed_up_trail
from remit.catalogue.expand import expand
from remit.iam.policy import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ACCOUNT, OTHER = "111122223333", "444455556666"
ANN, WORKER = f"arn:aws:iam::{ACCOUNT}:user/ann", f"arn:aws:iam::{OTHER}:role/worker"
TIMES: Final = [f"2026-11-2{day}T10:00:00Z" for day in range(1, 5)]


def caller(who: str) -> Any:
    if who == "nobody":
        return None
    if who == "service":
        return {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}
    if who == "root":
        return {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"}
    if who == ANN:
        return {"type": "IAMUser", "arn": ANN}
    session = f"arn:aws:sts::{OTHER}:assumed-role/worker/s"
    return {"type": "AssumedRole", "arn": session, "sessionContext": {"sessionIssuer": {"arn": WORKER}}}


EVENTS: Final = st.fixed_dictionaries(
    {
        "who": st.sampled_from([ANN, WORKER, "service", "root", "nobody"]),
        "eventTime": st.sampled_from([*TIMES, *TIMES, ""]),
        "eventSource": st.sampled_from(["sqs.amazonaws.com", "s3.amazonaws.com"]),
        "eventName": st.sampled_from(["SendMessage", "GetObject", "SendMessage", "GetObject", ""]),
        "errorCode": st.sampled_from([None, None, "Client.UnauthorizedOperation", "ThrottlingException"]),
        "eventCategory": st.sampled_from(["Management", "Management", "Data", "Insight", None]),
        "managementEvent": st.sampled_from([True, True, None, False]),
        "recipientAccountId": st.sampled_from([ACCOUNT, None]),
    }
)
Event = dict[str, Any]


def counted(events: list[Event]) -> Iterator[tuple[Event, str, str, bool]]:
    """The events that are calls of somebody: with who it was, in which account, and whether it was refused."""
    for event in events:
        if (
            event["eventCategory"] != "Insight"
            and event["who"] != "nobody"
            and event["eventTime"]
            and event["eventName"]
        ):
            principal = event["who"] if event["who"] in (ANN, WORKER) else ""
            account = event["recipientAccountId"] or (principal.split(":")[4] if principal else "")
            yield event, principal, account, "Unauthorized" in str(event["errorCode"])


def summary(events: list[Event]) -> TrailSummary:
    calls: dict[LoggedCall, list[str]] = defaultdict(list)
    found = TrailSummary(files=1, events=sum(event["eventCategory"] != "Insight" for event in events))
    for event, principal, account, is_denied in counted(events):
        found.accounts.add(account)
        if event["managementEvent"] is False or event["eventCategory"] == "Data":
            found.data_sources.add(DataSource(account, event["eventSource"]))
        if principal and is_denied:
            found.denied += 1
        elif principal:
            calls[LoggedCall(principal, event["eventSource"], event["eventName"])].append(event["eventTime"])
    times = [event["eventTime"] for event, *_ in counted(events)]
    found.first, found.last = min(times, default=""), max(times, default="")
    found.last_calls = {call: max(of_call) for call, of_call in calls.items()}
    return found


def written(events: list[Event], path: Path) -> str:
    records = [{**{key: value for key, value in event.items() if key != "who"}, "userIdentity": caller(event["who"])}
               for event in events]  # fmt: skip
    path.write_text(json.dumps({"Records": records}))
    return str(path)


@settings(max_examples=cases(30, deep=250))
@given(st.lists(EVENTS, max_size=6), st.lists(EVENTS, max_size=3))
def test_a_log_is_summed_up_as_its_events_say_alone_and_beside_another(
    tmp_path_factory: pytest.TempPathFactory, first: list[Event], second: list[Event]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    files = [written(events, folder / f"{name}.json") for name, events in (("a", first), ("b", second))]
    found = summed_up(files[:1])
    lacking = [
        (sum(event["who"] == "nobody" for event in first if event["eventCategory"] != "Insight"), "userIdentity"),
        (
            sum(not (event["eventTime"] and event["eventName"]) for event in first
                if event["eventCategory"] != "Insight" and event["who"] != "nobody"),
            "time, service or name",
        ),
    ]  # fmt: skip
    assert [problem.message for problem in found.problems] == [
        f"{'1 event has' if count == 1 else f'{count} events have'} no {what} that can be read, and cannot be counted "
        "for anybody"
        for count, what in lacking
        if count
    ]
    assert found.insights.count == any(event["eventCategory"] == "Insight" for event in first)
    found.problems, found.insights = [], LeftOutFiles()
    assert found == summary(first)
    both = summed_up(files)
    both.problems, both.insights = [], LeftOutFiles()
    assert both == _with(summary([*first, *second]), files=2)


def _with(found: TrailSummary, files: int) -> TrailSummary:
    found.files = files
    return found


@settings(max_examples=cases(30, deep=250))
@given(st.lists(EVENTS.filter(lambda event: event["managementEvent"] is not False), max_size=8))
def test_the_rows_of_a_query_are_summed_up_as_the_events_that_they_count(events: list[Event]) -> None:
    """Each row as the query groups them; numbers may be texts."""
    groups: dict[tuple[str | None, str, str, str | None], list[tuple[Event, bool]]] = defaultdict(list)
    for event, principal, _, is_denied in counted(events):
        key = (principal or None, event["eventSource"], event["eventName"], event["recipientAccountId"])
        groups[key].append((event, is_denied and bool(principal)))
    rows = []
    for key, group in groups.items():
        times = [event["eventTime"].replace("T", " ").removesuffix("Z") for event, _ in group]
        uses = [time for time, (_, is_denied) in zip(times, group, strict=True) if not is_denied]
        is_data = any(event["eventCategory"] == "Data" for event, _ in group)
        numbers = (len(group), sum(is_denied for _, is_denied in group), int(is_data))
        rows.append((*key, max(uses, default=None), min(times), max(times), *map(str, numbers)))
    expected = summary([event for event, *_ in counted(events)])
    expected.files = 0
    assert summary_of_rows(rows) == expected


def test_hidden_files_of_a_trail_are_no_logs(tmp_path: Path) -> None:
    for name in ("b/log.json", "a/log.json", "a/.hidden.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert trail_files(tmp_path) == (str(tmp_path / "a/log.json"), str(tmp_path / "b/log.json"))


def test_a_trail_without_events_is_told_and_how_many_files_are_read_is_told_on_the_way(tmp_path: Path) -> None:
    for number in range(130):
        (tmp_path / f"{number:03}.json").write_text('{"Records": []}')
    said: list[str] = []
    found = summed_up_trail(tmp_path, THIS_PROCESS, said.append)
    assert [text.partition(" log")[0] for text in said] == ["64 of 130", "128 of 130", "130 of 130"]
    assert [problem.message for problem in found.all_problems()] == [
        "no event of CloudTrail is in it: what was used is not known"
    ]


GRANTED: Final = st.lists(
    st.sampled_from(["sqs:*", "SQS:Send*", "sns:Publish", "sns:Get*", "sqs:Nope*", "iam:PassRole", "sns:CreateTopic"]),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip
USED: Final = st.lists(st.sampled_from(["sqs:SendMessage", "sqs:CreateQueue", "sns:GetTopicAttributes"]), unique=True)


def names(patterns: Sequence[str]) -> set[str]:
    return {name for pattern in patterns for name in expand(pattern.lower())}


@settings(max_examples=cases(10, deep=300))
@example(
    granted=[("Allow", ["sqs:*", "sns:Get*", "sns:CreateTopic", "iam:PassRole"])],
    used=["sns:GetTopicAttributes"],
    has_data=True,
    unknown="sqs",
)
@example(granted=[("Allow", ["sqs:*", "sns:CreateTopic"])], used=["sqs:SendMessage"], has_data=True, unknown="sqs")
@given(st.lists(st.tuples(st.sampled_from(["Allow", "Allow", "Deny"]), GRANTED), min_size=1, max_size=2), USED,
       st.booleans(), st.sampled_from(["", "sqs"]))  # fmt: skip
def test_what_is_granted_logged_and_was_not_called_is_unused(
    granted: list[tuple[str, list[str]]], used: list[str], has_data: bool, unknown: str
) -> None:  # fmt: skip
    statements = [{"Effect": effect, "Action": actions, "Resource": "*"} for effect, actions in granted]
    documents = Documents()
    key = documents.add({"Version": "2012-10-17", "Statement": statements}, ACCOUNT)
    sources = ("sqs.amazonaws.com",) if has_data else ()
    calls = UsedActions(tuple(used), TIMES[0], (unknown,) if unknown else ())
    uses = tuple(PolicyUse(name, key, group) for name, group in (("own", ""), ("of-group", "g")))
    access = UnusedAccess(documents, Usage(TIMES[0], sources, ((ANN, calls),)))
    row = access.row(Identity("user", ANN, ACCOUNT, "ann", "", "f", uses))
    allowed = names([action for effect, actions in granted if effect == "Allow" for action in actions])
    logged = {name for name in allowed if is_logged(name, frozenset(sources))}
    kept = (allowed - logged) | (logged & set(used)) | {name for name in allowed if name.partition(":")[0] == unknown}
    if not logged - kept:
        assert row is None
        return
    assert row is not None
    own, of_group = row.policies
    assert (own.count, own.policy, of_group.policy) == (
        len(logged - kept),
        "own (inline)",
        "of-group (inline), by group g",
    )
    assert names(own.unused) & logged == logged - kept
    assert set(own.not_logged) == {name.partition(":")[0] for name in kept - set(used)}
    smaller = parse(json.loads(own.smaller)).statements
    effects = [(statement.effect, set(granted_actions(statement))) for statement in smaller]
    left = {name for effect, actions in effects if effect == "Allow" for name in actions}
    denied = {name for effect, actions in effects if effect == "Deny" for name in actions}
    assert left - denied == kept - names(
        [action for effect, actions in granted if effect == "Deny" for action in actions]
    )
    assert (left <= kept, of_group.smaller) == (True, "")


@pytest.mark.parametrize(("count", "size"), [(0, 3), (1, 3), (5, 2), (5, 3), (6, 3), (7, 8)])
def test_accounts_are_shared_out_in_their_order_to_at_most_so_many(count: int, size: int) -> None:
    works: Any = tuple(range(count))
    parts = parts_of(Chunk(works, "now"), size) if count else []
    assert tuple(work for part in parts for work in part.works) == works
    each = max(1, -(-count // size))  # as many as the largest part must have
    assert [len(part.works) for part in parts[:-1]] == [each] * (len(parts) - 1)
    assert len(parts) == -(-count // each)


def test_several_workers_are_given_several_parts_each() -> None:
    given: list[int] = []

    def every(function: Any, parts: Any) -> Any:
        given.append(len(parts))
        return map(function, ())

    works: Any = tuple(range(20))
    assert list(run(Chunk(works, "now"), Workers(2, every))) == []
    assert given == [7]


@pytest.mark.parametrize(
    ("arn", "service"),
    [("arn:aws:s3:::orders", "s3"), (f"arn:aws:iam::{ACCOUNT}:role/r", "sts"), (f"arn:aws:sqs:r:{ACCOUNT}:q", "sqs")],
)
def test_the_policy_of_a_role_is_about_requests_of_sts(arn: str, service: str) -> None:
    assert ResourcePolicy(arn, ACCOUNT, "{}").service == service


def test_a_file_that_was_not_completed_is_told_and_what_it_has_is_read() -> None:
    rows = [{"Arn": "arn:aws:s3:::orders", "Account": ACCOUNT, "Policy": {}}, {"Arn": "orders", "Policy": {}}]
    policies, problems = resource_policies(json.dumps(rows).encode(), f"{ACCOUNT}{INCOMPLETE}")
    assert [policy.arn for policy in policies] == ["arn:aws:s3:::orders"]
    assert [problem.message.partition(",")[0] for problem in problems] == [
        "it lacks what AWS refused to `remit audit collect`", "an entry has no Arn",
    ]  # fmt: skip
