"""Settings of the whole app: tags, paths and names of roles, the boundary, stages, and data that stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import at
from remit.app import App, Resource
from remit.catalogue.types import resource_type, resource_types
from remit.resources.names import HTTP_API
from remit.synthesis.app_wide_settings import with_app_wide_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Make
    from remit.catalogue.properties import Shape
    from remit.catalogue.types import ResourceType

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
    assert tags["DataPolicy"] is None, "it takes none"
    assert [{**tag, "PropagateAtLaunch": True} for tag in both] == tags["DataGroup"]


def tagged(type_name: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a resource of a type, with a tag."""
    app = App("orders", "dev", (), tags={"team": "shop"})
    (resource,) = with_app_wide_settings(app, [Resource("A", type_name, properties)])
    return resource.properties


def test_what_an_intrinsic_function_gives_is_tagged_by_nobody_and_no_list_is_made_for_tags() -> None:
    chosen = {"Fn::If": ["Busy", {"Region": "eu-west-1"}, "${AWS::NoValue}"]}
    replicas = {"Replicas": [{"Region": "eu-west-2"}, chosen]}
    tags = [{"Key": "team", "Value": "shop"}]
    assert {"Replicas": [{"Region": "eu-west-2", "Tags": tags}, chosen]} == tagged(
        "AWS::DynamoDB::GlobalTable", replicas
    )
    given: tuple[tuple[str, dict[str, Any]], ...] = (
        ("AWS::DynamoDB::GlobalTable", {}),
        ("AWS::SQS::Queue", {"Tags": {"Fn::If": ["Busy", tags, []]}}),
    )
    for type_name, properties in given:
        assert properties == tagged(type_name, properties)


def test_each_type_with_tags_gets_them_in_the_form_of_its_schema() -> None:
    for name in resource_types():
        kind = resource_type(name)
        if kind is None or not kind.tags:
            continue
        value: Any = tagged(name, {"Replicas": [{}]} if kind.tags.startswith("Replicas[]") else {})
        shape: Shape | None = kind.shape
        for step in kind.tags.split("."):
            shape = None if shape is None else shape.child(step.removesuffix("[]"))
            value = value[step.removesuffix("[]")]
            if step.endswith("[]"):
                shape, value = (None if shape is None else shape.items), value[0]
        assert shape is not None, name
        assert fits(value, shape), name


def fits(value: Any, shape: Shape) -> bool:
    """Whether a value is of a type that a shape allows, and has the members that it wants, and no others."""
    called = {dict: "object", list: "array", str: "string", bool: "boolean"}[type(value)]
    if shape.types and called not in shape.types:
        return False
    if isinstance(value, list):
        return shape.items is None or all(fits(item, shape.items) for item in value)
    if isinstance(value, dict) and shape.properties:
        children = {name: shape.child(name) for name in value}
        known = all(child is not None and fits(value[name], child) for name, child in children.items())
        return known and set(shape.required) <= set(value)
    return True


def test_no_type_has_tags_elsewhere_that_nobody_knows_of() -> None:
    """What is left is no tag of the resource itself, or the schema says that it takes none (Glue)."""
    kinds = [kind for kind in map(resource_type, resource_types()) if kind is not None and not kind.tags]
    assert [
        "AWS::Cognito::IdentityPoolPrincipalTag.PrincipalTags",
        "AWS::DataZone::Project.ResourceTags",
        "AWS::DataZone::ProjectProfile.ProjectResourceTags",
        "AWS::ECR::RepositoryCreationTemplate.ResourceTags",
        "AWS::Glue::CustomEntityType.Tags",
        "AWS::Inspector::ResourceGroup.ResourceGroupTags",
        "AWS::LakeFormation::TagAssociation.LFTags",
    ] == [f"{kind.name}.{name}" for kind in kinds for name in called_tags(kind)]


def called_tags(kind: ResourceType) -> list[str]:
    """The properties of a type whose names say that they hold tags."""
    shapes = {name: kind.shape.child(name) for name in kind.shape.properties}
    called = [name for name in shapes if name.endswith(("Tags", "TagSpecifications"))]
    return [name for name in called if "boolean" not in getattr(shapes[name], "types", ())]


