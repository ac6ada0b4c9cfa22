"""The pytest plugin: the tests of an app run in a process of their own, as people run them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from projects import configuration, run_tests, write
from remit.local import aws

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import boto3

from remit import App, grants, on
from shared.resources.data import Data

app = App()


@app.function(on.http(auth="NONE"), policy=[grants.dynamodb.put(Data.orders)], environment={"TABLE": Data.orders.ref})
def order(event, context):
    import os
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    table.put_item(Item={"id": event["body"]})
    return {"statusCode": 201}


@app.function(environment={"TABLE": Data.orders.ref})
def count(event, context):
    import os
    return boto3.client("dynamodb").scan(TableName=os.environ["TABLE"])["Count"]


@app.function(on.kinesis(Data.clicks))
def click(event, context):
    for record in event["Records"]:
        print("clicked", record["kinesis"]["partitionKey"])
"""
DATA = """
from remit import Shared, output, resource


class Data(Shared):
    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        stream_specification={"StreamViewType": "NEW_IMAGE"},
    )
    clicks = resource("AWS::Kinesis::Stream", shard_count=1)
    stream = output(clicks.ref)
    jobs = resource("AWS::SQS::Queue")
    files = resource("AWS::S3::Bucket")
    users = resource("AWS::Cognito::UserPool")
    table = output(orders.ref)
    queue = output(jobs.ref)
    bucket = output(files.ref)
"""
TESTS = """
import botocore.exceptions
import pytest

import app
from remit.testing import FunctionFailed


def items(remit):
    return remit.client("dynamodb").scan(TableName=remit.output("DataTable"))["Count"]


def test_nothing_runs_for_roles(remit):
    remit.assert_allowed("order", "dynamodb:PutItem", "Data.orders")
    remit.assert_denied("count", "dynamodb:Scan", "Data.orders")
    with pytest.raises(AssertionError, match="Not allowed: function count may not dynamodb:Scan"):
        remit.assert_allowed("count", "dynamodb:Scan", "Data.orders")
    assert not remit._tests_app.is_running


def test_roles_are_asked_about_resources_of_the_app(remit):
    from shared.resources.data import Data

    for table in (Data.orders, Data.orders.arn, "DataOrders"):
        remit.assert_allowed("order", "dynamodb:PutItem", table)
        remit.assert_denied("count", "dynamodb:PutItem", table)
    remit.assert_denied("order", "s3:GetObject", f"{Data.files.arn}/a.csv")
    assert not remit._tests_app.is_running


def test_a_resource_is_named_as_ref_gives_it(remit):
    from shared.resources.data import Data

    assert remit.output("DataTable") == remit.ref(Data.orders) == remit.ref("DataOrders")
    assert remit.output("DataQueue") == remit.ref(Data.jobs)


@pytest.mark.parametrize("order", ["tea", "milk"])
def test_each_test_begins_with_the_data_of_the_deploy(remit, order):
    assert 0 == items(remit)
    assert {"statusCode": 201} == remit.invoke("order", order, http="POST /")
    assert 1 == items(remit)
    assert "dynamodb:PutItem" in [access.action for access in remit.accesses()]


@pytest.mark.parametrize("number", [1, 2])
def test_messages_objects_and_secrets_are_put_back_too(remit, number):
    queue, bucket = remit.output("DataQueue"), remit.output("DataBucket")
    sqs, s3, secrets = remit.client("sqs"), remit.client("s3"), remit.client("secretsmanager")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert 0 == s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    secrets.create_secret(Name="mine", SecretString="x")


@pytest.mark.parametrize("number", [1, 2])
def test_users_and_their_groups_are_put_back(remit, number):
    users, pool = remit.client("cognito-idp"), remit.ref("DataUsers")
    users.create_group(UserPoolId=pool, GroupName="staff")
    users.admin_create_user(UserPoolId=pool, Username="anna")
    users.admin_add_user_to_group(UserPoolId=pool, Username="anna", GroupName="staff")


@pytest.mark.parametrize("number", ["1", "2"])
def test_logs_and_the_records_of_streams_are_gone_and_readers_go_on(remit, number):
    kinesis, table = remit.client("kinesis"), remit.output("DataTable")
    assert [] == records_of_table(remit, table)
    remit.client("dynamodb").put_item(TableName=table, Item={"id": {"S": number}})
    assert [number] == records_of_table(remit, table)
    kinesis.put_record(StreamName=remit.output("DataStream"), Data=b"x", PartitionKey=number)
    assert f"clicked {number}" == remit.wait_for_log("click", "clicked", seconds=300)
    assert (f"clicked {number}",) == remit.logs("click")
    with pytest.raises(AssertionError, match=f"click has not logged 'clacked' within 0 s, but:\\nclicked {number}"):
        remit.wait_for_log("click", "clacked", seconds=0)


def records_of_table(remit, table):
    streams = remit.client("dynamodbstreams")
    (stream,) = streams.list_streams(TableName=table)["Streams"]
    arn = stream["StreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    place = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**place)["ShardIterator"])["Records"]
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in records]


def test_a_function_runs_under_its_role(remit):
    with pytest.raises(FunctionFailed, match="AccessDenied"):
        remit.invoke("count")


def test_a_test_can_act_as_a_function(remit):
    table = remit.output("DataTable")
    remit.as_function("order").client("dynamodb").put_item(TableName=table, Item={"id": {"S": "1"}})
    with pytest.raises(botocore.exceptions.ClientError, match="not authorized to perform: dynamodb:Scan"):
        remit.as_function("order").client("dynamodb").scan(TableName=table)


def test_what_is_not_there_is_told(remit):
    from remit import RemitError

    with pytest.raises(RemitError, match="there is no function `ordr` in this app"):
        remit.invoke("ordr")
    with pytest.raises(RemitError, match="the stack has no output 'Nothing'"):
        remit.output("Nothing")
    with pytest.raises(RemitError, match="the stack has no resource `DataOrder`"):
        remit.ref("DataOrder")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    settings = '[project]\nname = "orders"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
    files = {"app.py": APP, "shared/resources/data.py": DATA, "tests/test_app.py": TESTS, "pyproject.toml": settings}
    write(folder, files)
    return folder


def test_an_app_is_tested_as_it_runs_and_nothing_is_left_running(project: Path) -> None:
    ran = run_tests(project)
    assert re.search(r"^14 passed", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr
    assert not (project / ".remit" / "local").exists()
    assert None is aws.find(project)
    for folder in (project.parent / "tests").iterdir():
        assert None is aws.find(folder)
    seen = "".join(path.read_text() for path in (project / ".remit" / "seen").iterdir())
    assert '"action": "dynamodb:PutItem"' in seen


def test_an_app_that_cannot_be_deployed_fails_its_tests_with_the_mistake(project: Path) -> None:
    write(project, {"app.py": "from remit import App\napp = App()\n@app.function(timeot=3)\ndef order(e, c): ...\n"})
    ran = run_tests(project, "-k", "roles")
    assert 1 == ran.returncode
    assert "did you mean `timeout`?" in ran.stdout


JOBS = """
from remit import App

