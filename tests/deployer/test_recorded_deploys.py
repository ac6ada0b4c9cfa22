"""What remit asks for, against recorded deploys of others and the schemas of handlers: each difference is judged.

`tests/data/recorded_deploys.toml` has the actions of public policies, with their commits; beside it stands one table of
judgements. A difference that nobody judged fails, and so does a judgement of one that is gone.
"""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import pytest

from remit.app import Resource
from remit.catalogue.handlers import handlers
from remit.deployer.optional_actions import called_actions

DATA: Final = Path(__file__).parents[1] / "data"
RECORDED: Final = tomllib.loads((DATA / "recorded_deploys.toml").read_text("utf-8"))["source"]
JUDGED: Final = tomllib.loads((DATA / "recorded_judgements.toml").read_text("utf-8"))
ROLE: Final = "arn:aws:iam::111122223333:role/x"
RESOURCES: Final[dict[str, dict[str, Any]]] = {
    "AWS::ApiGateway::RestApi": {"Name": "a"},
    "AWS::ApiGatewayV2::Api": {"Name": "a", "ProtocolType": "HTTP"},
    "AWS::CloudWatch::Alarm": {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1},
    "AWS::Cognito::UserPool": {},
    "AWS::DynamoDB::Table": {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "gone", "Enabled": True},
    },
    "AWS::Events::Rule": {"ScheduleExpression": "rate(1 day)", "Targets": [{"Id": "1", "Arn": "arn"}]},
    "AWS::IAM::Role": {
        "AssumeRolePolicyDocument": {"Statement": []},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"],
        "Policies": [{"PolicyName": "a", "PolicyDocument": {}}],
    },
    "AWS::KMS::Key": {"KeyPolicy": {}},
    "AWS::Lambda::Alias": {"FunctionName": "f", "FunctionVersion": "1", "Name": "live"},
    "AWS::Lambda::EventInvokeConfig": {"FunctionName": "f", "Qualifier": "$LATEST"},
    "AWS::Lambda::EventSourceMapping": {"FunctionName": "f", "EventSourceArn": "arn"},
    "AWS::Lambda::Function": {
        "Code": {"S3Bucket": "b", "S3Key": "k"},
        "Role": ROLE,
        "Environment": {"Variables": {"A": "b"}},
        "ReservedConcurrentExecutions": 1,
    },
    "AWS::Lambda::Permission": {"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "*"},
    "AWS::Lambda::Version": {"FunctionName": "f"},
    "AWS::Logs::LogGroup": {"LogGroupName": "g", "RetentionInDays": 14},
    "AWS::S3::Bucket": {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": []},
        "LifecycleConfiguration": {"Rules": []},
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
    },
    "AWS::S3::BucketPolicy": {"Bucket": "b", "PolicyDocument": {}},
    "AWS::SNS::Subscription": {"TopicArn": "arn", "Protocol": "lambda", "Endpoint": "arn"},
    "AWS::SNS::Topic": {},
    "AWS::SQS::Queue": {},
    "AWS::Scheduler::Schedule": {"Target": {"Arn": "arn", "RoleArn": ROLE}},
    "AWS::SecretsManager::Secret": {"GenerateSecretString": {}},
    "AWS::StepFunctions::StateMachine": {"RoleArn": ROLE, "DefinitionString": "{}"},
}
"""One resource of each type, as the recorded stacks have it."""


def recorded(source: dict[str, Any]) -> set[str]:
    return {f"{service}:{name}" for service, names in source["actions"].items() for name in names.split()}


def never_recorded() -> set[tuple[str, str]]:
    """What remit asks for a type, and no source has that deploys one."""
    differences = set()
    for type_name, properties in RESOURCES.items():
        sources = [source for source in RECORDED if type_name in source["types"]]
        assert sources, type_name
        for name in called_actions(Resource("It", type_name, properties)):
            known = [source for source in sources if name.partition(":")[0] in source["actions"]]
            if known and not any(name in recorded(source) for source in known):
                differences.add((type_name, name))
    return differences


def never_asked() -> set[tuple[str, str]]:
    """What a source has, and remit asks for none of the types, whatever their properties."""
    asked: set[str] = set()
    for type_name, properties in RESOURCES.items():
        asked |= called_actions(Resource("It", type_name, properties), by_type=True).keys()
    return {(name.partition(":")[0], name) for source in RECORDED for name in recorded(source) if name not in asked}


def other_than_schema() -> set[tuple[str, str]]:
    """What the handlers of a type may call and remit never asks for, whatever its properties, and the reverse."""
    differences = set()
    for type_name, properties in RESOURCES.items():
        found = handlers(type_name)
        assert found is not None
        in_schema = {name for verb in found.by_verb.values() for name in verb}
        asked = called_actions(Resource("It", type_name, properties), by_type=True).keys()
        differences |= {(type_name, name) for name in in_schema ^ asked}
    return differences


FOUND: Final = {"never_recorded": never_recorded, "never_asked": never_asked, "schema": other_than_schema}


def judged(section: str) -> list[tuple[str, str]]:
    """The subject and one pattern of each judgement; each has a reason."""
    rows = []
    for subject, judgements in JUDGED[section].items():
        for patterns, reason in judgements:
            assert len(reason) > len("no reason"), subject
            rows += [(subject, pattern) for pattern in patterns.split()]
    return rows


@pytest.mark.parametrize("section", FOUND)
def test_every_difference_has_a_judgement(section: str) -> None:
    rows = judged(section)
    assert [] == sorted(
        (subject, name)
        for subject, name in FOUND[section]()
        if not any(subject == judged_subject and fnmatchcase(name, pattern) for judged_subject, pattern in rows)
    )


@pytest.mark.parametrize("section", FOUND)
def test_every_judgement_is_of_a_difference_that_is_there(section: str) -> None:
    found = FOUND[section]()
    assert [] == [
        (subject, pattern)
        for subject, pattern in judged(section)
        if not any(subject == other and fnmatchcase(name, pattern) for other, name in found)
    ]


def test_fifteen_types_are_recorded_and_each_source_says_where_it_is_from() -> None:
    assert len(RESOURCES) >= 15
    for source in RECORDED:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", source["repository"])
        assert re.fullmatch(r"[0-9a-f]{40}", source["commit"])
        assert set(source["types"]) <= set(RESOURCES)


def test_most_of_what_is_asked_was_recorded() -> None:
    """Of the services that the sources keep, a deploy asks little that no other ran with."""
    asked = sum(len(called_actions(Resource("It", name, properties))) for name, properties in RESOURCES.items())
    assert len(never_recorded()) / asked < 0.15