@pytest.mark.parametrize(
    ("type_name", "own", "expected"),
    [
        (
            "AWS::DynamoDB::GlobalTable",
            {"Replicas": [{"Region": "eu-west-1"}, {"Region": "eu-west-2", "Tags": [{"Key": "team", "Value": "x"}]}]},
            {"Replicas": [
                {"Region": "eu-west-1", "Tags": [{"Key": "team", "Value": "shop"}]},
                {"Region": "eu-west-2", "Tags": [{"Key": "team", "Value": "x"}]},
            ]},
        ),
        (
            "AWS::EC2::LaunchTemplate",
            {"TagSpecifications": [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}]},
            {"TagSpecifications": [{
                "ResourceType": "launch-template",
                "Tags": [{"Key": "team", "Value": "shop"}, {"Key": "a", "Value": "b"}],
            }]},
        ),
        (
            "AWS::EC2::LaunchTemplate",
            {"TagSpecifications": [{"ResourceType": "instance", "Tags": []}, {"Ref": "AWS::NoValue"}]},
            {"TagSpecifications": [
                {"ResourceType": "instance", "Tags": []},
                {"Ref": "AWS::NoValue"},
                {"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "shop"}]},
            ]},
        ),
        (
            "AWS::EC2::LaunchTemplate",
            {"TagSpecifications": [{"ResourceType": "launch-template", "Tags": {"Fn::If": ["A", [], []]}}]},
            {"TagSpecifications": [{"ResourceType": "launch-template", "Tags": {"Fn::If": ["A", [], []]}}]},
        ),
        (
            "AWS::AutoScaling::AutoScalingGroup",
            {"Tags": [{"Key": "team", "Value": "x", "PropagateAtLaunch": False}]},
            {"Tags": [{"Key": "team", "Value": "x", "PropagateAtLaunch": False}]},
        ),
        ("AWS::SQS::Queue", {"Tags": {"Fn::If": ["A", [], []]}}, {"Tags": {"Fn::If": ["A", [], []]}}),
        (
            "AWS::CloudFront::AnycastIpList",
            {"Tags": {"Items": [{"Key": "a", "Value": "b"}]}},
            {"Tags": {"Items": [{"Key": "team", "Value": "shop"}, {"Key": "a", "Value": "b"}]}},
        ),
        ("AWS::DynamoDB::GlobalTable", {"Replicas": {"Ref": "All"}}, {"Replicas": {"Ref": "All"}}),
    ],
)  # fmt: skip
def test_what_a_resource_says_of_its_tags_itself_wins(
    type_name: str, own: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    assert expected == tagged(type_name, own)


@pytest.mark.parametrize(
    ("logical_id", "own", "has_tags"),
    [
        (HTTP_API, {}, True),
        (HTTP_API, {"Body": {}}, False),
        ("DataApi", {"Body": {}}, True),
    ],
)
def test_an_http_api_with_a_document_has_its_tags_there(logical_id: str, own: dict[str, Any], has_tags: bool) -> None:
    app = App("orders", "dev", (), tags={"team": "shop"})
    (api,) = with_app_wide_settings(app, [Resource(logical_id, "AWS::ApiGatewayV2::Api", own)])
    tags = {"Tags": {"team": "shop"}} if has_tags else {}
    assert {**own, **tags} == api.properties


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


PREVIEWS = 'config.stages = ["dev", "prod"]\nconfig.stages.previews = "pr"'


def test_a_prefix_and_a_number_is_a_preview(make: Make) -> None:
    config = PREVIEWS + '\nconfig.stages.production = ["prod"]'
    project = make(config=config)
    assert ["orders-pr7", "orders-pr123456"] == [project.built(stage).namespace for stage in ("pr7", "pr123456")]
    assert resources(make, config, "pr7")["DataTable"].get("DeletionPolicy") is None


@pytest.mark.parametrize("stages", [PREVIEWS, 'config.stages.previews = "pr"'])
def test_a_preview_is_never_production(make: Make, stages: str) -> None:
    error = make(config=stages + '\nconfig.stages.production = ["prod", "pr7"]').error()
    assert "`config.stages.production` names 'pr7', which is a preview" in {each.message for each in error.all}
    assert at(error).startswith("config/deploy.py:")


@pytest.mark.parametrize("stage", ["PR7", "pr/7", "Pr#7", "pr-7", "pr_7"])
def test_a_preview_of_another_spelling_is_told_the_right_one(make: Make, stage: str) -> None:
    error = make(config=PREVIEWS).error(stage)
    assert error.hint is not None
    assert error.hint.startswith("did you mean `pr7`?")


def test_the_number_of_a_preview_begins_with_no_zero(make: Make) -> None:
    project = make(config=PREVIEWS)
    assert project.error("pr007").hint == "did you mean `pr7`?"
    assert "previews such as pr1" in project.error("pr0").message


def test_without_a_list_of_stages_production_may_have_any_name(make: Make) -> None:
    assert "orders-prod" == make(config='config.stages.production = ["prod"]').built("prod").namespace


@pytest.mark.parametrize("stage", ["pr", "pr0", "pr07", "pr7a", "prod7"])
def test_nothing_else_is_a_preview(make: Make, stage: str) -> None:
    error = make(config=PREVIEWS).error(stage)
    assert error.message.startswith(f"'{stage}' is not a stage of this app, which has dev, prod and previews such as")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('config.stages.previews = "PR"', "`config.stages.previews` is 'PR'"),
        ('config.stages.previews = "pr1"', "`config.stages.previews` is 'pr1'"),
        ('config.stages.previews = ["pr"]', "`config.stages.previews` must be "),
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
        ('config.lambda_.iam.role_name = "{stage}"', "`config.lambda_.iam.role_name` is '{stage}', without {role}"),
        ('config.lambda_.iam.role_name = "{team}-{role}"', "`config.lambda_.iam.role_name` is '{team}-{role}', which"),
    ],
)
def test_a_mistake_in_one_is_told_at_its_line(make: Make, config: str, message: str) -> None:
    error = make(config=config).error()
    assert (True, "config/deploy.py") == (error.message.startswith(message), at(error).partition(":")[0]), error.message


def test_a_property_that_cloudformation_does_not_know_is_told_at_the_setting_that_gives_it(make: Make) -> None:
    error = make(config='config.lambda_.function.properties = {"Nothing": 1}').error()
    assert "`HelloFunction` (AWS::Lambda::Function) has no property 'Nothing'" == error.message
    assert "config/deploy.py:5:5" == at(error)
