"""A stack that another tool made is taken over in place, and renamed in code: nothing that it holds is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from projects import write
from random_cases import cases_of, in_all_cases
from remit.cli import main
from remit.documents.read import read
from stacks import WAITING, end_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

SAM = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters: {Level: {Type: String, Default: INFO}}
Globals: {Function: {Runtime: python3.13, Handler: index.handler, Environment: {Variables: {LEVEL: !Ref Level}}}}
Resources:
  OrdersTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Uploads: {Type: AWS::S3::Bucket}
  Archive: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "shop-archive-${AWS::AccountId}"}}
  Inbox: {Type: AWS::SQS::Queue}
  News: {Type: AWS::SNS::Topic}
  People: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: people}}
  Events: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 1}}
  Token: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: sesame}}
  OrdersLogs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /aws/lambda/shop-orders}}
  OrdersFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: shop-orders
      InlineCode: "def handler(event, context): return 'sam'"
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref OrdersTable}}]
  ReportFunction:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: "def handler(event, context): return 'sam'"}
  LoginFunction:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: shop-login, InlineCode: "def handler(event, context): return 'sam'"}
Outputs:
  Table: {Value: !GetAtt OrdersTable.Arn}
"""
PLAIN = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  OrdersFunctionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  OrdersFunction:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Join ["-", [shop, orders]]
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt OrdersFunctionRole.Arn
      Code: {ZipFile: "def handler(event, context): return 1"}
"""
LEAN = """
from remit import App

app = App()


@app.function(function_name="shop-orders")
def orders(event, context): ...
"""
CONFIG = """
from remit import configure

with configure() as config:
    config.stack_name = "shop"
"""
DATA = """
from remit import Shared, aws, resource


class Data(Shared):
    {table} = resource(
        "AWS::DynamoDB::Table",
        logical_id="OrdersTable",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{{"AttributeName": "id", "AttributeType": "S"}}],
        key_schema=[{{"AttributeName": "id", "KeyType": "HASH"}}],
    )
    uploads = resource("AWS::S3::Bucket", logical_id="Uploads")
    archive = resource("AWS::S3::Bucket", logical_id="Archive", bucket_name=f"shop-archive-{{aws.account}}")
    inbox = resource("AWS::SQS::Queue", logical_id="Inbox")
    news = resource("AWS::SNS::Topic", logical_id="News")
    people = resource("AWS::Cognito::UserPool", logical_id="People", user_pool_name="people")
    events = resource("AWS::Kinesis::Stream", logical_id="Events", shard_count=1)
    token = resource("AWS::SecretsManager::Secret", logical_id="Token", secret_string="sesame")
    logs = resource("AWS::Logs::LogGroup", logical_id="OrdersLogs", log_group_name="/aws/lambda/shop-orders")
"""
APP = """
from remit import App, grants, on
from shared.resources.data import Data

app = App()


@app.function(
    name="{orders}",
    function_name="shop-orders",
    logical_id="OrdersFunction",
    policy=[grants.dynamodb.put(Data.{table})],
    environment={{"TABLE": Data.{table}.ref}},
)
def orders(event, context):
    import boto3, os

    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={{"id": {{"S": "new"}}}})
    print("put an item")
    return "remit"


@app.function(on.s3(Data.uploads), function_name="shop-login", logical_id="LoginFunction")
def login(event, context):
    return "remit"
