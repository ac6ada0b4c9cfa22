"""What CloudFormation is asked for a plan, and what its answers mean."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pytest

import remit
from answering import NUMBER, Answers, Refused, answering
from remit.catalogue.quotas import quota
from remit.deploy.bucket import Bucket
from remit.deploy.changeset import PlanRequest, Stuck, discard, leaving_nothing, plan
from remit.deploy.plan import Detail, ResourceChange, StackPlan
from remit.deploy.refusals import refusals
from remit.deploy.stack import (
    DeployedStack,
    StackOutput,
    busy_error,
    deployed_template,
    describe,
    ours,
    settled,
)
from remit.deploy.status import DeployedResource
from remit.deploy.status import status as status_of_stack
from remit.errors import RemitError
from remit.iam import tokens
from remit.triggers.s3 import UNIQUE

if TYPE_CHECKING:
    from remit.deploy.session import Account

ID: Final = f"arn:aws:cloudformation:eu-central-1:{NUMBER}:stack/orders-dev/1"
SET: Final = f"arn:aws:cloudformation:eu-central-1:{NUMBER}:changeSet/remit-1/ab"
QUEUE: Final = {"Type": "AWS::SQS::Queue", "Properties": {}}
TEMPLATE: Final = {"Resources": {"Jobs": QUEUE}}
OTHER: Final = {"Resources": {"Jobs": {**QUEUE, "Properties": {"DelaySeconds": 1}}}}
OWN: Final = {"remit:namespace": "orders-dev", "remit:version": remit.__version__}
GONE: Final = Refused("ValidationError", "Stack with id orders-dev does not exist")
ADDED: Final = {"Action": "Add", "LogicalResourceId": "Jobs", "ResourceType": "AWS::SQS::Queue"}


def stack(status: str, tags: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    listed = [{"Key": key, "Value": value} for key, value in (OWN if tags is None else tags).items()]
    made = datetime(2026, 3, 1, 12, 3, tzinfo=UTC)
    return {
        "Stacks": [
            {
                "StackName": "orders-dev",
                "StackId": ID,
                "StackStatus": status,
                "CreationTime": made,
                "Tags": listed,
                **more,
            }
        ]
    }


def change_set(
    status: str = "CREATE_COMPLETE", execution: str = "AVAILABLE", *changes: dict[str, Any], **more: Any
) -> dict[str, Any]:
    listed = [{"Type": "Resource", "ResourceChange": change} for change in changes or (ADDED,)]
    return {
        "StackId": ID,
        "ChangeSetId": SET,
        "Status": status,
        "ExecutionStatus": execution,
        "Changes": listed,
        **more,
    }


def account_of(answers: dict[str, Any] | None = None, running: Any = None) -> tuple[Account, Answers]:
    """An account in which, unless answers say so, no stack is there and a change set is made at once."""
    given = {
        "DescribeStacks": GONE,
        "GetTemplate": {"TemplateBody": json.dumps(running or OTHER)},
        "CreateChangeSet": {},
        "DescribeChangeSet": change_set(),
        "DeleteChangeSet": {},
        "DeleteStack": {},
        "ListChangeSets": {"Summaries": []},
        "DescribeEvents": {"OperationEvents": []},
        "ListStackResources": {"StackResourceSummaries": []},
        **(answers or {}),
    }
    return answering({f"cloudformation.{name}": answer for name, answer in given.items()}, local=True)


def planned(
    answers: dict[str, Any] | None = None, *, template: Any = None, running: Any = None, **request: Any
) -> tuple[StackPlan | None, Answers]:
    """Plan a template in such an account."""
    account, asked = account_of(answers, running)
    return plan(account, PlanRequest("orders-dev", json.dumps(template or TEMPLATE), **request)), asked


def created(asked: Answers) -> dict[str, Any]:
    (arguments,) = asked.calls("cloudformation.CreateChangeSet")
    return arguments


def test_a_first_deploy_makes_a_stack_that_goes_when_it_fails() -> None:
    plan_, asked = planned(parameters={"B": "2", "A": "1"}, service_role="arn:aws:iam::1:role/r", owner="shop-dev")

    arguments = created(asked)
    assert (arguments["ChangeSetType"], arguments["OnStackFailure"]) == ("CREATE", "DELETE")
    assert [item["ParameterKey"] for item in arguments["Parameters"]] == ["A", "B"]
    assert {item["Key"]: item["Value"] for item in arguments["Tags"]} == OWN | {"remit:namespace": "shop-dev"}
    assert (arguments["RoleARN"], arguments["Capabilities"]) == ("arn:aws:iam::1:role/r", ["CAPABILITY_IAM"])
    assert arguments["Description"].endswith(f", arn:aws:iam::{NUMBER}:user/ann")
    assert json.loads(arguments["TemplateBody"]) == TEMPLATE
    assert plan_ is not None
    assert (plan_.kind, plan_.stack_id, plan_.change_set, plan_.running) == ("CREATE", ID, SET, {})
    assert [change.logical_id for change in plan_.changes] == ["Jobs"]
    assert plan_.parameters == {"B": "2", "A": "1"}


def test_the_stack_that_only_held_an_earlier_plan_is_made_by_this_one() -> None:
    plan_, asked = planned({"DescribeStacks": stack("REVIEW_IN_PROGRESS")})

    assert plan_ is not None
    assert (plan_.kind, created(asked)["ChangeSetType"]) == ("CREATE", "CREATE")


def test_a_later_deploy_updates_with_the_values_that_run_beside_it() -> None:
    running = stack("UPDATE_COMPLETE", Parameters=[{"ParameterKey": "A", "ParameterValue": "0"}])

    plan_, asked = planned({"DescribeStacks": running})

    arguments = created(asked)
    assert arguments["ChangeSetType"] == "UPDATE"
    assert {"OnStackFailure", "RoleARN", "Parameters", "ImportExistingResources"} & arguments.keys() == set()
    assert plan_ is not None
    assert (plan_.kind, plan_.running, plan_.running_parameters) == ("UPDATE", OTHER, {"A": "0"})


@pytest.mark.parametrize(
    ("tags", "parameters", "is_same"),
    [
        (OWN, {}, True),
        (OWN | {"remit:version": "0.0.1"}, {}, True),
        (OWN, {"A": "1"}, False),
        (OWN | {"team": "x"}, {}, False),
    ],
)
def test_nothing_is_planned_where_the_same_runs_but_for_the_version_of_remit(
    tags: dict[str, str], parameters: dict[str, str], *, is_same: bool
) -> None:
    plan_, asked = planned({"DescribeStacks": stack("CREATE_COMPLETE", tags)}, running=TEMPLATE, parameters=parameters)

    assert (plan_ is None) == is_same
    assert bool(asked.calls("cloudformation.CreateChangeSet")) != is_same


def test_all_pages_of_changes_are_read_once_the_change_set_is_made() -> None:
    pages = {
        None: change_set("CREATE_PENDING", "UNAVAILABLE"),
        "2": {"Changes": change_set("", "", ADDED | {"LogicalResourceId": "B"})["Changes"], "NextToken": "3"},
        "3": {"Changes": change_set("", "", ADDED | {"LogicalResourceId": "C"})["Changes"]},
    }
    states = iter(["CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"])

    def page(NextToken: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return pages[NextToken] if NextToken else change_set(next(states), NextToken="2")

    plan_, _ = planned({"DescribeChangeSet": page})

    assert plan_ is not None
    assert [change.logical_id for change in plan_.changes] == ["Jobs", "B", "C"]


EMPTY: Final = "The submitted information didn't contain changes. Submit different information to create a change set."


@pytest.mark.parametrize(
    ("status", "others", "is_deleted"),
    [
        ("REVIEW_IN_PROGRESS", [], True),
        ("REVIEW_IN_PROGRESS", [{"ChangeSetName": "x"}], False),
        ("UPDATE_COMPLETE", [], False),
    ],
)
def test_a_change_set_without_changes_is_thrown_away_and_with_it_the_stack_that_only_held_it(
    status: str, others: list[Any], *, is_deleted: bool
) -> None:
    empty = change_set("FAILED", "UNAVAILABLE", StatusReason=EMPTY)

    plan_, asked = planned(
        {"DescribeStacks": stack(status), "DescribeChangeSet": empty, "ListChangeSets": {"Summaries": others}}
    )

    assert plan_ is None
    assert asked.calls("cloudformation.DescribeEvents") == []
    assert asked.calls("cloudformation.DeleteChangeSet") == [{"ChangeSetName": SET, "StackName": ID}]
    assert bool(asked.calls("cloudformation.DeleteStack")) == is_deleted


INVALID: Final = {
    "EventType": "VALIDATION_ERROR",
    "LogicalResourceId": "Jobs",
    "ResourceType": "AWS::SQS::Queue",
    "OperationId": "1",
    "ValidationFailureMode": "FAIL",
    "ValidationName": "PROPERTY_VALIDATION",
    "ValidationStatusReason": "too long",
    "ValidationPath": "/Resources/Jobs/Properties/Tags/0/Key",
}
HOOK: Final = {
    "EventType": "HOOK_INVOCATION_ERROR",
    "LogicalResourceId": "Jobs",
    "ResourceType": "AWS::SQS::Queue",
    "OperationId": "2",
    "HookFailureMode": "FAIL",
    "HookType": "Corp::Encrypted::Hook",
    "HookStatusReason": "not encrypted",
    "ClientRequestToken": "t2",
}


@pytest.mark.parametrize(
    ("reason", "events", "messages", "hint"),
    [
        ("No such type", [], ["CloudFormation refuses the template: No such type"], None),
        ("", [], ["CloudFormation refuses the template: UNAVAILABLE"], None),
        (
            "AWS::EarlyValidation::ResourceExistenceCheck",
            [],
            ["CloudFormation refuses the template: AWS::EarlyValidation::ResourceExistenceCheck"],
            "aws logs delete-log-group",
        ),
        ("x", [INVALID], ["CloudFormation refuses Jobs (AWS::SQS::Queue): too long"], None),
        (
            "x",
            [INVALID, INVALID, HOOK],
            [
                "CloudFormation refuses Jobs (AWS::SQS::Queue): too long",
                "hook Corp::Encrypted::Hook refuses Jobs (AWS::SQS::Queue): not encrypted",
            ],
            None,
        ),
        ("x", [INVALID | {"ValidationFailureMode": "WARN"}], ["CloudFormation refuses the template: x"], None),
        (
            "x",
            [INVALID | {"ValidationName": "NAME_CONFLICT_VALIDATION"}],
            ["CloudFormation refuses Jobs (AWS::SQS::Queue): too long"],
            "--adopt",
        ),
    ],
)
def test_a_template_that_cloudformation_refuses_is_told_with_each_reason(
    reason: str, events: list[Any], messages: list[str], hint: str | None
) -> None:
    answers = {
        "DescribeChangeSet": change_set("FAILED", "UNAVAILABLE", StatusReason=reason),
        "DescribeEvents": {"OperationEvents": events},
        "DescribeStacks": [GONE, stack("REVIEW_IN_PROGRESS")],
    }
    account, asked = account_of(answers)

    with pytest.raises(RemitError) as raised:
        plan(account, PlanRequest("orders-dev", json.dumps(TEMPLATE)))

    errors = raised.value.all
    assert [error.message for error in errors] == messages
    assert (hint or "") in (errors[0].hint or "")
    assert ("aws logs delete-log-group" in (errors[0].hint or "")) == ("ResourceExistenceCheck" in reason)
    if events and hint is None and "refuses the template" not in messages[0]:
        assert errors[0].path == ("Resources", "Jobs", "Properties", "Tags", 0, "Key")
        assert [error.path for error in errors[1:]] == [("Resources", "Jobs")] * (len(errors) - 1)
    assert [call for call in asked.asked if call[0].endswith(("DescribeEvents", "DeleteChangeSet"))] == [
        (
            "cloudformation.DescribeEvents",
            {"StackName": ID, "ChangeSetName": SET, "Filters": {"FailedEvents": True}},
        ),
        ("cloudformation.DeleteChangeSet", {"ChangeSetName": SET, "StackName": ID}),
    ]


def test_of_a_stack_the_refusals_of_one_operation_are_told() -> None:
    """Not each event has the token of its operation, and some are of another resource's path."""
    begun = {"EventType": "STACK_EVENT", "OperationId": "2", "ClientRequestToken": "t2"}
    elsewhere = INVALID | {"OperationId": "2", "ValidationPath": "/Resources/Other/Properties/Tags"}
    account, asked = answering({"cloudformation.DescribeEvents": {"OperationEvents": [INVALID, begun, elsewhere]}})

    (found,) = refusals(account, ID, token="t2")  # noqa: S106 - of a request
    assert (found.path, found.reason) == (("Resources", "Jobs"), "too long")
    assert len(refusals(account, ID)) == 2
    assert refusals(account, ID, token="t3") == ()  # noqa: S106 - of a request
    assert asked.calls("cloudformation.DescribeEvents")[0] == {"StackName": ID, "Filters": {"FailedEvents": True}}
    denied, _ = answering({"cloudformation.DescribeEvents": Refused("AccessDenied", status=403)})
    assert refusals(denied, ID) == ()


