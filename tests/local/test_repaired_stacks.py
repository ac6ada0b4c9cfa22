"""What a stack makes here is what its template says, and each operation on a resource is looked at once before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.local import stack_operations
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.authorization.resource_policies import resource_policy
from remit.local.emulator import as_request_of, emulated
from remit.local.repairs.stacks import repair_stacks
from remit.local.stack_operations import before_each, completed_by, content_of, resource_handlers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.local.stack_operations import ResourceOperation

ACCOUNT, REGION = "000000000000", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
POLICY = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}}


class Stack:
    """A stack of the emulator in this process."""

    def make(self, kind: str, **properties: Any) -> tuple[str, Any]:
        """What Ref gives of a new resource, and its attributes."""
        provisioners = emulated("services.cloudformation.provisioners")
        with as_request_of(ACCOUNT, REGION):
            made: tuple[str, Any] = provisioners._provision_resource(kind, "Logical", properties, "stack")
        return made

    def change(self, kind: str, name: str, old: Any, **new: Any) -> str:
        """What Ref gives of a resource after an update."""
        provisioners = emulated("services.cloudformation.provisioners")
        with as_request_of(ACCOUNT, REGION):
            made = provisioners._update_resource(kind, name, old, new, "stack", "Logical")
        return str(made[0])


@pytest.fixture(scope="module")
def stack(own_emulator: None) -> Stack:  # noqa: ARG001 - its functions are replaced
    repair_stacks(ACCOUNT)
    return Stack()


def test_a_table_has_the_key_and_the_policy_of_its_template_and_no_others(stack: Stack) -> None:
    kind = "AWS::DynamoDB::Table"
    schema = {
        "TableName": "orders",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    encrypted = {"SSEEnabled": "true", "SSEType": "KMS", "KMSMasterKeyId": KEY}
    versions = [
        {**schema, "SSESpecification": encrypted, "ResourcePolicy": {"PolicyDocument": POLICY}},
        {**schema, "SSESpecification": {**encrypted, "SSEEnabled": "false"}},
        {**schema, "ResourcePolicy": {"PolicyDocument": POLICY}},
        schema,
    ]
    name, attributes = stack.make(kind, **versions[0])
    told = []
    for old, new in zip((versions[0], *versions), versions, strict=False):
        if old is not new:
            stack.change(kind, name, old, **new)
        with as_request_of(ACCOUNT, REGION):
            key = EmulatedNames().encrypting_key(attributes["Arn"])
            told.append((key, len(resource_policy("dynamodb:GetItem", attributes["Arn"]) or ())))
    assert [(KEY, 1), (None, 0), (None, 1), (None, 0)] == told


@pytest.mark.parametrize(("enabled", "state"), [({}, "Enabled"), ({"Enabled": "false"}, "Disabled")])
def test_a_mapping_is_off_where_its_template_says_so(stack: Stack, enabled: dict[str, str], state: str) -> None:
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    mapping, _ = stack.make("AWS::Lambda::EventSourceMapping", EventSourceArn=source, FunctionName="f", **enabled)
    with as_request_of(ACCOUNT, REGION):
        assert state == emulated("services.lambda_svc")._esms[mapping]["State"]


def test_the_boundary_of_a_role_follows_its_template_and_one_put_on_by_hand_stays(stack: Stack) -> None:
    kind, boundary = "AWS::IAM::Role", {"PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    role = {"RoleName": "bound", "AssumeRolePolicyDocument": {"Statement": []}}
    roles = emulated("services.iam")._roles
    stack.make(kind, **role, **boundary)
    told = []
    for old, new in (({**role, **boundary}, role), (role, {**role, "Description": "by hand"})):
        stack.change(kind, "bound", old, **new)
        with as_request_of(ACCOUNT, REGION):
            told.append(roles["bound"].get("PermissionsBoundary"))
            roles["bound"]["PermissionsBoundary"] = "by hand"
    assert [None, "by hand"] == told


def test_a_secret_is_its_arn_and_keeps_its_name_and_what_it_has(stack: Stack) -> None:
    kind = "AWS::SecretsManager::Secret"
    made, _ = stack.make(kind, SecretString="a")
    assert made.startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:Logical-")
    assert made == stack.change(kind, made, {"SecretString": "a"}, SecretString="b")
    named, _ = stack.make(kind, Name="named", SecretString="a")
    renamed = stack.change(kind, named, {"Name": "named", "SecretString": "a"}, SecretString="a")
    assert (":secret:named-" in named, ":secret:Logical-" in renamed) == (True, True)
    for options in ({"SecretStringTemplate": "{}"}, {"GenerateStringKey": "password"}):
        with pytest.raises(ValueError, match="must be specified together"):
            stack.make(kind, Name="half", GenerateSecretString=options)


def test_a_schedule_has_the_zone_and_the_end_of_its_template_in_its_group(stack: Stack) -> None:
    target = {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"}
    schedule = {
        "ScheduleExpression": "rate(1 day)", "ScheduleExpressionTimezone": "Asia/Tokyo", "Target": target,
        "FlexibleTimeWindow": {"Mode": "OFF"}, "EndDate": "2030-01-01T00:00:00Z",
    }  # fmt: skip
    stack.make("AWS::Scheduler::ScheduleGroup", Name="late")
    for group in ({}, {"GroupName": "late"}):
        stack.make("AWS::Scheduler::Schedule", Name="nightly", **schedule, **group)
    with as_request_of(ACCOUNT, REGION):
        kept = emulated("services.scheduler")._schedules
        told = [
            (kept[f"{group}/nightly"]["ScheduleExpressionTimezone"], kept[f"{group}/nightly"]["EndDate"])
            for group in ("default", "late")
        ]
    assert [("Asia/Tokyo", "2030-01-01T00:00:00Z")] * 2 == told


def test_a_stream_keeps_the_name_that_it_is_given(stack: Stack) -> None:
    assert "Clicks" == stack.make("AWS::Kinesis::Stream", Name="Clicks", ShardCount=1)[0]
    assert stack.make("AWS::Kinesis::Stream", ShardCount=1)[0].startswith("stack-Logical-")


def test_a_mapping_through_a_consumer_reads_the_stream_that_the_consumer_is_of(stack: Stack) -> None:
    _, attributes = stack.make("AWS::Kinesis::Stream", Name="read", ShardCount=1)
    stream = attributes["Arn"]
    consumer, attributes = stack.make("AWS::Kinesis::StreamConsumer", ConsumerName="c", StreamARN=stream)
    assert (True, stream, "c") == (
        consumer.startswith(f"{stream}/consumer/c:"),
        attributes["StreamARN"],
        attributes["ConsumerName"],
    )
    function, _ = stack.make("AWS::Lambda::Function", FunctionName="reads", Role="r", Runtime="python3.13")
    properties = {"FunctionName": function, "EventSourceArn": consumer, "StartingPosition": "LATEST"}
    mapping, _ = stack.make("AWS::Lambda::EventSourceMapping", **properties)
    stack.change("AWS::Lambda::EventSourceMapping", mapping, properties, **properties, BatchSize=7)
    with as_request_of(ACCOUNT, REGION):
        made = emulated("services.lambda_svc")._esms[mapping]
    assert (stream, 7) == (made["EventSourceArn"], made["BatchSize"])
    old = {"ConsumerName": "c", "StreamARN": stream}
    assert consumer == stack.change("AWS::Kinesis::StreamConsumer", consumer, old, **old, Tags=[])


def asked(operation: str, **parameters: str) -> str:
    """What CloudFormation answers to an operation."""
    handlers = emulated("services.cloudformation.handlers")._ACTION_HANDLERS
    with as_request_of(ACCOUNT, REGION):
        status, _, body = handlers[operation]({name: [value] for name, value in parameters.items()})
    assert 200 == status, body
    return str(body.decode())


def test_further_first_change_sets_are_of_one_stack_until_it_is_made(stack: Stack) -> None:  # noqa: ARG001 - as above
    template = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    new = {"StackName": "reviewed", "ChangeSetType": "CREATE", "TemplateBody": template}
    answers = [asked("CreateChangeSet", ChangeSetName=name, **new) for name in ("one", "two", "three")]
    ids = {answer.partition("<StackId>")[2].partition("<")[0] for answer in answers}
    assert 1 == len(ids)
    for name in ("one", "two", "three"):
        described = asked("DescribeChangeSet", ChangeSetName=name, StackName="reviewed")
        assert f"<StackId>{ids.copy().pop()}<" in described
    assert "<StackStatus>REVIEW_IN_PROGRESS<" in asked("DescribeStacks", StackName=ids.pop())


def test_a_function_loses_the_dead_letters_and_the_concurrency_that_its_template_loses(stack: Stack) -> None:
    kind = "AWS::Lambda::Function"
    plain = {"FunctionName": "plain", "Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Code": {"ZipFile": "def h(e, c): ..."}}
    plain |= {"Runtime": "python3.12", "Handler": "index.h"}
    more = {"DeadLetterConfig": {"TargetArn": "arn"}, "ReservedConcurrentExecutions": "3"}
    stack.make(kind, **plain, **more)
    with as_request_of(ACCOUNT, REGION):
        function = emulated("services.lambda_svc")._functions["plain"]
    assert ("arn", 3) == (function["config"]["DeadLetterConfig"]["TargetArn"], function["concurrency"])
    stack.change(kind, "plain", {**plain, **more}, **plain)
    with as_request_of(ACCOUNT, REGION):
        function = emulated("services.lambda_svc")._functions["plain"]
    assert (None, None) == (function["config"].get("DeadLetterConfig"), function["concurrency"])


def test_a_resource_of_a_type_that_is_not_here_has_texts_of_the_right_kind(stack: Stack) -> None:
    name, attributes = stack.make("AWS::AppFlow::Flow", FlowName="x")
    assert "stack-Logical" == name
    assert attributes["FlowArn"].startswith("arn:aws:appflow:")
    assert json.dumps(attributes)


KIND = "Shop::Orders::Desk"
"""A type that the emulator makes, and cannot change, but by making it again."""


@pytest.fixture(scope="module")
def looked_at(own_emulator: None) -> Iterator[list[ResourceOperation]]:  # noqa: ARG001 - its functions are replaced
    """The operations that are looked at."""
    seen: list[ResourceOperation] = []
    resource_handlers()[KIND] = {
        "create": lambda _id, properties, _stack: (properties["Name"], {}),
        "delete": lambda _physical_id, _properties: None,
    }
    before_each(seen.append)
    yield seen
    stack_operations._CHECKS.remove(seen.append)


def test_an_operation_is_looked_at_once_also_where_the_emulator_makes_the_resource_again(
    looked_at: list[ResourceOperation],
) -> None:
    provisioners, old, new = emulated("services.cloudformation.provisioners"), {"Name": "a"}, {"Name": "b"}
    with as_request_of("888877776666", "us-east-1"):
        provisioners._provision_resource(KIND, "Desk", old, "shop")
        provisioners._update_resource(KIND, "a", old, new, "shop", "Desk")
        provisioners._update_resource(KIND, "b", new, new, "shop", "Desk")
        provisioners._delete_resource(KIND, "b", new)
    told = [(one.verb, one.logical_id, one.physical_id, one.properties, one.previous) for one in looked_at]
    assert told == [("create", "Desk", "", old, {}), ("update", "Desk", "a", new, old), ("delete", "", "b", new, {})]


def test_what_takes_the_place_of_a_resource_has_no_properties_of_before(own_emulator: None) -> None:  # noqa: ARG001 - as above
    told: list[tuple[str, Any, Any]] = []
    handler = resource_handlers()["Shop::Orders::Shelf"] = {
        "create": lambda _id, properties, _stack: (properties["Name"], {}),
        "update": lambda _physical_id, _old, new, *_: (new["Name"], {}),
    }
    completed_by("Shop::Orders::Shelf", lambda *made: told.append(made))
    handler["create"]("Shelf", {"Name": "a"}, "shop")
    handler["update"]("a", {"Name": "a"}, {"Name": "a", "Size": 2}, "shop")
    handler["update"]("a", {"Name": "a"}, {"Name": "b"}, "shop")
    same = ("a", {"Name": "a", "Size": 2}, {"Name": "a"})
    assert told == [("a", {"Name": "a"}, {}), same, ("b", {"Name": "b"}, {})]


def test_an_answer_that_is_an_error_fails_in_its_own_words() -> None:
    assert {"a": 1} == content_of((201, {}, b'{"a": 1}'))
    with pytest.raises(ValueError, match="no such queue"):
        content_of((400, {}, b'{"message": "no such queue"}'))