"""


def project_of(folder: Path, *, table: str = "orders", orders: str = "orders") -> None:
    """The app that takes the stack over; its names in code are free."""
    write(
        folder,
        {
            "config/deploy.py": CONFIG,
            "shared/resources/data.py": DATA.format(table=table),
            "app.py": APP.format(table=table, orders=orders),
        },
    )


@pytest.fixture
def made_by_sam(project: Path, elsewhere: Account) -> Iterator[Account]:
    """An account with a stack that SAM left, with data in all that holds any."""
    cloudformation = elsewhere.client("cloudformation")
    capabilities: Any = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    cloudformation.create_stack(StackName="shop", TemplateBody=expanded(SAM), Capabilities=capabilities)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})
    ids = physical_ids(elsewhere)
    elsewhere.client("dynamodb").put_item(TableName=ids["OrdersTable"], Item={"id": {"S": "old"}})
    for bucket in ("Uploads", "Archive"):
        elsewhere.client("s3").put_object(Bucket=ids[bucket], Key="old", Body=b"old")
    elsewhere.client("sqs").send_message(QueueUrl=ids["Inbox"], MessageBody="old")
    elsewhere.client("cognito-idp").admin_create_user(UserPoolId=ids["People"], Username="old")
    elsewhere.client("kinesis").put_record(StreamName=ids["Events"], Data=b"old", PartitionKey="1")
    elsewhere.client("sns").subscribe(TopicArn=ids["News"], Protocol="sqs", Endpoint="arn:aws:sqs:eu-central-1:1:a")
    logs = elsewhere.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/shop-login")  # as Lambda makes it, outside of the stack
    for group in ("shop-orders", "shop-login"):
        logs.create_log_stream(logGroupName=f"/aws/lambda/{group}", logStreamName="old")
        event: Any = {"timestamp": 1_790_000_000_000, "message": "old"}
        logs.put_log_events(logGroupName=f"/aws/lambda/{group}", logStreamName="old", logEvents=[event])
    project_of(project)
    yield elsewhere
    (project / "config" / "deploy.py").unlink()


def expanded(template: str) -> str:
    """The template as SAM's transform makes it in CloudFormation, which the AWS on this machine does not run."""
    session = boto3.Session(region_name="eu-central-1")
    raw = read(template.encode(), "template.yaml").value
    return json.dumps(Translator({}, Parser(), boto_session=session).translate(raw, {}))


def physical_ids(account: Account) -> dict[str, str]:
    """What is in the stack, by logical id."""
    resources = account.client("cloudformation").describe_stack_resources(StackName="shop")["StackResources"]
    return {resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "") for resource in resources}


def data(account: Account) -> dict[str, Any]:
    """All that the stack's resources hold."""
    ids = physical_ids(account)
    logs, kinesis = account.client("logs"), account.client("kinesis")
    shard = kinesis.list_shards(StreamName=ids["Events"])["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName=ids["Events"], ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    messages = account.client("sqs").receive_message(QueueUrl=ids["Inbox"], VisibilityTimeout=0).get("Messages", [])
    return {
        "table": sorted(
            item["id"]["S"] for item in account.client("dynamodb").scan(TableName=ids["OrdersTable"])["Items"]
        ),
        "uploads": [item["Key"] for item in account.client("s3").list_objects_v2(Bucket=ids["Uploads"])["Contents"]],
        "archive": [item["Key"] for item in account.client("s3").list_objects_v2(Bucket=ids["Archive"])["Contents"]],
        "inbox": [message["Body"] for message in messages],
        "people": [
            user["Username"] for user in account.client("cognito-idp").list_users(UserPoolId=ids["People"])["Users"]
        ],
        "events": [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]],
        "news": len(account.client("sns").list_subscriptions_by_topic(TopicArn=ids["News"])["Subscriptions"]),
        "token": account.client("secretsmanager").get_secret_value(SecretId=ids["Token"])["SecretString"],
        "logs": [
            line["message"]
            for group in ("shop-orders", "shop-login")
            for line in logs.filter_log_events(logGroupName=f"/aws/lambda/{group}", logStreamNames=["old"])["events"]
        ],
    }


def outcome(remit: Remit, *arguments: str) -> tuple[int, str]:
    """How a deploy ends: its exit code, and its error with the hint."""
    code, _, err = remit("deploy", *arguments)
    return code, "error: " + err.partition("error: ")[2]


