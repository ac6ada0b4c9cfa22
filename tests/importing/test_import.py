"""`remit import`: small sources of each format, what is written of them, what is left, and bad ones."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cfn_lint
from projects import inside, write
from random_cases import cases
from remit.build import build
from remit.cli import main
from remit.documents.read import read_as_written
from remit.errors import RemitError
from remit.importing.access_comparison import review_source
from remit.importing.app_model import app_name, beside, value_at_path
from remit.importing.import_app import Imported, import_app
from remit.lint.apps import lint as lint_app
from remit.loading.load import load

FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Topic: {Type: String}
  Pause: {Type: Number, Default: 5}
Mappings:
  Sizes: {dev: {memory: 256}, prod: {memory: 1024}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  NotProd: !Not [!Condition IsProd]
Globals:
  Function: {Runtime: python3.13, Environment: {Variables: {STAGE: !Ref Stage}}}
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      DelaySeconds: !If [IsProd, 10, !Ref AWS::NoValue]
      Tags: [{Key: name, Value: !Sub "${Stage}-${AWS::Region}"}]
  Extra: {Type: AWS::SNS::Topic, Condition: IsProd}
  Ingest:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: orders/app.handler
      FunctionName: !Sub "${Stage}-ingest"
      MemorySize: !FindInMap [Sizes, !Ref Stage, memory]
      Timeout: !Ref Pause
      Environment: {Variables: {QUEUE: !Ref Orders, TOPIC: !Ref Topic, PAUSE: !Ref Pause}}
      Policies:
        - SQSSendMessagePolicy: {QueueName: !GetAtt Orders.QueueName}
        - AWSLambdaBasicExecutionRole
        - AmazonSSMReadOnlyAccess
        - !ImportValue shared-policy
        - Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${Stage}-in/*"}]
      Events:
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn, BatchSize: 5}}
        Daily: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), Input: '{"a": 1}'}}
        Late:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(2 days)
            FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: 5}
        Skill: {Type: AlexaSkill}
Outputs:
  Url: {Value: !Ref Orders, Description: where to send}
"""
CODE = {"src/orders/app.py": "def handler(event, context):\n    return 1\n"}
WEB = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Web:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: python3.13
      InlineCode: "def handler(event, context): return 1"
"""
HERE = 'Conditions: {Is: !Equals [!Ref "AWS::Region", eu-west-1]}\n'
"""A condition that only the deploy decides."""


def one_function(properties: str, *resources: str) -> str:
    """A template of SAM's with the function `Web`, and other resources."""
    lines = "".join(f"  {resource}\n" for resource in resources)
    return f"{WEB}      {properties}\n{lines}"


def imported(folder: Path, files: dict[str, str], source: str) -> Imported:
    """Write files, and import one of them into the folder `app`."""
    write(folder, files)
    return import_app(folder / source, folder / "app")


def template(folder: Path) -> dict[str, Any]:
    """The resources of what an imported app becomes."""
    build(folder / "app", package=False)
    document = json.loads((folder / "app/.remit/build/template.json").read_text("utf-8"))
    resources: dict[str, Any] = document["Resources"]
    return resources


def test_a_template_of_sam_becomes_an_app_that_builds_with_its_names(tmp_path: Path) -> None:
    result = imported(tmp_path, {"template.yaml": FUNCTION, **CODE}, "template.yaml")
    assert () == result.left
    assert result.expressed == result.of
    resources = template(tmp_path)
    assert resources["Orders"]["Properties"]["VisibilityTimeout"] == 60
    assert "DelaySeconds" not in resources["Orders"]["Properties"]
    assert "Extra" not in resources
    properties = resources["Ingest"]["Properties"]
    assert properties["FunctionName"] == "dev-ingest"
    assert properties["MemorySize"] == 256
    assert properties["Timeout"] == 5
    assert properties["Handler"] == "orders.app.handler"
    variables = properties["Environment"]["Variables"]
    assert {"STAGE": "dev", "QUEUE": {"Ref": "Orders"}, "PAUSE": "5"}.items() <= variables.items()
    assert resources["IngestSkillPermission"]["Properties"]["Principal"] == "alexa-appkit.amazon.com"


def test_an_app_is_called_as_the_folder_of_its_template_also_from_within_that_folder(tmp_path: Path) -> None:
    folder = tmp_path / "My_Orders"
    write(folder, {"template.yaml": FUNCTION, **CODE})
    with inside(folder, {}):
        result = import_app(Path("template.yaml"), tmp_path / "app")
    assert () == result.left
    first, *_ = (tmp_path / "app" / "app.py").read_text("utf-8").splitlines()
    assert first == '"""my-orders, imported from template.yaml."""'


def test_an_app_that_is_imported_has_nothing_that_lint_or_cfn_lint_finds(tmp_path: Path) -> None:
    source = FUNCTION.replace("arn:aws:s3", "arn:${AWS::Partition}:s3")
    imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml")
    template(tmp_path)
    assert [] == cfn_lint.findings(tmp_path / "app/.remit/build/template.json")
    assert () == lint_app(load(tmp_path / "app"), folder=tmp_path / "app")


def test_the_access_of_a_role_becomes_the_policy_of_its_function(tmp_path: Path) -> None:
    imported(tmp_path, {"template.yaml": FUNCTION, **CODE}, "template.yaml")
    role = template(tmp_path)["IngestRole"]["Properties"]
    actions = [statement["Action"] for statement in role["Policies"][0]["PolicyDocument"]["Statement"]]
    assert "s3:GetObject" in actions
    assert "sqs:SendMessage" in json.dumps(actions)
    arns = json.dumps(role["ManagedPolicyArns"])
    assert "AmazonSSMReadOnlyAccess" in arns
    assert "AWSLambdaBasicExecutionRole" not in arns


POLLS = {
    "SQS": ("AWSLambdaSQSQueueExecutionRole", "Queue: !GetAtt Orders.Arn"),
    "Kinesis": ("AWSLambdaKinesisExecutionRole", "Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST"),
}
"""The managed policy with which a function reads a source, and its event in SAM."""


@pytest.mark.parametrize("event", [None, *POLLS])
def test_a_managed_policy_to_read_a_source_stays_unless_a_trigger_of_the_function_reads_it(
    tmp_path: Path, event: str | None
) -> None:
    events = "{}" if event is None else f"{{One: {{Type: {event}, Properties: {{{POLLS[event][1]}}}}}}}"
    source = f"""Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: {{Type: AWS::SQS::Queue}}
  Clicks: {{Type: AWS::Kinesis::Stream, Properties: {{ShardCount: 1}}}}
  Ingest:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: orders.handler
      Runtime: python3.13
      Policies: [{", ".join(policy for policy, _ in POLLS.values())}]
      Events: {events}
"""
    files = {"template.yaml": source, "src/orders.py": "def handler(event, context): ...\n"}
    imported(tmp_path, files, "template.yaml")
    arns = json.dumps(template(tmp_path)["IngestRole"]["Properties"].get("ManagedPolicyArns"))
    assert {each for each, (policy, _) in POLLS.items() if policy in arns} == {*POLLS} - {event}


def test_modules_are_written_as_a_formatter_writes_them_and_twice_the_same(tmp_path: Path) -> None:
    imported(tmp_path, {"template.yaml": FUNCTION, **CODE}, "template.yaml")
    import_app(tmp_path / "template.yaml", tmp_path / "again")
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--isolated", "--check", "--quiet"]
    for name in ("app.py", "parameters.py", "shared/resources/data.py", "config/deploy.py"):
        if (tmp_path / "app" / name).exists():
            subprocess.run([*ruff, str(tmp_path / "app" / name)], check=True)
            assert (tmp_path / "app" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_parameter_without_a_default_is_named(tmp_path: Path) -> None:
    result = imported(tmp_path, {"template.yaml": FUNCTION, **CODE}, "template.yaml")
    assert result.to_fill_in == ("TOPIC",)
    assert 'TOPIC = existing.parameter("/topic")' in (tmp_path / "app/parameters.py").read_text("utf-8")


def test_a_number_of_the_source_that_is_none_is_a_text_and_never_code(tmp_path: Path) -> None:
    default = "().__class__.__base__.__subclasses__()"
    source = FUNCTION.replace("Default: 5", f'Default: "{default}"')
    imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml")
    assert f'PAUSE = "{default}"' in (tmp_path / "app/parameters.py").read_text("utf-8")


def test_a_handler_that_is_not_beside_the_template_is_named_and_has_a_stub(tmp_path: Path) -> None:
    result = imported(tmp_path, {"template.yaml": FUNCTION}, "template.yaml")
    assert result.missing_handlers == ("functions/src/orders/app.py",)
    assert "Ingest" in template(tmp_path)


@pytest.mark.parametrize("uri", ["/", "/etc", "../../..", "../.."])
def test_code_far_outside_of_the_source_is_not_copied(tmp_path: Path, uri: str) -> None:
    source = FUNCTION.replace("CodeUri: src", f"CodeUri: {uri}")
    write(tmp_path, {"repository/shop/template.yaml": source, **CODE})
    result = import_app(tmp_path / "repository/shop/template.yaml", tmp_path / "app")
    assert len(result.missing_handlers) == 1
    assert len([*(tmp_path / "app/functions").rglob("*.py")]) == 1


@pytest.mark.parametrize("name", ["Handler", "CodeUri"])
def test_code_whose_name_no_file_has_is_left_at_its_line(tmp_path: Path, name: str) -> None:
    source = FUNCTION.replace({"Handler": "orders/app", "CodeUri": "src"}[name], "a" * 300)
    (left,) = imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    assert left.because == "its code has a name that is too long for a file"
    assert left.origin is not None
    assert left.origin.line == 22


def test_code_that_stands_in_the_template_goes_where_its_handler_is(tmp_path: Path) -> None:
    function = {"Handler": "shop/orders.get", "Runtime": "python3.13", "InlineCode": "def get(event, context): ..."}
    document = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Get": {"Type": "AWS::Serverless::Function", "Properties": function}},
    }
    result = imported(tmp_path, {"template.yaml": json.dumps(document)}, "template.yaml")
    assert () == result.left + result.missing_handlers
    assert (tmp_path / "app/functions/get/shop/orders.py").read_text("utf-8") == function["InlineCode"]