def test_a_change_set_that_cannot_be_executed_is_made_once_again() -> None:
    stale = change_set("CREATE_COMPLETE", "OBSOLETE")

    plan_, asked = planned({"DescribeChangeSet": [stale, change_set()]})
    assert plan_ is not None
    assert len(asked.calls("cloudformation.CreateChangeSet")) == 2

    with pytest.raises(RemitError, match="CloudFormation refuses the template: OBSOLETE"):
        planned({"DescribeChangeSet": stale})


@pytest.mark.parametrize(
    ("stacks", "words"),
    [
        ([GONE], "somebody else plans and discards deploys of orders-dev"),
        ([GONE, stack("CREATE_IN_PROGRESS")], "somebody else is deploying orders-dev since 2026-03-01 12:03 UTC"),
        ([GONE, stack("CREATE_COMPLETE")], "somebody else was first to deploy orders-dev, at 2026-03-01 12:03 UTC"),
        ([GONE, stack("REVIEW_IN_PROGRESS")], "somebody else plans and discards"),
    ],
)
def test_a_plan_that_somebody_else_threw_away_is_made_again_or_told(stacks: list[Any], words: str) -> None:
    with pytest.raises(RemitError, match=words) as raised:
        planned({"DescribeChangeSet": Refused("ChangeSetNotFoundException"), "DescribeStacks": stacks})

    assert raised.value.exit_code == 75