def test_a_stack_made_by_sam_is_taken_over_in_place_and_renamed_in_code_and_loses_nothing(
    made_by_sam: Account, remit: Remit, project: Path
) -> None:
    before, ids = data(made_by_sam), physical_ids(made_by_sam)
    assert outcome(remit, "--take-over", "--yes")[0] == 0
    assert data(made_by_sam) == before
    code, out, _ = remit("invoke", "orders")
    assert (code, out.splitlines()[-1]) == (0, '"remit"')
    project_of(project, table="purchases", orders="buy")
    assert outcome(remit, "--yes", "--accept-drift")[0] == 0  # somebody subscribed a queue by hand
    assert data(made_by_sam) == {**before, "table": ["new", "old"]}
    now = physical_ids(made_by_sam)
    assert {name: now.get(name) for name in ids if name.startswith("Report") or name.endswith("Role")} == dict.fromkeys(
        ("ReportFunction", "ReportFunctionRole", "OrdersFunctionRole", "LoginFunctionRole")
    )
    assert {name: now[name] for name in ids if name in now} == {name: ids[name] for name in ids if name in now}


def test_a_stack_of_another_tool_is_left_alone_without_the_word(made_by_sam: Account, remit: Remit) -> None:
    before = physical_ids(made_by_sam)
    code, error = outcome(remit, "--yes")
    assert (code, "`remit deploy --take-over` makes it this project's" in error) == (2, True)
    assert remit("delete", "--yes-delete", "all")[0] == 2
    assert physical_ids(made_by_sam) == before


def test_what_is_not_declared_with_its_id_is_named_by_the_plan_and_stays_without_the_word_that_data_goes(
    made_by_sam: Account, remit: Remit, project: Path
) -> None:
    before = data(made_by_sam)
    source = (project / "shared/resources/data.py").read_text()
    write(project, {"shared/resources/data.py": source.replace('logical_id="OrdersTable",', "")})
    code, _, err = remit("deploy", "--take-over", "--yes")
    assert (code, data(made_by_sam)) == (1, before)
    assert "  - AWS::DynamoDB::Table     OrdersTable  (it holds data: 1 item, " in err
    assert "      `logical_id='OrdersTable'` where it is declared keeps what is in OrdersTable\n" in err
    assert "error: nothing was deployed: data goes (table OrdersTable)\n" in err


def test_a_stack_is_taken_over_once_and_by_one_project(made_by_sam: Account, remit: Remit, project: Path) -> None:
    assert outcome(remit, "--take-over", "--yes")[0] == 0
    assert outcome(remit, "--take-over", "--yes", "--accept-drift") == (
        2,
        "error: stack shop belongs to this project already\nhint: leave `--take-over` out\n",
    )
    before = physical_ids(made_by_sam)
    belongs = "error: stack shop belongs to orders-dev, and this is orders-prod: remit does not {} it\n"
    for doing, command in (
        ("take over", ("deploy", "--take-over", "--yes")),
        ("deploy over", ("deploy", "--yes")),
        ("delete", ("delete", "--yes-delete", "all")),
    ):
        code, _, err = remit(*command, "--stage", "prod")
        assert (code, belongs.format(doing) in err) == (2, True)
    assert physical_ids(made_by_sam) == before
    write(project, {"config/deploy/prod.py": CONFIG.replace("shop", "shop-prod")})
    assert outcome(remit, "--take-over", "--yes", "--stage", "prod")[1].startswith(
        "error: there is no stack shop-prod to take over\nhint: `config.stack_name` names the one that you mean;"
    )
    (project / "config/deploy/prod.py").unlink()


def test_a_stack_that_failed_is_not_taken_over(elsewhere: Account, remit: Remit, project: Path) -> None:
    cloudformation = elsewhere.client("cloudformation")
    cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": WAITING}))
    end_waiting(cloudformation, "shop")
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})
    project_of(project)
    code, error = outcome(remit, "--take-over", "--yes")
    status = cloudformation.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"]
    assert (code, "error: stack shop cannot be taken over: " in error, status) == (2, True, "ROLLBACK_COMPLETE")
    assert "hint: it is in the state ROLLBACK_COMPLETE: repair it with the tool that made it first" in error
    (project / "config" / "deploy.py").unlink()


