"""What the emulator by itself gets wrong: a test here fails when it does not any more, and its repair can go."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
TARGET = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "arn:aws:iam::000000000000:role/r"}


class BareCloud:
    """The emulator as it is, without repairs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str) -> Any:
        credentials = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "local"}
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.url, **credentials)

    def create(self, name: str, resources: dict[str, Any]) -> None:
        self.client("cloudformation").create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_IAM"]
        )
        self.client("cloudformation").get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1}
        )


@pytest.fixture(scope="module")
def bare(bare_url: str) -> BareCloud:
    return BareCloud(bare_url)


TELLS = """
import inspect, json, sys
answers, sys.stdout = sys.stdout, sys.stderr
from ministack.core.arn import parse_arn
from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc, scheduler, sqs
for line in sys.stdin:
    print(eval(json.loads(line)), file=answers, flush=True)
"""


@pytest.fixture(scope="module")
def told() -> Iterator[Callable[[str], str]]:
    """Ask for the values of expressions in an emulator's own process, as Python prints them."""
    with subprocess.Popen(
        [sys.executable, "-c", TELLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        answers = iter(process.stdout)

        def ask(code: str) -> str:
            print(json.dumps(code), file=process.stdin, flush=True)
            return next(answers).removesuffix("\n")

        yield ask


@pytest.mark.parametrize("kind", ["AWS::Kinesis::StreamConsumer", "AWS::Events::Archive"])
def test_a_type_that_it_does_not_know_refuses_the_whole_template(bare: BareCloud, kind: str) -> None:
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        bare.create("unknown", {"Topic": {"Type": "AWS::SNS::Topic"}, "Unknown": {"Type": kind, "Properties": {}}})


def test_a_further_first_change_set_makes_its_stack_anew(told: Callable[[str], str]) -> None:
    module = "__import__('ministack.services.cloudformation.changesets', fromlist=['x'])"
    made_anew = '\'ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"\''
    assert told(f"{made_anew} in inspect.getsource({module}._create_change_set)") == "True"


def test_every_property_of_a_bucket_replaces_it_perhaps(told: Callable[[str], str]) -> None:
    module = "__import__('ministack.services.cloudformation.stacks', fromlist=['x'])"
    assert told(f"{module}._property_recreation('AWS::S3::Bucket', 'Tags')") == "Conditionally"


def test_a_mapping_does_not_read_a_stream_through_a_consumer(told: Callable[[str], str]) -> None:
    consumer = f"{STREAM}/consumer/hello:1"
    assert told(f"lambda_svc._kinesis_stream_name_from_arn_spec(parse_arn({consumer!r}))") == "None"


def test_a_stream_without_a_name_gets_one_in_small_letters(bare: BareCloud) -> None:
    bare.create("streams", {"Clicks": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}})
    (name,) = bare.client("kinesis").list_streams()["StreamNames"]
    assert "streams-clicks-" == name[:15]


def test_a_schedule_of_a_template_loses_its_time_zone_and_its_end(bare: BareCloud) -> None:
    properties = {
        "Name": "daily",
        "ScheduleExpression": "cron(0 8 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "EndDate": "2099-01-01T00:00:00Z",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": TARGET,
    }
    bare.create("schedules", {"Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties}})
    schedule = bare.client("scheduler").get_schedule(Name="daily")
    assert ("UTC", False) == (schedule["ScheduleExpressionTimezone"], "EndDate" in schedule)


def test_time_zones_of_schedules_are_not_looked_at(told: Callable[[str], str]) -> None:
    assert told("'Timezone' in inspect.getsource(scheduler._tick_schedules)") == "False"


def test_ref_of_a_secret_is_its_name(bare: BareCloud) -> None:
    secret = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "db"}}}
    bare.create("secrets", secret)
    resource = bare.client("cloudformation").describe_stack_resource(StackName="secrets", LogicalResourceId="Secret")
    assert "db" == resource["StackResourceDetail"]["PhysicalResourceId"]


def test_the_stacks_name_begins_that_of_a_secret_without_one(bare: BareCloud) -> None:
    bare.create("unnamed", {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "x"}}})
    names = [secret["Name"] for secret in bare.client("secretsmanager").list_secrets()["SecretList"]]
    assert ["unnamed-Secret-"] == [name[:15] for name in names if "Secret" in name]


def test_a_role_of_a_template_loses_its_permissions_boundary(bare: BareCloud) -> None:
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    properties = {"RoleName": "bounded", "AssumeRolePolicyDocument": {}, "PermissionsBoundary": boundary}
    bare.create("roles", {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}})
    assert "PermissionsBoundary" not in bare.client("iam").get_role(RoleName="bounded")["Role"]


def test_what_runs_at_an_alias_has_the_arn_of_its_version(told: Callable[[str], str]) -> None:
    version = {"config": {"FunctionArn": "arn:f:1"}}
    function = {
        "config": {"FunctionArn": "arn:f"},
        "aliases": {"live": {"FunctionVersion": "1"}},
        "versions": {"1": version},
    }
    found = f"lambda_svc._effective_func_record_for_qualifier({function!r}, 'live')[1]['FunctionArn']"
    assert "arn:f:1" == told(found)


def test_a_durable_function_is_known_by_a_field_that_aws_does_not_have(told: Callable[[str], str]) -> None:
    source = "inspect.getsource(lambda_svc._invoke)"
    assert "True" == told(f"""'.get("DurableConfig", {{}}).get("Enabled")' in {source}""")


