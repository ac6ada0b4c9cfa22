"""What remit relies on in the emulator: a plain Lambda app deployed by change sets, and what it then does."""

from __future__ import annotations

import importlib
import json
import re
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.control.clients import client_arguments, session
from remit.local.saved_state import MANY_ITEMS
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.state_files import LocalAws

HANDLER = """
import json, os, boto3

def handler(event, context):
    print("handling", sorted(event))
    for record in event.get("Records", []):
        item = {"id": {"S": record["body"]}, "environment": {"S": json.dumps(dict(os.environ))}}
        boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=item)
    return {"path": event.get("rawPath"), "query": event.get("rawQueryString")}
"""


def get(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def template() -> dict[str, Any]:
    """What a plain app needs, of each type once."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    logs = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": get("Logs", "Arn"),
    }
    reads = {
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Resource": get("Queue", "Arn"),
    }
    writes = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": get("Table", "Arn")}
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": get("Bucket", "Arn"),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    resources = {
        "Queue": resource("SQS::Queue", VisibilityTimeout=60),
        "Table": resource(
            "DynamoDB::Table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ),
        "Topic": resource("SNS::Topic"),
        "Bucket": resource("S3::Bucket"),
        "BucketPolicy": resource(
            "S3::BucketPolicy",
            Bucket={"Ref": "Bucket"},
            PolicyDocument={"Version": "2012-10-17", "Statement": [tls]},
        ),
        "Logs": resource("Logs::LogGroup", RetentionInDays=14),
        "Role": resource(
            "IAM::Role",
            AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
            Policies=[
                {"PolicyName": "app", "PolicyDocument": {"Version": "2012-10-17", "Statement": [logs, reads, writes]}}
            ],
        ),
        "Function": resource(
            "Lambda::Function",
            Runtime="python3.12",
            Handler="app.handler",
            Role=get("Role", "Arn"),
            Code={"S3Bucket": "artefacts", "S3Key": "app.zip"},
            Timeout=30,
            LoggingConfig={"LogGroup": {"Ref": "Logs"}},
            Environment={"Variables": {"TABLE": {"Ref": "Table"}}},
        ),
        "Source": resource(
            "Lambda::EventSourceMapping",
            EventSourceArn=get("Queue", "Arn"),
            FunctionName={"Ref": "Function"},
            BatchSize=1,
        ),
        "Rule": resource(
            "Events::Rule",
            ScheduleExpression="rate(1 day)",
            Targets=[{"Id": "function", "Arn": get("Function", "Arn")}],
        ),
        "Permission": resource(
            "Lambda::Permission",
            Action="lambda:InvokeFunction",
            FunctionName={"Ref": "Function"},
            Principal="events.amazonaws.com",
            SourceArn=get("Rule", "Arn"),
        ),
        "Url": resource("Lambda::Url", AuthType="NONE", TargetFunctionArn={"Ref": "Function"}),
        "Everybody": resource(
            "Lambda::Permission",
            Action="lambda:InvokeFunctionUrl",
            FunctionName={"Ref": "Function"},
            Principal="*",
            FunctionUrlAuthType="NONE",
        ),
        "EverybodyInvokes": resource(
            "Lambda::Permission",
            Action="lambda:InvokeFunction",
            FunctionName={"Ref": "Function"},
            Principal="*",
            InvokedViaFunctionUrl=True,
        ),
    }
    outputs = {
        "Url": get("Url", "FunctionUrl"),
        "Queue": {"Ref": "Queue"},
        "Table": {"Ref": "Table"},
        "Logs": {"Ref": "Logs"},
        "LogsArn": get("Logs", "Arn"),
        "Function": {"Ref": "Function"},
        "Where": {"Fn::Sub": "${AWS::Partition} ${AWS::Region} ${AWS::AccountId} ${AWS::URLSuffix}"},
    }
    return {
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }


class Cloud:
    """The clients of one AWS, and a deploy by change set as AWS documents it."""

    def __init__(self, running: LocalAws) -> None:
        self.clients = session(running)
        self.arguments = client_arguments(running)
        self.formation = self.client("cloudformation")

    def client(self, service: str) -> Any:
        """A boto3 client for this AWS."""
        return self.clients.client(service, **self.arguments)

    def change_set(self, stack: str, body: dict[str, Any], kind: str, **options: Any) -> dict[str, Any]:
        """The change set, made and settled."""
        made = self.formation.create_change_set(
            StackName=stack,
            ChangeSetName=f"{kind.lower()}-{len(json.dumps(body))}",
            ChangeSetType=kind,
            TemplateBody=json.dumps(body),
            Capabilities=["CAPABILITY_IAM"],
            **options,
        )
        return settled(
            lambda: self.formation.describe_change_set(ChangeSetName=made["Id"]),
            lambda found: "PROGRESS" not in found["Status"] and "PENDING" not in found["Status"],
        )

    def execute(self, change_set: dict[str, Any], token: str) -> dict[str, Any]:
        """The stack after the change set."""
        self.formation.execute_change_set(ChangeSetName=change_set["ChangeSetId"], ClientRequestToken=token)
        return self.stack(change_set["StackId"])

    def stack(self, name: str) -> dict[str, Any]:
        """The stack once nothing is in progress."""
        return settled(
            lambda: self.formation.describe_stacks(StackName=name)["Stacks"][0],
            lambda found: not found["StackStatus"].endswith("IN_PROGRESS"),
        )

    def events(self, stack: str) -> list[dict[str, Any]]:
        """Every event, oldest first."""
        pages = self.formation.get_paginator("describe_stack_events").paginate(StackName=stack)
        return [event for page in pages for event in page["StackEvents"]][::-1]


def settled(ask: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + HANGS
    while not enough(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer


@pytest.fixture(scope="module")
def cloud(shared: LocalAws) -> Cloud:
    return Cloud(shared)


@pytest.fixture(scope="module")
def app(cloud: Cloud) -> dict[str, Any]:
    """The app's stack, created by a change set."""
    storage = cloud.client("s3")
    storage.create_bucket(Bucket="artefacts")
    storage.put_object(Bucket="artefacts", Key="app.zip", Body=zip_of(HANDLER))
    return cloud.execute(cloud.change_set("app", template(), "CREATE", OnStackFailure="DELETE"), "first")


@pytest.fixture
def outputs(app: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in app["Outputs"]}


def test_the_whole_app_is_created(cloud: Cloud, app: dict[str, Any]) -> None:
    assert app["StackStatus"] == "CREATE_COMPLETE"
    found = cloud.formation.describe_stack_resources(StackName="app")["StackResources"]
    assert {entry["LogicalResourceId"]: entry["ResourceStatus"] for entry in found} == dict.fromkeys(
        template()["Resources"], "CREATE_COMPLETE"
    )


def test_events_carry_time_type_and_the_token_of_who_asked(cloud: Cloud, app: dict[str, Any]) -> None:
    events = [event for event in cloud.events(app["StackId"]) if event["ResourceStatus"] != "REVIEW_IN_PROGRESS"]
    assert {event["ClientRequestToken"] for event in events} == {"first"}
    assert [event["Timestamp"] for event in events] == sorted(event["Timestamp"] for event in events)
    ended = [event["LogicalResourceId"] for event in events if event["ResourceStatus"] == "CREATE_COMPLETE"]
    assert sorted(ended) == sorted([*template()["Resources"], "app"])
    assert ended[-1] == "app"


def test_outputs_name_this_region_and_account(outputs: dict[str, str]) -> None:
    assert outputs["Where"] == "aws us-east-1 000000000000 amazonaws.com"
    assert outputs["LogsArn"] == f"arn:aws:logs:us-east-1:000000000000:log-group:{outputs['Logs']}:*"


def test_a_message_reaches_the_function_which_writes_the_table(cloud: Cloud, outputs: dict[str, str]) -> None:
    cloud.client("sqs").send_message(QueueUrl=outputs["Queue"], MessageBody="order 1")
    table = cloud.client("dynamodb")
    items = settled(lambda: table.scan(TableName=outputs["Table"])["Items"], bool)
    assert [item["id"]["S"] for item in items] == ["order 1"]


def test_what_a_function_prints_is_in_the_log_group_that_the_template_declares(
    cloud: Cloud, outputs: dict[str, str]
) -> None:
    cloud.client("lambda").invoke(FunctionName=outputs["Function"], Payload=b'{"by": "hand"}')
    logs = cloud.client("logs")
    messages = settled(
        lambda: [event["message"].strip() for event in logs.filter_log_events(logGroupName=outputs["Logs"])["events"]],
        lambda found: "handling ['by']" in found,
    )
    assert any(message.startswith("REPORT RequestId:") for message in messages)
    groups = logs.describe_log_groups()["logGroups"]
    assert [(group["logGroupName"], group["retentionInDays"]) for group in groups] == [(outputs["Logs"], 14)]


def test_a_function_url_answers_where_the_output_says(cloud: Cloud, outputs: dict[str, str]) -> None:
    assert outputs["Url"].startswith("http://127.0.0.1:")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(outputs["Url"] + "a/b?c=d") as answer:
        assert json.load(answer) == {"path": "/a/b", "query": "c=d"}
    configured = cloud.client("lambda").get_function_url_config(FunctionName=outputs["Function"])
    assert configured["FunctionUrl"] == outputs["Url"]


def test_the_same_template_again_is_no_change(cloud: Cloud, app: dict[str, Any]) -> None:
    refused = cloud.change_set(app["StackName"], template(), "UPDATE")
    assert (refused["Status"], refused["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert refused["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_a_changed_property_is_one_change_that_replaces_nothing(cloud: Cloud) -> None:
    body = {"Resources": {"Queue": resource("SQS::Queue", VisibilityTimeout=60), "Topic": resource("SNS::Topic")}}
    cloud.execute(cloud.change_set("small", body, "CREATE"), "one")
    body["Resources"]["Queue"] = resource("SQS::Queue", VisibilityTimeout=61)
    planned = cloud.change_set("small", body, "UPDATE")
    changes = [change["ResourceChange"] for change in planned["Changes"]]
    assert [(change["Action"], change["LogicalResourceId"], change["Replacement"]) for change in changes] == [
        ("Modify", "Queue", "False")
    ]
    assert cloud.execute(planned, "two")["StackStatus"] == "UPDATE_COMPLETE"


FAILING = {
    "Resources": {
        "Queue": resource("SQS::Queue"),
        "Url": resource("Lambda::Url", AuthType="NONE", TargetFunctionArn="missing"),
    }
}


def failures(cloud: Cloud, stack: str) -> list[tuple[str, str]]:
    failed = [event for event in cloud.events(stack) if event["ResourceStatus"].endswith("_FAILED")]
    return [(event["LogicalResourceId"], event["ResourceStatusReason"]) for event in failed]


def test_a_failed_creation_rolls_back_and_says_why(cloud: Cloud) -> None:
    ended = cloud.execute(cloud.change_set("failing", FAILING, "CREATE"), "one")
    assert ended["StackStatus"] == "ROLLBACK_COMPLETE"
    assert failures(cloud, ended["StackId"]) == [("Url", "Lambda function not found: missing")]


def test_on_stack_failure_delete_leaves_nothing(cloud: Cloud) -> None:
    planned = cloud.change_set("vanishing", FAILING, "CREATE", OnStackFailure="DELETE")
    ended = cloud.execute(planned, "one")
    assert ended["StackStatus"] == "DELETE_COMPLETE"
    assert failures(cloud, ended["StackId"]) == [("Url", "Lambda function not found: missing")]


def test_a_failed_update_rolls_back_to_what_was(cloud: Cloud) -> None:
    cloud.execute(cloud.change_set("updating", {"Resources": {"Queue": resource("SQS::Queue")}}, "CREATE"), "1")
    ended = cloud.execute(cloud.change_set("updating", FAILING, "UPDATE"), "2")
    assert ended["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    left = cloud.formation.describe_stack_resources(StackName="updating")["StackResources"]
    assert [entry["LogicalResourceId"] for entry in left] == ["Queue"]
    with pytest.raises(cloud.formation.exceptions.ClientError, match="cannot be called from current stack status"):
        cloud.formation.continue_update_rollback(StackName="updating")


def test_a_deleted_stack_takes_its_resources_along(cloud: Cloud) -> None:
    made = cloud.execute(cloud.change_set("brief", {"Resources": {"Topic": resource("SNS::Topic")}}, "CREATE"), "1")
    cloud.formation.delete_stack(StackName="brief", ClientRequestToken="gone")
    assert cloud.stack(made["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(cloud.formation.exceptions.ClientError, match="Stack with id brief does not exist"):
        cloud.formation.describe_stacks(StackName="brief")
    topics = [topic["TopicArn"] for topic in cloud.client("sns").list_topics()["Topics"]]
    assert not [arn for arn in topics if "brief" in arn]


def test_a_template_of_more_than_100_resources_comes_from_s3_and_its_events_in_pages(cloud: Cloud) -> None:
    queues = {f"Queue{number}": resource("SQS::Queue") for number in range(120)}
    storage = cloud.client("s3")
    storage.create_bucket(Bucket="templates")
    storage.put_object(Bucket="templates", Key="t.json", Body=json.dumps({"Resources": queues}).encode())
    made = cloud.formation.create_change_set(
        StackName="wide",
        ChangeSetName="wide",
        ChangeSetType="CREATE",
        TemplateURL="https://s3.us-east-1.amazonaws.com/templates/t.json",
    )
    ended = cloud.execute({"ChangeSetId": made["Id"], "StackId": made["StackId"]}, "wide")
    assert ended["StackStatus"] == "CREATE_COMPLETE"
    created = {event["LogicalResourceId"] for event in cloud.events(made["StackId"])}
    assert created == {*queues, "wide"}


def test_a_function_sees_neither_the_users_environment_nor_any_real_credentials(
    shared: LocalAws, cloud: Cloud, outputs: dict[str, str]
) -> None:
    cloud.client("sqs").send_message(QueueUrl=outputs["Queue"], MessageBody="environment")
    table, key = cloud.client("dynamodb"), {"id": {"S": "environment"}}
    found = settled(lambda: table.get_item(TableName=outputs["Table"], Key=key).get("Item"), bool)
    environment = json.loads(found["environment"]["S"])
    assert "the-users-own" not in environment.values()
    keys = {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        "aws_session_token": environment["AWS_SESSION_TOKEN"],
    }
    caller = cloud.clients.client("sts", **{**client_arguments(shared), **keys}).get_caller_identity()["Arn"]
    assert re.fullmatch(rf"arn:aws:sts::0{{12}}:assumed-role/app-Role-\w+/{outputs['Function']}", caller), caller
    assert environment["HOME"] == environment["TMPDIR"]
    assert "/.remit/local/tmp/functions/work/" in environment["HOME"]


@pytest.mark.parametrize("name", MANY_ITEMS)
def test_the_state_of_a_service_is_what_it_holds_by_the_same_names(name: str) -> None:
    """So that it can be saved without a copy of all of it."""
    module: Any = importlib.import_module(f"ministack.services.{name}")
    assert [] == [key for key in module.get_state() if not hasattr(module, f"_{key}")]
