"""Stacks that are not simply there or not there, and what a deploy or a delete does with them."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.deploy import changeset
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.delete import delete
from remit.deploy.execute import Superseded, continue_rollback, execute
from remit.deploy.stack import NAMESPACE_TAG, DeployedStack, deployed_template, describe, last_deployer, pauses, settled
from remit.deploy.status import status
from remit.errors import RemitError
from stacks import READ, WAITING, WRITE, end_waiting, template
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.deploy.events import StackEvent
    from remit.deploy.execute import Outcome
    from remit.deploy.session import Account

NAME = "orders-dev"
CIDR = "10.77.0.0/24"
NETWORK = {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": CIDR}}}


def deploy(account: Account, body: str) -> Outcome:
    """Plan and execute."""
    planned = plan(account, PlanRequest(NAME, body))
    assert planned is not None
    return execute(account, planned, lambda _: None)


@contextlib.contextmanager
def deploying(account: Account) -> Iterator[None]:
    """Somebody's deploy runs in an account until it is ended, and then fails."""
    planned = plan(account, PlanRequest(NAME, template(READ, resources=WAITING)))
    assert planned is not None
    started = threading.Event()
    thread = threading.Thread(target=execute, args=(account, planned, lambda _: started.set()))
    thread.start()
    started.wait(HANGS)
    yield
    thread.join(HANGS)


@pytest.fixture
def busy(account: Account) -> Iterator[Account]:
    """An account where somebody's first deploy runs until it is ended, and then fails."""
    with deploying(account):
        yield account


def test_while_somebody_deploys_others_are_told_since_when_and_exit_75(
    busy: Account, join: Callable[..., Account]
) -> None:
    other = join(busy.account)
    for attempt in (
        lambda: plan(other, PlanRequest(NAME, template(WRITE))),
        lambda: delete(other, NAME, lambda _: None),
    ):
        with pytest.raises(RemitError) as refusal:
            attempt()
        assert refusal.value.exit_code == 75
        assert "somebody else is deploying orders-dev since 20" in refusal.value.message
        assert "`--wait`" in (refusal.value.hint or "")
    waited: list[DeployedStack] = []

    def note(stack: DeployedStack) -> None:
        if not waited:
            end_waiting(other.client("cloudformation"), NAME)
        waited.append(stack)

    planned = plan(other, PlanRequest(NAME, template(WRITE), wait=True, on_wait=note))
    assert planned is not None
    assert [stack.status for stack in waited][:1] == ["CREATE_IN_PROGRESS"]
    assert execute(other, planned, lambda _: None).ok


def test_a_plan_that_another_deploy_overtook_is_superseded(account: Account, join: Callable[..., Account]) -> None:
    deploy(account, template(READ))
    slow = plan(account, PlanRequest(NAME, template(WRITE)))
    assert slow is not None
    deploy(join(account.account), template(READ, WRITE))
    with pytest.raises(Superseded) as refusal:
        execute(account, slow, lambda _: None)
    assert refusal.value.exit_code == 75
    assert deploy(account, template(WRITE)).ok


def test_a_plan_that_a_running_deploy_overtook_is_told_that_somebody_deploys(
    account: Account, join: Callable[..., Account]
) -> None:
    deploy(account, template(READ))
    slow = plan(account, PlanRequest(NAME, template(WRITE)))
    assert slow is not None
    other = join(account.account)
    with deploying(other):
        with pytest.raises(RemitError, match="somebody else is deploying orders-dev since 20") as refusal:
            execute(account, slow, lambda _: None)
        end_waiting(other.client("cloudformation"), NAME)
    assert 75 == refusal.value.exit_code


def test_a_stack_that_is_deleted_is_none_by_its_id_as_by_its_name(account: Account) -> None:
    deploy(account, template(READ))
    stack = describe(account, NAME)
    assert stack is not None
    delete(account, NAME, lambda _: None)
    assert (None, None) == (describe(account, NAME), describe(account, stack.id))