def test_what_an_app_cannot_have_is_left_with_its_line_and_what_refers_to_it_too(tmp_path: Path) -> None:
    source = """
Transform: AWS::Serverless-2016-10-31
Conditions:
  Here: !Equals [!Ref AWS::Region, eu-central-1]
Resources:
  Nested: {Type: AWS::Serverless::Application, Properties: {Location: nested.yaml}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Nested.Outputs.Name}}
  Web:
    Type: AWS::Serverless::Function
    Condition: Here
    Properties: {Handler: index.handler, Runtime: python3.13, InlineCode: "def handler(event, context): return 1"}
"""
    result = imported(tmp_path, {"template.yaml": source}, "template.yaml")
    left = {left.what: left.origin.line if left.origin else 0 for left in result.left}
    assert left == {
        "condition Here": 4,
        "Nested (AWS::Serverless::Application)": 6,
        "DisplayName of Topic": 7,
        "Condition of Web": 10,
    }
    assert "# left: DisplayName of Topic, because" in (tmp_path / "app/shared/resources/data.py").read_text("utf-8")
    modules = "".join(path.read_text("utf-8") for path in (tmp_path / "app").rglob("*.py"))
    assert dict.fromkeys(left, 1) == {what: modules.count(f"# left: {what}, because") for what in left}
    assert set(template(tmp_path)) >= {"Topic", "Web"}


def test_functions_of_plain_cloudformation_are_read_as_those_of_sam(tmp_path: Path) -> None:
    source = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: logs
          PolicyDocument: {Statement: [{Effect: Allow, Action: "sns:Publish", Resource: "*"}]}
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      Code: {ZipFile: "def handler(event, context): return 1"}
      Handler: index.handler
      Runtime: python3.13
      Role: !GetAtt Role.Arn
      TracingConfig: {Mode: Active}
      Tags: [{Key: team, Value: shop}]
"""
    assert () == imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    resources = template(tmp_path)
    assert resources["Hello"]["Properties"]["TracingConfig"] == {"Mode": "Active"}
    assert "Role" not in resources
    assert "sns:Publish" in json.dumps(resources["HelloRole"])


def test_a_template_that_cdk_synthesised_brings_its_code_and_the_policies_beside_its_roles(tmp_path: Path) -> None:
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    allowed = {
        "Statement": [
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Queue4A7E", "Arn"]}}
        ]
    }
    document = {
        "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk/version"}},
        "Conditions": {"CDKMetadataAvailable": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
        "Resources": {
            "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Condition": "CDKMetadataAvailable"},
            "Queue4A7E": {"Type": "AWS::SQS::Queue", "UpdateReplacePolicy": "Delete", "DeletionPolicy": "Delete"},
            "SendRole1B2C": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "SendRolePolicy3D": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"PolicyDocument": allowed, "PolicyName": "x", "Roles": [{"Ref": "SendRole1B2C"}]},
            },
            "Send9F": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": {"S3Bucket": "assets", "S3Key": "a.zip"},
                    "Handler": "index.handler",
                    "Role": {"Fn::GetAtt": ["SendRole1B2C", "Arn"]},
                    "Runtime": "python3.13",
                },
                "DependsOn": ["SendRolePolicy3D", "SendRole1B2C"],
                "Metadata": {"aws:asset:path": "asset.0a1b"},
            },
        },
    }
    files = {"shop.template.json": json.dumps(document), "asset.0a1b/index.py": "def handler(event, context): ..."}
    result = imported(tmp_path, files, "shop.template.json")
    assert () == result.left + result.missing_handlers
    resources = template(tmp_path)
    assert {"Queue4A7E", "Send9F"} <= resources.keys()
    assert not {"SendRole1B2C", "SendRolePolicy3D", "CDKMetadata"} & resources.keys()
    assert "sqs:SendMessage" in json.dumps(resources)
    assert (tmp_path / "app/functions/send9_f/index.py").exists()


def test_routes_of_both_kinds_of_apis_become_triggers_and_settings(tmp_path: Path) -> None:
    settings = """StageName: live, EndpointConfiguration: REGIONAL, Cors: "'*'", BinaryMediaTypes: [image~1png]"""
    rest = 'RestApiId: !Ref Api, Path: "/orders/{id}", Method: get, Auth: {ApiKeyRequired: true}'
    http = '{Type: HttpApi, Properties: {Path: /, Method: "*"}}'
    source = one_function(
        f"Events: {{Rest: {{Type: Api, Properties: {{{rest}}}}}, Http: {http}}}",
        f"Api: {{Type: AWS::Serverless::Api, Properties: {{{settings}}}}}",
        "Pool: {Type: AWS::Cognito::UserPool}",
    )
    assert () == imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    text = (tmp_path / "app/app.py").read_text("utf-8")
    assert 'on.rest("GET /orders/{id}", auth="NONE", api_key=True)' in text
    assert 'on.api("ANY /", auth="NONE")' in text
    assert 'config.rest.stage_name = "live"' in (tmp_path / "app/config/deploy.py").read_text("utf-8")
    template(tmp_path)


def test_an_api_keeps_its_routes_whatever_else_it_says(tmp_path: Path) -> None:
    settings = 'StageName: live, ApiKeySourceType: HEADER, MethodSettings: [{HttpMethod: "*", MetricsEnabled: true}]'
    source = one_function(
        "Events: {Rest: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /orders, Method: get}}}",
        f"Api: {{Type: AWS::Serverless::Api, Properties: {{{settings}}}}}",
    )
    result = imported(tmp_path, {"template.yaml": source}, "template.yaml")
    assert [left.what for left in result.left] == ["MethodSettings of Api"]
    assert 'on.rest("GET /orders", auth="NONE")' in (tmp_path / "app/app.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("properties", "what"),
    [
        ("", []),
        ("Cors: \"'*'\"", ["Cors of Api"]),
        ("Auth: {DefaultAuthorizer: AWS_IAM}", ["Api (AWS::Serverless::Api)"]),
        ("Auth: {ApiKeyRequired: true}", ["Api (AWS::Serverless::Api)"]),
        ("Auth: {ResourcePolicy: {IpRangeBlacklist: [1.2.3.4]}}", ["Api (AWS::Serverless::Api)"]),
    ],
)
def test_an_api_with_a_document_is_left_where_sam_would_write_into_it_whom_it_keeps_out(
    tmp_path: Path, properties: str, what: list[str]
) -> None:
    source = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      DefinitionBody: {{openapi: 3.0.1, info: {{title: a, version: "1"}}, paths: {{}}}}
      {properties}
"""
    result = imported(
        tmp_path, {"template.yaml": source + FUNCTION.partition("Resources:")[2], **CODE}, "template.yaml"
    )
    assert what == [left.what for left in result.left if "Api" in left.what]
    data = (tmp_path / "app/shared/resources/data.py").read_text("utf-8")
    assert ("Auth" in properties) == ("AWS::ApiGateway::RestApi" not in data)


def test_an_access_log_that_a_condition_decides_is_left(tmp_path: Path) -> None:
    log = "AccessLogSetting: !If [IsProd, {DestinationArn: a, Format: b}, !Ref AWS::NoValue]"
    api = f"  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: live, {log}}}}}\n  Orders:"
    source = FUNCTION.replace("  Orders:", api, 1)
    result = imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml")
    assert [("AccessLogSetting of Api", "a condition decides it")] == [
        (left.what, left.because) for left in result.left
    ]


