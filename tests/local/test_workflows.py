"""A state machine on this machine does what its role allows, and what `remit` computes of its states is enough."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from random_cases import in_all_cases
from remit.build import build
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import accesses
from remit.local.emulator import during
from remit.local.event_sources.workflows import _RUNNING, Workflows, _Running, _running
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from botocore.client import BaseClient

DATA = """
from remit import Shared, resource


class Data(Shared):
    table = resource("AWS::DynamoDB::Table", billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}])
    queue = resource("AWS::SQS::Queue")
    topic = resource("AWS::SNS::Topic")
    bus = resource("AWS::Events::EventBus", name="shop")
    bucket = resource("AWS::S3::Bucket")
    secret = resource("AWS::SecretsManager::Secret", secret_string="hush")
"""
APP = """
from remit import App, on

from shared.resources.data import Data

app = App()


@app.function
def part(event, context):
    return {"n": 2 * event.get("n", 1)}


child = app.workflow("child", {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"ok": True}, "End": True}}})
every = app.workflow("every", "every.asl.json", on.event(source="shop"), link={
    "Part": part, "Table": Data.table, "Queue": Data.queue, "Topic": Data.topic, "Bus": Data.bus, "Child": child,
    "Bucket": Data.bucket, "Secret": Data.secret.arn,
})
"""
STATES = "arn:aws:states:::"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:shop"


def _branch(name: str, **fields: Any) -> dict[str, Any]:
    """A branch with one state, which says what failed where it is denied."""
    caught = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failed", "Next": f"{name}Failed"}
    state = {**fields, "End": True, "Catch": [caught]}
    return {
        "StartAt": name,
        "States": {name: state, f"{name}Failed": {"Type": "Pass", "OutputPath": "$.failed", "End": True}},
    }


def _task(name: str, resource: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    given = {} if parameters is None else {"Parameters": parameters}
    return _branch(name, Type="Task", Resource=resource, ResultSelector={"done": name}, **given, **fields)


EACH = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}  # fmt: skip # noqa: E501 - a value on its line
BRANCHES = (
    _task("Invoke", f"{STATES}lambda:invoke", {"FunctionName": "${Part}", "Payload": {"n": 4}}),
    _task("Arn", "${Part}"),
    _task("Put", f"{STATES}dynamodb:putItem", {"TableName": "${Table}", "Item": {"id": {"S": "1"}}}),
    _task("Query", f"{STATES}aws-sdk:dynamodb:getItem", {"TableName": "${Table}", "Key": {"id": {"S": "1"}}}),
    _task("Send", f"{STATES}sqs:sendMessage", {"QueueUrl": "${Queue}", "MessageBody": "hi"}),
    _task("Publish", f"{STATES}sns:publish", {"TopicArn": "${Topic}", "Message": "hi"}),
    _task(
        "Emit",
        f"{STATES}events:putEvents",
        {"Entries": [{"Detail": {"a": 1}, "DetailType": "t", "EventBusName": "${Bus}", "Source": "s"}]},
    ),
    _task("Nest", f"{STATES}states:startExecution.sync:2", {"StateMachineArn": "${Child}"}),
    _task("Store", f"{STATES}aws-sdk:s3:putObject", {"Bucket": "${Bucket}", "Key": "k", "Body": "hi"}),
    _task("Read", f"{STATES}aws-sdk:secretsmanager:getSecretValue", {"SecretId": "${Secret}"}),
    _task("Start", f"{STATES}aws-sdk:sfn:startExecution", {"StateMachineArn": "${Child}"}),
    _task(
        "Token",
        f"{STATES}sqs:sendMessage.waitForTaskToken",
        {"QueueUrl": "${Queue}", "MessageBody": {"t.$": "$$.Task.Token"}},
        TimeoutSeconds=1,
    ),
    _branch(
        "Map",
        Type="Map",
        ItemReader={"Resource": f"{STATES}s3:getObject", "Parameters": {"Bucket": "${Bucket}", "Key": "in.json"}},
        ItemProcessor=EACH,
        ResultWriter={"Resource": f"{STATES}s3:putObject", "Parameters": {"Bucket": "${Bucket}", "Prefix": "out"}},
    ),
)
DEFINITION = {"StartAt": "Every", "States": {"Every": {"Type": "Parallel", "Branches": BRANCHES, "End": True}}}


class Machine:
    """The deployed state machine, its role, and what an execution of it ends with."""

    def __init__(self, folder: Path) -> None:
        self.running = aws.start(folder)
        self._clients = session(self.running)
        self.client("s3").put_object(Bucket=self._resource("DataBucket"), Key="in.json", Body=b"[1, 2]")
        self.arn = self._resource("EveryWorkflow")
        self.role = self._resource("EveryWorkflowRole")

    def client(self, service: str) -> BaseClient:
        return self._clients.client(service, **client_arguments(self.running))

    def _resource(self, logical_id: str) -> str:
        stack = self.client("cloudformation")
        found = stack.describe_stack_resource(StackName="orders-dev", LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def run(self) -> list[Any]:
        """The output of each branch."""
        states = self.client("stepfunctions")
        execution = states.start_execution(stateMachineArn=self.arn, input="{}")["executionArn"]
        for _ in range(int(HANGS * 20)):
            ended = states.describe_execution(executionArn=execution)
            if ended["status"] != "RUNNING":
                break
            time.sleep(0.05)
        assert "SUCCEEDED" == ended["status"], ended
        outputs: list[Any] = json.loads(ended["output"])
        return outputs

    def denied(self) -> list[str]:
        """What denied branches say."""
        causes = [output["Cause"] for output in self.run() if isinstance(output, dict) and "Cause" in output]
        return [cause for cause in causes if "not authorized" in cause]

    def allow(self, statements: list[dict[str, Any]]) -> None:
        iam = self.client("iam")
        for name in iam.list_role_policies(RoleName=self.role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=self.role, PolicyName=name)
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_role_policy(RoleName=self.role, PolicyName="may", PolicyDocument=document)

    def statements(self) -> list[dict[str, Any]]:
        """The accesses of its role as deployed, one action and resource each."""
        iam = self.client("iam")
        single = []
        for name in iam.list_role_policies(RoleName=self.role)["PolicyNames"]:
            for statement in iam.get_role_policy(RoleName=self.role, PolicyName=name)["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                names = [actions] if isinstance(actions, str) else actions
                single += [{"Effect": "Allow", "Action": name, "Resource": statement["Resource"]} for name in names]
        return single


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("workflows") / "orders"
    files = {"app.py": APP, "shared/resources/data.py": DATA, "every.asl.json": json.dumps(DEFINITION)}
    write(folder, files)
    ran = remit("deploy", "--local", "--yes", "-C", str(folder))
    assert 0 == ran.status, ran.err
    yield Machine(folder)
    aws.stop(folder)


def test_with_the_computed_role_no_state_is_denied(machine: Machine) -> None:
    assert [] == machine.denied()


NOT_NOTICED = {
    "states:DescribeExecution": "a run goes well without: AWS asks for it where an event of an execution is lost",
    "states:StopExecution": "AWS asks for it when the execution is stopped; the emulator stops none that it started",
    "states:RedriveExecution": "AWS asks for it when the execution is redriven; the emulator redrives none",
}
"""Accesses that no run misses here, and why."""


@in_all_cases
def test_each_access_that_the_role_lacks_is_noticed_when_the_machine_runs(machine: Machine) -> None:
    every = machine.statements()
    unnoticed = []
    try:
        for dropped in every:
            machine.allow([statement for statement in every if statement is not dropped])
            denials = machine.denied()
            if not any(dropped["Action"] in denial for denial in denials):
                unnoticed.append(dropped["Action"])
    finally:
        machine.allow(every)
    assert 23 == len(every)
    assert set(NOT_NOTICED) == set(unnoticed)


def test_a_denial_is_worded_as_awss_and_noted_with_the_others(machine: Machine) -> None:
    every = machine.statements()
    try:
        machine.allow([statement for statement in every if statement["Action"] != "dynamodb:PutItem"])
        start, _ = accesses(machine.running, after=0)
        (denial,) = machine.denied()
    finally:
        machine.allow(every)
    table = next(statement["Resource"] for statement in every if statement["Action"] == "dynamodb:PutItem")
    user, _, rest = denial.partition(" is ")
    assert user.startswith(f"User: arn:aws:sts::000000000000:assumed-role/{machine.role}/")
    assert (
        "not authorized to perform: dynamodb:PutItem on resource: "
        f"{table} because no identity-based policy allows the dynamodb:PutItem action"
    ) == rest
    _, records = accesses(machine.running, after=start)
    noted = [record for record in records if record.action == "dynamodb:PutItem" and record.decision == "denied"]
    assert [("orders-dev-every", table)] == [(record.function, record.resource) for record in noted]


def test_a_role_that_does_not_trust_step_functions_denies_every_state(machine: Machine) -> None:
    iam = machine.client("iam")
    trust = iam.get_role(RoleName=machine.role)["Role"]["AssumeRolePolicyDocument"]
    other = {**trust, "Statement": [{**trust["Statement"][0], "Principal": {"Service": "lambda.amazonaws.com"}}]}
    try:
        iam.update_assume_role_policy(RoleName=machine.role, PolicyDocument=json.dumps(other))
        outputs = machine.run()
    finally:
        iam.update_assume_role_policy(RoleName=machine.role, PolicyDocument=json.dumps(trust))
    assert len(BRANCHES) == sum("does not trust states.amazonaws.com" in str(output) for output in outputs)


def test_what_the_emulator_does_not_simulate_is_decided_first(machine: Machine) -> None:
    states = machine.client("stepfunctions")
    role = machine.client("iam").get_role(RoleName=machine.role)["Role"]["Arn"]
    definition = {"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": f"{STATES}aws-sdk:textract:detectDocumentText", "Parameters": {}, "End": True}}}  # fmt: skip # noqa: E501 - a value on its line
    made = states.create_state_machine(name="reads", definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=made)["executionArn"]
    for _ in range(int(HANGS * 20)):
        ended = states.describe_execution(executionArn=execution)
        if ended["status"] != "RUNNING":
            break
        time.sleep(0.05)
    assert "FAILED" == ended["status"]
    assert "is not authorized to perform: textract:DetectDocumentText on resource: * because" in ended["cause"]


def test_an_event_starts_it_with_the_role_of_its_rule(machine: Machine) -> None:
    states = machine.client("stepfunctions")
    before = len(states.list_executions(stateMachineArn=machine.arn)["executions"])
    entry = {"Source": "shop", "DetailType": "t", "Detail": "{}"}
    machine.client("events").put_events(Entries=[entry])
    for _ in range(int(HANGS * 20)):
        if len(states.list_executions(stateMachineArn=machine.arn)["executions"]) > before:
            return
        time.sleep(0.05)
    pytest.fail("no execution was started")


def test_the_template_that_is_deployed_is_the_one_that_is_built(machine: Machine, tmp_path: Path) -> None:
    write(tmp_path, {"app.py": APP, "shared/resources/data.py": DATA, "every.asl.json": json.dumps(DEFINITION)})
    built = build(tmp_path, package=False)
    role = next(role for role in built.roles if role.logical_id == "EveryWorkflowRole")
    assert len(machine.statements()) == sum(len(grant.statement.actions.patterns) for grant in role.grants)


def test_what_nobody_knows_of_a_state_and_what_follows_it_are_not_asked_for() -> None:
    """A service whose actions are unknown here, and whoever looks after an execution that a state has started."""
    asked = []

    def denial(*access: str) -> str:
        asked.append(access)
        return ""

    calls: Any = SimpleNamespace(denial=denial)
    queue = "arn:aws:sqs:us-east-1:000000000000:orders"
    accesses = [("neptune:*", "*"), ("states:StopExecution", f"{MACHINE}:*"), ("sqs:SendMessage", queue)]
    running = _Running(MACHINE, "arn:aws:iam::000000000000:role/runs", "night")
    Workflows(calls)._ask(accesses, "States.TaskFailed", running)
    assert [(running.role, "states.amazonaws.com", "sqs:SendMessage", queue, "shop", "night")] == asked


def test_a_call_that_waits_asks_for_the_sight_of_its_job_too_as_the_machine_of_its_execution() -> None:
    asked = []

    def denial(*access: str) -> str:
        asked.append(access)
        return ""

    calls, role = SimpleNamespace(denial=denial), "arn:aws:iam::000000000000:role/runs"
    states = SimpleNamespace(_state_machines={MACHINE: {"roleArn": role}})
    running = _running(states, {"stateMachineArn": f"{MACHINE}/items", "name": "night"})
    assert (MACHINE, role, "night") == running[:3]
    workflows: Any = Workflows(calls)  # type: ignore[arg-type]  # what it asks of them
    with during(_RUNNING, running):
        workflows._ask_for_call("arn:aws:states:::codebuild:startBuild.sync", {"ProjectName": "site"})
    assert {"codebuild:StartBuild", "codebuild:BatchGetBuilds"} <= {access[2] for access in asked}
    assert {(role, "states.amazonaws.com", "shop", "night")} == {(*access[:2], *access[4:]) for access in asked}