@pytest.mark.parametrize(
    ("answer", "stacks", "words", "exit_code"),
    [
        (Refused("AlreadyExistsException"), [GONE], None, 0),
        (Refused("ValidationError", "bad"), [GONE], "CloudFormation refuses the template: bad", 2),
        (Refused("ValidationError", "bad"), [GONE, stack("CREATE_COMPLETE")], "somebody else was first", 75),
        (Refused("ValidationError", "bad"), [stack("UPDATE_COMPLETE")], "CloudFormation refuses the template: bad", 2),
        (
            Refused("ValidationError", "bad"),
            [stack("UPDATE_COMPLETE")] * 2 + [stack("UPDATE_IN_PROGRESS")],
            "somebody else is deploying",
            75,
        ),
        (Refused("LimitExceededException", "full"), [GONE], "AWS refused CreateChangeSet: full", 2),
    ],
)
def test_a_change_set_that_cannot_be_made_is_told_unless_it_was_made_before(
    answer: Any, stacks: list[Any], words: str | None, exit_code: int
) -> None:
    if words is None:
        plan_, _ = planned({"CreateChangeSet": answer, "DescribeStacks": stacks})
        assert plan_ is not None
        return
    with pytest.raises(RemitError, match=words) as raised:
        planned({"CreateChangeSet": answer, "DescribeStacks": stacks if len(stacks) < 3 else stacks[1:]})
    assert raised.value.exit_code == exit_code


@pytest.mark.parametrize(
    ("raw", "change"),
    [
        (ADDED, ResourceChange("Add", "Jobs", "AWS::SQS::Queue")),
        (
            {
                "Action": "Modify",
                "LogicalResourceId": "Jobs",
                "ResourceType": "AWS::SQS::Queue",
                "Replacement": "Conditional",
                "Scope": ["Properties", "Tags"],
                "PhysicalResourceId": "url",
                "Details": [
                    {
                        "Target": {"Attribute": "Properties", "Name": "QueueName", "RequiresRecreation": "Always"},
                        "Evaluation": "Dynamic",
                        "CausingEntity": "Name",
                    },
                    {
                        "Target": {"Attribute": "Tags", "RequiresRecreation": "Never"},
                        "Evaluation": "Static",
                        "CausingEntity": "Other.Arn",
                    },
                    {"Target": {"Attribute": "Properties", "Name": "KmsMasterKeyId"}, "CausingEntity": "Key"},
                ],
            },
            ResourceChange(
                "Modify",
                "Jobs",
                "AWS::SQS::Queue",
                "Conditional",
                ("Properties", "Tags"),
                (Detail("QueueName", "Name", "Always"), Detail("Tags"), Detail("KmsMasterKeyId")),
                "url",
            ),
        ),
    ],
)
def test_a_change_is_read_with_why_it_is_listed(raw: dict[str, Any], change: ResourceChange) -> None:
    plan_, _ = planned({"DescribeChangeSet": change_set("CREATE_COMPLETE", "AVAILABLE", raw)})

    assert plan_ is not None
    assert plan_.changes == (change,)