def test_the_pollers_of_a_queue_are_kept(tmp_path: Path) -> None:
    pollers = "BatchSize: 5, ProvisionedPollerConfig: {MinimumPollers: 2, MaximumPollers: 4}}}"
    imported(tmp_path, {"template.yaml": FUNCTION.replace("BatchSize: 5}}", pollers), **CODE}, "template.yaml")
    mappings = [each for each in template(tmp_path).values() if each["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mappings[0]["Properties"]["ProvisionedPollerConfig"] == {"MinimumPollers": 2, "MaximumPollers": 4}


SERVERLESS = """
service: shop
provider:
  name: aws
  runtime: python3.13
  stage: ${opt:stage, 'dev'}
  environment: {TABLE: "${self:custom.table}", KEY: "${ssm:/shop/key}", ACCOUNT: "${aws:accountId}"}
  iam: {role: {statements: [{Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Orders.Arn}]}}
custom:
  table: ${self:service}-${sls:stage}-orders
  more: ${file(more.yml):name}
functions:
  get-order:
    handler: src/orders.get
    description: ${self:custom.more}
    events:
      - httpApi: GET /orders/{id}
      - schedule: {rate: [rate(1 day), rate(1 hour)], enabled: false}
      - sqs: {arn: !GetAtt Queue.Arn, batchSize: 3}
      - websocket: $connect
plugins: [serverless-python-requirements, serverless-lift]
resources:
  Resources:
    Orders:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: ${self:custom.table}
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
        KeySchema: [{AttributeName: id, KeyType: HASH}]
    Queue: {Type: AWS::SQS::Queue}
"""


def test_a_service_of_serverless_keeps_its_names_and_its_variables_are_resolved(tmp_path: Path) -> None:
    files = {
        "serverless.yml": SERVERLESS,
        "more.yml": "name: gives an order",
        "src/orders.py": "def get(event, context): ...",
    }
    result = imported(tmp_path, files, "serverless.yml")
    assert [left.what for left in result.left] == ["event websocket of get-order", "plugin serverless-lift"]
    resources = template(tmp_path)
    properties = resources["GetDashorderLambdaFunction"]["Properties"]
    assert properties["FunctionName"] == "shop-dev-get-order"
    assert (properties["Timeout"], properties["MemorySize"]) == (6, 1024)
    assert properties["Description"] == "gives an order"
    assert properties["Environment"]["Variables"]["ACCOUNT"] == {"Ref": "AWS::AccountId"}
    assert resources["Orders"]["Properties"]["TableName"] == "shop-dev-orders"
    assert 'existing.parameter("/shop/key")' in (tmp_path / "app/parameters.py").read_text("utf-8")
    schedules = [each for each in resources.values() if each["Type"] == "AWS::Scheduler::Schedule"]
    assert [each["Properties"]["State"] for each in schedules] == ["DISABLED", "DISABLED"]


def test_what_a_service_of_serverless_says_by_files_defaults_and_plugins_is_read(tmp_path: Path) -> None:
    service = """\
service: shop
provider: {name: aws, runtime: python3.13}
custom: ${file(custom.yml)}
functions:
  find_all:
    handler: orders.get
    layers: [{Ref: PythonRequirementsLambdaLayer}]
    environment: {NAME: "${self:custom.name}-${self:provider.stage}-${self:provider.region}"}
    events: [cognitoUserPool: {pool: users, trigger: PostConfirmation}]
  sub-one: {handler: orders.get, module: part}
"""
    code = "def get(event, context): ..."
    files = {"serverless.yml": service, "custom.yml": "name: x", "orders.py": code, "part/orders.py": code}
    assert () == imported(tmp_path, files, "serverless.yml").left
    resources = template(tmp_path)
    assert {"CognitoUserPoolUsers", "FindAllRole", "SubOneRole"} <= resources.keys()
    properties = resources["FindUnderscoreallLambdaFunction"]["Properties"]
    assert {"Fn::Sub": "x-dev-${AWS::Region}"} == properties["Environment"]["Variables"]["NAME"]
    assert "Layers" not in properties
    assert 'code="functions/part"' in (tmp_path / "app/app.py").read_text("utf-8")


def test_each_rate_of_a_schedule_of_serverless_is_kept_however_many_events_there_are(tmp_path: Path) -> None:
    rates = [f"rate({number} hours)" for number in range(2, 14)]
    events = "".join(f"      - schedule: {{rate: [{rate}]}}\n" for rate in ("rate(1 day)", *rates))
    events = events.replace("[rate(2 hours)]", "[rate(2 hours), rate(5 days)]")
    service = "service: shop\nprovider: {name: aws, runtime: python3.12}\nfunctions:\n  get:\n    handler: a.get\n"
    service += f"    events:\n{events}"
    files = {"serverless.yml": service, "a.py": "def get(event, context): ..."}
    assert () == imported(tmp_path, files, "serverless.yml").left
    made = template(tmp_path).values()
    kept = {each["Properties"].get("ScheduleExpression") for each in made} - {None}
    assert {"rate(1 day)", "rate(5 days)", *rates} == kept


def test_the_key_of_an_older_service_of_serverless_is_kept(tmp_path: Path) -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    functions = f"functions: {{get: {{handler: a.get, awsKmsKeyArn: '{key}', environment: {{NAME: b}}}}}}"
    service = f"service: shop\nprovider: {{name: aws, runtime: python3.12}}\n{functions}\n"
    files = {"serverless.yml": service, "a.py": "def get(event, context): ..."}
    assert () == imported(tmp_path, files, "serverless.yml").left
    assert key == template(tmp_path)["GetLambdaFunction"]["Properties"]["KmsKeyArn"]


def test_logs_of_serverless_are_kept_as_long_as_it_says(tmp_path: Path) -> None:
    service = """\
service: shop
provider: {name: aws, runtime: python3.12, logRetentionInDays: 14, snapStart: true}
functions:
  get: {handler: orders.get}
  put: {handler: orders.put, logRetentionInDays: 3, snapStart: false}
"""
    files = {"serverless.yml": service, "orders.py": "def get(event, context): ...\ndef put(event, context): ..."}
    assert imported(tmp_path, files, "serverless.yml").left == ()
    resources = template(tmp_path)
    days = {
        each["Properties"]["LogGroupName"]: each["Properties"]["RetentionInDays"]
        for each in resources.values()
        if each["Type"] == "AWS::Logs::LogGroup"
    }
    assert {"/aws/lambda/shop-dev-get": 14, "/aws/lambda/shop-dev-put": 3} == days
    assert {"ApplyOn": "PublishedVersions"} == resources["GetLambdaFunction"]["Properties"]["SnapStart"]
    assert "SnapStart" not in resources["PutLambdaFunction"]["Properties"]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: ${self:custom.b}\n  b: ${self:custom.a}", "refers to itself", 5),
        ("a: ${file(../secret.yml)}", "is outside of", 4),
        ("a: ${self:custom.nothing}", "names nothing of the file", 4),
        ("a: ${self:custom.b}-x\n  b: [1]", "`${self:custom.b}` is no text, and stands inside of one", 4),
    ],
)
def test_a_variable_of_serverless_that_cannot_be_is_an_error_at_its_line(
    tmp_path: Path, text: str, message: str, line: int
) -> None:
    source = f"service: ${{self:custom.a}}\nprovider: {{name: aws}}\ncustom:\n  {text}\n"
    with pytest.raises(RemitError) as error:
        imported(tmp_path, {"serverless.yml": source}, "serverless.yml")
    assert message in error.value.message
    assert error.value.origin is not None
    assert error.value.origin.line == line
    assert not (tmp_path / "app").exists()


def test_what_a_file_that_is_not_there_would_say_is_to_be_filled_in(tmp_path: Path) -> None:
    service = SERVERLESS.replace("${self:custom.more}", "${file(secrets.yml):description}")
    result = imported(tmp_path, {"serverless.yml": service, "more.yml": "name: x"}, "serverless.yml")
    assert ("FILE_SECRETS_YML_DESCRIPTION",) == result.to_fill_in


AUTHORIZED = """
service: shop
provider:
  name: aws
  runtime: python3.13
  httpApi:
    authorizers:
      tokens: {type: jwt, issuerUrl: "https://id.example.com/", audience: [shop]}
      keys: {type: request, functionName: check, enableSimpleResponses: true, identitySource: [$request.header.key]}
      old: {type: request, functionName: check, payloadVersion: "1.0", resultTtlInSeconds: 60}
functions:
  check: {handler: app.check}
  get:
    handler: app.get
    fileSystemConfig: {arn: !GetAtt Access.Arn, localMountPath: /mnt/data}
    vpc: {subnetIds: [subnet-0123456789abcdef0], securityGroupIds: [sg-0123456789abcdef0]}
    events: [EVENT]
resources:
  Resources:
    Pool: {Type: AWS::Cognito::UserPool}
    Files: {Type: AWS::EFS::FileSystem}
    Access: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref Files}}
    Mount:
      Type: AWS::EFS::MountTarget
      Properties: {FileSystemId: !Ref Files, SubnetId: subnet-0123456789abcdef0, SecurityGroups: [sg-0123456789abcdef0]}
"""


@pytest.mark.parametrize(
    ("event", "auth"),
    [
        ("httpApi: {path: /a, method: get, authorizer: {type: aws_iam}}", '"AWS_IAM"'),
        (
            "httpApi: {path: /a, method: get, authorizer: {name: tokens, scopes: [read]}}",
            'on.jwt("https://id.example.com/", audience=["shop"], scopes=["read"])',
        ),
        (
            "httpApi: {path: /a, method: get, authorizer: keys}",
            'on.authorizer("check", identity_source=["$request.header.key"])',
        ),
        (
            "httpApi: {path: /a, method: get, authorizer: {name: old}}",
            """on.authorizer("check", identity_source=["$request.header.Authorization"], cache=60,
            payload_format_version="1.0")""",
        ),
        (
            "http: {path: a, method: get, authorizer: check}",
            'on.authorizer("check", identity_source=["method.request.header.Authorization"], cache=300, token=True)',
        ),
        (
            "http: {path: a, method: get, authorizer: {name: check, type: request, resultTtlInSeconds: 0}}",
            'on.authorizer("check", identity_source=["method.request.header.Authorization"])',
        ),
        ("http: {path: a, method: get, authorizer: {arn: !GetAtt Pool.Arn}}", "on.user_pool(Data.pool)"),
    ],
)
def test_a_route_of_serverless_keeps_its_authorizer(tmp_path: Path, event: str, auth: str) -> None:
    code = "def check(event, context): ...\ndef get(event, context): ...\n"
    files = {"serverless.yml": AUTHORIZED.replace("EVENT", event), "app.py": code}
    assert () == imported(tmp_path, files, "serverless.yml").left
    text = (tmp_path / "app/app.py").read_text("utf-8")
    assert re.sub(r"\s", "", f"auth={auth}") in re.sub(r",(?=\s*[)\]])|\s", "", text)
    function = template(tmp_path)["GetLambdaFunction"]
    assert function["DependsOn"] == ["Mount"]
    assert function["Properties"]["FileSystemConfigs"][0]["LocalMountPath"] == "/mnt/data"


@pytest.mark.parametrize(
    "authorizer",
    [
        "arn:aws:lambda:eu-west-1:111122223333:function:x",
        "nobody",
        "{type: token}",
        "{arn: {Fn::GetAtt: [CheckLambdaFunction, Arn]}}",
    ],
)
def test_a_route_whose_authorizer_is_not_known_is_left_and_never_open(tmp_path: Path, authorizer: str) -> None:
    event = f"http: {{path: a, method: get, authorizer: {authorizer}}}"
    files = {"serverless.yml": AUTHORIZED.replace("EVENT", event), "app.py": "def check(event, context): ...\n"}
    assert [left.what for left in imported(tmp_path, files, "serverless.yml").left] == ["event http of get"]
    assert "on.rest" not in (tmp_path / "app/app.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("model", "query"),
    [("", ""), ("RequestModel: {Model: Order, ValidateParameters: true}, ", 'query=["page"]')],
)
def test_parameters_of_a_request_are_required_where_the_source_validates_them(
    tmp_path: Path, model: str, query: str
) -> None:
    parameters = "[method.request.header.x, method.request.querystring.page: {Required: true}]"
    route = f"RestApiId: !Ref Api, Path: /a, Method: get, {model}RequestParameters: {parameters}"
    source = one_function(
        f"Events: {{Get: {{Type: Api, Properties: {{{route}}}}}}}",
        "Api: {Type: AWS::Serverless::Api, Properties: {StageName: live, Models: {Order: {type: object}}}}",
    )
    assert () == imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    text = (tmp_path / "app/app.py").read_text("utf-8")
    assert query in text
    assert bool(query) == ("query=" in text)


