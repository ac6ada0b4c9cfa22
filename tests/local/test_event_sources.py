"""Services reach functions on this machine as on AWS: with permission alone. The emulator alone asks for none."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from remit.local.control.server_commands import accesses
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clouds import Cloud
    from remit.local.authorization.access_log import AccessRecord
    from remit.local.state_files import LocalAws

ACCOUNT = "000000000000"
PLACE = f"us-east-1:{ACCOUNT}"
LAMBDA = {"Service": "lambda.amazonaws.com"}
HANDLER = "def handler(event, context):\n    return event\n"
READING = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:*"]


def role(cloud: Cloud, name: str, service: str, *actions: str) -> str:
    """The ARN of a role that a service may assume, with these actions on everything."""
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    if actions:
        allow(cloud, name, *actions)
    return str(arn)


def allow(cloud: Cloud, name: str, *actions: str) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    cloud.client("iam").put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(document))


def function(cloud: Cloud, name: str, *actions: str) -> str:
    """The ARN of a function of that name, whose role of the same name has these actions."""
    made = cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="app.handler",
        Role=role(cloud, name, "lambda.amazonaws.com", *actions),
        Code={"ZipFile": zip_of(HANDLER)},
    )
    return str(made["FunctionArn"])


def ran(cloud: Cloud, name: str) -> bool:
    """Whether a function has run, by its log."""
    logs, group = cloud.client("logs"), f"/aws/lambda/{name}"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return False
    events = logs.filter_log_events(logGroupName=group)["events"]
    return any(event["message"].startswith("START") for event in events)


def until(fact: Callable[[], Any]) -> Any:
    """What a fact comes to, which is waited for."""
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        value = fact()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(fact)


def denied(aws: LocalAws, name: str) -> list[AccessRecord]:
    """The denied accesses of a function, and those to it."""
    records = [access for access in accesses(aws)[1] if access.decision == "denied"]
    return [access for access in records if access.function == name or access.resource.endswith(f":{name}")]


def is_kept_from(cloud: Cloud, request: pytest.FixtureRequest, name: str) -> bool:
    """Whether a function is not invoked: noted as denied; the emulator alone invokes it."""
    if cloud.is_bare:
        return not until(lambda: ran(cloud, name))
    (access, *_) = until(lambda: denied(request.getfixturevalue("shared"), name))
    return (access.action, ran(cloud, name)) == ("lambda:InvokeFunction", False)


def permit(cloud: Cloud, name: str, service: str, source: str) -> None:
    cloud.client("lambda").add_permission(
        FunctionName=name,
        StatementId="call",
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        SourceArn=source,
        SourceAccount=ACCOUNT,
    )


def publish(cloud: Cloud, name: str, arn: str) -> str:
    """Send a message to a topic that a function is subscribed to; the topic's ARN."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello")
    return str(topic)


def emit(cloud: Cloud, name: str, arn: str) -> str:
    """Emit an event that a rule hands to a function; the rule's ARN."""
    events = cloud.client("events")
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": arn}])
    events.put_events(Entries=[{"Source": name, "DetailType": "order", "Detail": "{}"}])
    return str(rule)


def upload(cloud: Cloud, name: str, arn: str) -> str:
    """Upload an object to a bucket that notifies a function; the bucket's ARN."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    configuration = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    options = {"SkipDestinationValidation": True}  # else S3 refuses a function that it may not invoke
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configuration, **options)
    s3.put_object(Bucket=name, Key="order", Body=b"")
    return f"arn:aws:s3:::{name}"


def sense(cloud: Cloud, name: str, arn: str) -> str:
    """Publish to a topic of IoT whose rule invokes a function; the rule's ARN."""
    payload = {"sql": f"SELECT * FROM '{name}'", "actions": [{"lambda": {"functionArn": arn}}]}  # noqa: S608 - IoT's
    cloud.client("iot").create_topic_rule(ruleName=name, topicRulePayload=payload)
    cloud.client("iot-data").publish(topic=name, payload=b"{}")
    return f"arn:aws:iot:{PLACE}:rule/{name}"


