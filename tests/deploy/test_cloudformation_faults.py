"""What goes wrong in CloudFormation: each fault is told with its cause and the next step, and the next deploy is whole.

A fault is the real state of the AWS on this machine where that can be in it, and else an answer of the scripted proxy.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from projects import write
from random_cases import cases_of
from remit.build import build
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.delete import delete
from remit.deploy.deployment import DeployJob
from remit.deploy.execute import continue_rollback, execute, failure
from remit.deploy.stack import describe, settled
from remit.deploy.workflow import deploy
from remit.errors import RemitError
from scripted_proxy import Answer, error, pages
from stacks import READ, template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.deploy.events import StackEvent
    from remit.deploy.session import Account
    from scripted_proxy import ScriptedProxy

NAME: Final = "orders-dev"
PROXY, REAL = "a scripted answer", "the AWS on this machine"
PAGE: Final = Path(__file__).parents[2] / "docs" / "deploys.md"
WRITES: Final = frozenset({"CreateChangeSet", "ExecuteChangeSet", "DeleteStack", "ContinueUpdateRollback"})
STACK: Final = "AWS::CloudFormation::Stack"


class Place(NamedTuple):
    """The project, its account through the proxy and past it, and the proxy."""

    project: Path
    through: Account
    past: Account
    proxy: ScriptedProxy


class Event(NamedTuple):
    """An event of a stack; without an id it is the stack's own."""

    status: str
    logical_id: str = ""
    type: str = STACK
    reason: str = ""
    physical_id: str = ""
    stack_id: str = ""


def play(proxy: ScriptedProxy, operation: str, *looks: list[Event], size: int = 100) -> dict[str, str]:
    """Have an operation tell these events at each look, while nothing is done; the parameters of its request."""
    request: dict[str, str] = {}
    remaining = list(looks)

    def begin(parameters: Mapping[str, str], _pass_on: Callable[[], Answer]) -> Answer:
        request.update(parameters)
        return Answer(200, f"<{operation}Response><{operation}Result/></{operation}Response>".encode())

    def tell(parameters: Mapping[str, str], pass_on: Callable[[], Answer]) -> Answer:
        stack = parameters["StackName"]
        raw = [_raw(event, at, request) for at, event in enumerate(remaining[0])]
        of_stack = [event for event in raw if event["StackId"] == stack][::-1]
        answer = pages("StackEvents", of_stack, size)(parameters, pass_on)
        if len(remaining) > 1 and b"NextToken" not in answer.body:
            remaining.pop(0)
        return answer

    proxy.scripts |= {operation: begin, "DescribeStackEvents": tell}
    return request


def _raw(event: Event, at: int, request: Mapping[str, str]) -> dict[str, str]:
    stack = event.stack_id or request["StackName"]
    name = stack.split("/")[1]
    return {
        "EventId": str(at),
        "StackId": stack,
        "StackName": name,
        "Timestamp": (datetime(2026, 12, 1, tzinfo=UTC) + timedelta(milliseconds=at)).isoformat(),
        "LogicalResourceId": event.logical_id or name,
        "PhysicalResourceId": event.physical_id if event.logical_id else stack,
        "ResourceType": event.type,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ClientRequestToken": request["ClientRequestToken"],
    }


def failing(*events: Event) -> list[Event]:
    """The events of a first deploy that fails with these, and is taken back."""
    return [
        Event("CREATE_IN_PROGRESS"),
        *events,
        Event("ROLLBACK_IN_PROGRESS", reason="The following resource(s) failed to create: [ReportFunction]."),
        Event("ROLLBACK_COMPLETE"),
        Event("DELETE_COMPLETE"),
    ]


def wrapped(reason: str) -> str:
    """What a resource's handler returned, as an event has it."""
    return f'Resource handler returned message: "{reason}" (RequestToken: 1, HandlerErrorCode: InvalidRequest)'


def denied(layer: str, place: Place) -> None:
    action = "cloudformation:CreateChangeSet"
    words = f"User: arn:aws:iam::1:user/ci is not authorized to perform: {action} on resource: x {layer}"
    place.proxy.scripts["CreateChangeSet"] = error("AccessDenied", words, 403)


def function_fails(reason: str, place: Place) -> None:
    event = Event("CREATE_FAILED", "ReportFunction", "AWS::Lambda::Function", wrapped(reason))
    cancelled = Event("CREATE_FAILED", "ReportRole", "AWS::IAM::Role", "Resource creation cancelled")
    play(place.proxy, "ExecuteChangeSet", failing(event, cancelled))


def fails_inside(place: Place) -> None:
    inner = "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev-Child/2"
    play(
        place.proxy,
        "ExecuteChangeSet",
        failing(
            Event("CREATE_IN_PROGRESS", "Child", physical_id=inner),
            Event("CREATE_FAILED", "Topic", "AWS::SNS::Topic", wrapped("no topic"), stack_id=inner),
            Event("CREATE_FAILED", "Child", STACK, "Embedded stack was not created: [Topic].", inner),
        ),
    )


