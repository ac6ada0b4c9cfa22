"""An action on `*` is told with the typed spelling where the app has a resource to name, and nowhere else."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

import effort
from random_cases import cases, in_all_cases
from remit.lint.apps import lint

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

FUNCTION = "\ndef hello(event, context): ...\n"
DATA = """
from remit import Shared, resource


class Data(Shared):
    table = resource("AWS::DynamoDB::Table", billing_mode="PAY_PER_REQUEST",
                     attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
                     key_schema=[{"AttributeName": "id", "KeyType": "HASH"}])
    bucket = resource("AWS::S3::Bucket")
    queue = resource("AWS::SQS::Queue")
"""
IMPORT = "from shared.resources.data import Data\n"


def notes(project: Project) -> list[tuple[int, int, str]]:
    """Line, column and hint of what the rule finds."""
    found = json.loads(project.remit("lint", "--json").out)
    return [(note["line"], note["column"], note["hint"]) for note in found if note["rule"] == "R222"]


def with_data(make: Make, policy: str) -> Project:
    return make(app=f"{IMPORT}@app.function(policy=[{policy}]){FUNCTION}", **{"shared/resources/data.py": DATA})


SPELLINGS = {
    "dynamodb:Scan": "dynamodb.scan(Data.table)",
    "dynamodb:GetItem": "dynamodb.get(Data.table)",
    "dynamodb:PutItem": "dynamodb.put(Data.table)",
    "s3:GetObject": "s3.read(Data.bucket)",
    "s3:ListBucket": "s3.list(Data.bucket)",
    "sqs:SendMessage": "queue.send(Data.queue)",
    "dynamodb:UpdateTable": 'allow("dynamodb:UpdateTable", on=Data.table)`, with `from remit.grants import allow',
}
OF_SERVICES = {
    ("AWS::Bedrock::KnowledgeBase", "bedrock:Retrieve"): "bedrock.retrieve(Data.it)",
    ("AWS::CloudWatch::Alarm", "cloudwatch:SetAlarmState"): "cloudwatch.set_alarm(Data.it)",
    ("AWS::CodeBuild::Project", "codebuild:StartBuild"): 'allow("codebuild:StartBuild", on=Data.it)',
    ("AWS::CodePipeline::Pipeline", "codepipeline:StartPipelineExecution"): (
        'allow("codepipeline:StartPipelineExecution", on=Data.it)'
    ),
    ("AWS::Cognito::UserPool", "cognito-idp:AdminGetUser"): "cognito.read_users(Data.it)",
    ("AWS::ECR::Repository", "ecr:PutImage"): 'allow("ecr:PutImage", on=Data.it)',
    ("AWS::ECS::Cluster", "ecs:DescribeClusters"): 'allow("ecs:DescribeClusters", on=Data.it)',
    ("AWS::EFS::FileSystem", "elasticfilesystem:ClientMount"): 'allow("elasticfilesystem:ClientMount", on=Data.it)',
    ("AWS::Events::EventBus", "events:PutEvents"): "events.put(Data.it)",
    ("AWS::IoT::Thing", "iot:UpdateThingShadow"): 'allow("iot:UpdateThingShadow", on=Data.it)',
    ("AWS::KMS::Key", "kms:Sign"): "kms.sign(Data.it)",
    ("AWS::Kinesis::Stream", "kinesis:PutRecord"): "kinesis.put(Data.it)",
    ("AWS::KinesisFirehose::DeliveryStream", "firehose:PutRecord"): "firehose.put(Data.it)",
    ("AWS::Lambda::Function", "lambda:InvokeFunction"): "lambda_.invoke(Data.it)",
    ("AWS::Logs::LogGroup", "logs:FilterLogEvents"): 'allow("logs:FilterLogEvents", on=Data.it)',
    ("AWS::MSK::Cluster", "kafka:DescribeCluster"): 'allow("kafka:DescribeCluster", on=Data.it)',
    ("AWS::OpenSearchService::Domain", "es:ESHttpGet"): "opensearch.read(Data.it)",
    ("AWS::RDS::DBCluster", "rds-data:ExecuteStatement"): 'allow("rds-data:ExecuteStatement", on=Data.it)',
    ("AWS::Rekognition::Collection", "rekognition:SearchFacesByImage"): "rekognition.search_faces(Data.it)",
    ("AWS::CodeCommit::Repository", "codecommit:GitPull"): 'allow("codecommit:GitPull", on=Data.it)',
    ("AWS::SSM::Parameter", "ssm:GetParameter"): "ssm.read(Data.it)",
    ("AWS::SageMaker::Endpoint", "sagemaker:InvokeEndpoint"): 'allow("sagemaker:InvokeEndpoint", on=Data.it)',
    ("AWS::SecretsManager::Secret", "secretsmanager:GetSecretValue"): "secretsmanager.read(Data.it)",
    ("AWS::StepFunctions::StateMachine", "states:StartExecution"): "states.start(Data.it)",
    ("AWS::Timestream::Table", "timestream:WriteRecords"): 'allow("timestream:WriteRecords", on=Data.it)',
}


def test_the_resources_of_many_services_are_named(make: Make) -> None:
    """One class for each type, and one policy with all of the actions."""
    modules = {}
    imports = ["from remit import grants"]
    for number, (type_name, _) in enumerate(OF_SERVICES):
        modules[f"shared/resources/data{number}.py"] = (
            f"from remit import Shared, resource\nclass Data{number}(Shared):\n    it = resource('{type_name}')\n"
        )
        imports.append(f"from shared.resources.data{number} import Data{number}")
    actions = "\n".join(f"    '{action}'," for _, action in OF_SERVICES)
    app = "\n".join(imports) + f"\n@app.function(policy=[\n{actions}\n]){FUNCTION}"
    project = make(app=app, **modules)
    hints = [finding.hint for finding in lint(project.load(), folder=project.folder) if finding.rule == "R222"]
    expected = [
        f"write `grants.{spelling.replace('Data.', f'Data{number}.')}`"
        for number, spelling in enumerate(OF_SERVICES.values())
    ]
    assert expected == hints


@pytest.mark.parametrize("action", SPELLINGS)
def test_an_action_on_everything_gets_its_typed_spelling(make: Make, action: str) -> None:
    """With the names that the file has imported."""
    assert [(10, 23, f"write `{SPELLINGS[action]}`")] == notes(with_data(make, f'"{action}"'))


def test_it_is_a_warning_where_the_app_owns_the_resource(make: Make) -> None:
    own = with_data(make, '"sqs:SendMessage"')
    assert [1, 0] == [own.remit("lint", *strict).status for strict in (("--strict",), ())]


def test_it_is_a_note_where_the_app_names_the_resource_elsewhere(make: Make) -> None:
    named = make(app=f'@app.function(policy=["dynamodb:Scan", dynamodb.put("orders")]){FUNCTION}')
    assert [("R222", "note")] == [(finding["rule"], finding["severity"]) for finding in json.loads(
        named.remit("lint", "--strict", "--json").out)]  # fmt: skip
    assert 0 == named.remit("lint", "--strict").status


def test_each_action_of_a_statement_gets_its_own(make: Make) -> None:
    statement = '{"Effect": "Allow", "Action": ["dynamodb:Scan", "s3:PutObject"], "Resource": "*"}'
    expected = [(10, 54, "write `dynamodb.scan(Data.table)`"), (10, 71, "write `s3.put(Data.bucket)`")]
    assert expected == notes(with_data(make, statement))


def test_a_resource_that_another_grant_names_is_one_to_name(make: Make) -> None:
    project = make(app=f'@app.function(policy=["dynamodb:Scan", dynamodb.read("orders")]){FUNCTION}')
    assert [(9, 23, 'write `dynamodb.scan("orders")`')] == notes(project)


def test_of_several_resources_each_is_named(make: Make) -> None:
    policy = '["dynamodb:Scan", dynamodb.read("orders"), dynamodb.read("bills")]'
    hint = 'write `dynamodb.scan("orders")` or `dynamodb.scan("bills")`'
    assert [(9, 23, hint)] == notes(make(app=f"@app.function(policy={policy}){FUNCTION}"))


def test_the_imports_that_are_missing_are_said(make: Make) -> None:
    project = make(
        config='config.lambda_.iam.policy = ["dynamodb:Scan"]',
        app=f"{IMPORT}@app.function{FUNCTION}",
        **{"shared/resources/data.py": DATA},
    )
    imports = "`from remit.grants import dynamodb` and `from shared.resources.data import Data`"
    assert [(5, 34, f"write `dynamodb.scan(Data.table)`, with {imports}")] == notes(project)


SILENT = {
    "nothing of the kind": '"sns:Publish"',
    "an action on several types": '"s3:GetBucketLocation"',
    "an action of no service": '"dynamo:UpdateTable"',
    "an action without resources": '"dynamodb:ListTables"',
    "a pattern": '"dynamodb:Get*"',
    "a named resource": "dynamodb.scan(Data.table)",
    "a deny": '{"Effect": "Deny", "Action": "dynamodb:Scan", "Resource": "*"}',
    "all but": '{"Effect": "Allow", "NotAction": "dynamodb:Scan", "Resource": "*"}',
    "wildcards": '{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "arn:aws:dynamodb:*:*:table/*"}',
}


@pytest.mark.parametrize("kind", SILENT)
def test_nothing_is_said_where_nothing_can_be_named(make: Make, kind: str) -> None:
    assert [] == notes(with_data(make, SILENT[kind]))


def test_an_action_that_no_verb_gives_is_named_on_what_the_app_declares_alone(make: Make) -> None:
    assert [] == notes(make(app=f'@app.function(policy=["dynamodb:UpdateTable", dynamodb.read("orders")]){FUNCTION}'))


def test_an_app_that_names_nothing_gets_no_note(make: Make) -> None:
    assert [] == notes(make(app=f'@app.function(policy=["dynamodb:Scan", "s3:GetObject"]){FUNCTION}'))


@in_all_cases
def test_the_work_grows_with_the_flagged_lines_alone(make: Make) -> None:
    """Each line is looked up in a source that is read once, and of many resources a few are tried."""
    grants = "[dynamodb.read('orders{0}'), 'dynamodb:PutItem', 'dynamodb:Scan', 'dynamodb:UpdateTable']"
    function = f"@app.function(policy={grants})\ndef f{{0}}(event, context): ...\n"
    calls = {}
    few, many = cases(4, deep=10), cases(8, deep=20)
    for count in (1, few, many):  # the first reads the catalogue
        project = make(app="\n".join(map(function.format, range(count))))
        work = partial(lint, project.load(), folder=project.folder)
        calls[count] = effort.calls_of(work)
        assert [finding.rule for finding in work()].count("R222") == 2 * count
    assert calls[many] < 2.1 * calls[few]
