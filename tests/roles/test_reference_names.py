"""What references will be once a stack is there, and the places that a role is asked in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.app import Grant, Reason, Resource
from remit.holders import Holder, bounded, inline
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Globs, Policy, Statement, allow
from remit.iam.tokens import ACCOUNT, PARTITION, REGION
from remit.resources.own_resources import own_resources
from remit.roles.deploy_places import Candidate, listed
from remit.roles.reference_names import fill_statement, names_in
from remit.roles.role_policies import StatementSource, ask, places, ready_role, source
from remit.roles.shaped_comparison import compare_in_shape

if TYPE_CHECKING:
    from conftest import Make


def test_the_ref_of_a_queue_is_a_url_that_no_arn_foretells() -> None:
    names = names_in("shop", (Resource("Jobs", "AWS::SQS::Queue", {"QueueName": "jobs"}),))
    assert names["${Jobs.Arn}"] == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs"
    assert "${Jobs}" not in names


def test_a_stack_is_foretold_by_its_name_whatever_it_holds() -> None:
    stack_id = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/shop/*"
    assert {"${AWS::StackName}": "shop", "${AWS::StackId}": stack_id} == names_in("shop", ())


def test_a_name_keeps_what_a_parameter_or_another_resource_gives() -> None:
    named = {"Fn::Sub": "${Uid}-${AWS::StackName}-log"}
    names = names_in("shop", (Resource("Log", "AWS::Logs::LogGroup", {"LogGroupName": named}),))
    assert HERE % ("logs", "log-group:${Uid}-shop-log:*") == names["${Log.Arn}"]


def test_a_name_in_small_letters_keeps_the_name_of_the_parameter_in_it() -> None:
    named = {"Fn::Sub": "Shop-${Uid}"}
    names = names_in("shop", (Resource("Db", "AWS::RDS::DBInstance", {"DBInstanceIdentifier": named}),))
    assert "shop-${Uid}" == names["${Db}"]


@pytest.mark.parametrize(
    "made",
    [
        {"Fn::Sub": "log-${AWS::StackId}"},
        {"Fn::Join": ["-", ["log", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]]},
    ],
)
def test_a_name_holds_anything_where_it_is_made_of_the_id_of_the_stack(made: dict[str, Any]) -> None:
    names = names_in("shop", (Resource("Log", "AWS::Logs::LogGroup", {"LogGroupName": made}),))
    assert HERE % ("logs", "log-group:log-*:*") == names["${Log.Arn}"]


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


def role_on(*resources: str) -> Holder:
    return Holder("R", (inline((Grant(allow("sqs:SendMessage", on=resources), Reason("text", ""), None),)),), ())


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


def test_a_reference_is_within_the_pattern_of_its_shape() -> None:
    old, new = (Layers((Policy((allow("sqs:SendMessage", on=on),)),)) for on in ("arn:*:sqs:*:*:*", "${Jobs.Arn}"))
    shapes = {"${Jobs.Arn}": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Jobs.QueueName}"}
    comparison = compare_in_shape(old, new, shapes, shapes)
    assert ((), 1, ()) == (comparison.gained, len(comparison.lost), comparison.undecided)


def test_what_is_undecided_of_references_in_their_shape_is_told_as_it_is_written() -> None:
    resources = ("arn:aws:sqs:eu-west-1:111122223333:jobs", "${Jobs.Arn}")
    shapes = {"${Jobs.Arn}": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs"}
    literal, referring = (Layers((Policy((allow("sqs:SendMessage", on=resource),)),)) for resource in resources)
    for old, new in ((literal, referring), (referring, literal)):
        open_questions = compare_in_shape(old, new, shapes, shapes).undecided
        written = [question.source.statement.resources for question in open_questions]
        assert [Globs(("${Jobs.Arn}",))] == written
    denied = Layers((Policy((Statement("Deny", Globs(("sqs:*",)), Globs(resources[:1])),)),))
    gained = compare_in_shape(denied, referring, shapes, shapes)
    assert (["${Jobs.Arn}"], ()) == ([piece.resource for piece in gained.gained], gained.undecided)


def test_all_actions_but_one_whose_service_is_known_now_are_all_but_that_one() -> None:
    but_one = Statement("Allow", Globs(("${Service}:Get*",), negated=True), Globs(("*",)))
    assert Globs(("s3:Get*",), negated=True) == fill_statement(but_one, {"${Service}": "s3"}).actions


def test_an_asker_of_whom_only_the_deploy_knows_the_account_is_at_home_anywhere() -> None:
    home = {PARTITION: "aws", REGION: "us-east-1", ACCOUNT: "123456789012"}
    assert (home,) == places(ready_role(role_on(), {}), home="arn:aws:iam::${AWS::AccountId}:role/r")


def test_more_places_than_a_line_takes_are_counted() -> None:
    regions = ("eu-west-1", "us-east-1", "ap-south-1")
    places_of = [Candidate({REGION: region}, (REGION,)) for region in regions]
    assert "region eu-west-1; region us-east-1; and 1 more" == listed([*places_of, places_of[0]], most=2)


def test_a_denial_of_the_boundary_names_the_policy() -> None:
    boundary, deny = "arn:aws:iam::111122223333:policy/limits", Statement("Deny", Globs(("s3:*",)), Globs(("*",)))
    role = Holder(
        "R",
        (inline((Grant(allow("s3:GetObject", on="*"), Reason("text", "reads")),)),),
        ("f",),
        limits=bounded(boundary),
    )
    limited = ready_role(role, {}, {boundary: Policy((deny,))})
    (ruling,) = ask(limited, "s3:GetObject", "arn:aws:s3:::data/a").layers[1].rulings
    assert StatementSource("boundary", None, boundary, 0) == source(limited, ruling)


def test_a_user_has_its_name_in_every_request_unless_only_the_deploy_knows_it() -> None:
    own_home = Grant(allow("s3:GetObject", on="arn:aws:s3:::homes/${aws:username}/a"), Reason("text", "reads"))
    home_of_bob = "arn:aws:s3:::homes/bob/a"
    verdicts = []
    for name in ("ann", "bob", "${AWS::StackName}-ann"):
        user = Holder("Person", (inline((own_home,)),), (), kind="user", name=name)
        verdicts.append(ask(ready_role(user, {}), "s3:GetObject", home_of_bob).verdict)
    assert ["ImplicitlyDenied", "Allowed", "Unknown"] == verdicts


def test_the_resources_of_an_app_are_worked_out_once_for_all_who_ask_in_a_row(make: Make) -> None:
    app = make().load()
    assert own_resources(app) is own_resources(app)