app = App()
ran = []


@app.job
def mail(to):
    ran.append(to)


def test_jobs_are_kept(recorded_jobs):
    mail.perform_in(901, "a")
    assert [(job.name, job.seconds, ran) for job in recorded_jobs] == [("mail", 901, [])]


def test_jobs_run(jobs_run_at_once):
    mail.perform_in(901, "b")
    assert ran == ["b"]
"""


@pytest.mark.parametrize(("stage", "told"), [("prod", "2 passed"), ("", "2 failed")])
def test_jobs_of_tests_wait_as_the_stage_of_the_project_in_the_settings_says(
    tmp_path: Path, stage: str, told: str
) -> None:
    """Wherever below the settings the tests are run; without a stage it is that of a developer."""
    config = configuration("config.job.scheduler = project.stage == 'prod'")
    settings = f'[tool.pytest.ini_options]\nremit_project = "shop"\nremit_stage = "{stage}"\n'
    write(tmp_path / "all", {"shop/config/deploy.py": config, "checks/test_jobs.py": JOBS, "pyproject.toml": settings})
    ran = run_tests(tmp_path / "all" / "checks")
    assert re.search(rf"^{told}", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr
    assert 2 * (not stage) == len(re.findall(r"^E +RuntimeError: SQS delays .* need `config", ran.stdout, re.MULTILINE))