def test_a_chalice_app_is_read_and_not_run(tmp_path: Path) -> None:
    app = """
import os
from chalice import Chalice, Cron, Rate
app = Chalice(app_name="shop")
raise SystemExit("it runs")

@app.route("/orders/{id}", methods=["GET", "PUT"], cors=True)
def order(id): ...

@app.on_sqs_message(queue=os.environ["QUEUE"], batch_size=7)
def ingest(event): ...

@app.schedule(Rate(1, unit=Rate.HOURS))
def hourly(event): ...

@app.schedule(Cron(0, hours="18", day_of_month="?", month="*", day_of_week="MON-FRI", year="*"))
def nightly(event): ...
"""
    config = {
        "version": "2.0",
        "app_name": "shop",
        "stages": {"dev": {"api_gateway_stage": "api", "environment_variables": {"QUEUE": "orders"}}},
    }
    files = {".chalice/config.json": json.dumps(config), "app.py": app}
    result = imported(tmp_path, files, "app.py")
    assert () == result.left
    resources = template(tmp_path)
    assert resources["APIHandler"]["Properties"]["Handler"] == "app.app"
    assert resources["APIHandler"]["Properties"]["FunctionName"] == "shop-dev"
    assert resources["Ingest"]["Properties"]["Handler"] == "app.ingest"
    schedules = {each["Properties"]["ScheduleExpression"] for each in resources.values() if "Schedule" in each["Type"]}
    assert {"rate(1 hour)", "cron(0 18 ? * MON-FRI *)"} == schedules
    methods = {
        each["Properties"]["HttpMethod"] for each in resources.values() if each["Type"] == "AWS::ApiGateway::Method"
    }
    assert methods >= {"GET", "PUT"}


def test_settings_of_zappa_become_a_web_app(tmp_path: Path) -> None:
    settings = """{
    "dev": { // the only one, "dev"
        "app_function": "shop.app",
        "aws_region": "eu-central-1",
        "project_name": "shop",
        "s3_bucket": "b",
        "runtime": "python3.13",
        "environment_variables": {"A1": "1"},
        "events": [{"function": "shop.nightly", "expression": "rate(1 day)"},
                   {"function": "shop.resize", "event_source": {"arn": "arn:aws:s3:::b"}}],
        "magic": 1,
    }
}"""
    code = "app = None\ndef nightly(event, context): ...\ndef resize(event, context): ...\n"
    result = imported(tmp_path, {"zappa_settings.json": settings, "shop.py": code}, "zappa_settings.json")
    assert [left.what for left in result.left] == ["magic of stage dev", "event of shop.resize"]
    assert result.left[0].origin is not None
    assert result.left[0].origin.line == 11
    assert '"shop:app"' in (tmp_path / "app/app.py").read_text("utf-8")
    assert template(tmp_path)["WebFunction"]["Properties"]["Timeout"] == 30


@pytest.mark.parametrize("name", ["Handler", "CodeUri", "FunctionName"])
def test_a_null_byte_is_told_at_its_line_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    properties = {"Handler": "app.handler", "Runtime": "python3.13", "CodeUri": "src/", name: "a\0b"}
    function = {"Type": "AWS::Serverless::Function", "Properties": properties}
    source = tmp_path / "template.yaml"
    source.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": function}}))
    with pytest.raises(RemitError, match="a text with a null byte") as refused:
        import_app(source, tmp_path / "shop")
    assert (str(source), 1, False) == (
        refused.value.origin and refused.value.origin.file,
        refused.value.origin and refused.value.origin.line,
        (tmp_path / "shop").exists(),
    )


def test_a_filled_folder_no_source_and_broken_yaml_are_errors_and_nothing_is_written(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "template.yaml": FUNCTION,
            "broken.yaml": "Resources:\n  A: [",
            "other.yaml": "a: 1",
            "full/x": "",
            "app.py": "",
        },
    )
    for source, folder, message in (
        ("template.yaml", "full", "is not an empty folder"),
        ("none.yaml", "app", "there is no source at"),
        ("app.py", "app", r"there is no source at .*app\.py"),
        ("other.yaml", "app", "is no template of a known tool"),
        ("broken.yaml", "app", "broken.yaml|expected|sequence"),
    ):
        with pytest.raises(RemitError, match=message):
            import_app(tmp_path / source, tmp_path / folder)
        assert not (tmp_path / "app").exists()
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["x"]