@pytest.mark.parametrize(
    ("found", "error", "words"),
    [
        *(
            (stack(status), Stuck, f"the first deploy of orders-dev failed .{status}.: ")
            for status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
        ),
        (stack("UPDATE_ROLLBACK_FAILED", StackStatusReason="no"), Stuck, "failed, and so did going back: no"),
        (stack("DELETE_FAILED", StackStatusReason="no"), RemitError, "orders-dev is half deleted: no"),
        (stack("UPDATE_COMPLETE", {}), RemitError, "remit did not make it"),
        (stack("UPDATE_COMPLETE", OWN | {"remit:namespace": "other-dev"}), RemitError, "belongs to other-dev"),
        (stack("UPDATE_COMPLETE", OWN | {"remit:version": "99.1"}), RemitError, "was deployed by remit 99.1"),
        (stack("UPDATE_IN_PROGRESS"), RemitError, "somebody else is deploying orders-dev"),
        (stack("DELETE_IN_PROGRESS"), RemitError, "somebody else is deleting orders-dev"),
    ],
)
def test_a_stack_that_cannot_be_deployed_over_says_why(found: Any, error: type[RemitError], words: str) -> None:
    failed = {
        "LogicalResourceId": "Data",
        "ResourceType": "AWS::S3::Bucket",
        "PhysicalResourceId": "b1",
        "ResourceStatus": "DELETE_FAILED",
        "LastUpdatedTimestamp": datetime(2026, 3, 1, tzinfo=UTC),
    }
    deleted = failed | {"LogicalResourceId": "Jobs", "ResourceStatus": "DELETE_COMPLETE"}

    with pytest.raises(error, match=words) as raised:
        planned({"DescribeStacks": found, "ListStackResources": {"StackResourceSummaries": [failed, deleted]}})

    assert isinstance(raised.value, Stuck) == (error is Stuck)
    if "half deleted" in words:
        assert raised.value.message.split("\n")[1:] == ["  left: Data (AWS::S3::Bucket) b1"]
        assert "`remit delete --local`" in (raised.value.hint or "")


def test_with_force_a_newer_remit_is_deployed_over_and_a_stack_that_is_to_be_cleaned_is_waited_for() -> None:
    newer = stack("UPDATE_COMPLETE", OWN | {"remit:version": "99.1"})
    cleaning = stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    back = stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    heard: list[str] = []

    assert planned({"DescribeStacks": newer}, force=True)[0] is not None
    plan_, _ = planned(
        {"DescribeStacks": [cleaning, cleaning, back, cleaning, stack("UPDATE_COMPLETE")]},
        on_wait=lambda found: heard.append(found.status),
    )
    assert plan_ is not None
    statuses = ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"]
    assert heard == [*statuses, statuses[0]]
    running = [stack("UPDATE_IN_PROGRESS"), stack("UPDATE_COMPLETE")]
    assert planned({"DescribeStacks": running}, wait=True)[0] is not None


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (GONE, "there is no stack orders-dev to take over"),
        (stack("REVIEW_IN_PROGRESS", {}), "there is no stack orders-dev to take over"),
        (stack("UPDATE_COMPLETE"), "belongs to this project already"),
        (stack("UPDATE_COMPLETE", OWN | {"remit:namespace": "other-dev"}), "belongs to other-dev"),
        (stack("ROLLBACK_COMPLETE", {}, StackStatusReason="no"), "cannot be taken over: no"),
        (stack("UPDATE_ROLLBACK_FAILED", {}), "cannot be taken over: UPDATE_ROLLBACK_FAILED"),
        (stack("UPDATE_ROLLBACK_COMPLETE", {}), None),
    ],
)
def test_a_stack_of_another_tool_is_taken_over_where_it_is_sound(found: Any, words: str | None) -> None:
    if words is None:
        plan_, asked = planned({"DescribeStacks": found}, take_over=True)
        assert plan_ is not None
        assert asked.calls("cloudformation.GetTemplate")[0]["TemplateStage"] == "Processed"
        return
    with pytest.raises(RemitError, match=words):
        planned({"DescribeStacks": found}, take_over=True)


API: Final = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "HTTP"}}
WITH_BODY: Final = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {}}}
DOMAIN: Final = {"Type": "AWS::ApiGatewayV2::DomainName", "Properties": {"DomainName": "x"}}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            {"Jobs": QUEUE},
            {"Jobs": {"Type": "AWS::SNS::Topic", "Properties": {}}},
            "Jobs is of type AWS::SQS::Queue in the stack, and would become AWS::SNS::Topic",
        ),
        (
            {"HttpApi": API},
            {"HttpApi": WITH_BODY},
            "HttpApi has no routes in its Body in the stack, and would have them there",
        ),
        (
            {"HttpApi": WITH_BODY},
            {"HttpApi": API},
            "HttpApi has its routes in its Body in the stack, and would have none there",
        ),
        ({"HttpApi": WITH_BODY, "HttpApiDomain": DOMAIN}, {"HttpApi": API, "HttpApiDomain": DOMAIN}, None),
        ({"HttpApi": WITH_BODY}, {"HttpApi": API, "HttpApiDomain": DOMAIN}, "another API"),
        ({"HttpApi": WITH_BODY}, {"Jobs": QUEUE}, None),
        ({"HttpApi": API}, {"HttpApi": {**API, "Properties": {"ProtocolType": "HTTP", "Name": "x"}}}, None),
    ],
)
def test_a_resource_never_becomes_one_of_another_type(
    before: dict[str, Any], after: dict[str, Any], words: str | None
) -> None:
    def ask() -> Any:
        return planned(
            {"DescribeStacks": stack("UPDATE_COMPLETE")}, running={"Resources": before}, template={"Resources": after}
        )

    if words is None:
        assert ask()[0] is not None
        return
    with pytest.raises(RemitError, match=words) as raised:
        ask()
    if "routes" in words:
        assert f"`config.api.routes_in_body = {'its' in words.partition('routes')[0]}`" in (raised.value.hint or "")