def test_a_stack_that_somebody_else_works_on_is_not_taken_over(elsewhere: Account, remit: Remit, project: Path) -> None:
    waiting = json.dumps({"Resources": WAITING})
    elsewhere.client("cloudformation").create_stack(StackName="shop", TemplateBody=waiting)
    project_of(project)
    code, error = outcome(remit, "--take-over", "--yes")
    end_waiting(elsewhere.client("cloudformation"), "shop")
    assert (code, error.startswith("error: somebody else is deploying shop since ")) == (75, True)
    (project / "config" / "deploy.py").unlink()


@pytest.mark.parametrize("logs_there", cases_of((True, False), 1))
def test_a_template_in_yaml_with_short_forms_is_read_and_the_printed_policy_suffices(
    elsewhere: Account,
    remit: Remit,
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    logs_there: bool,
) -> None:
    cloudformation = elsewhere.client("cloudformation")
    cloudformation.create_stack(StackName="shop", TemplateBody=PLAIN, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})
    if logs_there:
        elsewhere.client("logs").create_log_group(logGroupName="/aws/lambda/shop-orders")
    write(project, {"config/deploy.py": CONFIG, "app.py": LEAN})
    before = physical_ids(elsewhere)
    deployed, policy = tmp_path / "deployed.yaml", tmp_path / "deployer.json"
    deployed.write_text(PLAIN)
    with pytest.raises(SystemExit):
        main(["policy", "deployer", "-C", str(project), "--from", str(deployed)])
    policy.write_text(capsys.readouterr().out)
    code, _, err = remit("deploy", "--take-over", "--yes", "--as", str(policy), "--strict")
    assert code == 0, err
    assert "OrdersFunction runs under OrdersRole, no longer under OrdersFunctionRole\n" in err
    now = physical_ids(elsewhere)
    assert (now["OrdersFunction"], "OrdersFunctionRole" in now) == (before["OrdersFunction"], False)
    code, _, err = remit("deploy", "--yes", "--as", str(policy), "--strict")
    assert code == 0, err
    assert remit("delete", "--yes-delete", "all", "--as", str(policy))[0] == 0
    (project / "config" / "deploy.py").unlink()


@in_all_cases
def test_every_command_follows_the_names(remit: Remit, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"config/deploy.py": CONFIG, "app.py": LEAN.replace("...", "print('here')")})
    assert remit("deploy", "--yes")[0] == 0
    assert remit("invoke", "orders")[0] == 0
    for arguments in ((), ("orders",)):
        code, out, _ = remit("logs", *arguments, "--json")
        assert (code, {json.loads(line)["function"] for line in out.splitlines()}) == (0, {"orders"})
    code, _, err = remit("logs", "hello")
    assert (code, "error: there is no function `hello` in this app\n" in err) == (2, True)
    code, out, _ = remit("status", "--json")
    assert (code, json.loads(out)["namespace"]) == (0, "shop")
    code, out, err = remit("diff", "--live")
    assert code == 0, (out, err)
    with pytest.raises(SystemExit):
        main(["explain", "orders", "--seen", "-C", str(project)])
    assert "logs:CreateLogStream" in capsys.readouterr().out
    (project / "app.py").write_text("import nothing_of_this_name")
    assert remit("status")[0] == 0
    assert remit("delete", "--yes-delete", "all")[0] == 0
    (project / "config" / "deploy.py").unlink()


SERVERLESS = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {
        "ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-dev-zips"}},
        "OrdersLogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/aws/lambda/shop-dev-orders"},
        },
        "IamRoleLambdaExecution": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": ["lambda.amazonaws.com"]},
                            "Action": ["sts:AssumeRole"],
                        }
                    ],
                },
                "RoleName": {"Fn::Join": ["-", ["shop", "dev", {"Ref": "AWS::Region"}, "lambdaRole"]]},
            },
        },
        "OrdersLambdaFunction": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": "def handler(event, context): return 'serverless'"},
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "FunctionName": "shop-dev-orders",
                "Role": {"Fn::GetAtt": ["IamRoleLambdaExecution", "Arn"]},
            },
            "DependsOn": ["OrdersLogGroup"],
        },
        "OrdersLambdaVersionX": {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": "OrdersLambdaFunction"}},
        },
    },
    "Outputs": {"Zips": {"Value": {"Ref": "ServerlessDeploymentBucket"}}},
}