def test_the_command_counts_and_ends_with_1_where_something_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"template.yaml": FUNCTION.replace("Runtime: python3.13", "Runtime: nodejs22.x")})
    with inside(tmp_path, {}), pytest.raises(SystemExit, match="1"):
        main(["import", "template.yaml", "app", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["expressed"] + len(document["left"]) == document["of"]
    assert document["left"][0]["because"] == "its runtime is nodejs22.x, and remit deploys Python"


def test_the_access_of_a_source_and_of_its_app_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(tmp_path, {"template.yaml": FUNCTION, **CODE}, "template.yaml")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["diff", str(tmp_path / "template.yaml"), str(tmp_path / "app"), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert not [gain for gain in document["gained"] if "Ingest" in str(gain["origin"])]
    assert any("logs" in loss["action"] for loss in document["lost"])


def test_a_route_that_is_opened_is_a_gain_over_the_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rest = '{Type: Api, Properties: {Path: "/orders/{id}", Method: get, Auth: {Authorizer: AWS_IAM}}}'
    source = one_function(
        f'Events: {{Rest: {rest}, Http: {{Type: HttpApi, Properties: {{Path: "/orders", Method: post}}}}}}'
    )
    imported(tmp_path, {"template.yaml": source}, "template.yaml")
    app = tmp_path / "app/app.py"
    for text, doors in (("AWS_IAM", []), ("NONE", [True])):
        app.write_text(app.read_text("utf-8").replace('auth="AWS_IAM"', f'auth="{text}"'), "utf-8")
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main(["diff", str(tmp_path / "template.yaml"), str(tmp_path / "app"), "--json"])
        assert [door["public"] for door in json.loads(capsys.readouterr().out)["doors"]] == doors


TRIGGERS = (
    "on.sqs(Data.queue, batch_size={number})", 'on.schedule("rate({number} hours)")', "on.dynamodb(Data.table)",
    "on.sns(Data.topic)", 'on.s3(Data.bucket, prefix="{number}/")', 'on.event(source="shop.{number}")',
    'on.api("GET /{number}", auth="NONE")', 'on.rest("PUT /{number}")', "on.http()",
)  # fmt: skip
ACCESS = ("grants.sqs.send(Data.queue)", "grants.dynamodb.query(Data.table)", '"s3:ListAllMyBuckets"')
SETTINGS = (
    "timeout={number}",
    'environment={{"SIZE": "{number}"}}',
    "tracing=True",
    "log_retention=7",
    "memory_size=512",
)


@st.composite
def apps(draw: st.DrawFn) -> str:
    """An app with a few functions, with triggers, access and settings."""
    parts = ["from remit import App, grants, on", "from shared.resources.data import Data", "", "app = App()"]
    for index in range(draw(st.integers(1, 3))):
        triggers = draw(st.lists(st.sampled_from(TRIGGERS), unique=True, max_size=2))
        access = draw(st.lists(st.sampled_from(ACCESS), unique=True, max_size=2))
        settings = draw(st.lists(st.sampled_from(SETTINGS), unique=True, max_size=2))
        arguments = [*triggers, f"policy=[{', '.join(access)}]", *settings]
        text = ", ".join(arguments).replace("{number}", str(index + 3)).replace("{{", "{").replace("}}", "}")
        parts += ["", "", f"@app.function({text})", f"def work{index}(event, context): ..."]
    return "\n".join((*parts, ""))


@given(app=apps())
@settings(max_examples=cases(3, deep=20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_app_of_remits_own_survives_the_way_through_its_template(
    tmp_path_factory: pytest.TempPathFactory, app: str
) -> None:
    folder = tmp_path_factory.mktemp("law")
    data = ["from remit import Shared, resource", "", "", "class Data(Shared):"]
    data += [
        f'    {name} = resource("{kind}")'
        for name, kind in (("queue", "AWS::SQS::Queue"), ("topic", "AWS::SNS::Topic"))
    ]
    data += ['    bucket = resource("AWS::S3::Bucket")', '    table = resource("AWS::DynamoDB::Table", **{']
    data += ['        "billing_mode": "PAY_PER_REQUEST", "key_schema": [{"AttributeName": "id", "KeyType": "HASH"}],']
    data += ['        "attribute_definitions": [{"AttributeName": "id", "AttributeType": "S"}]})', ""]
    write(folder, {"app/app.py": app, "app/shared/resources/data.py": "\n".join(data)})
    first = template(folder)
    write(folder, {"built.json": (folder / "app/.remit/build/template.json").read_text("utf-8")})
    (folder / "app").rename(folder / "before")
    result = import_app(folder / "built.json", folder / "app")
    assert () == result.left
    second = template(folder)
    assert {name: each["Type"] for name, each in first.items()} == {name: each["Type"] for name, each in second.items()}
    for name, each in first.items():
        if each["Type"] not in ("AWS::IAM::Role", "AWS::Lambda::Function"):
            assert each == second[name]
    reviewed = review_source(folder / "built.json", folder / "app")
    assert not reviewed.broadens


@pytest.mark.parametrize("seed", range(cases(10, deep=100)))
def test_a_mutant_of_a_source_is_read_or_refused_by_an_error(tmp_path: Path, seed: int) -> None:
    """Whatever stands in a source, nothing of remit's own breaks."""
    chance = random.Random(seed)  # noqa: S311 - a test's choice
    name, text = chance.choice([("template.yaml", FUNCTION), ("serverless.yml", SERVERLESS)])
    lines = text.splitlines()
    for _ in range(chance.randint(1, 4)):
        index = chance.randrange(len(lines))
        change = chance.choice(["drop", "twice", "null", "list", "number", "text"])
        key = lines[index].partition(":")[0]
        lines[index : index + 1] = {
            "drop": [],
            "twice": [lines[index], lines[index]],
            "null": [f"{key}:"],
            "list": [f"{key}: []"],
            "number": [f"{key}: 7"],
            "text": [f"{key}: word"],
        }[change]
        if not lines:
            lines = [""]
    with contextlib.suppress(RemitError):
        imported(tmp_path, {name: "\n".join(lines), "more.yml": "name: x"}, name)


@pytest.mark.parametrize("event", ["HttpApi", "Api"])
def test_the_routes_of_an_app_let_in_nobody_whom_those_of_its_source_do_not(tmp_path: Path, event: str) -> None:
    route = f"Events: {{Web: {{Type: {event}, Properties: {{Path: /orders, Method: get}}}}}}"
    properties = f"{{CodeUri: src, Handler: orders.handler, Runtime: python3.13, {route}}}"
    source = f"""Transform: AWS::Serverless-2016-10-31
Resources:
  Ingest: {{Type: AWS::Serverless::Function, Properties: {properties}}}
"""
    write(tmp_path, {"template.yaml": source, "src/orders.py": "def handler(event, context): ...\n"})
    import_app(tmp_path / "template.yaml", tmp_path / "app")
    assert not review_source(tmp_path / "template.yaml", tmp_path / "app").broadens


WRONG: tuple[Any, ...] = (
    None, True, 7, -1, 1.5, "", "x", "${x}", "${self:a}", "../..", "a" * 300, [], [1], [[]], {}, {"a": 1}, {"Ref": 7},
    {"Ref": "Nope"}, {"Ref": "AWS::NoValue"}, {"Fn::If": ["C", 1, 2]}, {"Fn::If": [[], 1, 2]}, {"Fn::Sub": 5},
    {"Fn::Sub": ["a", {"b": []}]}, {"Fn::GetAtt": [1, 2]}, {"Fn::GetAtt": 7}, {"Fn::Join": [1, 2]},
    {"Fn::Select": ["x", {}]}, {"Fn::Select": 3}, {"Fn::Split": ["", "a"]}, {"Fn::FindInMap": [[], 1, 2]},
    {"Fn::FindInMap": []}, {"Fn::Transform": {"Name": "x"}}, {"Fn::Equals": [1]}, {"Condition": {}}, {"Type": 7},
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all parts of a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A document with another value at a path."""
    if not path:
        return new
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = with_value(value[path[0]], path[1:], new)
    return changed


@given(data=st.data())
@settings(max_examples=cases(15, deep=150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_any_place_is_read_left_or_an_error_and_an_error_writes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name, text = data.draw(st.sampled_from([("template.yaml", FUNCTION), ("serverless.yml", SERVERLESS)]))
    document = read_as_written(text.encode(), name).value
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(document)))
        document = with_value(document, place, data.draw(st.sampled_from(WRONG)))
    folder = tmp_path_factory.mktemp("wrong")
    mistakes = []
    try:
        imported(folder, {name: json.dumps(document), "more.yml": "name: x"}, name)
    except RemitError as error:
        mistakes.append(error)
    assert (folder / "app").exists() == (not mistakes)
    assert all(mistake.origin is not None for mistake in mistakes)


_INVOKED = '{Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*"}'


@pytest.mark.parametrize(
    ("api", "event"),
    [
        ("Auth: {ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}}", ""),
        ("", "Auth: {ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}}"),
        ("", "Auth: {ResourcePolicy: {CustomStatements: []}}"),
        ("Auth: {ApiKeyRequired: !If [Is, true, false]}", ""),
        ("", "Auth: !If [Is, {Authorizer: AWS_IAM}, {}]"),
        ("Auth: {DefaultAuthorizer: A, Authorizers: {A: {FunctionArn: !GetAtt Web.Arn, Identity: !Ref Web}}}", ""),
        ("EndpointConfiguration: {Type: !If [Is, PRIVATE, REGIONAL]}", ""),
        ("Domain: {DomainName: a.example, MutualTlsAuthentication: {TruststoreUri: s3://b/k}}", ""),
        ("DisableExecuteApiEndpoint: true", ""),
        (f"Auth: {{ResourcePolicy: {{CustomStatements: !If [Is, [{_INVOKED}], []]}}}}", ""),
    ],
)
def test_a_route_of_sam_is_left_where_the_app_would_not_keep_people_out_of_its_api(
    tmp_path: Path, api: str, event: str
) -> None:
    route = f"RestApiId: !Ref Api, Path: /a, Method: get, {event}"
    source = one_function(
        f"Events: {{Get: {{Type: Api, Properties: {{{route}}}}}}}",
        f"Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: live, {api}}}}}",
    )
    left = [left.what for left in imported(tmp_path, {"template.yaml": source + HERE}, "template.yaml").left]
    assert "event Get of Web" in left
    assert "on.rest" not in (tmp_path / "app/app.py").read_text("utf-8")


def test_an_api_of_serverless_stays_private_and_keeps_its_policy(tmp_path: Path) -> None:
    of_api = f"httpApi: {{cors: false}}, apiGateway: {{resourcePolicy: [{_INVOKED}]}}"
    provider = f"endpointType: private, vpcEndpointIds: [vpce-1], {of_api}"
    source = f"""
service: shop
provider: {{name: aws, runtime: python3.13, {provider}}}
functions: {{get: {{handler: app.get, url: false, events: [http: GET /a, httpApi: GET /b]}}}}
"""
    assert () == imported(tmp_path, {"serverless.yml": source, "app.py": "def get(e, c): ...\n"}, "serverless.yml").left
    resources = template(tmp_path)
    api = resources["RestApi"]["Properties"]
    assert {"Types": ["PRIVATE"], "VpcEndpointIds": ["vpce-1"]} == api["EndpointConfiguration"]
    assert [statement["Resource"] for statement in api["Policy"]["Statement"]] == ["execute-api:/*"]
    assert "CorsConfiguration" not in resources["HttpApi"]["Properties"]
    assert not [resource for resource in resources.values() if resource["Type"] == "AWS::Lambda::Url"]


@pytest.mark.parametrize(
    "provider",
    [
        "apiGateway: {restApiId: abc123}",
        "httpApi: {id: abc123}",
        "apiGateway: {disableDefaultEndpoint: true}, httpApi: {disableDefaultEndpoint: true}",
    ],
)
def test_a_route_of_serverless_is_left_in_an_api_of_another_or_without_an_address(
    tmp_path: Path, provider: str
) -> None:
    kind = "httpApi" if "id:" in provider else "http"
    source = f"""
service: shop
provider: {{name: aws, runtime: python3.13, {provider}}}
functions: {{get: {{handler: app.get, events: [{kind}: GET /a]}}}}
"""
    imported(tmp_path, {"serverless.yml": source, "app.py": "def get(e, c): ...\n"}, "serverless.yml")
    assert "auth=" not in (tmp_path / "app/app.py").read_text("utf-8")


@pytest.mark.parametrize(
    "setting",
    [
        '"apigateway_enabled": false',
        '"authorizer": {"function": "app.check"}',
        '"endpoint_configuration": ["PRIVATE"]',
        '"apigateway_policy": "policy.json"',
        '"extends": "b"}, "b": {"extends": "c"}, "c": {"authorizer": {"function": "app.check"}',
    ],
)
def test_a_zappa_app_that_is_not_open_to_everyone_gets_no_routes(tmp_path: Path, setting: str) -> None:
    settings = f'{{"dev": {{"app_function": "app.app", {setting}}}}}'
    imported(tmp_path, {"zappa_settings.json": settings, "app.py": "app = None\n"}, "zappa_settings.json")
    assert "auth=" not in (tmp_path / "app/app.py").read_text("utf-8")


def test_a_user_pool_of_chalice_brings_its_scopes_and_its_header(tmp_path: Path) -> None:
    arn = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_Users"
    pool = f'CognitoUserPoolAuthorizer("Users", provider_arns=["{arn}"]'
    made = f'scoped = {pool}, scopes=["read"])\nelsewhere = {pool}, header="X-Token")\n'
    routes = "".join(
        f'@app.route("/{name}", authorizer={name})\ndef {name}_(): ...\n' for name in ("scoped", "elsewhere")
    )
    files = {
        "app.py": f'from chalice import Chalice\napp = Chalice(app_name="shop")\n{made}{routes}',
        ".chalice/config.json": "{}",
    }
    assert ["event ElsewhereGet1 of APIHandler"] == [left.what for left in imported(tmp_path, files, "app.py").left]
    assert 'scopes=["read"]' in (tmp_path / "app/app.py").read_text("utf-8")


@pytest.mark.parametrize(
    "option",
    ["api_key_required=NEEDED", "authorizer=made()", "**OPTIONS", "authorizer=scoped", "authorizer=either"],
)
def test_a_route_of_chalice_is_left_where_the_code_decides_whom_it_lets_in(tmp_path: Path, option: str) -> None:
    routes = f'@app.route("/", {option})\ndef get(): ...\n@app.route("/b", api_key_required=True)\ndef b(): ...\n'
    pool = 'CognitoUserPoolAuthorizer("Users", provider_arns=["arn:aws:cognito-idp:eu-west-1:1:userpool/a"]'
    made = f"scoped = {pool}, scopes=SCOPES)\neither = {pool})\neither = CustomAuthorizer()\n"
    files = {
        "app.py": f'from chalice import Chalice\napp = Chalice(app_name="shop")\n{made}{routes}',
        ".chalice/config.json": "{}",
    }
    assert ["route /"] == [left.what for left in imported(tmp_path, files, "app.py").left]
    assert 'on.rest("GET /b", auth="NONE", api_key=True)' in (tmp_path / "app/app.py").read_text("utf-8")


def test_a_route_of_chalice_is_left_where_its_api_has_a_policy(tmp_path: Path) -> None:
    files = {
        "app.py": 'from chalice import Chalice\napp = Chalice(app_name="shop")\n@app.route("/")\ndef get(): ...\n',
        ".chalice/config.json": '{"version": "2.0", "app_name": "shop", "api_gateway_policy_file": "closed.json"}',
    }
    assert ["route /"] == [left.what for left in imported(tmp_path, files, "app.py").left]


def test_a_permission_is_left_with_the_source_that_limits_it(tmp_path: Path) -> None:
    permission = "{Action: lambda:InvokeFunction, FunctionName: !Ref F, Principal: s3.amazonaws.com, SourceArn: !Ref B}"
    source = f"""
Conditions: {{Is: !Equals [!Ref "AWS::Region", eu-west-1]}}
Resources:
  B: {{Type: AWS::S3::Bucket, Condition: Is}}
  F:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.13
      Role: arn:aws:iam::111122223333:role/x
      Code: {{ZipFile: "def handler(event, context): return 1"}}
  P: {{Type: AWS::Lambda::Permission, Properties: {permission}}}
"""
    assert "P (AWS::Lambda::Permission)" in [
        left.what for left in imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    ]


def test_a_function_gets_no_policy_without_the_statement_that_denies(tmp_path: Path) -> None:
    denied = '{Effect: Deny, Action: "s3:GetObject", Resource: !GetAtt Gone.Outputs.Arn}'
    nested = "  Gone: {Type: AWS::Serverless::Application, Properties: {Location: nested.yaml}}\n  Orders:"
    source = FUNCTION.replace("Statement: [{Effect: Allow", f"Statement: [{denied}, {{Effect: Allow")
    imported(tmp_path, {"template.yaml": source.replace("  Orders:", nested, 1), **CODE}, "template.yaml")
    text = (tmp_path / "app/app.py").read_text("utf-8")
    assert "policy=" not in text
    assert "# left: policy[" in text


def test_a_rest_api_whose_cors_names_no_origin_has_sams_own(tmp_path: Path) -> None:
    api = (
        "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: live, Cors: {AllowHeaders: \"'A,B'\"}}}\n  Orders:"
    )
    route = "Route: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: get}}\n        Skill:"
    source = FUNCTION.replace("  Orders:", api, 1).replace("Skill:", route)
    assert () == imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml").left
    assert '"AllowOrigins": ["*"]' in (tmp_path / "app/config/deploy.py").read_text("utf-8")


def test_a_log_group_that_is_named_after_something_else_stays_beside_the_functions_own(tmp_path: Path) -> None:
    group = "  IngestLogGroup: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /shop/ingest}}\n  Orders:"
    source = FUNCTION.replace("  Orders:", group, 1).replace('      FunctionName: !Sub "${Stage}-ingest"\n', "")
    source = source.replace("      Handler:", "      LoggingConfig: {LogGroup: !Ref IngestLogGroup}\n      Handler:")
    (left,) = imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml").left
    assert left.what == "LoggingConfig.LogGroup of Ingest"
    groups = [each["Properties"] for each in template(tmp_path).values() if each["Type"] == "AWS::Logs::LogGroup"]
    assert "/shop/ingest" in [group["LogGroupName"] for group in groups]
    assert len(groups) == 2


@pytest.mark.parametrize(
    ("properties", "group", "is_left"),
    [
        (None, "!Ref IngestLogGroup", False),
        ('{LogGroupName: !Sub "/aws/lambda/${Stage}-ingest"}', "!Ref IngestLogGroup", False),
        (None, '!Sub "/aws/lambda/${Stage}-ingest"', False),
        ("{LogGroupName: /shop}", "!Ref Shared", True),
        (None, "/shop", True),
        (None, "!Ref Stage", True),
    ],
)
def test_that_a_function_logs_into_a_group_of_its_own_is_told_where_it_logs_into_another(
    tmp_path: Path, properties: str | None, group: str, *, is_left: bool
) -> None:
    of_group = "" if properties is None else f", Properties: {properties}"
    name = "Shared" if "Shared" in group else "IngestLogGroup"
    source = FUNCTION.replace("  Orders:", f"  {name}: {{Type: AWS::Logs::LogGroup{of_group}}}\n  Orders:", 1)
    source = source.replace(
        "      Handler:", f"      LoggingConfig: {{LogGroup: {group}, LogFormat: JSON}}\n      Handler:"
    )
    left = imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml").left
    told = ["LoggingConfig.LogGroup of Ingest: each function logs into a group of its own"] if is_left else []
    assert [f"{one.what}: {one.because}" for one in left] == told


def test_a_websocket_api_of_the_source_is_called_back_by_its_functions_and_an_output_may_be_empty(
    tmp_path: Path,
) -> None:
    arn = '"arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${WebSocketApi}/*"'
    called = f"Statement: [{{Effect: Allow, Action: execute-api:ManageConnections, Resource: !Sub {arn}}}, {{Effect"
    api = "{Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: WEBSOCKET, RouteSelectionExpression: a}}"
    source = FUNCTION.replace("Statement: [{Effect", called).replace(
        "  Orders:", f"  WebSocketApi: {api}\n  Orders:", 1
    )
    source += '  Empty: {Value: !If [IsProd, !Ref Orders, ""]}\n'
    assert () == imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml").left
    assert "execute-api:ManageConnections" in json.dumps(template(tmp_path)["IngestRole"])


def test_a_service_of_another_cloud_is_refused_at_its_line(tmp_path: Path) -> None:
    service = "service: shop\nprovider:\n  name: google\n  runtime: python3.13\nfunctions: {get: {handler: app.get}}\n"
    with pytest.raises(RemitError, match="its provider is google") as refused:
        imported(tmp_path, {"serverless.yml": service}, "serverless.yml")
    assert refused.value.origin is not None
    assert refused.value.origin.line == 3


def test_plugins_for_ones_own_machine_and_a_skill_of_alexa_leave_nothing(tmp_path: Path) -> None:
    service = """
service: shop
provider: {name: aws, runtime: python3.13}
functions: {ask: {handler: app.ask, events: [alexaSkill, alexaSkill: {appId: amzn1.ask.skill.1}]}}
plugins: [serverless-offline-sqs, serverless-dynamodb-local, serverless-localstack]
"""
    files = {"serverless.yml": service, "app.py": "def ask(e, c): ...\n"}
    assert () == imported(tmp_path, files, "serverless.yml").left
    permissions = [
        each["Properties"] for each in template(tmp_path).values() if each["Type"] == "AWS::Lambda::Permission"
    ]
    assert [None, "amzn1.ask.skill.1"] == [permission.get("EventSourceToken") for permission in permissions]


def test_the_url_of_a_function_is_referred_to_by_the_name_that_remit_gives_it(tmp_path: Path) -> None:
    source = """
Transform: AWS::Serverless-2016-10-31
Resources:
  AskFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: python3.13
      InlineCode: "def handler(event, context): return 1"
      FunctionUrlConfig: {AuthType: NONE}
Outputs: {Url: {Value: !GetAtt AskFunctionUrl.FunctionUrl}}
"""
    assert () == imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    (url,) = [name for name, each in template(tmp_path).items() if each["Type"] == "AWS::Lambda::Url"]
    document = json.loads((tmp_path / "app/.remit/build/template.json").read_text("utf-8"))
    assert {"Fn::GetAtt": [url, "FunctionUrl"]} in [output["Value"] for output in document["Outputs"].values()]


def test_a_bucket_whose_event_no_trigger_covers_keeps_what_sam_writes_into_it(tmp_path: Path) -> None:
    created = 'Events: "s3:ObjectCreated:*"'
    source = one_function(
        f"Events: {{New: {{Type: S3, Properties: {{Bucket: !Ref In, {created}, Unknown: 1}}}}, "
        f"Other: {{Type: S3, Properties: {{Bucket: !Ref Out, {created}}}}}}}",
        "In: {Type: AWS::S3::Bucket}",
        "Out: {Type: AWS::S3::Bucket}",
    )
    imported(tmp_path, {"template.yaml": source}, "template.yaml")
    assert "LambdaConfigurations" in json.dumps(template(tmp_path)["In"])
    assert 'on.s3(Data.out, events="s3:ObjectCreated:*")' in (tmp_path / "app/app.py").read_text("utf-8")


def test_a_policy_beside_a_role_is_of_the_functions_of_that_role_alone(tmp_path: Path) -> None:
    trust = "{Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}"
    resources = "".join(
        f"""
  {name}Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {trust}}}}}
  {name}Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: own
      Roles: [!Ref {name}Role]
      PolicyDocument: {{Statement: [{{Effect: Allow, Action: "{action}", Resource: "arn:aws:s3:::in/*"}}]}}
  {name}:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.13
      Role: !GetAtt {name}Role.Arn
      Code: {{ZipFile: "def handler(event, context): return 1"}}"""
        for name, action in (("Read", "s3:GetObject"), ("Write", "s3:PutObject"))
    )
    assert () == imported(tmp_path, {"template.yaml": f"Resources:{resources}\n"}, "template.yaml").left
    roles = template(tmp_path)
    assert "s3:PutObject" not in json.dumps(roles["ReadRole"])
    assert "s3:GetObject" not in json.dumps(roles["WriteRole"])


@pytest.mark.parametrize(("path", "value"), [("a.0", 1), ("a.1", None), ("a.b", None), ("c.0", None), ("", {"a": [1]})])
def test_the_value_at_a_path_is_as_written_or_none(path: str, value: Any) -> None:
    assert value == value_at_path({"a": [1]}, path)


@pytest.mark.parametrize(
    ("properties", "door"),
    [
        ('FunctionUrlConfig: !If [Is, {AuthType: NONE}, !Ref "AWS::NoValue"]', "the URL of Web"),
        ("FunctionUrlConfig: {AuthType: NONE}", "the URL of Web"),
        ("Events: {Get: {Type: HttpApi, Properties: {Path: /a, Method: get}}}", "event Get of Web"),
    ],
)
def test_a_door_that_only_the_deploy_knows_is_left(tmp_path: Path, properties: str, door: str) -> None:
    source = one_function(properties) + HERE
    if "If" not in properties:
        source = source.replace("    Properties:", "    Condition: Is\n    Properties:", 1)
    left = imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    assert door in [construct.what for construct in left]
    assert "on." not in (tmp_path / "app/app.py").read_text("utf-8")


def test_a_function_has_no_policies_without_its_boundary(tmp_path: Path) -> None:
    boundary = "arn:aws:iam::111122223333:policy"
    access = '[{Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::in/*"}]}]'
    others = [
        f"{name}: {{Type: AWS::Serverless::Function, Properties: {{Handler: index.handler, Runtime: python3.13, "
        f'InlineCode: "def handler(event, context): return 1", PermissionsBoundary: {own}, Policies: {access}}}}}'
        for name, own in (("Same", f"{boundary}/app"), ("Other", f"{boundary}/other"))
    ]
    source = one_function(f"PermissionsBoundary: {boundary}/app", *others)
    imported(tmp_path, {"template.yaml": source}, "template.yaml")
    resources = template(tmp_path)
    assert "policy/app" in json.dumps(resources["OtherRole"]["Properties"]["PermissionsBoundary"])
    assert "s3:GetObject" in json.dumps(resources["SameRole"])
    assert "s3:GetObject" not in json.dumps(resources["OtherRole"])
    optional = "!If [HasBoundary, !Ref Boundary, !Ref AWS::NoValue]"
    given = source.replace(f"{boundary}/app", optional).replace(f"{boundary}/other", optional)
    given += 'Parameters: {Boundary: {Type: String}}\nConditions: {HasBoundary: !Not [!Equals [!Ref Boundary, ""]]}\n'
    write(tmp_path, {"given.yaml": given})
    assert () == import_app(tmp_path / "given.yaml", tmp_path / "third").left
    unsayable = source.replace(f"{boundary}/app", f"!If [Is, {boundary}/app, {boundary}/app]") + HERE
    write(tmp_path, {"unsayable.yaml": unsayable})
    left = [construct.what for construct in import_app(tmp_path / "unsayable.yaml", tmp_path / "second").left]
    assert [f"policies of {name}" for name in ("Web", "Same", "Other")] == [what for what in left if "policies" in what]


def test_a_role_with_a_boundary_stays_and_a_policy_beside_one_keeps_its_condition(tmp_path: Path) -> None:
    trust = 'Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]'
    function = "Handler: index.handler, Runtime: python3.13, Code: {ZipFile: 'def handler(event, context): return 1'}"
    bounded = "PermissionsBoundary: arn:aws:iam::111122223333:policy/app"
    source = f"""
Parameters: {{Stage: {{Type: String, Default: dev}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Resources:
  Bounded: {{Type: AWS::Lambda::Function, Properties: {{{function}, Role: !GetAtt BoundedRole.Arn}}}}
  BoundedRole: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{{trust}}}, {bounded}}}}}
  BoundedFunctionLogGroup: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: 7}}}}
  Plain: {{Type: AWS::Lambda::Function, Properties: {{{function}, Role: !GetAtt PlainRole.Arn}}}}
  PlainRole: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{{trust}}}}}}}
  More:
    Type: AWS::IAM::Policy
    Condition: IsProd
    Properties:
      PolicyName: more
      Roles: [!Ref PlainRole]
      PolicyDocument: {{Statement: [{{Effect: Allow, Action: "s3:PutObject", Resource: "arn:aws:s3:::in/*"}}]}}