def test_what_is_in_a_stack_is_listed_by_its_names_in_whatever_order_aws_has_it(account: Account) -> None:
    deploy(account, template(READ))

    def turn(parsed: dict[str, Any], **_: object) -> None:
        parsed["StackResourceSummaries"].sort(key=lambda resource: resource["LogicalResourceId"], reverse=True)

    account.client("cloudformation").meta.events.register("after-call.cloudformation.ListStackResources", turn)
    found = status(account, NAME)
    assert found is not None
    assert ["Queue", "ReportLogGroup", "ReportRole"] == [one.logical_id for one in found.resources]


def test_a_replacement_that_another_change_decides_names_what_decides_it(account: Account) -> None:
    """The shape is AWS's ("ResourceChangeDetail", AWS CloudFormation API Reference)."""
    deploy(account, template(READ))
    target = {"Attribute": "Properties", "Name": "RoleName", "RequiresRecreation": "Always"}
    static = {"Target": target, "Evaluation": "Static", "CausingEntity": "Others"}

    def depend(parsed: dict[str, Any], **_: object) -> None:
        for change in parsed["Changes"]:
            dynamic = {**static, "Evaluation": "Dynamic", "CausingEntity": "Names"}
            change["ResourceChange"]["Details"] = [dynamic, static]

    account.client("cloudformation").meta.events.register("after-call.cloudformation.DescribeChangeSet", depend)
    planned = plan(account, PlanRequest(NAME, template(WRITE)))
    assert planned is not None
    assert [("RoleName", "Names", "Always")] == [
        (detail.property, detail.cause, detail.recreates) for detail in planned.changes[0].perhaps_replaced
    ]


def test_of_two_who_execute_the_same_plan_one_wins_and_the_other_sees_no_change(
    account: Account, join: Callable[..., Account]
) -> None:
    deploy(account, template(READ))
    other = join(account.account)
    mine, theirs = plan(account, PlanRequest(NAME, template(WRITE))), plan(other, PlanRequest(NAME, template(WRITE)))
    assert mine is not None
    assert theirs is not None
    told: list[StackEvent] = []
    assert execute(account, mine, told.append).ok
    again: list[StackEvent] = []
    assert execute(other, theirs, again.append).ok
    assert again == told
    assert plan(other, PlanRequest(NAME, template(WRITE))) is None


def test_a_stack_that_remit_did_not_make_is_neither_deployed_over_nor_deleted(account: Account) -> None:
    account.client("cloudformation").create_stack(
        StackName=NAME, TemplateBody=template(READ), Capabilities=["CAPABILITY_IAM"]
    )
    settled(account, NAME, wait=True)
    with pytest.raises(RemitError, match=r"remit did not make it .* remit does not deploy over it"):
        plan(account, PlanRequest(NAME, template(WRITE)))
    with pytest.raises(RemitError, match="remit does not delete it"):
        delete(account, NAME, lambda _: None)


def test_an_older_remit_refuses_a_newer_ones_stack_unless_forced(account: Account) -> None:
    newer = {"remit:namespace": NAME, "remit:version": "99.0.0"}
    account.client("cloudformation").create_stack(
        StackName=NAME,
        TemplateBody=template(READ),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": key, "Value": value} for key, value in newer.items()],
    )
    settled(account, NAME, wait=True)
    with pytest.raises(RemitError, match=r"was deployed by remit 99\.0\.0, and this is"):
        plan(account, PlanRequest(NAME, template(WRITE)))
    assert plan(account, PlanRequest(NAME, template(WRITE), force=True)) is not None


def test_a_protected_stack_is_not_deleted_and_stays_protected(account: Account) -> None:
    deploy(account, template(READ))
    account.client("cloudformation").update_termination_protection(StackName=NAME, EnableTerminationProtection=True)
    with pytest.raises(RemitError, match="termination protection"):
        delete(account, NAME, lambda _: None)
    stack = describe(account, NAME)
    assert stack is not None
    assert (stack.protected, stack.status) == (True, "CREATE_COMPLETE")