def first_deploy_failed(place: Place) -> None:
    """Of a kind that left something: nothing but remit asks for OnFailure=DELETE."""
    child = {"Type": STACK, "Properties": {"TemplateURL": "http://127.0.0.1/no/no"}}
    formation = place.past.client("cloudformation")
    formation.create_stack(
        StackName=NAME,
        TemplateBody=json.dumps({"Resources": {"Child": child}}),
        Tags=[{"Key": "remit:namespace", "Value": NAME}],
    )
    settled(place.past, NAME, wait=True)


def plan_left(place: Place) -> None:
    place.past.client("cloudformation").create_change_set(
        StackName=NAME,
        ChangeSetName="remit-0123456789abcdef",
        ChangeSetType="CREATE",
        TemplateBody=template(READ),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "remit:namespace", "Value": NAME}],
    )


def rollback_failed(place: Place) -> None:
    deploy(DeployJob(build(place.project), place.past, yes=True))
    events = [Event("UPDATE_ROLLBACK_IN_PROGRESS"), Event("UPDATE_ROLLBACK_COMPLETE")]
    request = play(place.proxy, "ContinueUpdateRollback", events)

    def stack(_parameters: Mapping[str, str], pass_on: Callable[[], Answer]) -> Answer:
        return pass_on() if request else pass_on().with_texts(StackStatus="UPDATE_ROLLBACK_FAILED")

    place.proxy.scripts["DescribeStacks"] = stack


def state(status: str, times: int, place: Place) -> None:
    """The stack is in a state as often as it is asked for."""
    deploy(DeployJob(build(place.project), place.past, yes=True))
    left = [status] * times

    def stack(_parameters: Mapping[str, str], pass_on: Callable[[], Answer]) -> Answer:
        return pass_on().with_texts(StackStatus=left.pop()) if left else pass_on()

    place.proxy.scripts["DescribeStacks"] = stack


def half_deleted(place: Place) -> None:
    data = 'from remit import Shared, resource\n\nclass Data(Shared):\n    one = resource("AWS::S3::Bucket")\n'
    write(place.project, {"shared/resources/data.py": data})
    deploy(DeployJob(build(place.project), place.past, yes=True))
    place.past.client("s3").put_object(Bucket=bucket_of(place), Key="a", Body=b"")
    delete(place.past, NAME, lambda _: None)


def bucket_of(place: Place) -> str:
    found = place.past.client("cloudformation").describe_stack_resource(StackName=NAME, LogicalResourceId="DataOne")
    return found["StackResourceDetail"]["PhysicalResourceId"]


def delete_wholly(place: Place) -> None:
    place.past.client("s3").delete_object(Bucket=bucket_of(place), Key="a")
    delete(place.past, NAME, lambda _: None)


def log_group_is_there(place: Place) -> None:
    data = "from remit import Shared, resource\n\nclass Data(Shared):\n"
    data += '    one = resource("AWS::Logs::LogGroup", log_group_name="audit")\n'
    write(place.project, {"shared/resources/data.py": data})
    place.past.client("logs").create_log_group(logGroupName="audit")


def late_logs(place: Place) -> None:
    deploy(DeployJob(build(place.project), place.past, yes=True))
    delete(place.past, NAME, lambda _: None)
    place.past.client("logs").create_log_group(logGroupName=f"/aws/lambda/{NAME}-report")


def nothing(_place: Place) -> None:
    """Whatever it was, it is over by itself."""


class Fault(NamedTuple):
    """A fault: what a page says of it and how it is made; how a deploy ends with it, what it says; how one goes on."""

    what: str
    tried: str
    arrange: Callable[[Place], None]
    exit_code: int
    message: str = ""
    hint: str = ""
    options: Mapping[str, Any] = {"yes": True}
    mend: Callable[[Place], None] = nothing
    then: Mapping[str, Any] = {"yes": True}
    imports: bool = False
    """Something is imported, which gets its own deletion policy with the deploy after that."""


