"""From nothing to a stack, its updates, its failures, and to nothing again, on a real local AWS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import remit
from remit.catalogue.quotas import quota
from remit.deploy import events
from remit.deploy.artefacts import upload
from remit.deploy.bootstrap import bootstrap
from remit.deploy.bucket import bucket_name
from remit.deploy.changeset import PlanRequest, discard, plan
from remit.deploy.delete import delete
from remit.deploy.events import STACK_TYPE
from remit.deploy.execute import execute, resume
from remit.deploy.status import status
from remit.errors import RemitError
from stacks import READ, WRITE, key_of, template

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.events import StackEvent
    from remit.deploy.execute import Outcome
    from remit.deploy.session import Account

NAME = "orders-dev"
BROKEN = {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "http://127.0.0.1/no/no"}}}


def deploy(account: Account, body: str, told: list[StackEvent] | None = None) -> Outcome:
    """Plan and execute."""
    planned = plan(account, PlanRequest(NAME, body))
    assert planned is not None
    events = [] if told is None else told
    return execute(account, planned, events.append)


def everything(account: Account) -> dict[str, Any]:
    """All that an account holds of what these templates make."""
    stacks = account.client("cloudformation").list_stacks()["StackSummaries"]
    return {
        "stacks": [stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"],
        "roles": [role["RoleName"] for role in account.client("iam").list_roles()["Roles"]],
        "queues": account.client("sqs").list_queues().get("QueueUrls", []),
        "log groups": [group["logGroupName"] for group in account.client("logs").describe_log_groups()["logGroups"]],
        "objects": [
            item["Key"]
            for bucket in account.client("s3").list_buckets()["Buckets"]
            for item in account.client("s3").list_object_versions(Bucket=bucket["Name"]).get("Versions", [])
        ],
    }


NOTHING = {"stacks": [], "roles": [], "queues": [], "log groups": [], "objects": []}


def test_a_first_deploy_adds_every_resource_and_ends_with_the_outputs(account: Account) -> None:
    planned = plan(account, PlanRequest(NAME, template(READ)))
    assert planned is not None
    assert planned.kind == "CREATE"
    assert sorted((change.action, change.logical_id) for change in planned.changes) == [
        ("Add", "Queue"), ("Add", "ReportLogGroup"), ("Add", "ReportRole"),
    ]  # fmt: skip
    outcome = execute(account, planned, lambda _: None)
    assert (outcome.ok, outcome.status, outcome.cause) == (True, "CREATE_COMPLETE", None)
    assert [(output.name, output.description) for output in outcome.outputs] == [("QueueUrl", "where orders arrive")]


def test_the_stack_is_tagged_with_its_namespace_and_the_version_that_made_it(account: Account) -> None:
    deploy(account, template(READ))
    found = status(account, NAME)
    assert found is not None
    assert found.stack.tags == (("remit:namespace", NAME), ("remit:version", remit.__version__))


def test_the_same_template_again_is_no_change_and_writes_nothing(account: Account, requests: list[str]) -> None:
    deploy(account, template(READ))
    requests.clear()
    assert plan(account, PlanRequest(NAME, json.dumps(json.loads(template(READ)), indent=3))) is None
    assert requests == ["cloudformation.DescribeStacks", "cloudformation.GetTemplate"]


def test_a_deploy_asks_aws_no_more_than_it_must(account: Account, requests: list[str]) -> None:
    deploy(account, template(READ))
    assert [seen.removeprefix("cloudformation.") for seen in requests] == [
        "DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents",
        "DescribeStacks",
    ]  # fmt: skip


def test_an_empty_change_set_of_a_reformatted_description_leaves_no_trace(account: Account) -> None:
    deploy(account, template(READ))
    assert plan(account, PlanRequest(NAME, template(READ, note="only the description differs"))) is None
    left = account.client("cloudformation").list_change_sets(StackName=NAME)["Summaries"]
    assert [item["ExecutionStatus"] for item in left] == ["EXECUTE_COMPLETE"]


def test_an_update_has_the_template_that_runs_and_the_one_that_would(account: Account) -> None:
    deploy(account, template(READ))
    planned = plan(account, PlanRequest(NAME, template(WRITE)))
    assert planned is not None
    assert (planned.running, planned.template) == (json.loads(template(READ)), json.loads(template(WRITE)))
    assert execute(account, planned, lambda _: None).status == "UPDATE_COMPLETE"
    role = account.client("iam").list_roles()["Roles"][0]["RoleName"]
    stored = account.client("iam").get_role_policy(RoleName=role, PolicyName="remit")["PolicyDocument"]
    assert stored["Statement"] == [WRITE]


def test_a_failed_first_deploy_names_the_cause_and_leaves_nothing(account: Account) -> None:
    outcome = deploy(account, template(READ, resources=BROKEN))
    assert (outcome.ok, outcome.status) == (False, "DELETE_COMPLETE")
    assert outcome.cause is not None
    assert (outcome.cause.logical_id, outcome.cause.type) == ("Child", "AWS::CloudFormation::Stack")
    assert "Failed to fetch nested-stack template" in outcome.cause.reason
    assert everything(account) == NOTHING


def test_a_failed_update_goes_back_and_the_next_deploy_works(account: Account) -> None:
    deploy(account, template(READ))
    outcome = deploy(account, template(WRITE, resources=BROKEN))
    assert (outcome.ok, outcome.status) == (False, "UPDATE_ROLLBACK_COMPLETE")
    assert plan(account, PlanRequest(NAME, template(READ))) is None
    assert deploy(account, template(WRITE)).ok


def test_the_events_of_a_nested_stack_are_told_too(account: Account) -> None:
    bucket = bootstrap(account).bucket
    inner = json.dumps({"Resources": {"Inner": {"Type": "AWS::SQS::Queue"}}})
    account.client("s3").put_object(Bucket=bucket, Key="inner.json", Body=inner.encode())
    url = f"{account.endpoint}/{bucket}/inner.json"
    nested = {"Outer": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}
    told: list[StackEvent] = []
    assert deploy(account, template(READ, resources=nested), told).ok
    inside = [event.logical_id for event in told if event.stack != NAME]
    assert inside.count("Inner") == 2
    assert len({event.id for event in told}) == len(told)
    assert told[-1].stack == NAME
    gone: list[StackEvent] = []
    outcome = delete(account, NAME, gone.append)
    assert outcome is not None
    assert outcome.ok
    assert gone[-1].status == "DELETE_COMPLETE"
    assert ("Outer", "DELETE_COMPLETE") in [(event.logical_id, event.status) for event in gone]


def test_each_event_is_told_once_in_order_and_none_of_an_earlier_deploy(account: Account) -> None:
    first: list[StackEvent] = []
    second: list[StackEvent] = []
    deploy(account, template(READ), first)
    deploy(account, template(WRITE), second)
    ids = [event.id for event in first + second]
    assert len(ids) == len(set(ids))
    assert [event.at for event in second] == sorted(event.at for event in second)
    listed = account.client("cloudformation").describe_stack_events(StackName=NAME)["StackEvents"]
    expected = [event["EventId"] for event in reversed(listed) if event["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
    assert ids == expected
    assert (second[0].status, second[-1].status) == ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")


def test_hundreds_of_events_over_several_pages_are_all_told(account: Account) -> None:
    queues = {f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(120)}
    told: list[StackEvent] = []
    deploy(account, template(READ, resources=queues), told)
    assert len(told) == 2 * 123 + 2
    assert len({event.id for event in told}) == len(told)


def test_resume_tells_the_last_operation_again_from_its_first_event_to_its_end(account: Account) -> None:
    deploy(account, template(READ))
    told: list[StackEvent] = []
    deploy(account, template(WRITE), told)
    again: list[StackEvent] = []
    outcome = resume(account, NAME, again.append)
    assert (outcome.status, outcome.outputs != ()) == ("UPDATE_COMPLETE", True)
    assert again == told


def test_resume_of_nothing_says_so(account: Account) -> None:
    with pytest.raises(RemitError, match="there is nothing to resume: orders-dev is not deployed") as refusal:
        resume(account, NAME, lambda _: None)
    assert refusal.value.hint == "`remit deploy --local` deploys it"


def test_a_big_template_goes_through_the_bucket(account: Account, requests: list[str]) -> None:
    big = template(
        READ,
        resources={
            f"Queue{number}": {"Type": "AWS::SQS::Queue", "Metadata": {"Note": "x" * 600}} for number in range(90)
        },
    )
    assert len(big) > quota("cloudformation.template.body").most
    assert deploy(account, big).ok
    assert "s3.PutObject" in requests
    assert plan(account, PlanRequest(NAME, big)) is None
    (key,) = everything(account)["objects"]
    assert key.startswith("orders-dev/")


def test_a_template_that_was_swapped_in_the_bucket_is_never_executed(account: Account) -> None:
    bucket, s3 = bootstrap(account).bucket, account.client("s3")

    def swap(**_: Any) -> None:
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            s3.put_object(Bucket=bucket, Key=item["Key"], Body=template(WRITE).encode())

    big = template(READ) + " " * quota("cloudformation.template.body").most
    account.client("cloudformation").meta.events.register("before-send.cloudformation.CreateChangeSet", swap)
    with pytest.raises(RemitError, match="CloudFormation read another template than the one that was uploaded") as said:
        plan(account, PlanRequest(NAME, big))
    assert said.value.exit_code == 1
    account.client("cloudformation").meta.events.unregister("before-send.cloudformation.CreateChangeSet", swap)
    assert everything(account)["stacks"] == []
    assert deploy(account, big).ok


def test_a_template_beyond_what_cloudformation_reads_is_refused_by_number(account: Account) -> None:
    with pytest.raises(RemitError, match="and CloudFormation reads 1,000,000 at most"):
        plan(account, PlanRequest(NAME, template(READ, note="x" * quota("cloudformation.template.s3").most)))


def test_a_plan_that_is_thrown_away_leaves_no_empty_stack(account: Account) -> None:
    planned = plan(account, PlanRequest(NAME, template(READ)))
    assert planned is not None
    discard(account, planned)
    assert everything(account) == NOTHING


def test_what_a_killed_plan_left_is_used_or_replaced(account: Account) -> None:
    killed = plan(account, PlanRequest(NAME, template(READ)))
    same = plan(account, PlanRequest(NAME, template(READ)))
    assert killed == same
    assert deploy(account, template(WRITE)).ok
    left = account.client("cloudformation").list_change_sets(StackName=NAME)["Summaries"]
    assert [item["ExecutionStatus"] for item in left] == ["EXECUTE_COMPLETE"]


def test_status_lists_functions_roles_and_outputs(account: Account) -> None:
    assert status(account, NAME) is None
    deploy(account, template(READ))
    found = status(account, NAME)
    assert found is not None
    assert [role.logical_id for role in found.roles] == ["ReportRole"]
    assert (found.stack.status, found.functions, found.failed) == ("CREATE_COMPLETE", (), ())


def test_delete_leaves_nothing_but_the_empty_bucket(account: Account, zip_file: Path) -> None:
    upload(account, bootstrap(account).bucket, zip_file, key_of(zip_file))
    deploy(account, template(READ))
    outcome = delete(account, NAME, lambda _: None)
    assert outcome is not None
    assert outcome.status == "DELETE_COMPLETE"
    assert everything(account) == NOTHING
    assert [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]] == [bucket_name(account)]


def test_delete_of_what_is_gone_still_clears_its_artefacts(account: Account, zip_file: Path) -> None:
    upload(account, bootstrap(account).bucket, zip_file, key_of(zip_file))
    assert delete(account, NAME, lambda _: None) is None
    assert everything(account) == NOTHING


def test_deleting_a_stack_that_only_a_plan_made_works(account: Account) -> None:
    plan(account, PlanRequest(NAME, template(READ)))
    delete(account, NAME, lambda _: None)
    assert everything(account) == NOTHING


EARLIER = ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
"""Of the stack itself, before the update."""


@given(
    resources=st.integers(0, 6), polls=st.lists(st.integers(0, 8), max_size=5), page_size=st.integers(1, 4),
    hidden=st.integers(0, 3), marked=st.booleans(),
)  # fmt: skip
def test_however_pages_are_cut_and_when_the_first_event_shows_each_event_is_told_once_in_order(
    resources: int, polls: list[int], page_size: int, hidden: int, *, marked: bool
) -> None:
    """For `hidden` polls the event that begins the operation is kept back; `marked`: the earlier have a token."""

    def event(number: int, status: str, token: str, *, of_stack: bool = True) -> dict[str, Any]:
        return {
            "EventId": str(number), "StackId": "arn", "StackName": NAME, "ResourceStatus": status,
            "PhysicalResourceId": "arn" if of_stack else "queue", "ClientRequestToken": token,
            "ResourceType": STACK_TYPE if of_stack else "AWS::SQS::Queue",
            "Timestamp": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        }  # fmt: skip

    earlier = [event(number, status, "old" if marked else "") for number, status in enumerate(EARLIER)]
    own = [event(2, "UPDATE_IN_PROGRESS", "new")]
    own += (event(3 + number, "UPDATE_COMPLETE", "new", of_stack=False) for number in range(resources))
    own.append(event(3 + resources, "UPDATE_COMPLETE", "new"))
    shown: list[dict[str, Any]] = []

    def paginate(**_: str) -> list[dict[str, Any]]:
        return [{"StackEvents": shown[start : start + page_size]} for start in range(0, len(shown), page_size)]

    client = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))
    account: Any = SimpleNamespace(client=lambda _: client)
    operation, passed_on = events.StackOperation("arn", "UPDATE", "new"), events._PassedOn()
    told: list[str] = []
    for number, count in enumerate([*sorted(min(count, len(own)) for count in polls), len(own)]):
        visible = own[1:count] if number < min(hidden, len(polls)) else own[:count]
        shown[:] = [*earlier, *visible][::-1]
        told += (one.id for one in events._news(account, operation, passed_on))
    assert [one["EventId"] for one in own] == told
