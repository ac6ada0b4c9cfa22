"""No action of the deployer's policy is idle: each one that is dropped makes a phase fail, or is named with its case.

The phases are those of a stack's life with its failures: made, refused, changed, rolled back, stuck and cleared, met
while somebody else deploys, deleted. All actions are dropped in `make deep` and in CI, and some in each run.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from random_cases import ASKS_ALL, in_all_cases
from remit.build import build
from remit.deploy.aws_calls import deployer_calls
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.delete import delete
from remit.deploy.deployment import DeployJob
from remit.deploy.execute import execute
from remit.deploy.session import connect
from remit.deploy.workflow import deploy
from remit.deployer.deployer_policy import bound, deployer
from remit.deployer.planned_stack import stack_of
from remit.errors import RemitError
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Globs, Policy
from remit.local import aws
from remit.local.control.clients import limited_credentials
from remit.report.operators import WordedOperator
from remit.synthesis.synth import ARTEFACTS
from stacks import end_waiting
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.build import Built
    from remit.deploy.events import StackEvent
    from remit.deploy.session import Account

NAME: Final = "orders-dev"
APP: Final = """
from remit import App, grants, on
from shared.resources.data import Data

app = App()


@app.function(on.sns(Data.news, filter={{"kind": ["{version}"]}}), timeout={version}, policy=[{policy}])
def report(event, context):
    return {version}
"""
DATA: Final = """
from remit import Shared, resource

