"""Settings of the whole app: tags, paths and names of roles, the boundary, stages, and data that stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make

DATA = """
from remit import Shared, resource
KEY = {"attribute_definitions": [{"AttributeName": "id", "AttributeType": "S"}],
       "key_schema": [{"AttributeName": "id", "KeyType": "HASH"}], "billing_mode": "PAY_PER_REQUEST"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
LAMBDA = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
class Data(Shared):
    table = resource("AWS::DynamoDB::Table", **KEY, tags=[{"Key": "team", "Value": "data"}])
    scratch = resource("AWS::DynamoDB::Table", **KEY, deletion_policy="Delete")
    queue = resource("AWS::SQS::Queue")
    url = resource("AWS::SSM::Parameter", type="String", value="x")
    policy = resource("AWS::IAM::ManagedPolicy", policy_document={"Version": "2012-10-17", "Statement": [READ]})
    role = resource("AWS::IAM::Role", role_name="own",
                    assume_role_policy_document={"Version": "2012-10-17", "Statement": [LAMBDA]})
    group = resource("AWS::AutoScaling::AutoScalingGroup", min_size="1", max_size="1")
"""
FILES = {"shared/resources/data.py": DATA}
SCHEDULED = '@app.function(schedule("rate(1 day)"))\ndef hello(event, context): ...\n'


def resources(make: Make, config: str, stage: str | None = None) -> dict[str, Any]:
    built = make(config=config, app=SCHEDULED, **FILES).built(stage)
    document: dict[str, Any] = json.loads(built.body)["Resources"]
    return document


def test_tags_stand_on_every_resource_that_takes_them_in_its_form(make: Make) -> None:
    found = resources(make, 'config.tags = {"team": "shop", "cost": "42"}')
    both = [{"Key": "team", "Value": "shop"}, {"Key": "cost", "Value": "42"}]
    tags = {name: resource["Properties"].get("Tags") for name, resource in found.items()}
    assert both == tags["HelloFunction"] == tags["HelloRole"] == tags["HelloLogGroup"] == tags["DataQueue"]
    assert {"team": "shop", "cost": "42"} == tags["DataUrl"]
    assert [{"Key": "cost", "Value": "42"}, {"Key": "team", "Value": "data"}] == tags["DataTable"], "its own wins"
    assert (None, None) == (tags["DataPolicy"], tags["DataGroup"]), "one takes none, one wants more of each tag"


def test_roles_that_remit_makes_have_the_path_the_name_and_all_have_the_boundary(make: Make) -> None:
    config = """
config.lambda_.iam.permissions_boundary = "ReadOnlyAccess"
config.lambda_.iam.role_path = "/teams/shop/"
config.lambda_.iam.role_name = "svc-{app}-{stage}-{role}"
"""
    roles = {
        name: resource["Properties"]
        for name, resource in resources(make, config).items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    boundary = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"}
    assert {boundary["Fn::Sub"]} == {role["PermissionsBoundary"]["Fn::Sub"] for role in roles.values()}
    assert {"svc-orders-dev-Hello", "svc-orders-dev-HelloScheduler", "own"} == {
        role["RoleName"] for role in roles.values()
    }
    assert {"HelloRole": "/teams/shop/", "DataRole": None} == {
        name: roles[name].get("Path") for name in ("HelloRole", "DataRole")
    }


def test_a_name_with_the_region_keeps_it_where_the_name_is_cut(make: Make) -> None:
    short, long = "svc-{region}-{stage}-{role}", "a-company-that-likes-its-names-long-{region}-{app}-{stage}-{role}"
    names = [
        make(config=f'config.lambda_.iam.role_name = "{pattern}"', app=SCHEDULED).resources("AWS::IAM::Role")[
            "HelloRole"
        ]["RoleName"]["Fn::Sub"]
        for pattern in (short, long)
    ]
    assert "svc-${AWS::Region}-dev-Hello" == names[0]
    assert names[1].startswith("a-company-that-likes-its-names-long-ord-${AWS::Region}-")
    assert 64 == len(names[1].replace("${AWS::Region}", "us-isof-south-1"))


def test_a_name_over_64_characters_is_cut_and_ends_with_a_hash_of_the_whole(make: Make) -> None:
    config = 'config.lambda_.iam.role_name = "a-company-that-likes-its-names-long-{app}-{stage}-{role}"'
    body = "".join(
        f"@app.function\ndef a_function_with_a_long_name_{number}(event, context): ...\n" for number in range(2)
    )
    names = {role["RoleName"] for role in make(config=config, app=body).resources("AWS::IAM::Role").values()}
    assert 2 == len(names)
    assert {64} == {len(name) for name in names}
    assert {"a-company-that-likes-its-names-long-orders-dev-AFunctio-"} == {name[:-8] for name in names}


def test_shared_resources_that_hold_data_stay_in_stages_of_production(make: Make) -> None:
    config = 'config.stages = ["dev", "prod"]\nconfig.stages.production = ["prod"]'
    for stage, policy in (("dev", None), ("prod", "Retain")):
        found = resources(make, config, stage)
        assert (policy, policy) == tuple(
            found["DataTable"].get(name) for name in ("DeletionPolicy", "UpdateReplacePolicy")
        )
        assert ("Delete", None) == (found["DataScratch"]["DeletionPolicy"], found["HelloRole"].get("DeletionPolicy"))


def test_a_stage_that_is_not_listed_is_an_error_with_the_one_that_was_meant(make: Make) -> None:
    project = make(config='config.stages = ["dev", "production"]')
    error = project.error("porduction")
    assert ("config/deploy.py:5:5", "did you mean `production`?") == (at(error), error.hint)
    assert "'porduction' is not a stage of this app, which has dev, production" == error.message
    assert "orders-production" == project.built("production").namespace


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('config.tags = {"aws:x": "1"}', "`config.tags['aws:x']` cannot be set: AWS reserves keys"),
        ('config.tags = ["a"]', '`config.tags` must be a dict such as {"team": "shop"}, got'),
        ('config.tags = {"a": "x" * 257}', "`config.tags['a']` has a value of 257 characters; AWS allows 256"),
        ('config.stages = ["Prod"]', "`config.stages[0]` is 'Prod', which is not a stage's name"),
        (
            'config.stages = ["dev"]\nconfig.stages.production = ["prod"]',
            "`config.stages.production` names 'prod', which is not a stage of this app",
        ),
        ('config.stages.prod = ["prod"]', "there is no setting `config.stages.prod`"),
        ('config.lambda_.iam.role_path = "teams"', "`config.lambda_.iam.role_path` is 'teams'"),
        ('config.lambda_.iam.role_name = "{app}-{role}"', "`config.lambda_.iam.role_name` is '{app}-{role}', without"),
        ('config.lambda_.iam.role_name = "{team}-{role}"', "`config.lambda_.iam.role_name` is '{team}-{role}', which"),
    ],
)
def test_a_mistake_in_one_is_told_at_its_line(make: Make, config: str, message: str) -> None:
    error = make(config=config).error()
    assert (True, "config/deploy.py") == (error.message.startswith(message), at(error).partition(":")[0]), error.message