def test_plans_that_are_only_looked_at_are_thrown_away_those_of_this_caller_alone() -> None:
    summaries = [
        {"ChangeSetName": "remit-plan-1", "ChangeSetId": "arn:1", "Description": "mine"},
        {"ChangeSetName": "remit-plan-2", "ChangeSetId": "arn:2", "Description": "hers"},
        {"ChangeSetName": "remit-3", "ChangeSetId": "arn:3", "Description": "mine"},
    ]
    answers = {
        "cloudformation.ListChangeSets": {"Summaries": summaries},
        "cloudformation.DescribeStacks": stack("UPDATE_COMPLETE"),
        "cloudformation.DescribeChangeSet": change_set(),
        "cloudformation.DeleteChangeSet": {},
        "s3.HeadBucket": Refused("404", status=404),
    }
    account, asked = answering(answers, local=True)
    request = PlanRequest("orders-dev", "{}", only_looks=True)
    owner = ""

    def note(**arguments: Any) -> dict[str, Any]:
        nonlocal owner
        owner = arguments["Description"]
        return {}

    answers["cloudformation.CreateChangeSet"] = note
    answers["cloudformation.GetTemplate"] = {"TemplateBody": json.dumps(OTHER)}
    answers["cloudformation.DescribeEvents"] = {"OperationEvents": []}
    plan(account, PlanRequest("orders-dev", json.dumps(TEMPLATE), only_looks=True))
    for summary in summaries:
        summary["Description"] = owner if summary["Description"] == "mine" else "bob@desk, arn:aws:iam::1:user/bob"
    with pytest.raises(ZeroDivisionError), leaving_nothing(account, "orders-dev", Bucket("b")):
        raise ZeroDivisionError

    assert asked.calls("cloudformation.DeleteChangeSet") == [{"ChangeSetName": "arn:1", "StackName": ID}]
    assert created(asked)["ChangeSetName"].startswith("remit-plan-")
    assert request.tags == OWN


def test_a_plan_is_named_by_what_it_would_do_and_onto_what() -> None:
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": [
                stack("UPDATE_COMPLETE"),
                stack("CREATE_COMPLETE"),
                stack("REVIEW_IN_PROGRESS"),
            ]
        }
    )
    running, earlier, empty = (describe(account, "orders-dev") for _ in range(3))
    request = PlanRequest("orders-dev", "{}", parameters={"A": "1"})
    others = [
        PlanRequest("orders-dev", "{ }", parameters={"A": "1"}),
        PlanRequest("orders-dev", "{}", parameters={"A": "2"}),
        PlanRequest("orders-dev", "{}", parameters={"A": "1"}, service_role="r"),
        PlanRequest("orders-dev", "{}", parameters={"A": "1"}, owner="shop-dev"),
    ]
    names = [
        request.name_onto(running, "ann"),
        request.name_onto(earlier, "ann"),
        request.name_onto(None, "ann"),
        request.name_onto(running, "bob"),
        *(other.name_onto(running, "ann") for other in others),
    ]

    assert len(set(names)) == len(names)
    assert request.name_onto(empty, "ann") == request.name_onto(None, "ann")
    assert request.name_onto(running, "ann") == names[0]


