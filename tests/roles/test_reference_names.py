"""What references will be once a stack is there, and the places that a role is asked in."""

from __future__ import annotations

import pytest

from remit.app import Grant, Reason, Resource, Role
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Policy, allow
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.roles.reference_names import names_in
from remit.roles.role_policies import places, ready_role
from remit.roles.shaped_comparison import compare_in_shape


def test_the_ref_of_a_queue_is_a_url_that_no_arn_foretells() -> None:
    names = names_in("shop", (Resource("Jobs", "AWS::SQS::Queue", {"QueueName": "jobs"}),))
    assert names["${Jobs.Arn}"] == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs"
    assert "${Jobs}" not in names


def test_a_bucket_without_a_name_gets_one_in_small_letters() -> None:
    names = names_in("Shop", (Resource("Uploads", "AWS::S3::Bucket", {}),))
    assert (names["${Uploads}"], names["${Uploads.Arn}"]) == (
        "shop-uploads-*",
        "arn:${AWS::Partition}:s3:::shop-uploads-*",
    )


HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


@pytest.mark.parametrize(
    ("kind", "properties", "way", "expected"),
    [
        ("AWS::RDS::DBInstance", {"DBInstanceIdentifier": "Shop"}, ".DBInstanceArn", HERE % ("rds", "db:shop")),
        ("AWS::RDS::DBInstance", {"DBInstanceIdentifier": "Shop"}, "", "shop"),
        ("AWS::SecretsManager::Secret", {}, "", HERE % ("secretsmanager", "secret:Thing-*-??????")),
        ("AWS::SecretsManager::Secret", {"Name": "db"}, "", HERE % ("secretsmanager", "secret:db-??????")),
        ("AWS::Logs::LogGroup", {"LogGroupName": "/shop"}, ".Arn", HERE % ("logs", "log-group:/shop:*")),
        ("AWS::Lambda::Alias", {"FunctionName": "f", "Name": "live"}, "", HERE % ("lambda", "function:f:live")),
        ("AWS::ECS::Service", {"ServiceName": "web"}, "", HERE % ("ecs", "service/default/web")),
        ("AWS::ECS::Service", {"ServiceName": "web", "Cluster": "c"}, "", HERE % ("ecs", "service/c/web")),
        ("AWS::Events::Rule", {"Name": "r", "EventBusName": "b"}, ".Arn", HERE % ("events", "rule/b/r")),
        ("AWS::Events::Rule", {"Name": "r", "EventBusName": "default"}, ".Arn", HERE % ("events", "rule/r")),
        ("AWS::DynamoDB::Table", {"TableName": "t"}, ".StreamArn", HERE % ("dynamodb", "table/t/stream/*")),
        ("AWS::SNS::Topic", {"TopicName": "n"}, ".TopicName", "n"),
        ("AWS::IAM::Role", {"RoleName": "r", "Path": "/teams/"}, ".Arn",
         "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/teams/r"),
    ],
)  # fmt: skip
def test_references_are_foretold_by_the_types_row(
    kind: str, properties: dict[str, str], way: str, expected: str
) -> None:
    assert names_in("shop", (Resource("Thing", kind, properties),))[f"${{Thing{way}}}"] == expected


def test_a_name_that_nobody_knows_how_aws_makes_is_not_foretold() -> None:
    assert "${Thing.Arn}" not in names_in("shop", (Resource("Thing", "AWS::Events::EventBus", {}),))
    assert "${Thing.Arn}" not in names_in("shop", (Resource("Thing", "AWS::KMS::Key", {}),))


def role_on(*resources: str) -> Role:
    return Role("R", (Grant(allow("sqs:SendMessage", on=resources), Reason("text", ""), None),), ())


def test_the_place_of_whoever_asks_comes_before_those_that_statements_name() -> None:
    """By name `ap-east-1` would come first."""
    role = ready_role(role_on("arn:aws:sqs:ap-east-1:111122223333:a"), {})
    here = {PARTITION: "aws", REGION: "us-east-1", ACCOUNT: "444455556666"}
    there = {PARTITION: "aws", REGION: "ap-east-1", ACCOUNT: "111122223333"}
    assert places(role, home="arn:aws:iam::444455556666:role/r") == (here, there)


def test_whoever_asks_is_in_a_partition_and_account_of_their_own() -> None:
    (place,) = places(ready_role(role_on("*"), {}), home="arn:aws-cn:sts::111122223333:assumed-role/r/s")
    assert (place[PARTITION], place[ACCOUNT]) == ("aws-cn", "111122223333")


def test_what_is_found_of_references_in_their_shape_is_told_as_it_is_written() -> None:
    send = Layers((Policy((allow("sqs:SendMessage", on="${Jobs.Arn}"),)),))
    shapes = {"${Jobs.Arn}": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Jobs.QueueName}"}
    (piece,) = compare_in_shape(Layers((Policy(()),)), send, {}, shapes).gained
    assert (piece.resource, piece.source.statement) == ("${Jobs.Arn}", send.identity[0].statements[0])