@pytest.mark.parametrize(("service", "trigger"), [("sns", publish), ("events", emit), ("s3", upload), ("iot", sense)])
def test_a_service_needs_the_functions_permission(
    cloud: Cloud, request: pytest.FixtureRequest, service: str, trigger: Callable[[Cloud, str, str], str]
) -> None:
    arn = function(cloud, f"{service}fn", "logs:*")
    trigger(cloud, f"{service}fn", arn)
    assert is_kept_from(cloud, request, f"{service}fn") is cloud.refuses


@pytest.mark.parametrize(
    ("service", "trigger", "source"),
    [
        ("sns", publish, f"arn:aws:sns:{PLACE}:snsok"),
        ("events", emit, f"arn:aws:events:{PLACE}:rule/eventsok"),
        ("s3", upload, "arn:aws:s3:::s3ok"),
        ("iot", sense, f"arn:aws:iot:{PLACE}:rule/iotok"),
    ],
)
def test_with_the_permission_the_function_runs(
    cloud: Cloud, service: str, trigger: Callable[[Cloud, str, str], str], source: str
) -> None:
    arn = function(cloud, f"{service}ok", "logs:*")
    permit(cloud, f"{service}ok", service, source)
    assert trigger(cloud, f"{service}ok", arn) == source
    assert until(lambda: ran(cloud, f"{service}ok"))