def test_lines_of_a_log_group_go_to_the_newest_code_of_a_function(told: Callable[[str], str]) -> None:
    source = "inspect.getsource(cloudwatch_logs._fanout_to_subscription_filters)"
    assert "True" == told(f"""'.split(":function:")[-1].split(":")[0]' in {source}""")


def test_a_table_of_a_template_loses_its_encryption(bare: BareCloud) -> None:
    properties = {
        "TableName": "sealed",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/any"},
    }
    bare.create("tables", {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}})
    assert "SSEDescription" not in bare.client("dynamodb").describe_table(TableName="sealed")["Table"]


def test_a_new_bucket_blocks_no_public_access(told: Callable[[str], str]) -> None:
    module = "__import__('ministack.services.s3', fromlist=['x'])"
    assert told(f"{module}._new_bucket_public_access_block()") == "{}"


def test_a_mapping_of_a_template_is_on_in_any_case(bare: BareCloud) -> None:
    function = {
        "FunctionName": "reader",
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Code": {"ZipFile": "def handler(event, context): ..."},
    }
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    mapping = {"FunctionName": {"Ref": "Function"}, "EventSourceArn": queue, "Enabled": False}
    resources = {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
    }
    bare.create("mappings", resources)
    (made,) = bare.client("lambda").list_event_source_mappings(FunctionName="reader")["EventSourceMappings"]
    assert made["State"] == "Enabled"


def test_a_table_of_a_template_loses_its_policy(bare: BareCloud) -> None:
    allowed = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "dynamodb:GetItem", "Resource": "*"}
    properties = {
        "TableName": "shared",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "ResourcePolicy": {"PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]}},
    }
    bare.create("policies", {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}})
    tables = bare.client("dynamodb")
    with pytest.raises(tables.exceptions.PolicyNotFoundException):
        tables.get_resource_policy(ResourceArn=tables.describe_table(TableName="shared")["Table"]["TableArn"])


def test_log_events_beyond_the_first_page_are_not_given(bare: BareCloud) -> None:
    logs = bare.client("logs")
    logs.create_log_group(logGroupName="/pages")
    logs.create_log_stream(logGroupName="/pages", logStreamName="one")
    events = [{"timestamp": int(1000 * time.time()), "message": str(number)} for number in range(3)]
    logs.put_log_events(logGroupName="/pages", logStreamName="one", logEvents=events)
    answer = logs.filter_log_events(logGroupName="/pages", limit=2)
    assert (2, False) == (len(answer["events"]), "nextToken" in answer)


def test_no_mapping_starts_at_a_time(told: Callable[[str], str]) -> None:
    assert told("'StartingPositionTimestamp' in inspect.getsource(lambda_svc)") == "False"


@pytest.mark.parametrize("poll", ["_poll_kinesis", "_poll_dynamodb_streams"])
@pytest.mark.parametrize("name", ["MaximumRetryAttempts", "BisectBatchOnFunctionError", "batchItemFailures"])
def test_a_batch_of_a_stream_that_fails_is_tried_for_ever(poll: str, name: str, told: Callable[[str], str]) -> None:
    assert told(f"{name!r} in inspect.getsource(lambda_svc.{poll})") == "False"


def test_nothing_measures_queues_and_alarms_take_all_dimensions_for_one(told: Callable[[str], str]) -> None:
    assert told("'AWS/SQS' in inspect.getsource(sqs)") == "False"
    assert told("'Dimensions' in inspect.getsource(cloudwatch._evaluate_alarm)") == "False"


@pytest.mark.parametrize(
    ("pattern", "line"), [("{ $.code > 499 }", '{"code": 503}'), ('ERROR -"timed out"', "ERROR disk full")]
)
def test_patterns_of_fields_and_left_out_terms_match_no_line(
    pattern: str, line: str, told: Callable[[str], str]
) -> None:
    assert told(f"cloudwatch_logs._subscription_pattern_matches({pattern!r}, {line!r})") == "False"


def test_a_message_that_is_reported_under_no_name_counts_as_processed(told: Callable[[str], str]) -> None:
    assert told("'if fid:' in inspect.getsource(lambda_svc._run_sqs_batch)") == "True"


def test_a_list_of_failed_messages_that_is_null_stops_its_reader(told: Callable[[str], str]) -> None:
    assert told("'.get(\"batchItemFailures\", []):' in inspect.getsource(lambda_svc._run_sqs_batch)") == "True"


def test_a_filter_for_null_lets_through_what_has_no_such_field(told: Callable[[str], str]) -> None:
    assert told("lambda_svc._match_esm_filter({}, {'a': [None]})") == "True"


def test_messages_that_a_filter_keeps_back_stay_where_the_function_fails(told: Callable[[str], str]) -> None:
    assert told("'_delete_messages' in inspect.getsource(lambda_svc._poll_sqs)") == "False"


def test_a_service_that_it_does_not_have_is_looked_for_in_all_models_of_the_sdk(told: Callable[[str], str]) -> None:
    module = "__import__('ministack.core.router', fromlist=['x'])"
    assert "True" == told(f"'botocore' in inspect.getsource({module}._is_aws_service_name)")


def test_the_whole_model_of_a_service_is_read_for_the_type_of_an_answer(told: Callable[[str], str]) -> None:
    module = "__import__('ministack.core.responses', fromlist=['x'])"
    assert "True" == told(f"'get_service_model' in inspect.getsource({module}._service_model)")