"""
    assert () == imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    resources = template(tmp_path)
    assert resources["BoundedRole"]["Properties"]["PermissionsBoundary"].endswith("policy/app")
    assert resources["Bounded"]["Properties"]["Role"] == {"Fn::GetAtt": ["BoundedRole", "Arn"]}
    assert "s3:PutObject" not in json.dumps(resources)


def test_what_a_policy_denies_that_is_left_is_not_open_without_it(tmp_path: Path) -> None:
    allowed = '{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::in/*"}'
    denied = '{Effect: Deny, Action: "s3:*", Resource: !If [Is, "*", "*"]}'
    trust = 'Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: "sts:AssumeRole"}]'
    role = f"Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{{trust}}}, "
    key = '{KeyPolicy: {Statement: [{Effect: Allow, Principal: "*", Action: "kms:*", Resource: !If [Is, "*", "*"]}]}}'
    source = one_function(
        f"Policies: [{{Statement: [{allowed}]}}, !Ref Denies]",
        f"Denies: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {{Statement: [{denied}]}}}}}}",
        f"Attached: {{{role}ManagedPolicyArns: [!Ref Denies]}}}}",
        f"Inline: {{{role}Policies: [{{PolicyName: a, PolicyDocument: {{Statement: [{allowed}, {denied}]}}}}]}}}}",
        f"Key: {{Type: AWS::KMS::Key, Properties: {key}}}",
        "Bucket: {Type: AWS::S3::Bucket}",
        "BucketPolicy: {Type: AWS::S3::BucketPolicy, Condition: Is, Properties: {Bucket: !Ref Bucket, PolicyDocument: "
        '{Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", Resource: !GetAtt Bucket.Arn}]}}}',
        "Odd: {Type: AWS::S3::BucketPolicy, Properties: {Ref: Deny}}",
    )
    left = [construct.what for construct in imported(tmp_path, {"template.yaml": source + HERE}, "template.yaml").left]
    assert "policies of Web" in left
    assert not {"Attached", "Inline", "Key", "Bucket"} & template(tmp_path).keys()
    assert "policy=" not in (tmp_path / "app/app.py").read_text("utf-8")


def test_a_resource_stays_where_the_policy_that_is_left_denies_nothing_about_it(tmp_path: Path) -> None:
    policy = "Type: AWS::S3::BucketPolicy, Condition: Is, Properties: {Bucket: !Ref Bucket, PolicyDocument: "
    allows = '{Statement: [{Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: !GetAtt Bucket.Arn}]}'
    denies = '{Statement: [{Effect: Deny, Principal: "*", Action: "s3:GetObject", Resource: !GetAtt Named.Arn}]}'
    source = one_function(
        "Timeout: 9",
        *(f"{name}: {{Type: AWS::S3::Bucket}}" for name in ("Allowed", "Denied", "Named")),
        f"Allows: {{{policy.replace('Bucket,', 'Allowed,')}{allows.replace('Bucket.', 'Allowed.')}}}}}",
        f"Denies: {{{policy.replace('Bucket,', 'Denied,')}{denies}}}}}",
    )
    imported(tmp_path, {"template.yaml": source + HERE}, "template.yaml")
    assert {"Allowed", "Named"} == {"Allowed", "Denied", "Named"} & template(tmp_path).keys()


def test_a_function_has_no_policies_without_a_policy_that_denies_and_names_its_role_itself(tmp_path: Path) -> None:
    allowed = '{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::in/*"}'
    denied = '{Effect: Deny, Action: "s3:*", Resource: !If [Is, "*", "*"]}'
    source = one_function(
        f"Policies: [{{Statement: [{allowed}]}}]",
        "Limit: {Type: AWS::IAM::ManagedPolicy, Properties: "
        f"{{Roles: [!Ref WebRole], PolicyDocument: {{Statement: [{denied}]}}}}}}",
    )
    imported(tmp_path, {"template.yaml": source + HERE}, "template.yaml")
    assert "policy=" not in (tmp_path / "app/app.py").read_text("utf-8")


def test_layers_that_a_condition_chooses_stay_or_are_left(tmp_path: Path) -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:layer:a:1"
    source = one_function(f"Layers: !If [IsProd, [{arn}], []]")
    source += "Parameters: {Stage: {Type: String, Default: dev}}\n"
    source += "Conditions: {IsProd: !Equals [!Ref Stage, prod]}\n"
    assert () == imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    assert f'layers=[*(["{arn}"] if is_prod else [])]' in (tmp_path / "app/app.py").read_text("utf-8")
    write(tmp_path, {"unsayable.yaml": one_function(f"Layers: !If [Is, [{arn}], []]") + HERE})
    left = [construct.what for construct in import_app(tmp_path / "unsayable.yaml", tmp_path / "second").left]
    assert "a layer of Web" in left


def test_an_authorizer_is_asked_by_all_that_tells_who_somebody_is(tmp_path: Path) -> None:
    identity = (
        "Identity: {Headers: [key], QueryStrings: [token], StageVariables: [a], Context: [b], ReauthorizeEvery: 60}"
    )
    pool = '{UserPoolArn: !GetAtt Users.Arn, Identity: {ValidationExpression: "^shop$"}}'
    checks = f"Check: {{FunctionArn: !GetAtt Web.Arn, FunctionPayloadType: REQUEST, {identity}}}, Pool: {pool}"
    jwt = "{AuthorizationScopes: [read], JwtConfiguration: {issuer: https://id.example.com/, audience: [shop]}}"
    route = "Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: "
    names = ("Check", "Pool", "Other")
    events = ", ".join(f"{name}: {{{route}/{name}, Auth: {{Authorizer: {name}}}}}}}" for name in names)
    auth = "{Authorizer: Jwt, AuthorizationScopes: [write]}"
    events += f", Http: {{Type: HttpApi, Properties: {{ApiId: !Ref Http, Path: /a, Method: get, Auth: {auth}}}}}"
    checks += ", Other: {FunctionArn: !GetAtt Node.Arn}"
    source = one_function(
        f"Events: {{{events}}}",
        f"Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: live, Auth: {{Authorizers: {{{checks}}}}}}}}}",
        f"Http: {{Type: AWS::Serverless::HttpApi, Properties: {{Auth: {{Authorizers: {{Jwt: {jwt}}}}}}}}}",
        "Users: {Type: AWS::Cognito::UserPool}",
        "Node: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: nodejs22.x, InlineCode: a}}",
    )
    result = imported(tmp_path, {"template.yaml": source}, "template.yaml")
    left = {construct.what: construct.because for construct in result.left}
    assert ["event Pool of Web", "event Other of Web", "Node (AWS::Serverless::Function)"] == [*left]
    assert left["event Other of Web"].startswith("its runtime is nodejs22.x")
    assert 'scopes=["write"]' in (tmp_path / "app/app.py").read_text("utf-8")
    (authorizer,) = [each for each in template(tmp_path).values() if each["Type"] == "AWS::ApiGateway::Authorizer"]
    sources = "method.request.header.key,method.request.querystring.token,stageVariables.a,context.b"
    assert sources == authorizer["Properties"]["IdentitySource"]


def test_an_authorizer_of_an_http_api_is_asked_by_the_names_that_http_apis_have(tmp_path: Path) -> None:
    identity = "Identity: {Headers: [key], QueryStrings: [token], StageVariables: [a], Context: [b]}"
    check = f'{{FunctionArn: !GetAtt Web.Arn, AuthorizerPayloadFormatVersion: "1.0", {identity}}}'
    source = one_function(
        "Events: {Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /a, Method: get, Auth: {Authorizer: C}}}}",
        f"Api: {{Type: AWS::Serverless::HttpApi, Properties: {{Auth: {{Authorizers: {{C: {check}}}}}}}}}",
    )
    assert () == imported(tmp_path, {"template.yaml": source}, "template.yaml").left
    (authorizer,) = [each for each in template(tmp_path).values() if each["Type"] == "AWS::ApiGatewayV2::Authorizer"]
    sources = ["$request.header.key", "$request.querystring.token", "$stageVariables.a", "$context.b"]
    assert sources == authorizer["Properties"]["IdentitySource"]


def test_functions_of_serverless_are_as_narrow_as_their_service_says(tmp_path: Path) -> None:
    source = """