def test_what_cannot_be_deleted_is_named_and_the_delete_can_be_repeated(account: Account) -> None:
    deploy(account, template(READ, resources=NETWORK))
    ec2 = account.client("ec2")
    (network,) = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": [CIDR]}])["Vpcs"]
    subnet = ec2.create_subnet(VpcId=network["VpcId"], CidrBlock=CIDR)["Subnet"]["SubnetId"]
    outcome = delete(account, NAME, lambda _: None)
    assert outcome is not None
    assert (outcome.ok, outcome.status) == (False, "DELETE_FAILED")
    assert outcome.cause is not None
    assert outcome.cause.logical_id == "Network"

    def tell_of_others(parsed: dict[str, Any], **_: object) -> None:  # as AWS does of what is deleted
        queue = {"LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue", "ResourceStatus": "DELETE_COMPLETE"}
        parsed["StackResourceSummaries"].append(queue)

    account.client("cloudformation").meta.events.register(
        "after-call.cloudformation.ListStackResources", tell_of_others
    )
    with pytest.raises(RemitError, match=r"orders-dev is half deleted: .*\[Network\]") as raised:
        plan(account, PlanRequest(NAME, template(READ)))
    assert ["left: Network (AWS::EC2::VPC)"] == re.findall(r"left: \w+ \(\S+\)", raised.value.message)
    ec2.delete_subnet(SubnetId=subnet)
    again = delete(account, NAME, lambda _: None)
    assert again is not None
    assert again.ok


def test_a_first_deploy_that_rolled_back_must_be_deleted_first(account: Account) -> None:
    broken = {
        "Child": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "http://127.0.0.1/no/no"},
        }
    }
    account.client("cloudformation").create_stack(
        StackName=NAME,
        TemplateBody=template(READ, resources=broken),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "remit:namespace", "Value": NAME}],
    )
    stack = settled(account, NAME, wait=True)
    assert stack is not None
    assert stack.status == "ROLLBACK_COMPLETE"
    with pytest.raises(RemitError, match=r"the first deploy of orders-dev failed \(ROLLBACK_COMPLETE\)"):
        plan(account, PlanRequest(NAME, template(READ)))
    delete(account, NAME, lambda _: None)
    assert deploy(account, template(READ)).ok


