"""The resources of a stack as they are read: what is asked of which, what an answer means, and what is told of all."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from answering import NUMBER, Refused, answering
from remit.app import Resource
from remit.deploy.aws_errors import Denied
from remit.deploy.live_resources.policies import attached_policies
from remit.deploy.live_resources.reading import ReadResources, ask, calls_for, compared
from remit.deploy.live_resources.resource_row import Read, Subject
from remit.deploy.stack import DeployedStack
from remit.deploy.status import DeployedResource, StackStatus
from remit.errors import RemitError

HERE: Final = f"eu-central-1:{NUMBER}"
QUEUE_URL: Final = f"https://sqs.eu-central-1.amazonaws.com/{NUMBER}/jobs"
QUEUE_ARN: Final = f"arn:aws:sqs:{HERE}:jobs"
RULE, QUEUE, LOGS = "AWS::Events::Rule", "AWS::SQS::Queue", "AWS::Logs::LogGroup"


def deployed(*rows: tuple[str, str, str]) -> StackStatus:
    """A stack of resources: logical id, type and physical id of each."""
    stack = DeployedStack("orders-dev", "id", "UPDATE_COMPLETE", "", "", (), (), protected=False, drift="")
    return StackStatus(stack, tuple(DeployedResource(*row, "CREATE_COMPLETE") for row in rows))


def test_each_call_is_made_once_and_only_for_what_can_be_told_apart() -> None:
    account, _ = answering({})
    status = deployed(
        ("Bus", "AWS::Events::EventBus", "acme"),
        ("Daily", RULE, "daily"),
        ("Weekly", RULE, "acme|weekly"),
        ("Monthly", RULE, "monthly"),
        ("Lost", RULE, "x|lost"),
        ("At", "AWS::Scheduler::Schedule", "at"),
        ("Logs", LOGS, "/aws/lambda/orders-dev-a"),
        ("Further", LOGS, "/aws/lambda/orders-dev-b"),
        ("Waiting", QUEUE, ""),
        ("Other", "AWS::SSM::Parameter", "other"),
    )
    declared = [
        Resource("Daily", RULE, {}),
        Resource("Weekly", RULE, {"EventBusName": "${Bus}"}),
        Resource("Monthly", RULE, {"EventBusName": "acme"}),
        Resource("Lost", RULE, {"EventBusName": "${Elsewhere}"}),
        Resource("At", "AWS::Scheduler::Schedule", {"GroupName": "night"}),
    ]
    subjects, calls = calls_for(account, status, declared)
    events, rules = f"arn:aws:events:{HERE}", ["daily", "acme|weekly", "monthly", "x|lost"]
    groups = [f"/aws/lambda/orders-dev-{letter}" for letter in "ab"]
    assert subjects == {
        "Daily": Subject("daily", f"{events}:rule/daily", rules),
        "Weekly": Subject("acme|weekly", f"{events}:rule/acme/weekly", rules, "acme"),
        "Monthly": Subject("monthly", f"{events}:rule/acme/monthly", rules, "acme"),
        "At": Subject("at", f"arn:aws:scheduler:{HERE}:schedule/default/at", ["at"], "night"),
        "Logs": Subject(groups[0], f"arn:aws:logs:{HERE}:log-group:{groups[0]}:*", groups),
        "Further": Subject(groups[1], f"arn:aws:logs:{HERE}:log-group:{groups[1]}:*", groups),
    }
    asked = [
        *((name, {name_of: rule}) for rule in ("daily",) for name, name_of in OF_RULE),
        *(
            (name, {name_of: rule, "EventBusName": "acme"})
            for rule in ("weekly", "monthly")
            for name, name_of in OF_RULE
        ),
        ("scheduler.GetSchedule", {"Name": "at", "GroupName": "night"}),
        ("logs.DescribeLogGroups", {"logGroupNamePrefix": "/aws/lambda/orders-dev-"}),
        *(("logs.DescribeSubscriptionFilters", {"logGroupName": group}) for group in groups),
    ]
    assert [(operation, json.loads(parameters)) for operation, parameters in calls] == asked


OF_RULE: Final = (("events.DescribeRule", "Name"), ("events.ListTargetsByRule", "Rule"))


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([Refused("NoSuchBucketPolicy", status=404)], {}),
        ([Refused("NoSuchBucket", status=404)], None),
        ([Refused("ResourceNotFoundException", status=404)], None),
        ([Refused("AccessDenied", "no", 403)], Denied),
        ([Refused("InvalidRequest", "no", 400)], RemitError),
        ([Refused("SlowDown", status=503), Refused("SlowDown", status=503), {"Policy": "{}"}], {"Policy": "{}"}),
    ],
)
def test_an_answer_tells_of_nothing_of_what_is_gone_or_of_what_may_not_be_read(answers: list[Any], told: Any) -> None:
    account, asked = answering({"s3.GetBucketPolicy": answers}, local=True)
    read = Read("s3.GetBucketPolicy", lambda subject: {"Bucket": subject.name}, "NoSuchBucketPolicy")
    number = len(answers)
    answer = ask(account, read, {"Bucket": "files"})
    if isinstance(told, type):
        assert type(answer) is told
    else:
        assert {key: value for key, value in answer.items() if key == "Policy"} == told if answer else answer == told
    assert asked.calls("s3.GetBucketPolicy") == [{"Bucket": "files"}] * number


def test_an_answer_has_all_pages() -> None:
    def page(Marker: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"EventSourceMappings": [{"UUID": (Marker or "1") * 36}], **({} if Marker else {"NextMarker": "2"})}

    account, _ = answering({"lambda.ListEventSourceMappings": page})
    answer = ask(account, Read("lambda.ListEventSourceMappings", lambda _: {}), {})
    assert [mapping["UUID"] for mapping in answer["EventSourceMappings"]] == ["1" * 36, "2" * 36]


def policy(principal: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_what_is_open_to_all_is_told_first_and_what_is_not_compared_by_itself() -> None:
    account, _ = answering({})
    status = deployed(
        ("Logs", LOGS, "logs"), ("Daily", RULE, "daily"), ("Jobs", QUEUE, QUEUE_URL), ("Other", QUEUE, f"{QUEUE_URL}2"),
        ("Table", "AWS::DynamoDB::Table", "orders"), ("Lost", RULE, "x|lost"),
    )  # fmt: skip
    queue = {"VisibilityTimeout": "31", "MessageRetentionPeriod": "345600", "Policy": json.dumps(policy("*"))}
    other = {"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600"}
    denied = Denied("no")
    read = ReadResources(
        {
            "Logs": Subject("logs", "", ()),
            "Daily": Subject("daily", "", ()),
            "Jobs": Subject(QUEUE_URL, QUEUE_ARN, ()),
            "Other": Subject(f"{QUEUE_URL}2", f"{QUEUE_ARN}2", ()),
            "Table": Subject("orders", "", ()),
        },
        {
            "Logs": {
                "logs.DescribeLogGroups": {"logGroups": [{"logGroupName": "logs", "retentionInDays": 7}]},
                "logs.DescribeSubscriptionFilters": denied,
            },
            "Daily": {"events.DescribeRule": {"State": "DISABLED"}, "events.ListTargetsByRule": None},
            "Jobs": {"sqs.GetQueueAttributes": {"Attributes": queue}},
            "Other": {"sqs.GetQueueAttributes": {"Attributes": other}},
            "Table": {"dynamodb.GetResourcePolicy": denied},
        },
    )
    declared = [Resource(row.logical_id, row.type, {}) for row in status.resources]
    declared.append(Resource("Gone", QUEUE, {}))  # which is not made yet
    declared.append(
        Resource(
            "Open", "AWS::SQS::QueuePolicy", {"Queues": ["${Other}"], "PolicyDocument": policy({"AWS": "${X.Arn}"})}
        )
    )
    status = StackStatus(
        status.stack, (*status.resources, DeployedResource("Open", "AWS::SQS::QueuePolicy", "open", "x"))
    )
    names = {"${Jobs.Arn}": QUEUE_ARN, "${Other.Arn}": f"{QUEUE_ARN}2", "${Other}": f"{QUEUE_URL}2"}
    changes, not_compared = compared(account, status, read, declared, names)
    assert [(change.resource, change.kind, change.is_public) for change in changes] == [
        ("Jobs", "access", True),
        ("Daily", "runs", False),
        ("Jobs", "runs", False),
        ("Logs", "rest", False),
    ]
    of_deploy = "of which the template has a part that its deploy alone knew"
    assert not_compared == (
        "not compared: what dynamodb.GetResourcePolicy tells of Table, which the caller may not read",
        "not compared: what logs.DescribeSubscriptionFilters tells of Logs, which the caller may not read",
        f"not compared: the policy of Other, {of_deploy}",
        f"not compared: Lost, {of_deploy}",
    )


def test_policies_belong_to_what_they_are_put_on_and_one_that_is_open_makes_all_of_it_unknown() -> None:
    def queue_policy(name: str, *queues: str, principal: str = "*") -> Resource:
        document = policy({"AWS": principal})
        return Resource(name, "AWS::SQS::QueuePolicy", {"Queues": list(queues), "PolicyDocument": document})

    key = Resource("Key", "AWS::KMS::Key", {"KeyPolicy": policy("*")})
    resources = (
        key,
        queue_policy("One", "${A}", "${B}"),
        queue_policy("Two", "${B}", principal="${X.Arn}"),
        queue_policy("Three", "${B}"),
        queue_policy("Four", "https://elsewhere"),
    )
    names = {"${A}": "url-a", "${A.Arn}": "arn-a", "${B}": "url-b", "${B.Arn}": "arn-b", "${Key.Arn}": "arn-key"}
    attached = attached_policies(resources, names, {"A": "url-a", "B": "url-b", "Key": "1234", "One": "one"})
    holders = {
        name: None if policies is None else [each.holder.logical_id for each in policies]
        for name, policies in attached.items()
    }
    assert holders == {"Key": ["Key"], "A": ["One"], "B": None, "": ["Four"]}