service: shop
provider:
  name: aws
  runtime: python3.13
  rolePermissionsBoundary: arn:aws:iam::111122223333:policy/app
  iam: {role: {statements: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}}
functions:
  get: {handler: app.get, url: "${env:WITH_URL}", events: [httpApi: {path: /get}]}
  own: {handler: app.own, iam: {role: {statements: []}}, url: {authorizer: aws_iam}}
"""
    result = imported(tmp_path, {"serverless.yml": source}, "serverless.yml")
    assert {"the URL of GetLambdaFunction", "iam of own"} == {construct.what for construct in result.left}
    resources = template(tmp_path)
    assert "policy/app" in json.dumps(resources["GetRole"]["Properties"]["PermissionsBoundary"])
    assert "s3:GetObject" not in json.dumps(resources["OwnRole"])
    text = (tmp_path / "app/app.py").read_text("utf-8")
    assert 'on.api("ANY /get", auth="NONE")' in text
    assert "on.http()" in text


def test_each_handler_of_a_module_that_is_not_there_has_one_stub(tmp_path: Path) -> None:
    others = "".join(
        f"  {name}: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: src, Handler: orders/app.get}}}}\n"
        for name in ("Get", "Again")
    )
    source = FUNCTION.replace("  Orders:", f"{others}  Orders:", 1)
    result = imported(tmp_path, {"template.yaml": source}, "template.yaml")
    assert ((), ("functions/src/orders/app.py",)) == (result.left, result.missing_handlers)
    stubs = (tmp_path / "app/functions/src/orders/app.py").read_text("utf-8")
    assert [stubs.count(f"def {name}(") for name in ("get", "handler")] == [1, 1]


WHOLE = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String, Default: dev}, Key: {Type: String}}
Conditions: {isProd: !Equals [!Ref Stage, prod]}
Globals: {Function: {Environment: {Variables: {KEY: !Ref Key, STAGE: !Ref Stage, TOPIC: !Ref Topic}}}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 999999999, DelaySeconds: 5}}
  Topic: {Type: AWS::SNS::Topic, Properties: {Colour: red, DisplayName: !Sub "${Stage}", FifoTopic: maybe}}
  Widget: {Type: AWS::Made::Widget}
  Bucket: {Type: AWS::S3::Bucket, Condition: isProd}
  One:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: jobs/app.one
      CodeUri: src
      Timeout: 1000
      Layers: [!Ref Tools]
  Two: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: jobs/app.two, CodeUri: src}}
  Three: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: package.three, CodeUri: src}}
  Four:
    Type: AWS::Serverless::Function
    Condition: isProd
    Properties: {Runtime: python3.13, Handler: index.four, InlineCode: "def four(e, c): ..."}
  Five:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: there.five, CodeUri: src, FunctionName: a name}
  Six: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: tool.six, CodeUri: src}}
  Tools: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: tools}}
  Gone: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: gone}}
Outputs: {Queue: {Value: !Ref Queue}, Topic: {Value: !Ref Topic}}
"""
BESIDE = {
    "src/package/__init__.py": "from .a import three\n",
    "src/package/a.py": "def three(e, c): ...\n",
    "src/there.py": "def five(e, c): ...\n",
    "src/tool": "not a module",
    "src/.env.local": "A=b",
    "src/node_modules/a.js": "",
    "src/a.pyc": "",
    "tools/python/a.py": "a = 1\n",
}