class Data(Shared):
    news = resource("AWS::SNS::Topic", display_name="version {version}")
    queue = resource("AWS::SQS::Queue", delay_seconds={version})
    devices = resource("AWS::IoT::Policy", policy_name="devices", policy_document={{
        "Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "iot:{action}", "Resource": "*"}}]}})
"""
WAITS: Final = """
    handle = resource("AWS::CloudFormation::WaitConditionHandle")
    wait = resource("AWS::CloudFormation::WaitCondition", handle=handle.ref, timeout="600")
"""
SETTINGS: Final = """
from remit import configure
with configure() as config:
    config.lambda_.function.log_retention = {days}
"""
FAILING: Final = {
    "cloudformation:ContinueUpdateRollback": "cleared",
    "cloudformation:DeleteChangeSet": "refused",
    "sns:SetSubscriptionAttributes": "changed",
}
"""The first phases that fail without actions that no usual deploy calls."""
CASES: Final = {
    "cloudformation:ListChangeSets": "busy",
    "logs:DescribeSubscriptionFilters": "refused",
    "s3:DeleteObject": "made again",
}
"""Actions without which no phase fails, and the first that tells so: who else deploys is not named, filters of log
groups are not compared, and zips of earlier deploys stay."""
SOME: Final = ("cloudformation:DeleteChangeSet", "s3:DeleteObject")
"""The actions that are dropped in each run."""
OPTIONAL: Final = {
    "cloudformation:DescribeEvents": "of a deploy that is refused, what it says beside CloudFormation's own reason",
}
"""Reads that only say more, and what is not said without them: nothing of it happens in these phases."""


class Person(WordedOperator):
    """Agrees to nothing and notes what it hears; `on_event` sees each event."""

    def __init__(self, on_event: Callable[[StackEvent], None] = lambda _: None) -> None:
        self.on_event = on_event
        self.heard: list[str] = []

    def note(self, text: str) -> None:
        self.heard.append(text)

    @contextlib.contextmanager
    def events(self, stack: str) -> Iterator[Callable[[StackEvent], None]]:  # noqa: ARG002 - the operator's signature
        yield self.on_event


@dataclass(frozen=True)
class End:
    """The end of a phase: a state or an exit code, and what is told beside it."""

    state: str
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Versions:
    """The builds of an app: made, changed, failing, and failing so that the rollback fails, too."""

    made: Built
    changed: Built
    failing: Built
    stuck: Built

    @property
    def all(self) -> tuple[Built, ...]:
        return (self.made, self.changed, self.failing, self.stuck)


def version(project: Path, number: int, waits: str = "") -> Built:
    """A build with other code and another value of each resource, with zips of its own."""
    policy = ", ".join(["grants.sqs.send(Data.queue)", 'grants.dynamodb.query("orders")'][:number])
    action = "Publish" if number > 2 else "Connect"
    (project / "app.py").write_text(APP.format(version=number, policy=policy))
    (project / "shared" / "resources").mkdir(parents=True, exist_ok=True)
    data = DATA.format(version=number, action=action) + waits
    (project / "shared" / "resources" / "data.py").write_text(data)
    (project / "config").mkdir(exist_ok=True)
    (project / "config" / "deploy.py").write_text(SETTINGS.format(days=[1, 3, 5, 7][number - 1]))
    built = build(project, for_this_machine=True)
    kept = {}
    for key, path in built.artefacts.items():
        kept[key] = shutil.copy(path, project.parent / f"{number}-{path.name}")
    return replace(built, artefacts={key: project.parent / path.name for key, path in kept.items()})


@pytest.fixture
def versions(project: Path) -> Iterator[Versions]:
    yield Versions(
        version(project, 1),
        version(project, 2),
        version(project, 3, WAITS),
        version(project, 4, WAITS),
    )
    (project / "config" / "deploy.py").unlink()


class Life:
    """The phases of a stack, carried out as somebody with a policy; `owner` may do anything."""

    def __init__(self, versions: Versions, owner: Account, caller: Account) -> None:
        self.versions, self.owner, self.caller = versions, owner, caller

    def outcome(self, built: Built, person: Person | None = None, **options: Any) -> End:
        """How a deploy ends, and what is told: the first cause or the error, and notes."""
        person = person or Person()
        try:
            deployment = deploy(DeployJob(built, self.caller, person, **options))
        except RemitError as error:
            return End(f"exit code {error.exit_code}", (error.message, *person.heard))
        if deployment.outcome is None:
            return End("no changes", tuple(person.heard))
        cause = deployment.outcome.cause
        return End(deployment.outcome.status, ("" if cause is None else cause.logical_id, *person.heard))

    def phases(self) -> Iterator[tuple[str, End]]:
        versions = self.versions
        yield "made", self.outcome(versions.made, yes=True)
        refused = self.outcome(versions.changed)
        yield "refused", replace(refused, told=(*refused.told, self.left_behind()))
        yield "changed", self.outcome(versions.changed, yes=True)
        yield "rolled back", self.outcome(versions.failing, Person(self.fail), yes=True)
        yield "stuck", self.outcome(versions.stuck, Person(self.obstruct), yes=True)
        self.repair()
        yield "cleared", self.outcome(versions.changed, yes=True)
        yield "made again", self.outcome(versions.made, yes=True)
        yield "busy", self.while_busy()
        yield "deleted", self.deleted()

    def left_behind(self) -> str:
        """The change sets that wait."""
        client = self.owner.client("cloudformation")
        waiting = client.list_change_sets(StackName=NAME)["Summaries"]
        return f"{sum(one['ExecutionStatus'] == 'AVAILABLE' for one in waiting)} wait"

    def obstruct(self, event: StackEvent) -> None:
        """Take away what the rollback needs, then let the deploy fail."""
        if event.logical_id == "DataWait" and event.status == "UPDATE_IN_PROGRESS":
            iot = self.owner.client("iot")
            for one in iot.list_policy_versions(policyName="devices")["policyVersions"]:
                if not one["isDefaultVersion"]:
                    iot.delete_policy_version(policyName="devices", policyVersionId=one["versionId"])
            iot.delete_policy(policyName="devices")
            self.fail(event)

    def fail(self, event: StackEvent) -> None:
        """Fail the deploy once it waits."""
        if event.logical_id == "DataWait" and event.status == "UPDATE_IN_PROGRESS":
            end_waiting(self.owner.client("cloudformation"), NAME, "DataHandle")

    def repair(self) -> None:
        document = json.loads(self.versions.stuck.body)["Resources"]["DataDevices"]["Properties"]["PolicyDocument"]
        iot = self.owner.client("iot")
        with contextlib.suppress(iot.exceptions.ResourceAlreadyExistsException):
            iot.create_policy(policyName="devices", policyDocument=json.dumps(document))

    def while_busy(self) -> End:
        """What is told while somebody else deploys, whose deploy then fails."""
        planned = plan(self.owner, PlanRequest(NAME, self.versions.stuck.body))
        assert planned is not None
        started = threading.Event()
        events: list[StackEvent] = []

        def seen(event: StackEvent) -> None:
            events.append(event)
            if event.logical_id == "DataWait":
                started.set()

        thread = threading.Thread(target=execute, args=(self.owner, planned, seen))
        thread.start()
        started.wait(HANGS)
        told = self.outcome(self.versions.changed, yes=True)
        end_waiting(self.owner.client("cloudformation"), NAME, "DataHandle")
        thread.join(HANGS)
        return told

    def deleted(self) -> End:
        try:
            outcome = delete(self.caller, NAME, lambda _: None)
        except RemitError as error:
            return End(f"exit code {error.exit_code}", (error.message,))
        return End("nothing there" if outcome is None else outcome.status)


@pytest.fixture
def policy(versions: Versions) -> Policy:
    """What the deployer of all versions needs, as `remit policy deployer --from` prints it."""
    app, values = versions.made.app, versions.made.template.parameters
    stack = stack_of(NAME, [json.loads(built.body) for built in versions.all])
    return bound(
        deployer(stack, deployer_calls(app, values, ARTEFACTS)), region="eu-central-1", account="000000000000"
    ).policy


@pytest.fixture
def live(project: Path, versions: Versions, elsewhere: Account) -> Callable[[Policy], Iterator[tuple[str, End]]]:
    """Begin a life in an empty account as somebody with a policy: its phases, each with its end."""

    def begin(policy: Policy) -> Iterator[tuple[str, End]]:
        aws.reset(project)
        running = aws.find(project)
        assert running is not None
        keys = limited_credentials(running, "deployer", Layers((policy,)))
        caller = replace(connect(region="eu-central-1", endpoint=running.url, credentials=keys), owner=elsewhere)
        for phase, end in Life(versions, elsewhere, caller).phases():
            yield phase, replace(end, told=tuple(re.sub(r"since \S+ \S+ UTC", "", text) for text in end.told))
        for client in caller._clients.values():
            client.close()

    return begin


def without(policy: Policy, place: int, action: str) -> Policy:
    """The policy without an action of one statement."""
    statements = list(policy.statements)
    kept = tuple(name for name in statements[place].actions.patterns if name != action)
    statements[place : place + 1] = [replace(statements[place], actions=Globs(kept))] if kept else []
    return replace(policy, statements=tuple(statements))


@in_all_cases
def test_each_action_that_is_dropped_makes_a_phase_fail_or_is_named_with_its_case(
    policy: Policy, live: Callable[[Policy], Iterator[tuple[str, End]]]
) -> None:
    whole = dict(live(policy))
    assert whole["deleted"].state == "DELETE_COMPLETE"
    assert "is not authorized" not in str(whole)
    failing: dict[str, str] = {}
    told: dict[str, str] = {}
    idle = set()
    for place, statement in enumerate(policy.statements):
        for action in statement.actions.patterns:
            if not (ASKS_ALL or action in SOME):
                continue
            first_told = ""
            for phase, end in live(without(policy, place, action)):
                if end.state != whole[phase].state:
                    failing[action] = phase
                    break
                if end != whole[phase]:
                    first_told = first_told or phase
            else:
                told |= {action: first_told} if first_told else {}
                idle |= set() if first_told else {action}
    if not ASKS_ALL:
        assert (failing | told, idle) == ({action: (FAILING | CASES)[action] for action in SOME}, set())
    else:
        assert told == CASES
        assert failing | FAILING == failing
        assert idle == set(OPTIONAL)
        assert len(failing) > 70
        assert set(failing.values()) == {"made", "refused", "changed", "stuck", "cleared", "deleted"}