def test_a_template_goes_to_the_bucket_that_has_too_many_bytes_and_the_bucket_is_needed_for_code_as_well() -> None:
    most = quota("cloudformation.template.body").most
    code = f"orders-dev/{'0' * 64}.zip"
    bodies = ["x" * most, "x" * (most + 1), "é" * (most // 2 + 1), code, code + "x" * most]
    asked = [PlanRequest("orders-dev", body) for body in bodies]
    assert [request.inline for request in asked] == [True, False, False, True, False]
    assert [request.needs_bucket for request in asked] == [False, True, True, True, True]


def test_a_plan_that_is_thrown_away_takes_the_empty_stack_with_it() -> None:
    account, asked = answering(
        {
            "cloudformation.DescribeStacks": stack("REVIEW_IN_PROGRESS"),
            "cloudformation.DeleteChangeSet": {},
            "cloudformation.ListChangeSets": {"Summaries": []},
            "cloudformation.DeleteStack": {},
        }
    )

    discard(account, StackPlan("orders-dev", ID, SET, "CREATE", (), {}, {}))

    assert [name for name, _ in asked.asked][-1] == "cloudformation.DeleteStack"
    assert asked.calls("cloudformation.DeleteStack") == [{"StackName": ID}]


EXECUTED: Final = {"ExecutionStatus": "EXECUTE_COMPLETE", "ChangeSetName": "x"}


@pytest.mark.parametrize(
    ("status", "summaries", "words"),
    [
        (
            "UPDATE_IN_PROGRESS",
            [
                EXECUTED | {"Description": "old", "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)},
                EXECUTED | {"Description": "ann@desk", "CreationTime": datetime(2026, 2, 1, tzinfo=UTC)},
                {
                    "ExecutionStatus": "AVAILABLE",
                    "Description": "bob",
                    "CreationTime": datetime(2026, 3, 1, tzinfo=UTC),
                },
            ],
            "somebody else is deploying orders-dev since 2026-03-01 12:03 UTC (UPDATE_IN_PROGRESS): ann@desk",
        ),
        (
            "UPDATE_IN_PROGRESS",
            [],
            "somebody else is deploying orders-dev since 2026-03-01 12:03 UTC (UPDATE_IN_PROGRESS)",
        ),
        (
            "DELETE_IN_PROGRESS",
            [EXECUTED | {"Description": "ann", "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}],
            "somebody else is deleting orders-dev since 2026-03-01 12:03 UTC (DELETE_IN_PROGRESS)",
        ),
        (
            "UPDATE_IN_PROGRESS",
            [EXECUTED | {"CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}],
            "somebody else is deploying orders-dev since 2026-03-01 12:03 UTC (UPDATE_IN_PROGRESS)",
        ),
        (
            "CREATE_COMPLETE",
            [EXECUTED | {"Description": "ann", "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}],
            "somebody else was first to deploy orders-dev, at 2026-03-01 12:03 UTC (CREATE_COMPLETE): ann",
        ),
        (
            "CREATE_COMPLETE",
            [],
            "somebody else was first to deploy orders-dev, at 2026-03-01 12:03 UTC (CREATE_COMPLETE)",
        ),
    ],
)
def test_whoever_is_busy_with_a_stack_is_named(status: str, summaries: list[Any], words: str) -> None:
    account, _ = answering(
        {"cloudformation.DescribeStacks": stack(status), "cloudformation.ListChangeSets": {"Summaries": summaries}}
    )
    found = describe(account, "orders-dev")
    assert found is not None

    assert (busy_error(account, found).message, busy_error(account, found).exit_code) == (words, 75)


def test_a_stack_is_described_in_one_order_and_one_that_is_deleted_is_none() -> None:
    outputs = [{"OutputKey": "B", "OutputValue": "2", "Description": "two"}, {"OutputKey": "A", "OutputValue": "1"}]
    parameters = [{"ParameterKey": "Y", "ParameterValue": "2"}, {"ParameterKey": "X"}]
    raw = stack(
        "UPDATE_COMPLETE",
        {"b": "2", "remit:namespace": "shop", "a": "1"},
        Outputs=outputs,
        Parameters=parameters,
        StackStatusReason="why",
        RoleARN="arn:aws:iam::1:role/r",
        EnableTerminationProtection=True,
        LastUpdatedTime=datetime(2026, 4, 1, 14, 3, 0, 123_456, tzinfo=timezone(timedelta(hours=2))),
        DriftInformation={"StackDriftStatus": "IN_SYNC"},
    )
    new = stack("CREATE_COMPLETE", {})
    refused = Refused("ValidationError", "bad name")
    account, _ = answering({"cloudformation.DescribeStacks": [raw, new, stack("DELETE_COMPLETE"), refused]})

    assert describe(account, "orders-dev") == DeployedStack(
        "orders-dev", ID, "UPDATE_COMPLETE", "why", "2026-04-01T12:03:00.123+00:00",
        (StackOutput("A", "1"), StackOutput("B", "2", "two")),
        (("a", "1"), ("b", "2"), ("remit:namespace", "shop")),
        protected=True, drift="IN_SYNC", parameters=(("X", ""), ("Y", "2")), service_role="arn:aws:iam::1:role/r",
    )  # fmt: skip
    assert describe(account, "orders-dev") == DeployedStack(
        "orders-dev", ID, "CREATE_COMPLETE", "", "2026-03-01T12:03:00.000+00:00", (), (),
        protected=False, drift="NOT_CHECKED",
    )  # fmt: skip
    assert describe(account, "orders-dev") is None
    with pytest.raises(Exception, match="bad name"):
        describe(account, "orders-dev")


def test_the_template_of_another_tool_is_read_as_it_was_made_and_may_be_yaml() -> None:
    account, asked = answering(
        {
            "cloudformation.DescribeStacks": [
                stack("UPDATE_COMPLETE", {}),
                stack("UPDATE_COMPLETE"),
                stack("REVIEW_IN_PROGRESS"),
            ],
            "cloudformation.GetTemplate": [
                {"TemplateBody": "Resources:\n  A: {Type: !Sub x}\n"},
                {"TemplateBody": json.dumps(TEMPLATE)},
            ],
        }
    )
    other, own, empty = (describe(account, "orders-dev") for _ in range(3))

    assert list(deployed_template(account, other)["Resources"]) == ["A"]
    assert deployed_template(account, own) == TEMPLATE
    assert deployed_template(account, empty) == deployed_template(account, None) == {}
    assert [call["TemplateStage"] for call in asked.calls("cloudformation.GetTemplate")] == ["Processed", "Original"]


def test_whose_a_stack_is() -> None:
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": [
                stack("UPDATE_COMPLETE"),
                stack("REVIEW_IN_PROGRESS", {}),
                stack("UPDATE_COMPLETE", {}),
            ]
        },
        local=True,
    )
    own, empty, others = (describe(account, "orders-dev") for _ in range(3))
    assert own is not None
    assert empty is not None
    assert others is not None

    assert ours(own, "orders-dev", "delete") is own
    assert ours(empty, "orders-dev", "delete") is empty
    for found, owner in ((own, "shop-dev"), (others, "orders-dev")):
        with pytest.raises(RemitError, match="does not delete it"):
            ours(found, owner, "delete")
    assert settled(answering({"cloudformation.DescribeStacks": GONE})[0], "orders-dev") is None


def test_whoever_waits_hears_of_each_state_once_and_waits_for_a_clean_up_in_any_case() -> None:
    updating, cleaning = stack("UPDATE_IN_PROGRESS"), stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    cleaning_back = stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")

    def heard(*states: Any, wait: bool) -> list[str]:
        account, _ = answering({"cloudformation.DescribeStacks": list(states)}, local=True)
        statuses: list[str] = []
        found = settled(account, "orders-dev", wait=wait, on_wait=lambda state: statuses.append(state.status))
        assert found is not None
        return [*statuses, found.status]

    done = stack("UPDATE_COMPLETE")
    names = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert heard(updating, updating, cleaning, done, wait=True) == names
    assert heard(cleaning, done, wait=False) == names[1:]
    assert heard(cleaning_back, done, wait=False) == ["UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", names[2]]
    assert heard(stack("REVIEW_IN_PROGRESS"), wait=False) == ["REVIEW_IN_PROGRESS"]


def test_the_resources_of_a_stack_are_read_by_its_id_from_all_pages_in_the_order_of_their_ids() -> None:
    def row(logical_id: str, status: str, **more: str) -> dict[str, Any]:
        at = datetime(2026, 3, 1, tzinfo=UTC)
        of_all = {"ResourceType": "AWS::SQS::Queue", "ResourceStatus": status, "LastUpdatedTimestamp": at}
        return {"LogicalResourceId": logical_id, **of_all, **more}

    def page(StackName: str, NextToken: str = "") -> dict[str, Any]:  # noqa: N803 - AWS's names
        if NextToken:
            return {"StackResourceSummaries": [row("A", "UPDATE_FAILED", PhysicalResourceId="a")]}
        rows = [
            row("C", "DELETE_FAILED", PhysicalResourceId=StackName, ResourceStatusReason="why"),
            row("B", "CREATE_IN_PROGRESS"),
        ]
        return {"StackResourceSummaries": rows, "NextToken": "2"}

    account, _ = answering(
        {"cloudformation.DescribeStacks": stack("UPDATE_COMPLETE"), "cloudformation.ListStackResources": page}
    )
    found = status_of_stack(account, "orders-dev")
    assert found is not None

    queue = "AWS::SQS::Queue"
    first, last = (
        DeployedResource("A", queue, "a", "UPDATE_FAILED"),
        DeployedResource("C", queue, ID, "DELETE_FAILED", "why"),
    )
    assert found.resources == (first, DeployedResource("B", queue, "", "CREATE_IN_PROGRESS"), last)
    assert found.failed == (first, last)
    assert found.physical_ids == {"A": "a", "C": ID}


class Waiting:
    """An account with a stack, which keeps the change sets that it is asked for and answers with these changes."""

    def __init__(self, found: Any, changes: list[list[dict[str, Any]]], templates: list[Any], **answers: Any) -> None:
        self.changes = changes
        self.bodies: list[bytes] = []
        given = {
            "cloudformation.DescribeStacks": found,
            "cloudformation.GetTemplate": [{"TemplateBody": json.dumps(body)} for body in templates],
            "cloudformation.CreateChangeSet": {},
            "cloudformation.DescribeChangeSet": self.described,
            "cloudformation.DeleteChangeSet": {},
            "s3.HeadBucket": {},
            "s3.HeadObject": Refused("404", status=404),
            "s3.PutObject": self.put,
            **answers,
        }
        self.account, self.asked = answering(given)

    def described(self, **_: Any) -> dict[str, Any]:
        return change_set("CREATE_COMPLETE", "AVAILABLE", *self.changes.pop(0))

    def put(self, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.bodies.append(Body)
        return {}


def test_a_large_template_that_adopts_is_asked_for_again_without_what_would_only_be_added() -> None:
    zip_key = f"orders-dev/{'0' * 64}.zip"
    code = {"S3Bucket": "own", "S3Key": zip_key}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": code, "Description": "x" * 52_000}}
    named = {name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"q-{name}"}} for name in ("Kept", "Made")}
    running = {"Resources": {"Jobs": QUEUE}}
    later = {"Resources": {"Jobs": QUEUE, "Late": QUEUE}}
    template = {"Resources": {"Jobs": QUEUE, "Report": function, **named}}
    adopted = {"DeletionPolicy": "RetainExceptOnCreate", **named["Kept"]}
    both = {**template["Resources"], "Kept": adopted, "Made": {**adopted, **named["Made"]}}
    first, second = {"Resources": both}, {"Resources": {**both, "Made": named["Made"]}}
    added = [ADDED | {"LogicalResourceId": name} for name in ("Made", "Report")]
    changes = [ADDED | {"Action": "Import", "LogicalResourceId": "Kept"}, *added]
    tags = OWN | {"remit:namespace": "shop-dev"}
    parameter = {"ParameterKey": "A", "ParameterValue": "0"}
    found = stack("UPDATE_COMPLETE", tags, Parameters=[parameter])
    waiting = Waiting(found, [changes, changes], [running, second, later])

    plan_ = plan(
        waiting.account,
        PlanRequest(
            "orders-dev",
            json.dumps(template),
            owner="shop-dev",
            adopt=True,
            bucket=Bucket("own", own=True),
            parameters={"B": "2", "A": "1"},
            service_role="arn:aws:iam::1:role/r",
        ),
    )

    assert plan_ == StackPlan(
        "orders-dev",
        ID,
        SET,
        "UPDATE",
        (
            ResourceChange("Import", "Kept", "AWS::SQS::Queue"),
            ResourceChange("Add", "Made", "AWS::SQS::Queue"),
            ResourceChange("Add", "Report", "AWS::SQS::Queue"),
        ),
        later,
        second,
        {"A": "0"},
        {"B": "2", "A": "1"},
    )
    assert [json.loads(body) for body in waiting.bodies] == [first, second]
    digests = [sha256(body) for body in waiting.bodies]
    calls = waiting.asked.calls("cloudformation.CreateChangeSet")
    made = {
        "StackName": "orders-dev",
        "ChangeSetType": "UPDATE",
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
        "Parameters": [
            {"ParameterKey": "A", "ParameterValue": "1"},
            {"ParameterKey": "B", "ParameterValue": "2"},
        ],
        "ImportExistingResources": True,
        "RoleARN": "arn:aws:iam::1:role/r",
    }
    ours = {"Bucket": "own", "ExpectedBucketOwner": NUMBER}
    asked: list[tuple[str, Any]] = [
        ("cloudformation.DescribeStacks", {"StackName": "orders-dev"}),
        ("cloudformation.GetTemplate", {"StackName": ID, "TemplateStage": "Original"}),
        ("s3.HeadBucket", ours),
    ]
    for digest, body, call in zip(digests, waiting.bodies, calls, strict=True):
        key = f"orders-dev/{digest.hexdigest()}.json"
        names = {"ChangeSetName": call["ChangeSetName"], "Description": call["Description"]}
        assert re.fullmatch(r"remit-[0-9a-f]{16}", names["ChangeSetName"])
        asked += [
            ("s3.HeadObject", {**ours, "Key": key, "ChecksumMode": "ENABLED"}),
            (
                "s3.PutObject",
                {
                    **ours,
                    "Key": key,
                    "Body": body,
                    "ContentType": "application/json",
                    "ChecksumSHA256": b64encode(digest.digest()).decode(),
                },
            ),
            (
                "cloudformation.CreateChangeSet",
                {**made, **names, "TemplateURL": f"https://aws.invalid/own/{key}"},
            ),
            (
                "cloudformation.DescribeChangeSet",
                {"StackName": "orders-dev", "ChangeSetName": names["ChangeSetName"]},
            ),
        ]
        if call is calls[0]:  # what is only added would stay after a delete
            asked += [
                ("cloudformation.DescribeStacks", {"StackName": ID}),
                ("cloudformation.DeleteChangeSet", {"ChangeSetName": SET, "StackName": ID}),
            ]
    asked += [
        (
            "cloudformation.GetTemplate",
            {"StackName": ID, "ChangeSetName": SET, "TemplateStage": "Original"},
        ),
        ("cloudformation.GetTemplate", {"StackName": ID, "TemplateStage": "Original"}),
    ]
    assert waiting.asked.asked == asked


def test_where_all_that_is_adopted_would_only_be_added_nothing_is_imported() -> None:
    named = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}
    template = {"Resources": {"Jobs": named}}
    waiting = Waiting(stack("UPDATE_COMPLETE"), [[ADDED], [ADDED]], [{"Resources": {}}])

    plan_ = plan(waiting.account, PlanRequest("orders-dev", json.dumps(template), adopt=True))

    assert plan_ is not None
    assert plan_.template == template
    calls = waiting.asked.calls("cloudformation.CreateChangeSet")
    assert [call.get("ImportExistingResources") for call in calls] == [True, None]
    policies = [json.loads(call["TemplateBody"])["Resources"]["Jobs"].get("DeletionPolicy") for call in calls]
    assert policies == ["RetainExceptOnCreate", None]


def test_a_log_group_that_is_there_is_imported_and_one_that_came_meanwhile_is_no_reason_to_ask_again() -> None:
    """Without `adopt` a group whose import CloudFormation lists as an addition is left to it."""
    named = {"LogGroupName": "/aws/lambda/x", "RetentionInDays": 30}
    group = {"Type": "AWS::Logs::LogGroup", "Properties": named}
    logging = {"LoggingConfig": {"LogGroup": {"Ref": "Group"}}}
    template = {
        "Resources": {"Group": group, "X": {"Type": "AWS::Lambda::Function", "Properties": logging}},
    }
    groups = {"logGroups": [{"logGroupName": "/aws/lambda/x", "retentionInDays": 7}]}
    waiting = Waiting(stack("UPDATE_COMPLETE"), [[ADDED]], [{"Resources": {}}], **{"logs.DescribeLogGroups": groups})

    plan_ = plan(waiting.account, PlanRequest("orders-dev", json.dumps(template)))

    assert plan_ is not None
    imported = {"DeletionPolicy": "RetainExceptOnCreate", **group, "Properties": {**named, "RetentionInDays": 7}}
    assert plan_.template == {"Resources": {**template["Resources"], "Group": imported}}
    assert created(waiting.asked)["ImportExistingResources"]


def test_a_bucket_keeps_the_name_that_remit_made_up_for_it_also_where_the_template_has_none() -> None:
    unnamed = {"Type": "AWS::S3::Bucket", "Properties": {}}
    named = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": tokens.to_intrinsic(f"orders-{UNIQUE}")}}
    waiting = Waiting(stack("UPDATE_COMPLETE"), [], [{"Resources": {"Data": named}}])

    assert plan(waiting.account, PlanRequest("orders-dev", json.dumps({"Resources": {"Data": unnamed}}))) is None
    assert waiting.asked.calls("cloudformation.CreateChangeSet") == []


@pytest.mark.parametrize("is_large", [False, True])
def test_a_plan_that_only_looks_needs_the_bucket_as_one_that_deploys_and_leaves_it_as_it_was(*, is_large: bool) -> None:
    code = {"S3Bucket": "own", "S3Key": f"orders-dev/{'0' * 64}.zip"}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": code, "Description": "x" * 52_000 * is_large}}
    template = {"Resources": {"Report": function}}
    waiting = Waiting(stack("UPDATE_COMPLETE"), [[ADDED]], [{"Resources": {}}, template, {"Resources": {}}])

    plan(waiting.account, PlanRequest("orders-dev", json.dumps(template), bucket=Bucket("own"), only_looks=True))

    ours = {"Bucket": "own", "ExpectedBucketOwner": NUMBER}
    assert waiting.asked.calls("s3.HeadBucket") == [ours]
    arguments = created(waiting.asked)
    if not is_large:
        assert waiting.asked.calls("cloudformation.GetTemplate")[1:] == [{"StackName": ID, "TemplateStage": "Original"}]
        return
    folder = f"orders-dev/plans/{sha256(arguments['Description'].encode()).hexdigest()[:16]}"
    assert arguments["TemplateURL"].startswith(f"https://aws.invalid/own/{folder}/")
    removing = {
        "s3.HeadBucket": {},
        "s3.ListObjectVersions": {},
        "cloudformation.ListChangeSets": {"Summaries": []},
        "cloudformation.DescribeStacks": GONE,
    }
    account, asked = answering(removing)
    with leaving_nothing(account, "orders-dev", Bucket("own")):
        pass
    listed = {**ours, "Prefix": f"{folder}/", "MaxKeys": 1000}
    assert asked.calls("s3.ListObjectVersions") == [listed]


def test_a_template_of_the_most_bytes_that_cloudformation_reads_is_uploaded_and_one_of_more_is_refused() -> None:
    most = quota("cloudformation.template.s3").most
    empty = json.dumps({"Resources": {}, "Description": ""})
    waiting = Waiting(stack("UPDATE_COMPLETE"), [[ADDED]], [OTHER])

    for size in (most, most + 1):
        letters, rest = divmod(size - len(empty), 2)  # a letter such as é has two bytes
        body = empty.replace('""', f'"{"é" * letters}{"x" * rest}"')
        with pytest.raises(RemitError) as raised:
            plan(waiting.account, PlanRequest("orders-dev", body, bucket=Bucket("own")))
        is_read = size == most
        assert ("read another template than the one" in raised.value.message) == is_read
        assert ("has 1,000,001 bytes, and CloudFormation reads 1,000,000 at most" in raised.value.message) != is_read
    assert len(waiting.bodies) == 1