def test_the_role_of_a_schedule_must_be_allowed_to_invoke(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    arn = function(cloud, "scheduled", "logs:*")
    target = {"Arn": arn, "RoleArn": role(cloud, "schedules", "scheduler.amazonaws.com")}
    at = (datetime.now(UTC) + timedelta(seconds=1)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    cloud.client("scheduler").create_schedule(
        Name="soon", ScheduleExpression=at, Target=target, FlexibleTimeWindow={"Mode": "OFF"}
    )
    if cloud.is_bare:
        assert until(lambda: ran(cloud, "scheduled"))
        return
    aws = request.getfixturevalue("shared")
    (access,) = until(lambda: [item for item in accesses(aws)[1] if item.caller == target["RoleArn"]])
    assert (access.action, access.resource, access.decision) == ("lambda:InvokeFunction", arn, "denied")
    assert "no statement of the identity's policies" in access.because  # Scheduler could take the role on


def test_the_role_of_a_pipe_must_be_allowed_to_hand_on(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    tables, sns, sqs = cloud.client("dynamodb"), cloud.client("sns"), cloud.client("sqs")
    table = tables.create_table(
        TableName="piped",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    topic = sns.create_topic(Name="piped")["TopicArn"]
    queue = sqs.create_queue(QueueName="piped")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{PLACE}:piped")
    pipe_role = role(cloud, "pipes", "pipes.amazonaws.com", "dynamodb:*")
    parameters = {"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON"}}
    options = {"Source": table["LatestStreamArn"], "SourceParameters": parameters, "Target": topic}
    cloud.client("pipes").create_pipe(Name="piped", RoleArn=pipe_role, **options)
    tables.put_item(TableName="piped", Item={"id": {"S": "1"}})
    if cloud.refuses:
        aws = request.getfixturevalue("shared")
        (access,) = until(lambda: [item for item in accesses(aws)[1] if item.caller == pipe_role])
        assert (access.action, access.resource, access.decision) == ("sns:Publish", topic, "denied")
        allow(cloud, "pipes", "dynamodb:*", "sns:Publish")
    assert until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))


def test_lambda_asks_for_the_list_of_streams_on_no_stream_in_particular(cloud: Cloud) -> None:
    arn = function(cloud, "lister")
    table = cloud.client("dynamodb").create_table(
        TableName="listed",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    stream = table["LatestStreamArn"]
    mapping = {"EventSourceArn": stream, "FunctionName": arn, "StartingPosition": "LATEST"}
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": stream}
    put = partial(cloud.client("iam").put_role_policy, RoleName="lister", PolicyName="reads")
    put(PolicyDocument=json.dumps({"Statement": [statement]}))
    if not cloud.is_bare:
        with pytest.raises(ClientError, match="GetShardIterator, DescribeStream, and ListStreams Actions"):
            cloud.client("lambda").create_event_source_mapping(**mapping)
    listing = {"Effect": "Allow", "Action": "dynamodb:ListStreams", "Resource": "*"}
    put(PolicyDocument=json.dumps({"Statement": [statement, listing]}))
    assert cloud.client("lambda").create_event_source_mapping(**mapping)["UUID"]


def test_lambda_reads_no_queue_that_the_functions_role_may_not(cloud: Cloud) -> None:
    arn = function(cloud, "reader")
    queue = cloud.client("sqs").create_queue(QueueName="read")["QueueUrl"]
    source = f"arn:aws:sqs:{PLACE}:read"
    functions = cloud.client("lambda")
    if not cloud.is_bare:
        with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS"):
            functions.create_event_source_mapping(EventSourceArn=source, FunctionName=arn)
        allow(cloud, "reader", *READING)
    mapping = functions.create_event_source_mapping(EventSourceArn=source, FunctionName=arn)["UUID"]
    if not cloud.is_bare:
        allow(cloud, "reader", *READING[1:])
    cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")

    def result() -> str:
        return str(functions.get_event_source_mapping(UUID=mapping)["LastProcessingResult"])

    wanted = "PROBLEM: The provided execution role" if cloud.refuses else "OK - 1 records"
    assert until(lambda: result().startswith(wanted))
    assert ran(cloud, "reader") is not cloud.refuses
    if cloud.refuses:  # what was missing is given, and the message is still there
        allow(cloud, "reader", *READING)
        assert until(lambda: ran(cloud, "reader"))


def test_what_lambda_does_with_a_functions_role_counts_as_seen(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    if cloud.is_bare:
        return
    arn = function(cloud, "seen", *READING)
    queue = cloud.client("sqs").create_queue(QueueName="seen")["QueueUrl"]
    source = f"arn:aws:sqs:{PLACE}:seen"
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=source, FunctionName=arn)
    cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    stream = f"arn:aws:logs:{PLACE}:log-group:/aws/lambda/seen:log-stream:*"
    expected = {
        ("sqs:ReceiveMessage", source), ("sqs:DeleteMessage", source), ("sqs:GetQueueAttributes", source),
        ("logs:CreateLogStream", stream), ("logs:PutLogEvents", stream),
    }  # fmt: skip
    until(lambda: expected <= seen_of(request.getfixturevalue("shared_folder"), "seen"))


def seen_of(folder: Path, name: str) -> set[tuple[str, str]]:
    """The allowed accesses in the project's `.remit/seen` of a function: actions with resources."""
    lines = [json.loads(line) for file in (folder / ".remit/seen").iterdir() for line in file.read_text().splitlines()]
    return {
        (line["action"], line["resource"])
        for line in lines
        if line["function"] == name and line["decision"] == "allowed"
    }


def test_an_http_api_needs_the_permission_for_its_route(shared: LocalAws, cloud: Cloud) -> None:
    if cloud.is_bare:
        return
    arn = function(cloud, "routed", "logs:*")
    apis = cloud.client("apigatewayv2")
    api = apis.create_api(Name="routed", ProtocolType="HTTP")["ApiId"]
    integration = apis.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    apis.create_route(ApiId=api, RouteKey="GET /orders/{id}", Target=f"integrations/{integration}")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    assert status(shared, f"/_aws/execute-api/{api}/orders/1") == 500
    permit(cloud, "routed", "apigateway", f"arn:aws:execute-api:{PLACE}:{api}/*/GET/orders/{{id}}")
    assert status(shared, f"/_aws/execute-api/{api}/orders/1") == 200


def status(aws: LocalAws, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=HANGS)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_a_user_pool_needs_the_permission_of_its_trigger(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    arn = function(cloud, "presignup", "logs:*")
    pools = cloud.client("cognito-idp")
    pool = pools.create_user_pool(PoolName="shop", LambdaConfig={"PreSignUp": arn})["UserPool"]["Id"]
    client = pools.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]["ClientId"]
    try:
        pools.sign_up(ClientId=client, Username="ada", Password="Enough-of-1815!")  # noqa: S106 - of this test
    except ClientError:
        assert cloud.refuses
    assert is_kept_from(cloud, request, "presignup") is cloud.refuses


def test_lines_are_lost_that_the_functions_role_may_not_write_and_it_is_said_once(
    cloud: Cloud, request: pytest.FixtureRequest
) -> None:
    function(cloud, "silent")
    for _ in range(2):
        assert "FunctionError" not in cloud.client("lambda").invoke(FunctionName="silent", Payload=b"{}")
    assert ran(cloud, "silent") is cloud.is_bare
    if cloud.refuses:
        lost = denied(request.getfixturevalue("shared"), "silent")
        assert [access.action for access in lost] == ["logs:CreateLogGroup"]


def test_a_function_that_a_bucket_may_not_invoke_is_not_subscribed_to_it(cloud: Cloud) -> None:
    arn = function(cloud, "notified", "logs:*")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="notifies")
    functions = [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    options = {"Bucket": "notifies", "NotificationConfiguration": {"LambdaFunctionConfigurations": functions}}
    answer = error(s3.put_bucket_notification_configuration, **options)
    assert ("Unable to validate the following destination configurations" in answer) is cloud.refuses
    permit(cloud, "notified", "s3", "arn:aws:s3:::notifies")
    assert error(s3.put_bucket_notification_configuration, **options) == ""


def test_a_function_that_cloudwatch_logs_may_not_invoke_gets_no_subscription(cloud: Cloud) -> None:
    arn = function(cloud, "subscribed", "logs:*")
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/busy")
    options = {"logGroupName": "/busy", "filterName": "all", "filterPattern": "", "destinationArn": arn}
    answer = error(logs.put_subscription_filter, **options)
    assert ("Could not execute the lambda function." in answer) is cloud.refuses
    permit(cloud, "subscribed", "logs", f"arn:aws:logs:{PLACE}:log-group:/busy:*")
    assert error(logs.put_subscription_filter, **options) == ""


def test_a_function_url_for_everybody_needs_the_permission_for_everybody(cloud: Cloud, request: Any) -> None:
    if cloud.is_bare:
        return
    aws = request.getfixturevalue("shared")
    function(cloud, "public", "logs:*")
    functions = cloud.client("lambda")
    url = functions.create_function_url_config(FunctionName="public", AuthType="NONE")["FunctionUrl"]
    path = "/_aws/lambda-url/" + url.rstrip("/").rpartition("/")[2] + "/"
    statuses = [status(aws, path)]
    for action, condition in (
        ("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        options = {"FunctionName": "public", "StatementId": action.partition(":")[2], "Principal": "*"}
        functions.add_permission(Action=action, **options, **condition)
        statuses.append(status(aws, path))
    assert statuses == [403, 403, 200]


def test_a_topic_takes_messages_also_for_a_queue_that_is_gone(cloud: Cloud) -> None:
    topics = cloud.client("sns")
    topic = topics.create_topic(Name="of-a-gone-queue")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{PLACE}:gone")
    assert error(topics.publish, TopicArn=topic, Message="x") == ""


def error(call: Callable[..., Any], **parameters: Any) -> str:
    """The code and message of what a call answers; "" where it is no error."""
    try:
        call(**parameters)
    except ClientError as failure:
        return str(failure)
    return ""