def test_an_app_is_written_whole_with_its_code_and_what_its_build_refuses_is_left_or_allowed(tmp_path: Path) -> None:
    """`REMIT_RECORD=1` writes `written/shop.txt` anew, which was reviewed."""
    write(tmp_path / "orders", {"shop.yaml": WHOLE, **BESIDE})
    (tmp_path / "orders/src/link").symlink_to("there.py")
    result = import_app(tmp_path / "orders/shop.yaml", tmp_path / "shop")
    lines = [f"{result.expressed} of {result.of}; {', '.join((*result.files, *result.mistakes))}"]
    lines += [f"missing: {', '.join(result.missing_handlers)}; to fill in: {', '.join(result.to_fill_in)}"]
    lines += [
        f"left at {left.origin and left.origin.line}: {left.what}, because {left.because}" for left in result.left
    ]
    for path in sorted((tmp_path / "shop").rglob("*")):
        name = path.relative_to(tmp_path).as_posix()
        if path.is_symlink():
            lines.append(f"=== {name} -> {path.readlink()}")
        elif not path.is_dir():
            lines.append(f"=== {name}\n{path.read_text('utf-8')}")
    golden, text = Path(__file__).parent / "written/shop.txt", "\n".join((*lines, ""))
    if "REMIT_RECORD" in os.environ:
        golden.write_text(text, "utf-8")
    assert golden.read_text("utf-8") == text


@pytest.mark.parametrize(
    ("files", "source", "message", "line"),
    [
        ({"zappa_settings.json": "{}"}, "zappa_settings.json", "zappa_settings.json has no stage", 1),
        ({"zappa_settings.json": '{"a": 1,\n"dev": {"app_function": "x"}}'}, ".", "stage dev names no app", 2),
        ({".chalice/config.json": "{}"}, "app.py", "there is no .*/app.py", None),
        ({".chalice/config.json": '{\n"a"}'}, ".chalice/config.json", "expected", 2),
        ({"serverless.yaml": "service: a\nprovider: {}\nfunctions: 3\n"}, ".", "functions must be a mapping", 3),
        ({"template.yml": "Transform: a\nResources: []\n"}, ".", "is no template of a known tool", 1),
        ({"a.yaml": ""}, ".", "there is no source at", None),
    ],
)
def test_a_source_that_says_nothing_is_an_error_at_its_place(
    tmp_path: Path, files: dict[str, str], source: str, message: str, line: int | None
) -> None:
    write(tmp_path, files)
    with pytest.raises(RemitError, match=message) as refused:
        import_app(tmp_path / source, tmp_path / "made/app")
    assert line == (refused.value.origin and refused.value.origin.line)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("name", "own_name"),
    [
        ("Shop_API v2!", "shop-api-v2"), ("9 Shops", "app-9-shops"), ("é", "app"), (None, "none"),
        ("a" * 39 + "-b", "a" * 39), ("-x-", "x"),
    ],
)  # fmt: skip
def test_the_name_of_an_app_is_one_that_aws_takes(name: Any, own_name: str) -> None:
    assert own_name == app_name(name)


def test_a_path_of_a_source_stays_in_its_repository_or_beside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "work/shop/api"
    folder.mkdir(parents=True)
    inside_or_none = {path: beside(folder, path) for path in (".", "src", "../web", "../../web", "/etc")}
    assert [folder, folder / "src", folder.parent / "web", None, None] == [*inside_or_none.values()]
    (tmp_path / "work/.git").mkdir()
    assert tmp_path / "work/web" == beside(folder, "../../web")
    assert beside(folder, "../../../web") is None
    (folder / ".git").write_text("gitdir: /elsewhere\n")  # of a worktree, or of a submodule
    assert [folder / "src", None] == [beside(folder, "src"), beside(folder, "../web")]


def test_an_app_is_written_into_an_empty_folder_and_names_of_parameters_stand_in_a_line_as_long_as_it_may_be(
    tmp_path: Path,
) -> None:
    for width in (88, 89):
        names = ["AB", "B" * (width - len("from parameters import AB, "))]
        parameters = ", ".join(f"{name}: {{Type: String, Default: x}}" for name in names)
        variables = ", ".join(f"{name}: !Ref {name}" for name in names)
        source = one_function(f"Environment: {{Variables: {{{variables}}}}}") + f"Parameters: {{{parameters}}}\n"
        folder = tmp_path / str(width)
        (folder / "app").mkdir(parents=True)
        imported(folder, {"template.yaml": source}, "template.yaml")
        (statement,) = re.findall(r"^from parameters .*$", (folder / "app/app.py").read_text("utf-8"), re.MULTILINE)
        assert (f"from parameters import {', '.join(names)}" == statement) is (width == 88)


def test_an_attribute_that_is_an_arn_but_not_the_resources_own_is_written_by_its_name(tmp_path: Path) -> None:
    source = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: KEYS_ONLY}
  Ingest:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: ingest.handler
      CodeUri: src/
      Environment: {Variables: {STREAM: !GetAtt Orders.StreamArn, TABLE: !GetAtt Orders.Arn}}
"""
    imported(tmp_path, {"template.yaml": source, **CODE}, "template.yaml")
    text = "".join(path.read_text("utf-8") for path in sorted((tmp_path / "app").glob("*.py")))
    assert {'.attribute("StreamArn")', ".arn"} == {*re.findall(r'orders(\.attribute\("\w+"\)|\.arn)', text)}
    variables = template(tmp_path)["Ingest"]["Properties"]["Environment"]["Variables"]
    assert ({"Fn::GetAtt": ["Orders", "StreamArn"]}, {"Fn::GetAtt": ["Orders", "Arn"]}) == (
        variables["STREAM"],
        variables["TABLE"],
    )
