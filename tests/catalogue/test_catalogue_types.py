"""The rows of CloudFormation's types, held against what the guide says that Ref and Fn::GetAtt return.

`data/return_values.jsonl` has the types used most: `ref`, `arn` (where the ARN of a resource comes from) and `example`
are what the type's page says under "Return values" (CloudFormation Template Reference).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from catalogue_compiler import type_cdk, types
from catalogue_compiler.source_files import kept_by_hand
from remit.app import Resource
from remit.catalogue.types import (
    ResourceType,
    TypeAccess,
    TypeDeployment,
    access_of,
    arn_of,
    arns_of,
    resource_type,
    resource_types,
)
from remit.errors import RemitError

GUIDE = [json.loads(line) for line in (Path(__file__).parent / "data" / "return_values.jsonl").read_text().splitlines()]
NO_CDK = type_cdk.Specification({"schema": {"resource": {"entities": []}, "typeDefinition": {"entities": []}}})


def row(name: str) -> ResourceType:
    kind = resource_type(name)
    assert kind is not None
    return kind


def resource(name: str) -> Resource:
    return Resource("Thing", name, {})


def test_the_guide_has_the_137_types_that_are_used_most() -> None:
    assert len({entry["type"] for entry in GUIDE}) == 137


@pytest.mark.parametrize("entry", GUIDE, ids=lambda entry: entry["type"])
def test_ref_gives_what_the_guide_says(entry: dict[str, str]) -> None:
    assert row(entry["type"]).ref == entry["ref"]


@pytest.mark.parametrize("entry", [entry for entry in GUIDE if "arn" in entry], ids=lambda entry: entry["type"])
def test_the_arn_comes_from_where_the_guide_says(entry: dict[str, str]) -> None:
    expected = "${Thing}" if entry["arn"] == "Ref" else f"${{Thing.{entry['arn']}}}"
    assert arn_of(resource(entry["type"])) == expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("AWS::ECS::Service", {"ServiceName": "web"}, "arn:aws:ecs:eu-west-1:111122223333:service/default/web"),
        (
            "AWS::ECS::Service",
            {"ClusterName": "own", "ServiceName": "web"},
            "arn:aws:ecs:eu-west-1:111122223333:service/own/web",
        ),
        ("AWS::Events::Rule", {"RuleName": "r"}, "arn:aws:events:eu-west-1:111122223333:rule/r"),
        (
            "AWS::Events::Rule",
            {"EventBusName": "default", "RuleName": "r"},
            "arn:aws:events:eu-west-1:111122223333:rule/r",
        ),
        (
            "AWS::Events::Rule",
            {"EventBusName": "own", "RuleName": "r"},
            "arn:aws:events:eu-west-1:111122223333:rule/own/r",
        ),
        ("AWS::SecretsManager::Secret", {"Name": "s"}, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-??????"),
        ("AWS::SQS::Queue", {}, "arn:aws:sqs:eu-west-1:111122223333:*"),
    ],
)
def test_an_arn_is_filled_with_what_is_given_else_with_the_default_else_with_a_wildcard(
    name: str, values: dict[str, str], expected: str
) -> None:
    arn = row(name).arn
    assert arn is not None
    place = {"Partition": "aws", "Region": "eu-west-1", "Account": "111122223333"}
    assert arn.filled({**place, **values}) == expected


# "arn:aws:ecs:us-west-2:123456789012:service/sample-webapp" is the old form, without the cluster.
SHAPED = [
    entry for entry in GUIDE if entry.get("example", "").startswith("arn:") and entry["type"] != "AWS::ECS::Service"
]


REF_OF_ANOTHER = {
    "AWS::Lambda::Url": "AWS::Lambda::Function",
    "AWS::SecretsManager::ResourcePolicy": "AWS::SecretsManager::Secret",
    "AWS::SecretsManager::RotationSchedule": "AWS::SecretsManager::Secret",
    "AWS::SecretsManager::SecretTargetAttachment": "AWS::SecretsManager::Secret",
}
"""The types whose Ref gives the ARN of another resource."""


@pytest.mark.parametrize("entry", SHAPED, ids=lambda entry: entry["type"])
def test_the_guides_examples_of_arns_have_the_shape(entry: dict[str, str]) -> None:
    arn = row(REF_OF_ANOTHER.get(entry["type"], entry["type"])).arn
    if arn is not None:
        pattern = re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(arn.text))
        assert re.fullmatch(pattern, entry["example"])


@pytest.mark.parametrize(
    ("name", "arn", "shape"),
    [
        ("AWS::SecretsManager::Secret", "${Thing}", "secretsmanager:${Region}:${Account}:secret:${Name}-${Random6}"),
        ("AWS::Lambda::Alias", "${Thing}", "lambda:${Region}:${Account}:function:${FunctionName}:${Alias}"),
        (
            "AWS::StepFunctions::StateMachine", "${Thing}",
            "states:${Region}:${Account}:stateMachine:${StateMachineName}",
        ),
        (
            "AWS::ElasticLoadBalancingV2::TargetGroup", "${Thing}",
            "elasticloadbalancing:${Region}:${Account}:targetgroup/${TargetGroupName}/${TargetGroupId}",
        ),
        ("AWS::RDS::DBInstance", "${Thing.DBInstanceArn}", "rds:${Region}:${Account}:db:${DbInstanceName}"),
        ("AWS::SQS::Queue", "${Thing.Arn}", "sqs:${Region}:${Account}:${QueueName}"),
    ],
)  # fmt: skip
def test_the_arns_that_were_asked_for_by_a_wrong_name(name: str, arn: str, shape: str) -> None:
    known = row(name).arn
    assert known is not None
    assert (arn_of(resource(name)), known.text) == (arn, f"arn:${{Partition}}:{shape}")


@pytest.mark.parametrize(
    "name",
    ["AWS::SecretsManager::RotationSchedule", "AWS::SecretsManager::SecretTargetAttachment", "AWS::MSK::ClusterPolicy"],
)
def test_an_arn_of_another_resource_is_not_its_own(name: str) -> None:
    assert row(name).ref == "arn"
    assert arn_of(resource(name)) is None


def test_every_way_to_an_arn_is_one_that_cloudformation_takes() -> None:
    ways = [(name, way) for name in resource_types() for way in row(name).arn_from if not row(name).has_attribute(way)]
    assert {way for _, way in ways} == {"Ref"}


def test_a_custom_resource_and_an_unknown_type_are_asked_for_the_attribute() -> None:
    assert [arn_of(resource(name)) for name in ("Custom::Thing", "AWS::No::Such")] == ["${Thing.Arn}"] * 2
    assert row("Custom::Thing").ref == "unknown"


def test_all_ways_to_an_arn_are_told_the_canonical_one_first() -> None:
    assert arns_of(resource("AWS::SNS::Topic")) == ("${Thing}", "${Thing.TopicArn}")


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("AWS::SQS::Queue", ("QueueName",)),
        ("AWS::StepFunctions::StateMachine", ("Name",)),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", ("TargetGroupName",)),
        ("AWS::S3::Bucket", ()),  # DomainName is none
        ("AWS::DynamoDB::Table", ()),
    ],
)
def test_a_row_says_which_attributes_give_the_name(name: str, attributes: tuple[str, ...]) -> None:
    kind = resource_type(name)
    assert kind is not None
    assert kind.name_attributes == attributes


def test_an_arn_is_filled_with_what_is_known_and_wildcards() -> None:
    secret, schedule = row("AWS::SecretsManager::Secret").arn, row("AWS::Scheduler::Schedule").arn
    assert secret is not None
    assert schedule is not None
    place = {"Partition": "aws", "Region": "eu-west-1", "Account": "123456789012"}
    assert secret.filled({**place, "Name": "db"}) == "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-??????"
    assert schedule.filled(place) == "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/*"


def test_a_shape_that_is_joined_by_name_is_no_ground_to_grant() -> None:
    shapes = [row(name).arn for name in ("AWS::SQS::Queue", "AWS::Amplify::Webhook", "AWS::MSK::Topic")]
    assert [shape is not None and shape.may_grant for shape in shapes] == [True, True, False]


@pytest.mark.parametrize(
    ("name", "stack", "expected"),
    [
        ("AWS::SQS::Queue", "shop-dev", ("shop-dev-OrdersQueue-*",)),
        ("AWS::S3::Bucket", "shop-dev", ("shop-dev-ordersqueue-*",)),
        ("AWS::SQS::Queue", "a-stack-with-a-name-that-is-" + "x" * 50, ("a-stack-with-a-name-that*-OrdersQueue-*",)),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "shop-dev", ("shop-*-Order*-*",)),
        ("AWS::SecretsManager::Secret", "shop-dev", ("OrdersQueue-*",)),
        ("AWS::StepFunctions::StateMachine", "shop", ("OrdersQueue-*", "shop-OrdersQueue-*")),
        ("AWS::Athena::WorkGroup", "shop-dev", ()),
    ],
)  # fmt: skip
def test_a_name_that_is_not_given_is_made_of_the_stack_and_the_logical_id(
    name: str, stack: str, expected: tuple[str, ...]
) -> None:
    naming = row(name).naming
    assert naming is not None
    assert naming.generated_names(stack, "OrdersQueue") == expected


@pytest.mark.parametrize(
    ("name", "stack", "logical_id", "expected"),
    [
        ("AWS::SQS::Queue", "shop", "Q" * 62, f"shop-{'Q' * 62}-*"),  # 80 characters with the random end
        ("AWS::SQS::Queue", "shop", "Q" * 63, f"shop-{'Q' * 24}*-*"),
        ("AWS::SQS::Queue", "s" * 24, "Q" * 60, f"{'s' * 24}-{'Q' * 24}*-*"),
        ("AWS::SQS::Queue", "s" * 25, "Q" * 24 + "R", f"{'s' * 25}-{'Q' * 24}R-*"),
        ("AWS::SQS::Queue", "shop", "Auth/More/Queue", "shop-Auth-*-More-*-Queue-*"),
        ("AWS::SQS::Queue", "a--b", "Queue", "a-*b-Queue-*"),
        ("AWS::S3::Bucket", "${AWS::StackName}", "Data", "${AWS::StackName}-data-*"),
    ],
)
def test_a_name_is_cut_only_where_it_would_be_too_long_and_has_those_of_the_stacks_around_it(
    name: str, stack: str, logical_id: str, expected: str
) -> None:
    naming = row(name).naming
    assert naming is not None
    assert naming.generated_names(stack, logical_id) == (expected,)


@pytest.mark.parametrize(
    ("name", "given", "path", "expected"),
    [
        ("AWS::KMS::Alias", "alias/orders", "", "orders"),
        ("AWS::SSM::Parameter", "/shop/db", "", "shop/db"),
        ("AWS::S3::Bucket", "Shop-${AWS::Region}", "", "shop-${AWS::Region}"),
        ("AWS::SQS::Queue", "Shop", "", "Shop"),
        ("AWS::IAM::Role", "worker", "/teams/", "teams/worker"),
        ("AWS::IAM::Role", "/worker", "/teams/", "teams/worker"),
        ("AWS::IAM::Role", "/worker", "", "/worker"),
    ],
)
def test_a_given_name_stands_in_the_arn_as_its_service_keeps_it(
    name: str, given: str, path: str, expected: str
) -> None:
    naming = row(name).naming
    assert naming is not None
    assert naming.in_arn(given, path) == expected


def test_a_service_calls_with_a_role_alone_where_nothing_else_says_who_calls() -> None:
    names = ("AWS::Pipes::Pipe", "AWS::ApiGateway::Method", "AWS::S3::Bucket")
    invokers = [row(name).invokes for name in names]
    assert [invoker is not None and invoker.has_always_a_role for invoker in invokers] == [True, False, False]


def test_the_variables_of_an_arn_are_those_that_a_resource_gives() -> None:
    arns = [row(name).arn for name in ("AWS::SQS::Queue", "AWS::ECS::Service")]
    assert [arn and arn.variables for arn in arns] == [("QueueName",), ("ClusterName", "ServiceName")]


def test_a_row_says_what_its_properties_hold() -> None:
    function, queue = row("AWS::Lambda::Function"), row("AWS::SQS::Queue")
    assert function.holding("role") == ("Role",)
    assert function.holding("key") == ("Code.SourceKMSKeyArn", "DurableConfig.KMSKeyArn", "KmsKeyArn")
    assert queue.holding("queue") == ("RedrivePolicy.deadLetterTargetArn",)
    assert row("AWS::Events::Rule").holding("target") == ("Targets[].Arn",)


def test_a_row_says_who_invokes_functions_and_what_it_needs_for_it() -> None:
    bucket, schedule = row("AWS::S3::Bucket").invokes, row("AWS::Scheduler::Schedule").invokes
    assert bucket is not None
    assert schedule is not None
    assert (bucket.principal, bucket.source_arn, bucket.source_account) == ("s3.amazonaws.com", "own", True)
    assert (schedule.principal, schedule.role) == ("scheduler.amazonaws.com", "Target.RoleArn")


def test_a_row_says_what_a_table_is() -> None:
    table = row("AWS::DynamoDB::Table")
    assert (table.tags, table.tags_as, table.holds_data, table.stream) == ("Tags", "list", True, "StreamArn")
    assert table.create_only == ("TableName", "ImportSourceSpecification")
    assert table.iam == ("dynamodb:table", "dynamodb:index", "dynamodb:stream")


def test_a_row_says_what_deploying_a_resource_asks_for() -> None:
    function, service = row("AWS::Lambda::Function").deployment, row("AWS::ECS::Service").deployment
    assert (function.passes_to, service.linked_roles) == (("lambda.amazonaws.com",), ("ecs.amazonaws.com",))
    assert ("Layers",) in [calls.properties for calls in function.optional_calls]
    assert row("AWS::ApiGateway::Method").deployment.api_paths == ("/restapis", "/restapis/*", "/tags/*")
    assert row("AWS::SQS::Queue").deployment == TypeDeployment()


def test_the_types_of_sam_are_as_what_they_make() -> None:
    machine = row("AWS::Serverless::StateMachine")
    assert machine.makes == "AWS::StepFunctions::StateMachine"
    assert machine.arn == row(machine.makes).arn


SCHEMA = {
    "typeName": "AWS::Shop::Order",
    "properties": {"Name": {"type": "string"}, "Arn": {"type": "string"}, "RoleArn": {"type": "string"}},
    "primaryIdentifier": ["/properties/Name"],
    "readOnlyProperties": ["/properties/Arn"],
    "createOnlyProperties": ["/properties/Name"],
}
ARN = "arn:${Partition}:shop:${Region}:${Account}:order/${OrderName}"
FORMATS: dict[tuple[str, str], Any] = {("service", "shop"): {"r": [["order", [ARN], []]]}}


def compiled(folder: Path, rows: dict[str, dict[str, Any]]) -> types.TypeTable:
    for path, value in (("providers/us-east-1", {"AWS::Shop::Order": "order"}), ("resources/order", SCHEMA)):
        file = folder / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    return types.described(folder, dict(FORMATS), NO_CDK, rows)


def test_columns_are_derived_from_the_schema_and_iams_formats(tmp_path: Path) -> None:
    assert compiled(tmp_path, {}).rows["AWS::Shop::Order"] == {
        "ref": "name", "ref_of": ["Name"], "create_only": ["Name"], "references": {"role": ["RoleArn"]},
        "arn_from": ["Arn"], "arn": ARN, "arn_is": "joined",
        "arn_of": {"OrderName": "Name"}, "iam": ["shop:order"], "name": "Name", "name_is": "identity",
    }  # fmt: skip


def test_the_source_of_each_value_is_reported(tmp_path: Path) -> None:
    table = compiled(tmp_path, {"AWS::Shop::Order": {"ref": "unknown"}})
    assert {column: source for column, (_, source) in types.report(table)["AWS::Shop::Order"].items()} == {
        "ref": "curated", "ref_of": "schema", "create_only": "schema", "references": "schema", "arn_from": "schema",
        "arn": "joined", "arn_is": "joined", "arn_of": "joined", "iam": "joined", "name": "joined", "name_is": "joined",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "columns", "problem"),
    [
        ("AWS::Shop::Order", {"ref": "name"}, "AWS::Shop::Order: ref is derived as 'name'"),
        ("AWS::Shop::Order", {"references": {"role": ["RoleArn"]}}, "AWS::Shop::Order: RoleArn is derived as a role"),
        ("AWS::Shop::Order", {"name": "Title"}, "AWS::Shop::Order: there is no property Title"),
        ("AWS::Shop::Order", {"access": {"managed": "Arns"}}, "AWS::Shop::Order: there is no property Arns"),
        ("AWS::Shop::Order", {"arn_of": {"Id": "Name"}}, "AWS::Shop::Order: the ARN has no variable Id"),
        ("AWS::Shop::Gone", {"ref": "name"}, "AWS::Shop::Gone: CloudFormation has no such type"),
    ],
)
def test_a_row_kept_by_hand_that_is_stale_does_not_compile(
    tmp_path: Path, name: str, columns: dict[str, Any], problem: str
) -> None:
    with pytest.raises(RemitError) as caught:
        compiled(tmp_path, {name: columns})
    assert caught.value.message == f"rows kept by hand are stale (1):\n  {problem}"


def test_no_two_rows_kept_by_hand_say_the_same_of_data() -> None:
    rows, types_with_data = kept_by_hand("types")["rows"], kept_by_hand("types")["holds_data"]["types"]
    assert [name for name, columns in rows.items() if columns.keys() & {"access", "holds_data", "invokes"}] == []
    assert sorted(set(types_with_data)) == types_with_data


@pytest.mark.parametrize(
    ("name", "access"),
    [
        ("AWS::IAM::RolePolicy", TypeAccess("identity", quota="iam.role.inline", roles="RoleName")),
        ("AWS::SSO::PermissionSet", TypeAccess("identity", managed="ManagedPolicies")),
        ("AWS::Organizations::Policy", TypeAccess("ceiling")),
        ("AWS::ECR::Repository", TypeAccess("resource")),
        ("AWS::SQS::Queue", TypeAccess()),
        ("AWS::Shop::Order", TypeAccess()),
    ],
)
def test_a_row_says_whose_policies_a_resource_holds(name: str, access: TypeAccess) -> None:
    assert access_of(name) == access