SCP, BOUNDARY = "with an explicit deny in a service control policy", "because no permissions boundary allows the action"
NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."
NOT_FOUND = "The role with name orders-dev-ReportRole-1 cannot be found."
FAULTS: Final = {
    "F12": Fault(
        "An organization's policy (SCP) denies a call",
        PROXY,
        partial(denied, SCP),
        2,
        "may not cloudformation:",
        "(SCP)",
    ),
    "F12 boundary": Fault(
        "A boundary denies a call", PROXY, partial(denied, BOUNDARY), 2, "may not cloudformation:", "boundary"
    ),
    "F13": Fault(
        "Lambda cannot assume a role", PROXY, partial(function_fails, NOT_ASSUMED), 1, NOT_ASSUMED, "trust policy"
    ),
    "F14": Fault("A role is not found", PROXY, partial(function_fails, NOT_FOUND), 1, NOT_FOUND, "deploy again"),
    "F15": Fault(
        "A first deploy failed, and left its stack",
        REAL,
        first_deploy_failed,
        1,
        "nothing was changed",
        "yes=True",
        options={},
    ),
    "F16": Fault("Going back failed, too", PROXY, rollback_failed, 0),
    "F16 asked": Fault("", PROXY, rollback_failed, 1, "nothing was changed", "yes=True", options={}),
    "F17": Fault("A plan that was killed left an empty stack", REAL, plan_left, 0),
    "F18": Fault(
        "Somebody else deploys",
        PROXY,
        partial(state, "UPDATE_IN_PROGRESS", 9),
        75,
        "somebody else is deploying",
        "--wait",
    ),
    "F19": Fault("A clean-up still runs", PROXY, partial(state, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 2), 0),
    "F20": Fault(
        "A delete failed halfway",
        REAL,
        half_deleted,
        2,
        "\n  left: DataOne (AWS::S3::Bucket) ",
        "remit delete",
        mend=delete_wholly,
    ),
    "F21": Fault(
        "Something outside has a name that the app gives",
        REAL,
        log_group_is_there,
        1,
        "DataOne (AWS::Logs::LogGroup): ",
        "--adopt",
        then={"yes": True, "adopt": True},
        imports=True,
    ),
    "F22": Fault("Late logs made a function's log group anew", REAL, late_logs, 0, imports=True),
    "F45": Fault(
        "A resource of a nested stack fails",
        PROXY,
        fails_inside,
        1,
        "Topic (AWS::SNS::Topic in orders-dev-Child): no topic",
    ),
}


@pytest.mark.parametrize("fault", [pytest.param(FAULTS[name], id=name) for name in cases_of(tuple(FAULTS), 5)])
def test_a_fault_is_told_with_the_next_step_and_the_deploy_after_it_is_whole(
    fault: Fault, project: Path, through: Account, elsewhere: Account, proxy: ScriptedProxy
) -> None:
    place = Place(project, through, elsewhere, proxy)
    fault.arrange(place)
    refusal = attempt(place, fault.options)
    assert fault.exit_code == (0 if refusal is None else refusal.exit_code), refusal
    if refusal is not None:
        assert fault.message in refusal.message
        assert fault.hint in (refusal.hint or "")
        proxy.scripts.clear()
        fault.mend(place)
        assert attempt(place, fault.then) is None
    stack = describe(elsewhere, NAME)
    assert stack is not None
    assert stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    assert not fault.imports or attempt(place, {"yes": True}) is None
    proxy.asked.clear()
    assert attempt(place, {"yes": True}) is None
    assert set() == WRITES & set(proxy.asked)


def attempt(place: Place, options: Mapping[str, Any]) -> RemitError | None:
    """The error with which a deploy ends; None where it succeeds."""
    try:
        outcome = deploy(DeployJob(build(place.project), place.through, **options)).outcome
    except RemitError as refusal:
        return refusal
    return None if outcome is None or outcome.ok else failure(outcome, outcome.hint)


@pytest.mark.parametrize("skip", [(), ("ReportFunction",)])
def test_a_rollback_that_failed_skips_what_somebody_names_and_nothing_else(
    project: Path, through: Account, elsewhere: Account, proxy: ScriptedProxy, skip: tuple[str, ...]
) -> None:
    rollback_failed(Place(project, through, elsewhere, proxy))
    stack = describe(through, NAME)
    assert stack is not None
    request = play(
        proxy, "ContinueUpdateRollback", [Event("UPDATE_ROLLBACK_IN_PROGRESS"), Event("UPDATE_ROLLBACK_COMPLETE")]
    )
    assert continue_rollback(through, stack, lambda _: None, skip).ok
    assert list(skip) == [value for name, value in request.items() if name.startswith("ResourcesToSkip.member.")]


@pytest.mark.parametrize("size", cases_of((100, 7), 1))
def test_a_thousand_events_on_many_pages_are_each_told_once_and_in_order(
    through: Account, proxy: ScriptedProxy, size: int
) -> None:
    """F44. The second look meets events of the first."""
    made = [Event("CREATE_IN_PROGRESS", f"Queue{number}", "AWS::SQS::Queue") for number in range(1000)]
    half = [Event("CREATE_IN_PROGRESS"), *made[:500]]
    play(proxy, "ExecuteChangeSet", half, [*half, *made[500:], Event("CREATE_COMPLETE")], size=size)
    planned = plan(through, PlanRequest(NAME, template(READ)))
    assert planned is not None
    told: list[StackEvent] = []
    assert execute(through, planned, told.append).ok
    assert [event.logical_id for event in told] == [NAME, *(event.logical_id for event in made), NAME]
    assert proxy.asked.count("DescribeStackEvents") >= 1002 // size  # the second look ends where the first began


def test_the_page_on_deploys_lists_the_faults_and_how_each_was_tried() -> None:
    rows = [
        line.split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.endswith((f"{PROXY} |", f"{REAL} |"))
    ]
    listed = [(row[0].removeprefix("| "), row[-1].removesuffix(" |")) for row in rows]
    assert [(fault.what, fault.tried) for fault in FAULTS.values() if fault.what] == listed