@in_all_cases
def test_a_stack_made_by_serverless_keeps_its_functions_and_the_plan_names_its_bucket(
    elsewhere: Account, remit: Remit, project: Path
) -> None:
    cloudformation, logs = elsewhere.client("cloudformation"), elsewhere.client("logs")
    body = json.dumps(SERVERLESS)
    cloudformation.create_stack(StackName="shop-dev", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="shop-dev", WaiterConfig={"Delay": 1})
    logs.create_log_stream(logGroupName="/aws/lambda/shop-dev-orders", logStreamName="old")
    config = CONFIG.replace('"shop"', '"shop-dev"')
    app = LEAN.replace('function_name="shop-orders"', 'logical_id="OrdersLambdaFunction"')
    write(project, {"config/deploy.py": config, "app.py": app})
    code, error = outcome(remit, "--take-over", "--yes")
    assert (code, "data goes (bucket ServerlessDeploymentBucket)" in error) == (1, True)
    code, _, err = remit("deploy", "--take-over", "--yes", "--yes-delete", "ServerlessDeploymentBucket")
    assert code == 0, err
    assert remit("invoke", "orders")[0] == 0
    names = [
        stream["logStreamName"]
        for stream in logs.describe_log_streams(logGroupName="/aws/lambda/shop-dev-orders")["logStreams"]
    ]
    assert "old" in names
    (project / "config" / "deploy.py").unlink()


ODD = """
Parameters: {Stage: {Type: String, Default: dev}, Logs: {Type: String, Default: ""}}
Mappings: {Sizes: {dev: {Memory: 128}}}
Conditions:
  HasLogs: !Not [!Equals [!Ref Logs, ""]]
  IsDev: !Equals [!Ref Stage, dev]
Resources:
  Plain: {Type: AWS::SQS::Queue}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies: !If
        - IsDev
        - - PolicyName: a
            PolicyDocument:
              Version: "2012-10-17"
              Statement: {Effect: Allow, Action: "sqs:*", Resource: !GetAtt Plain.Arn}
        - !Ref AWS::NoValue
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub "shop-${Stage}-orders"
      MemorySize: !FindInMap [Sizes, !Ref Stage, Memory]
      LoggingConfig: !If [HasLogs, {LogGroup: !Ref Logs}, !Ref "AWS::NoValue"]
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "def handler(event, context): return 1"}
Outputs:
  Arn: {Value: !GetAtt Fn.Arn, Export: {Name: !Sub "${AWS::StackName}-arn"}, Condition: IsDev}
"""


@in_all_cases
def test_conditions_and_parameters_of_the_old_template_are_no_hindrance(
    elsewhere: Account, remit: Remit, project: Path
) -> None:
    cloudformation = elsewhere.client("cloudformation")
    cloudformation.create_stack(StackName="shop", TemplateBody=ODD, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})
    data = "from remit import Shared, resource\nclass Data(Shared):\n"
    data += '    a = resource("AWS::SQS::Queue", logical_id="Plain")\n'
    app = LEAN.replace('"shop-orders"', '"shop-dev-orders", logical_id="Fn"')
    write(project, {"config/deploy.py": CONFIG, "shared/resources/data.py": data, "app.py": app})
    before = physical_ids(elsewhere)
    assert remit("status")[0] == 0
    code, _, err = remit("deploy", "--take-over", "--yes")
    assert code == 0, err
    now = physical_ids(elsewhere)
    assert (now["Plain"], now["Fn"]) == (before["Plain"], before["Fn"])
    (project / "config" / "deploy.py").unlink()