def devices(action: str) -> dict[str, Any]:
    """A policy for devices, which CloudFormation cannot send back to what it was once it is gone."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
    }
    properties = {"PolicyName": "devices", "PolicyDocument": document}
    return {"Devices": {"Type": "AWS::IoT::Policy", "Properties": properties}}


def test_a_rollback_that_failed_goes_on_once_its_obstacle_is_gone(account: Account) -> None:
    waiting = {"Wait": WAITING["Wait"] | {"DependsOn": "Devices"}, "Handle": WAITING["Handle"]}
    deploy(account, template(READ, resources=devices("iot:Connect")))
    planned = plan(account, PlanRequest(NAME, template(READ, resources=devices("iot:Publish") | waiting)))
    assert planned is not None
    iot = account.client("iot")

    def obstruct(event: StackEvent) -> None:
        if event.logical_id == "Wait" and event.status == "UPDATE_IN_PROGRESS":
            for version in iot.list_policy_versions(policyName="devices")["policyVersions"]:
                if not version["isDefaultVersion"]:
                    iot.delete_policy_version(policyName="devices", policyVersionId=version["versionId"])
            iot.delete_policy(policyName="devices")
            end_waiting(account.client("cloudformation"), NAME)

    outcome = execute(account, planned, obstruct)
    assert outcome.status == "UPDATE_ROLLBACK_FAILED"
    assert outcome.cause is not None
    assert outcome.cause.logical_id == "Wait"
    with pytest.raises(RemitError, match=r"failed, and so did going back: .*\[Devices\]"):
        plan(account, PlanRequest(NAME, template(READ)))
    document = devices("iot:Publish")["Devices"]["Properties"]["PolicyDocument"]
    iot.create_policy(policyName="devices", policyDocument=json.dumps(document))
    stack = describe(account, NAME)
    assert stack is not None
    continued = continue_rollback(account, stack, lambda _: None)
    assert (continued.ok, continued.status) == (True, "UPDATE_ROLLBACK_COMPLETE")
    assert plan(account, PlanRequest(NAME, template(READ, resources=devices("iot:Connect")))) is None


def test_a_template_that_cloudformation_refuses_is_told_in_its_words_and_leaves_no_stack(
    account: Account,
) -> None:
    with pytest.raises(RemitError, match=r"CloudFormation refuses the template: .*AWS::Nope::Nope"):
        plan(account, PlanRequest(NAME, template(READ, resources={"Nope": {"Type": "AWS::Nope::Nope"}})))
    assert describe(account, NAME) is None


@pytest.mark.parametrize(
    ("older", "newer"),
    [("0.9.0", "0.10.0"), ("9.0.0", "10.0.0"), ("1.2.3", "1.2.10"), ("", "0.1.0"), ("0.1.dev2110", "0.1.0")],
)
def test_versions_of_remit_are_compared_as_numbers(older: str, newer: str) -> None:
    assert changeset._release_number(older) < changeset._release_number(newer)


def test_a_far_stack_is_asked_after_quickly_at_first_and_then_never_in_step_with_others(remote: Account) -> None:
    waits = list(itertools.islice(pauses(remote), 20))
    assert [0.2, 0.5, 1, 2] == waits[:4]
    assert all(5 <= wait <= 7 for wait in waits[4:])
    assert 1 < len(set(waits[4:]))


EXECUTIONS = ("UNAVAILABLE", "AVAILABLE", "EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED", "OBSOLETE")


@given(st.lists(st.tuples(st.sampled_from(EXECUTIONS), st.integers(0, 99)), unique_by=lambda row: row[1], max_size=6))
def test_the_last_deployer_made_the_newest_change_set_that_was_executed(rows: list[tuple[str, int]]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    summaries = [
        {"ExecutionStatus": execution, "CreationTime": start + timedelta(minutes=minute), "Description": f"{minute}"}
        for execution, minute in rows
    ]
    client = SimpleNamespace(list_change_sets=lambda **_: {"Summaries": summaries})
    last = ""
    for execution, minute in sorted(rows, key=lambda row: row[1]):
        if execution.startswith("EXECUTE_"):
            last = str(minute)
    assert last == last_deployer(SimpleNamespace(client=lambda _: client), SimpleNamespace(name=NAME))  # type: ignore[arg-type]


MAY_BE_UPDATED = {
    "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE",
}  # fmt: skip


def test_only_a_stack_that_an_update_may_begin_from_is_taken_over() -> None:
    model = botocore.session.get_session().get_service_model("cloudformation")
    taken_over = set()
    for state in model.shape_for("StackStatus").enum:
        stack = DeployedStack(NAME, "arn", state, "", "", (), (), protected=False, drift="")
        with contextlib.suppress(RemitError):
            changeset._require_free_to_take_over(stack, NAME, NAME)
            taken_over.add(state)
    assert MAY_BE_UPDATED == taken_over


@pytest.mark.parametrize(("tags", "stage"), [(((NAMESPACE_TAG, NAME),), "Original"), ((), "Processed")])
@pytest.mark.parametrize("body", [{"Resources": {"Queue": {}}}, "Resources: {Queue: {}}"])
def test_of_another_tools_stack_what_macros_made_is_read_and_of_remits_what_was_sent(
    tags: tuple[tuple[str, str], ...], stage: str, body: Any
) -> None:
    bodies = {stage: body}
    client = SimpleNamespace(get_template=lambda **asked: {"TemplateBody": bodies[asked["TemplateStage"]]})
    account: Any = SimpleNamespace(client=lambda _: client)
    stack = DeployedStack(NAME, "arn", "CREATE_COMPLETE", "", "", (), tags, protected=False, drift="")
    assert {"Resources": {"Queue": {}}} == deployed_template(account, stack)
    for nothing_runs in (None, replace(stack, status="REVIEW_IN_PROGRESS")):
        assert {} == deployed_template(account, nothing_runs)
